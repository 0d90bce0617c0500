"""The exits of plateaus: between two critical values, at the flow's own times and heights."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot import data
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]


@pytest.fixture(scope="module")
def staircase() -> Trajectory:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    return dl.gradient_flow(problem, init.gaussian((3, 3, 3, 3), scale=5e-3, seed=1), rtol=1e-8)


def test_each_exit_falls_from_one_critical_value_to_the_next(staircase: Trajectory) -> None:
    found = data.transitions(staircase)
    assert [(f.before, f.after) for f in found] == [("none", "0"), ("0", "0, 1"), ("0, 1", "0–2")]
    np.testing.assert_allclose([f.gap_before for f in found], [7.0, 2.5, 0.5])
    np.testing.assert_allclose([f.gap_after for f in found], [2.5, 0.5, 0.0], atol=1e-12)
    for fall in found:
        height = fall.gap_before - fall.gap_after
        assert fall.gap[0] > fall.gap_before - 0.02 * height
        assert fall.gap[-1] < fall.gap_after + 0.02 * height
        assert np.all(np.diff(fall.gap) <= 0)
        assert fall.x[0] < fall.t < fall.x[-1]


def test_curves_between_saved_times_are_those_of_the_flow(staircase: Trajectory) -> None:
    for fall in data.transitions(staircase):
        assert len(fall.x) >= 80
        for k in (3, 44, 77):
            exact = dl.loss(staircase.problem, staircase(float(fall.x[k])))
            assert fall.gap[k] == pytest.approx(exact, rel=1e-9)


def test_the_most_prominent_plateaus_come_first_and_are_sorted_by_time(
    staircase: Trajectory,
) -> None:
    every = data.transitions(staircase)
    (one,) = data.transitions(staircase, dl.itinerary(staircase), most=1)
    assert one.prominence == max(fall.prominence for fall in every)
    assert [fall.t for fall in every] == sorted(fall.t for fall in every)


def test_every_kind_of_run_has_transitions_or_none(any_run: Trajectory) -> None:
    if len(any_run.problem.modes) > 20:
        pytest.skip("its itinerary takes a while")
    for fall in data.transitions(any_run):
        assert np.isfinite(fall.gap).all()
        assert fall.gap_before > fall.gap_after


def test_runs_that_rise_or_do_not_move_have_none(runs: Runs) -> None:
    for kind in ("backward", "one saved time", "saddle at the start", "no modes"):
        assert data.transitions(runs[kind]) == ()


def test_what_does_not_fit_is_refused_by_name(staircase: Trajectory) -> None:
    with pytest.raises(ArgumentTypeError, match="`itinerary` must be an Itinerary"):
        data.transitions(staircase, [])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`most` must be at least 1"):
        data.transitions(staircase, most=0)
