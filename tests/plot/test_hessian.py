"""The Hessian spectrum along a run: the eigenvalues of the Hessian at its own states."""

import itertools

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
    np.testing.assert_allclose(found.values[-1], dense[[0, -1]], atol=1e-4 * dense[-1])


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
            np.testing.assert_array_equal(line.get_xdata(), found.time.x)
            kept = np.where(sign * y > found.zero, y, np.nan)  # gaps are not bridged
            np.testing.assert_array_equal(line.get_ydata(), kept)
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


@pytest.mark.parametrize("kind", ["staircase", "no modes", "saddle"])
def test_no_line_is_in_the_linear_part_whose_end_the_label_states(kind: str, runs: Runs) -> None:
    ax = plot.hessian(runs[kind])
    assert ax.get_yscale() == "symlog"
    threshold = ax.yaxis.get_transform().linthresh  # type: ignore[attr-defined]
    power = round(np.log10(threshold))
    assert ax.get_ylabel().endswith(f"(linear within $\\pm 10^{{{power}}}$)")
    lines = [
        np.abs(np.asarray(line.get_ydata(), float))
        for line in ax.lines
        if "tive" in str(line.get_label())
    ]
    assert np.nanmin(lines) >= threshold
    assert np.nanmin(lines) < 10 * threshold


def test_eigenvalues_of_one_size_have_a_linear_height(runs: Runs) -> None:
    ax = plot.hessian(runs["depth 1"])
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "Hessian eigenvalue"


@pytest.mark.parametrize("columns", [1, 2])
def test_names_of_visits_do_not_overlap_in_print(columns: int, runs: Runs) -> None:
    problem = dl.Problem.from_modes([16.0, 8.0, 4.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, init.gaussian((5, 5, 5), scale=1e-3, seed=0))
    with plot.style(columns=columns):
        ax = plot.hessian(traj, itinerary=dl.itinerary(traj), n_times=12)
        ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if "neg." in text.get_text()]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) >= 2
    assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(boxes))


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
