"""The layered graph: every weight a line of its width and sign, and what is left out is said."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.solve import Trajectory

NET = dl.LinearNetwork([[[2.0, -1.0], [0.5, 0.0]], [[-2.0, 0.25]]])
ENDS = {
    (0, 0.25, 1, 0.25): 2.0, (0, -0.25, 1, 0.25): -1.0, (0, 0.25, 1, -0.25): 0.5,
    (1, 0.25, 2, 0.0): -2.0, (1, -0.25, 2, 0.0): 0.25,
}  # fmt: skip


def lines(ax: Axes) -> LineCollection:
    (found,) = (c for c in ax.collections if isinstance(c, LineCollection))
    return found


def note(ax: Axes) -> str:
    return " ".join(text.get_text() for text in ax.texts).replace("\n", " ")


def test_every_weight_is_a_line_of_proportional_width_in_the_color_of_its_sign() -> None:
    found = lines(plot.network(NET))
    drawn = {tuple(np.ravel(path)): k for k, path in enumerate(found.get_segments())}
    assert set(drawn) == set(ENDS)
    widths, colors = found.get_linewidths(), [to_hex(c) for c in found.get_colors()]
    for ends, weight in ENDS.items():
        k = drawn[ends]
        assert widths[k] / max(widths) == pytest.approx(abs(weight) / 2.0)
        assert colors[k] == ("#d55e00" if weight > 0 else "#0072b2")
        assert (found.get_linestyles()[k][1] is not None) == (weight < 0)


def test_signs_differ_in_gray_by_dashes_on_thin_and_on_thick_lines() -> None:
    found = lines(plot.network(init.gaussian((5, 5, 5), seed=0)))
    for width, (_, dashes) in zip(found.get_linewidths(), found.get_linestyles(), strict=True):
        if dashes is not None:
            assert min(dashes) > 1.5  # points, as drawn
            assert max(dashes) == pytest.approx(3.5 + width)


def test_nodes_are_columns_named_by_their_number() -> None:
    ax = plot.network(NET)
    (nodes,) = (line for line in ax.lines if line.get_label() == "_nodes")
    np.testing.assert_array_equal(
        nodes.get_xydata(), [[0, 0.25], [0, -0.25], [1, 0.25], [1, -0.25], [2, 0.0]]
    )
    names = [tick.get_text() for tick in ax.get_xticklabels()]
    assert names == ["inputs\n2", "2", "outputs\n1"]
    assert note(ax) == ""


def test_the_key_tells_signs_and_widths() -> None:
    ax = plot.network(NET)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["weight > 0", "weight < 0", "2", "1", "0.2"]
    thick = [line.get_linewidth() for line in ax.get_legend().get_lines()][2:]
    np.testing.assert_allclose(thick, [3.4, 1.7, 0.34])
    assert plot.network(NET, key=False).get_legend() is None


def test_what_is_left_out_of_wide_layers_is_said() -> None:
    ax = plot.network(init.gaussian((784, 100, 10), seed=0))
    assert "+ 768" in note(ax)
    assert "+ 84" in note(ax)
    assert f"200 of {78400 + 1000} edges" in note(ax)
    assert "% of the squared weights not drawn: weights up to" in note(ax)
    assert len(lines(ax).get_segments()) == 200
    ax.figure.canvas.draw()


def test_a_common_limit_gives_comparable_widths_and_hides_what_is_small() -> None:
    ax = plot.network(NET, limit=40.0)
    assert max(lines(ax).get_linewidths()) == pytest.approx(3.4 / 20)
    assert len(lines(ax).get_segments()) == 4
    assert "4 of 5 edges, 99.3 % of the squared weights" in note(ax)


def test_a_network_of_zeros_says_so() -> None:
    ax = plot.network(dl.LinearNetwork([np.zeros((2, 3))]))
    ax.figure.canvas.draw()
    assert note(ax) == "all weights are zero"


def test_the_final_network_of_every_run_is_drawn(any_run: Trajectory) -> None:
    if not np.isfinite(any_run.vectors[-1]).all():
        pytest.skip("no network: its weights are infinite")
    ax = plot.network(any_run.final)
    ax.figure.canvas.draw()
    assert np.isfinite(lines(ax).get_linewidths()).all()


def test_given_axes_are_used_and_nothing_else() -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.subplots()
    assert plot.network(NET, ax=ax) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(ArgumentTypeError, match=r"`net` must be a LinearNetwork.*traj\.final"):
        plot.network(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`nodes` must be at least 1"):
        plot.network(NET, nodes=0)
    with pytest.raises(ArgumentError, match="`limit` must be greater than 0"):
        plot.network(NET, limit=-1.0)
