"""The phase portrait: its lines are what they are called, and its arrows follow the flow."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import plot
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot.data import COLORS

DEPTHS = [2, 3, 4, 5, 7]


def lines(ax: Axes, label: str) -> list[Array]:
    return [np.array(line.get_xydata()) for line in ax.lines if line.get_label() == label]


def chain(a: float, b: float, depth: int) -> dl.LinearNetwork:
    return dl.LinearNetwork([[[a]], *[[[b]]] * (depth - 1)])


def field(s: float, depth: int, a: float, b: float) -> Array:
    """The flow of the chain at a_1 = a, all others b, and that it stays there."""
    problem = dl.Problem.from_target([[s]])
    slopes = [-float(g[0, 0]) for g in dl.gradient(problem, chain(a, b, depth))]
    np.testing.assert_allclose(slopes[1:], slopes[1], rtol=1e-10, atol=1e-14)
    return np.array(slopes[:2])


def heads(ax: Axes) -> list[tuple[Array, Array]]:
    """Where the arrows are and where they point."""
    found = [text for text in ax.texts if not text.get_text()]
    return [(np.array(t.xy), np.array(t.xy) - np.array(t.xyann)) for t in found]


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_minima_solve_the_task(depth: int) -> None:
    ax = plot.phase_portrait(depth, s=1.7)
    drawn = [*lines(ax, "minima"), *lines(ax, "_minima")]
    assert len(drawn) == 2
    for a, b in np.vstack(drawn):
        assert a * b ** (depth - 1) == pytest.approx(1.7)


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_flow_on_the_unstable_set_leads_away_and_on_the_stable_set_to_the_origin(
    depth: int,
) -> None:
    ax = plot.phase_portrait(depth)
    for label, sign in (("unstable set", 1.0), ("stable set", -1.0)):
        (line,) = lines(ax, label)
        assert line[1].tolist() == [0.0, 0.0]
        for end in line[[0, 2]]:
            point = 0.5 * end
            flow = field(1.0, depth, *point)
            outward = flow @ point / np.linalg.norm(flow) / np.linalg.norm(point)
            assert outward == pytest.approx(sign)
    (line,) = lines(ax, "unstable set")
    for a, b in line[[0, 2]]:  # it ends at minima
        assert a * b ** (depth - 1) == pytest.approx(1.0)


@pytest.mark.parametrize("depth", DEPTHS)
def test_flow_lines_keep_the_conserved_value_and_arrows_follow_the_flow(depth: int) -> None:
    ax = plot.phase_portrait(depth, s=0.6)
    drawn = lines(ax, "_flow")
    assert len(drawn) >= 12
    for line in drawn:
        c = line[:, 0] ** 2 - line[:, 1] ** 2
        np.testing.assert_allclose(c, c[0], atol=1e-12)
    arrows = heads(ax)
    assert len(arrows) >= 16
    for at, step in arrows:
        flow = field(0.6, depth, *at)
        assert flow @ step > 0.99 * np.linalg.norm(flow) * np.linalg.norm(step)


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_the_line_of_saddles_is_what_its_name_says(depth: int) -> None:
    ax = plot.phase_portrait(depth)
    name = "strict saddles" if depth == 3 else f"order-{depth - 1} saddles"
    (line,) = lines(ax, name)
    np.testing.assert_array_equal(line[:, 1], 0.0)
    problem = dl.Problem.from_target([[1.0]])
    for a in (-0.8, 0.5):
        point = dl.landscape.classify(problem, chain(a, 0.0, depth))
        assert point.escape_order == depth - 1
        assert point.kind == ("strict saddle" if depth == 3 else "non-strict saddle")
    origin = dl.landscape.classify(problem, chain(0.0, 0.0, depth))
    assert origin.escape_order == depth
    assert f"order-{depth} saddle" in [text.get_text() for text in ax.texts]


def test_at_depth_two_nothing_but_the_origin_and_the_minima_is_critical() -> None:
    ax = plot.phase_portrait()
    assert not [line for line in ax.lines if "saddles" in str(line.get_label())]
    texts = [text.get_text() for text in ax.texts if text.get_text()]
    assert texts == ["unstable set", "stable set", "minima\n$a_1 a_2 = s$", "strict saddle"]


@pytest.mark.parametrize(
    ("depth", "name"), [(2, "$a_2$"), (4, "$a_2 = a_3 = a_4$"), (12, r"$a_2 = \dots = a_{12}$")]
)
def test_axes_are_named_equal_and_scaled_by_the_target(depth: int, name: str) -> None:
    ax = plot.phase_portrait(depth, s=16.0)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$a_1$", name)
    assert ax.get_aspect() == 1.0
    edge = 2.2 * 16 ** (1 / depth)
    assert ax.get_xlim() == ax.get_ylim() == pytest.approx((-edge, edge))


def test_every_line_has_its_own_style_in_gray() -> None:
    ax = plot.phase_portrait(3)
    named = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    styles = {(line.get_linestyle(), line.get_linewidth()) for line in named}
    assert len(styles) == len(named) == 5
    colors = {line.get_label(): line.get_color() for line in named}
    assert colors["unstable set"] == COLORS[1]
    assert colors["stable set"] == COLORS[0]


def test_names_stay_inside_small_axes_and_off_each_other() -> None:
    for depth in (2, 3, 4):
        figure = Figure(figsize=(3.4, 3.4), layout="constrained")
        ax = plot.phase_portrait(depth, ax=figure.subplots())
        figure.canvas.draw()
        inside = ax.get_window_extent()
        boxes = [text.get_window_extent() for text in ax.texts if text.get_text()]
        texts = [text for text in ax.texts if text.get_text()]
        for j, box in enumerate(boxes):
            if texts[j].arrow_patch is not None:
                continue
            assert box.x0 >= inside.x0 - 1
            assert box.x1 <= inside.x1 + 1
            for other in boxes[j + 1 :]:
                assert not box.overlaps(other) or texts[j].get_rotation() != 0


def test_labels_can_be_left_out_and_given_axes_are_used() -> None:
    ax = Figure().subplots()
    assert plot.phase_portrait(2, ax=ax, labels=False) is ax
    assert not [text for text in ax.texts if text.get_text()]
    assert ax.get_legend_handles_labels()[1] == ["stable set", "unstable set", "minima", "origin"]


def test_arguments_out_of_range_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`depth` must be at least 2"):
        plot.phase_portrait(1)
    with pytest.raises(ArgumentError, match="`depth` must be at most 30"):
        plot.phase_portrait(31)
    with pytest.raises(ArgumentTypeError, match="`depth` must be an integer"):
        plot.phase_portrait(2.5)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`s` must be greater than 0"):
        plot.phase_portrait(s=0.0)
    with pytest.raises(ArgumentTypeError, match="`ax` must be"):
        plot.phase_portrait(ax="left")  # type: ignore[arg-type]
