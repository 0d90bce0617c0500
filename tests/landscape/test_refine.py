"""Refinement: back to the critical point that a network was moved from, at about that distance."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.landscape import classify, critical_point, refine

CASES = [
    ((4, 4, 4), (), 2),
    ((4, 4, 4), (0,), 2),
    ((4, 4, 4), (1, 3), 2),
    ((4, 4, 4, 4), (0, 1), 3),
    ((4, 6, 5, 4), (0,), 3),
    ((4, 4, 4, 4, 4), (), 4),
    ((4, 4, 4, 4, 4, 4), (0, 1, 2), 5),
    ((4, 4, 4, 4, 4, 4), (2,), 2),
    ((4, 4, 4, 4), (0, 1, 2, 3), None),
]


def problem(seed: int = 3) -> dl.Problem:
    return dl.Problem.from_modes([4.0, 2.5, 1.5, 0.8], seed=seed)


@pytest.mark.parametrize(("widths", "modes", "order"), CASES)
@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-6])
def test_a_moved_point_is_found_again(
    widths: tuple, modes: tuple, order: int | None, distance: float
) -> None:
    point = critical_point(problem(), widths, modes)
    found = refine(problem(), dl.init.near(point, distance=distance, seed=1))
    verdict = classify(problem(), found.network)
    assert found.converged
    assert found.displacement < 1.2 * distance
    assert found.gradient_norm < 1e-11
    assert verdict.modes == modes
    assert verdict.escape_order == order


@pytest.mark.parametrize("whiten", [False, True])
def test_data_that_are_not_white_or_not_of_full_rank(whiten: bool) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 5)) * [3.0, 2.0, 1.0, 0.5, 1.0]
    x[:, 4] = x[:, 3]
    data = dl.Problem.from_data(x, x @ rng.normal(size=(5, 4)), whiten=whiten)
    for modes, order in (((), 3), ((0, 1), 3), ((1,), 2)):
        point = critical_point(data, (5, 4, 4, 4), modes)
        found = refine(data, dl.init.near(point, distance=1e-3, seed=2))
        assert found.converged
        assert found.displacement < 2e-3
        verdict = classify(data, found.network)
        assert (verdict.modes, verdict.escape_order) == (modes, order)


def test_a_residual_part_that_is_not_small_is_kept() -> None:
    point = critical_point(problem(), (4, 4, 4, 4), [0])
    weights = [w.copy() for w in point.weights]
    weights[1][1:, 1:] += 0.5 * np.eye(3)  # critical still, and the saddle is of order 2 now
    moved = dl.init.near(dl.LinearNetwork(weights), distance=1e-3, seed=0)
    found = refine(problem(), moved)
    assert found.converged
    assert found.displacement < 2e-3
    assert np.linalg.norm(found.network.weights[1][1:, 1:]) > 0.8
    assert (
        classify(problem(), found.network).escape_order
        == classify(problem(), dl.LinearNetwork(weights)).escape_order
    )


def test_a_critical_point_is_returned_as_it_is() -> None:
    point = critical_point(problem(), (4, 4, 4, 4), [0, 2])
    found = refine(problem(), point)
    assert found.network == point
    assert found.displacement == 0.0


def test_depth_one_finds_the_solution() -> None:
    found = refine(problem(), dl.init.gaussian((4, 4), scale=1.0, seed=0))
    assert found.converged
    assert found.network.weights[0] == pytest.approx(problem().solution(), abs=1e-12)


def test_the_steps_do_not_jump_along_the_kernel() -> None:
    # Plain Newton moved 850 away from such a point (theory §13).
    point = critical_point(problem(), (4, 8, 8, 4), [0, 1])
    for seed in range(10):
        found = refine(problem(), dl.init.near(point, distance=1e-4, seed=seed))
        assert found.converged
        assert found.displacement < 2e-4


def test_a_large_network_is_refined_on_its_compression() -> None:
    wide = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=100, d_out=80, seed=0)
    point = critical_point(wide, (100, 90, 90, 80), [0, 1])
    found = refine(wide, dl.init.near(point, distance=1e-3, seed=0))
    assert found.converged
    assert found.displacement < 1.2e-3
    assert classify(wide, found.network).escape_order == 3


def test_steps_that_lead_beyond_reach_are_given_up() -> None:
    far = dl.init.gaussian((4, 4, 4, 4), scale=1.0, seed=0)
    found = refine(problem(), far, reach=1e-3)
    assert not found.converged


def test_scales_do_not_matter() -> None:
    for scale in (1e-6, 1e6):
        scaled = dl.Problem.from_modes(scale * np.array([4.0, 2.5, 1.5]))
        point = critical_point(scaled, (3, 3, 3, 3), [0])
        size = float(np.linalg.norm(point.to_vector()))
        found = refine(scaled, dl.init.near(point, distance=1e-3 * size, seed=0))
        assert found.converged
        assert found.displacement < 1.2e-3 * size
        assert classify(scaled, found.network).escape_order == 3


def test_wrong_arguments_are_named() -> None:
    net = dl.init.gaussian((4, 4), seed=0)
    with pytest.raises(ValueError, match="`reach` must be greater than 0"):
        refine(problem(), net, reach=0.0)
    with pytest.raises(ValueError, match="`widths` must start with 4"):
        refine(problem(), dl.init.gaussian((3, 4), seed=0))
