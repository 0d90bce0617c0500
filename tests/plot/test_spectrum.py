"""Spectra: every eigenvalue counted, negative ones apart, nothing costly."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, landscape, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])


def counts(ax: Axes) -> list[int]:
    return [int(tick.get_text().split("\n")[0]) for tick in ax.get_xticklabels()]


def drawn(ax: Axes, label: str) -> np.ndarray:
    lines = [line.get_ydata() for line in ax.lines if line.get_label() == label]
    return np.concatenate([[], *lines])


@pytest.mark.parametrize(
    ("widths", "modes"),
    [
        ((3, 3, 3), ()),
        ((3, 3, 3), (1,)),
        ((3, 5, 3), (0, 2)),
        ((3, 3, 3, 3), (0,)),
        ((3, 2, 4, 3), (0, 2)),
        ((3, 3, 3), (0, 1, 2)),
        ((3, 3), (0, 1, 2)),
    ],
)
def test_every_eigenvalue_is_drawn_or_counted(widths: tuple, modes: tuple) -> None:
    point = landscape.critical_point(THREE, widths, modes)
    values = landscape.spectrum(THREE, point)
    ax = plot.spectrum(THREE, point)
    ax.figure.canvas.draw()
    np.testing.assert_allclose(drawn(ax, "negative"), values[values < -1e-9])
    np.testing.assert_allclose(drawn(ax, "positive"), values[values > 1e-9])
    assert sum(counts(ax)) == point.n_params
    assert counts(ax)[0] == landscape.index(THREE, point)
    bottom, top = ax.get_ylim()
    assert bottom < values[0]
    assert top > values[-1]


def test_negative_ones_differ_in_color_and_marker() -> None:
    ax = plot.spectrum(THREE, landscape.critical_point(THREE, (3, 3, 3), [1]))
    looks = [
        (line.get_color(), line.get_marker())
        for line in ax.lines
        if line.get_label() in ("negative", "positive")
    ]
    assert len(set(looks)) == 2
    assert len({color for color, _ in looks}) == len({marker for _, marker in looks}) == 2


def test_round_off_is_zero_at_the_origin() -> None:
    for size in (0.0, 1e-30, 1e-17):
        net = init.gaussian((3, 3, 3, 3), scale=max(size, 1e-300), seed=0)
        ax = plot.spectrum(THREE, net)
        ax.figure.canvas.draw()
        assert counts(ax) == [0, 27, 0]


def test_layers_of_round_off_do_not_make_a_spectrum_costly() -> None:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 40))
    layers = [1e-33 * w for w in init.gaussian((40, 40, 40, 40), scale=1.0, seed=0).weights]
    ax = plot.spectrum(problem, dl.LinearNetwork(layers))
    assert counts(ax) == [0, 4800, 0]


def test_a_spectrum_that_is_too_large_is_a_note() -> None:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 24))
    ax = plot.spectrum(problem, init.gaussian((24, 24, 24, 24), scale=0.3, seed=0))
    ax.figure.canvas.draw()
    assert "1728 parameters are left" in ax.texts[0].get_text().replace("\n", " ")
    assert not ax.lines


def test_moduli_far_apart_get_named_decades() -> None:
    problem = dl.Problem.from_modes([100.0, 1.0, 0.5])
    ax = plot.spectrum(problem, landscape.critical_point(problem, (3, 3, 3), [0, 2]))
    ax.figure.canvas.draw()
    assert ax.get_yscale() == "symlog"
    assert 3 <= len(ax.get_yticks()) <= 11
    assert drawn(ax, "negative").size == 2 or counts(ax)[0] == drawn(ax, "negative").size


def test_many_eigenvalues_are_thinned_but_counted() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=300, d_out=4)
    ax = plot.spectrum(problem, landscape.critical_point(problem, (300, 4, 4), [0]))
    assert sum(counts(ax)) == 1216
    assert all(len(drawn(ax, sign)) <= 300 for sign in ("negative", "positive"))


def test_a_target_of_zero_has_a_spectrum() -> None:
    ax = plot.spectrum(dl.Problem.from_modes([0.0, 0.0]), dl.LinearNetwork([np.zeros((2, 2))] * 2))
    ax.figure.canvas.draw()
    assert counts(ax) == [0, 8, 0]


def test_given_axes_are_used_and_nothing_else() -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.subplots()
    assert plot.spectrum(THREE, landscape.critical_point(THREE, (3, 3, 3), [0]), ax=ax) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(ArgumentTypeError, match=r"`net` must be a LinearNetwork.*visit\.network"):
        plot.spectrum(THREE, None)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="widths"):
        plot.spectrum(THREE, dl.LinearNetwork([[[1.0]]]))


def test_each_sign_has_a_number_on_its_height() -> None:
    from deeplinear.plot._signed import signed_height

    for values in ([-2e-5, -1e-5, 1e-4, 10.0], [2e-5, -1e-4, -10.0], [-3.0, 0.01, 20.0]):
        ax = Figure().subplots()
        signed_height(ax, np.array(values), "x")
        low, high = ax.get_ylim()
        ticks = np.array([tick for tick in ax.get_yticks() if low <= tick <= high])
        assert set(np.sign(ticks)) == {-1.0, 0.0, 1.0}
