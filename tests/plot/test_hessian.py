"""The Hessian spectrum along a run: the eigenvalues of the Hessian at its own states."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot import data
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]


@pytest.mark.parametrize("kind", ["staircase", "depth 1", "not whitened", "descent", "backward"])
def test_values_are_those_of_the_dense_hessian(kind: str, runs: Runs) -> None:
    traj = runs[kind]
    found = data.hessian(traj, n_times=5)
    assert found.whole
    for x, values, negative in zip(found.time.x, found.values, found.negative, strict=True):
        k = int(np.argmin(np.abs(np.abs(traj.t) - x)))
        dense = np.linalg.eigvalsh(dl.hessian(traj.problem, traj[k]))
        np.testing.assert_allclose(values, dense, atol=1e-9 * np.abs(dense).max())
        assert negative == np.sum(dense < -found.zero)


def test_of_large_networks_the_extreme_eigenvalues_are_computed(runs: Runs) -> None:
    net = init.gaussian((3, 18, 18, 3), scale=0.2, seed=0)
    traj = dl.gradient_flow(runs["staircase"].problem, net, t_end=1.0)
    found = data.hessian(traj, n_times=2)
    dense = np.linalg.eigvalsh(dl.hessian(traj.problem, traj.final))
    assert not found.whole
    np.testing.assert_allclose(found.values[-1], dense[[0, -1]], rtol=1e-7)


def test_every_kind_of_run_is_drawn_without_a_warning(any_run: Trajectory) -> None:
    ax = plot.hessian(any_run, n_times=3)
    ax.figure.canvas.draw()
    assert np.isfinite(ax.get_ylim()).all()


def test_lines_are_the_eigenvalues_parted_by_sign(runs: Runs) -> None:
    traj = runs["staircase"]
    found, ax = data.hessian(traj), plot.hessian(traj)
    for sign, name in ((1, "positive"), (-1, "negative")):
        lines = [line for line in ax.lines if str(line.get_label()).strip("_") == name]
        assert len(lines) == found.values.shape[1]
        for line, y in zip(lines, found.values.T, strict=True):
            kept = sign * y > found.zero
            drawn = line.get_ydata()
            np.testing.assert_array_equal(drawn[np.isfinite(drawn)], y[kept])
    colors = {line.get_color(): line.get_linestyle() for line in ax.lines if len(line.get_xdata())}
    assert colors["#0072b2"] == "-"
    assert colors["#d55e00"] == "--"


def test_visits_are_named_with_the_number_of_ways_down(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = dl.itinerary(traj)
    ax = plot.hessian(traj, itinerary=visits)
    found = data.hessian(traj, visits)
    words = [text.get_text() for text in ax.texts if "neg." in text.get_text()]
    assert 1 <= len(words) <= len(visits)
    for mark in found.visits:
        near = int(np.argmin(np.abs(found.time.x - np.clip(mark.x, *found.time.limits))))
        if any(word.startswith(f"{mark.label}\n") for word in words):
            assert f"{mark.label}\n{found.negative[near]} neg." in words
    assert len([line for line in ax.lines if line.get_label() == "_visit"]) == len(visits)


def test_given_axes_are_used_and_nothing_else(runs: Runs) -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.subplots()
    assert plot.hessian(runs["width 1"], ax=ax, n_times=2) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_does_not_fit_is_refused_by_name(runs: Runs) -> None:
    with pytest.raises(ArgumentTypeError, match="`traj` must be a Trajectory"):
        plot.hessian(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`n_times` must be at least 1"):
        plot.hessian(runs["width 1"], n_times=0)
