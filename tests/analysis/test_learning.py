"""Learned modes, their times, and the critical values around a run."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis import (
    critical_value,
    learned_modes,
    learning_times,
    neighboring_values,
)


def diagonal(start: list[float], depth: int) -> dl.LinearNetwork:
    return dl.LinearNetwork([np.diag(start)] * depth)


def test_learning_times_of_balanced_two_layer_modes_are_the_closed_form() -> None:
    s, a = np.array([3.0, 2.0, 1.0]), np.array([0.1, 0.2, 0.05])
    exact = np.log(s / a**2 - 1) / (2 * s)
    times = np.linspace(0, 5, 4001)
    traj = dl.gradient_flow(dl.Problem.from_modes(s), diagonal(list(a), 2), t_end=5, save=times)
    np.testing.assert_allclose(learning_times(traj), exact, atol=1e-5)


def test_a_mode_that_starts_learned_has_the_start_time_and_a_frozen_one_none() -> None:
    traj = dl.gradient_flow(dl.Problem.from_modes([3.0, 2.0]), diagonal([1.5, 0.0], 2), t_end=4.0)
    times = learning_times(traj)
    assert times[0] == 0.0
    assert np.isnan(times[1])
    assert learned_modes(traj) == learned_modes(traj, 0) == (0,)


@settings(max_examples=50)
@given(
    s=st.lists(st.floats(0.1, 10.0), min_size=1, max_size=5),
    chosen=st.sets(st.integers(0, 4)),
    seed=st.integers(0, 2**32 - 1),
)
def test_critical_value_is_the_loss_of_the_partial_sum_of_modes(
    s: list[float], chosen: set[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((20, 6))
    y = rng.standard_normal((20, 4)) + x[:, :4] * (s * 4)[:4]
    for problem in (dl.Problem.from_modes(s, seed=seed), dl.Problem.from_data(x, y, whiten=True)):
        modes = sorted(k for k in chosen if k < len(problem.modes))
        u, v = problem.modes.u[:, modes], problem.modes.v[:, modes]
        product = (u * problem.modes.s[modes]) @ v.T
        assert critical_value(problem, modes) == pytest.approx(problem.loss(product), abs=1e-9)


@pytest.mark.parametrize(("modes", "error"), [((2,), ArgumentError), (("a",), ArgumentTypeError)])
def test_critical_value_refuses_what_is_no_mode(modes: tuple, error: type) -> None:
    with pytest.raises(error, match="modes"):
        critical_value(dl.Problem.from_modes([2.0, 1.0]), modes)


def test_neighbors_are_the_learned_sets_and_the_top_sets_by_descending_value() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, diagonal([0.01, 0.3, 0.3], 2))  # mode 1 overtakes mode 0
    pairs = neighboring_values(traj)
    sets = [modes for modes, _ in pairs]
    along = {learned_modes(traj, k) for k in range(len(traj))}
    assert (1,) in along
    assert set(sets) == along | {(), (0,), (0, 1), (0, 1, 2)}
    assert all(value == critical_value(problem, modes) for modes, value in pairs)
    assert [value for _, value in pairs] == sorted((v for _, v in pairs), reverse=True)


def test_no_neighbor_has_more_modes_than_the_narrowest_layer() -> None:
    problem = dl.Problem.from_target(np.full((2, 2), 0.5) + np.eye(2))  # modes 2 and 1
    flat = dl.LinearNetwork([[[1.0, 0.2]], [[1.2], [0.9]]])
    traj = dl.gradient_flow(problem, flat)
    assert max(len(modes) for modes, _ in neighboring_values(traj)) == 1


def test_at_depth_one_only_the_optimum_is_critical() -> None:
    problem = dl.Problem.from_data(np.eye(3), np.ones((3, 2)))
    traj = dl.gradient_flow(problem, dl.LinearNetwork([np.zeros((2, 3))]))
    assert neighboring_values(traj) == [(tuple(range(len(problem.modes))), problem.floor)]
