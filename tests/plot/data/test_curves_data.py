"""The data of the curves, against values from elsewhere: closed forms, gradients, saved states."""

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import exact, init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot import data
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
ALONG_A_RUN = [
    data.time_axis, data.loss, data.gradient_norm, data.mode_strengths, data.singular_values,
    data.drift, data.imbalance, data.alignment,
]  # fmt: skip


def test_no_drawing_library_is_imported() -> None:
    code = "import sys, deeplinear.plot.data; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("prepare", ALONG_A_RUN)
def test_every_kind_of_run_has_data_that_cannot_be_changed(prepare, any_run: Trajectory) -> None:
    found = prepare(any_run)
    time = getattr(found, "time", found)
    low, high = time.limits
    assert math.isfinite(low)
    assert low < high
    limits = getattr(found, "limits", None)
    assert limits is None or (all(map(math.isfinite, limits)) and limits[0] < limits[1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.time = None


@pytest.mark.parametrize("prepare", ALONG_A_RUN)
def test_what_is_no_run_is_refused(prepare) -> None:
    with pytest.raises(ArgumentTypeError, match="Trajectory"):
        prepare(3)


@settings(max_examples=25)
@given(
    s=st.lists(st.floats(0.5, 3.0), min_size=1, max_size=3),
    a=st.floats(0.05, 0.4),
    depth=st.integers(2, 4),
)
def test_the_first_gap_is_half_the_squares_left_and_levels_those_of_unlearned_modes(
    s: list[float], a: float, depth: int
) -> None:
    s = sorted(s, reverse=True)
    problem, n = dl.Problem.from_modes(s), len(s)
    traj = dl.gradient_flow(problem, dl.LinearNetwork([a * np.eye(n)] * depth), t_end=0.1)
    found = data.loss(traj)
    assert found.gap[0] == pytest.approx(0.5 * sum((x - a**depth) ** 2 for x in s))
    for line in found.critical:
        left = sum(s[k] ** 2 for k in range(n) if k not in line.modes)
        assert line.gap == pytest.approx(0.5 * left)
        assert line.value == pytest.approx(line.gap + found.optimum)


def test_levels_are_visited_where_the_run_stood(runs: Runs) -> None:
    found = data.loss(runs["ends only"])
    assert [(line.label, line.visited) for line in found.critical] == [
        ("none", True), ("0", False), ("0, 1", False),
    ]  # fmt: skip
    assert data.loss(runs["staircase"], classes=False).critical == ()


def test_visits_lie_on_the_curve_and_carry_what_the_itinerary_knows(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = dl.itinerary(traj)
    loss, norm = data.loss(traj, visits), data.gradient_norm(traj, visits)
    assert len(loss.visits) == len(norm.visits) == len(visits)
    for visit, mark, low in zip(visits, loss.visits, norm.visits, strict=True):
        assert (mark.x, mark.modes, mark.kind) == (visit.t_closest, visit.modes, visit.kind)
        assert mark.escape_order == visit.escape_order
        assert (mark.t_in, mark.t_out, mark.plateau) == (visit.t_in, visit.t_out, visit.plateau)
        state = traj(min(mark.x, traj.t_end))
        assert mark.y == pytest.approx(dl.loss(traj.problem, state), rel=1e-3)
        steep = math.sqrt(sum(np.sum(g**2) for g in dl.gradient(traj.problem, state)))
        assert low.y == pytest.approx(steep, rel=0.05, abs=1e-9)
    assert [mark.named for mark in loss.visits] == [v.plateau for v in visits[:-1]] + [True]
    with pytest.raises(ArgumentTypeError, match="`itinerary`"):
        data.loss(traj, [])  # type: ignore[arg-type]


def test_the_closed_form_is_that_of_the_logistic_curve() -> None:
    s, p0 = np.array([2.0, 0.5]), 0.01
    problem = dl.Problem.from_modes(s)
    traj = dl.gradient_flow(problem, dl.LinearNetwork([0.1 * np.eye(2)] * 2), rtol=1e-8)
    (form, *_) = exact.applicable(problem, traj.initial)

    def logistic(x: np.ndarray) -> np.ndarray:
        grown = np.exp(2 * s * x[:, None])
        return s * grown / (grown - 1 + s / p0)

    found = data.mode_strengths(traj, exact=form)
    np.testing.assert_allclose(found.exact.y, logistic(found.exact.x), rtol=1e-9)
    np.testing.assert_allclose(found.strengths, logistic(found.time.x), rtol=1e-5)
    np.testing.assert_array_equal(found.targets, s)
    values = data.singular_values(traj, exact=form)
    np.testing.assert_allclose(values.exact.y, logistic(values.exact.x), rtol=1e-9)
    np.testing.assert_array_equal(values.targets, s)


def test_the_strengths_are_the_coefficients_of_the_map_in_the_modes(runs: Runs) -> None:
    traj = runs["not whitened"]
    found = data.mode_strengths(traj)
    modes = traj.problem.modes
    for k in (0, len(traj) // 2, -1):
        effective = traj[k].product() @ traj.problem.sqrt_sxx
        expected = np.diag(modes.u.T @ effective @ modes.v)
        np.testing.assert_allclose(found.strengths[k], expected, rtol=1e-12, atol=1e-14)
    assert not found.whitened


def test_a_choice_of_modes_is_kept_in_order_and_checked(runs: Runs) -> None:
    found = data.mode_strengths(runs["staircase"], [2, 0])
    assert found.modes == (2, 0)
    np.testing.assert_array_equal(found.strengths, runs["staircase"].mode_strengths[:, [2, 0]])
    np.testing.assert_array_equal(found.targets, [1.0, 3.0])
    with pytest.raises(ArgumentError, match="`modes` must hold modes below 3"):
        data.mode_strengths(runs["staircase"], [3])


def test_singular_values_of_round_off_are_zero(runs: Runs) -> None:
    found = data.singular_values(runs["saddle"])
    assert np.all(found.values[:, 2] == 0)
    assert np.all(found.values[:, :2] > 0)
    np.testing.assert_allclose(found.targets, [3.0, 2.0, 1.0])


def test_drift_is_zero_at_the_start_and_compared_with_the_tolerance(runs: Runs) -> None:
    found = data.drift(runs["staircase"])
    assert found.drift[0] == 0
    assert (found.rtol, found.round_off) == (1e-6, 2.0**-52)
    assert found.limits[0] < 2.0**-52
    flat = data.drift(runs["depth 1"])
    assert not flat.laws
    assert flat.limits is None


def test_imbalance_spectra_are_eigenvalues_and_constant_along_the_flow(runs: Runs) -> None:
    traj = runs["staircase"]
    found = data.imbalance(traj)
    assert len(found.values) == 2
    for i, values in enumerate(found.values):
        below, above = traj.initial.weights[i : i + 2]
        expected = np.sort(np.linalg.eigvals(below @ below.T - above.T @ above).real)[::-1]
        np.testing.assert_allclose(values[0], expected, atol=1e-15)
        np.testing.assert_allclose(values, np.broadcast_to(expected, values.shape), atol=1e-5)
    one = data.imbalance(traj.initial)
    assert one.time is None
    np.testing.assert_array_equal(one.values[0][0], found.values[0][0])
    assert data.imbalance(dl.LinearNetwork([[[1.0]]])).limits is None


def test_weights_that_overflow_have_no_spectrum_of_imbalance(runs: Runs) -> None:
    values = data.imbalance(runs["overflowing"]).values
    assert np.isfinite(values[0][0]).all()
    assert np.isfinite(values[0][-1]).all() or np.isnan(values[0][-1]).all()


def test_of_wide_layers_only_some_times_and_eigenvalues_are_used() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    traj = dl.gradient_flow(problem, init.gaussian((2, 300, 2), scale=0.01, seed=0))
    found = data.imbalance(traj)
    assert 2 <= len(found.time.x) < len(traj)
    assert (found.time.x[0], found.time.x[-1]) == (0.0, traj.t_end)
    every = np.linalg.eigvalsh(traj.initial.imbalance()[0])
    assert found.values[0].shape[1] == 40
    np.testing.assert_allclose(found.values[0][0, [0, -1]], every[[-1, 0]])
    assert found.widths == (300,)


def test_only_balanced_networks_are_called_so() -> None:
    assert data.imbalance(init.balanced((3, 3, 3), scale=1e-3, seed=0)).balanced
    assert not data.imbalance(init.gaussian((3, 3, 3), scale=1e-3, seed=0)).balanced


def test_alignment_is_one_for_modes_that_are_singular_pairs(runs: Runs) -> None:
    found = data.alignment(runs["saddle"])
    np.testing.assert_allclose(found.overlap[:, :2], 1.0)
    assert len(found.edges) == len(found.x) + 1
    assert np.all((found.edges[:-1] <= found.x) & (found.x <= found.edges[1:]))


def test_the_time_axis_ends_ten_times_after_the_last_change() -> None:
    problem = dl.Problem.from_modes([1.0])
    traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1]], [[0.1]]]), t_end=1e5)
    axis = data.time_axis(traj)
    assert axis.constant_until == 1e5
    gap = traj.gap[traj.t >= axis.limits[1] / 10 * (1 - 1e-12)]
    assert np.all(gap <= 1.02 * gap[-1] + 1e-300)


def test_points_have_gaps_where_a_logarithm_has_none() -> None:
    axis = data.TimeAxis(np.arange(4.0), np.array([False, True, True, True]), (1, 3), True, False)
    x, y = axis.points(np.array([1.0, 2.0, 0.0, np.inf]), positive=True)
    np.testing.assert_array_equal(x, [1.0, 2.0])
    np.testing.assert_array_equal(y, [2.0, np.nan])


@pytest.mark.parametrize(("stop", "seen"), [(1e-2, True), (None, False)])
def test_the_end_of_the_loss_is_seen_if_it_is_little_below_the_plateaus(stop, seen):
    problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    start = init.gaussian((3, 3, 3), scale=1e-3, seed=0)
    traj = dl.gradient_flow(problem, start, stop=stop)
    found = data.loss(traj)
    assert (found.limits[0] < traj.gap[-1]) == seen
    assert found.limits[0] < 0.1 * 0.5 * 1.0**2  # a tenth of the lowest critical value
