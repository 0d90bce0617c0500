"""The stored states lie on the flow, and the stated differences are the true ones."""

import numpy as np
import pytest

import deeplinear as dl
from benchmarks import references
from benchmarks.problems import CASES, STOP, plateaus
from benchmarks.references import POINTS

NAMES = sorted(CASES)
SMALL = ["P1", "P2", "P3"]


@pytest.fixture(scope="module", params=NAMES)
def solved(request):
    """A case and its reference."""
    return CASES[request.param](), references.load(request.param)


def networks(case, states):
    return [dl.LinearNetwork.from_vector(y, case.widths) for y in states]


def test_references_end_at_the_end_and_exclude_the_start(solved):
    case, reference = solved
    assert reference.states.shape == (POINTS, case.vector.size)
    assert reference.times[0] > 0
    assert np.all(np.diff(reference.times) > 0)
    assert reference.times[-1] == case.t_end


def test_check_points_are_about_equally_spaced(solved):
    case, reference = solved
    points = np.concatenate([case.vector[None], reference.states])
    gaps = np.linalg.norm(np.diff(points, axis=0), axis=1)  # chords: shorter where paths bend
    assert gaps.max() < 2.5 * gaps.min()


def test_conservation_laws_hold(solved):
    case, reference = solved
    start = case.network.imbalance()
    scale = np.linalg.norm(reference.states, axis=1).max() ** 2
    for net in networks(case, reference.states):
        for now, then in zip(net.imbalance(), start, strict=True):
            assert np.abs(now - then).max() < 1e-12 * scale


def test_loss_falls(solved):
    case, reference = solved
    losses = [dl.loss(case.problem, net) for net in networks(case, reference.states)]
    assert np.all(np.diff(losses) < 0)


@pytest.mark.parametrize("name", ["P2", "P3"])
def test_runs_end_where_the_loss_passes_its_bound_rounded_up(name):
    case = CASES[name]()
    run = dl.gradient_flow(case.problem, case.network, method="stiff", rtol=1e-8, stop=STOP)
    assert run.status == "converged"
    assert 0.99 * case.t_end < run.t_end < case.t_end


def test_gauss_agrees_a_hundred_times_better_than_any_target_and_scipy_better(solved):
    case, reference = solved
    scipy, gauss = reference.differences.values()
    assert gauss < 1e-2 * min(case.goals)
    assert scipy < min(case.goals)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_gauss_agrees_to_the_stated_difference(name):
    case, reference = CASES[name](), references.load(name)
    run = dl.gradient_flow(
        case.problem,
        case.network,
        t_end=case.t_end,
        rtol=1e-10,
        method="gauss",
        save=reference.times,
    )
    assert reference.error(run.vectors) < 10 * max(reference.differences.values())


def test_error_of_missing_states_is_infinite():
    reference = references.load("P1")
    assert reference.error(reference.states) == 0
    assert reference.error(reference.states[:-1]) == np.inf
    assert reference.error(np.full_like(reference.states, np.nan)) == np.inf


def test_limits_of_the_ensemble_are_solutions():
    case = plateaus()
    checked, limits, difference = references.load_ends()
    assert len(checked) == len(limits) >= 50
    assert difference < 1e-10
    for net in networks(case, limits):
        assert dl.loss(case.problem, net) < 1e-18
