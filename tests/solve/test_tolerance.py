"""Tolerance means what it says: errors inside the transitions, against extended precision."""

import numpy as np
import pytest

import deeplinear as dl
from benchmarks import problems, references

RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


@pytest.fixture(scope="module", params=["P2", "P3"])
def case(request):
    """A benchmark with its reference: 13 times equally spaced in arc length."""
    return problems.CASES[request.param](), references.load(request.param)


@pytest.mark.parametrize("method", ["auto", "stiff"])
@pytest.mark.parametrize("rtol", RTOLS)
def test_the_error_inside_transitions_is_below_a_hundred_tolerances(case, rtol, method):
    problem, reference = case
    traj = dl.gradient_flow(
        problem.problem,
        problem.network,
        t_end=problem.t_end,
        rtol=rtol,
        save=reference.times,
        method=method,
    )
    # The last one is the end, which is far behind the last transition.
    assert reference.error(traj.vectors[-13:]) < 100 * rtol


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9])
def test_so_is_the_error_at_times_that_were_not_saved(case, rtol):
    problem, reference = case
    traj = dl.gradient_flow(problem.problem, problem.network, t_end=problem.t_end, rtol=rtol)
    states = np.array([traj(t).to_vector() for t in reference.times])
    assert reference.error(states) < 100 * rtol
