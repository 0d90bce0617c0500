"""Alignment of the map's singular frames with the data's modes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear.analysis import alignment, diagnostics, mode_groups
from deeplinear.solve import Trajectory


def at(problem: dl.Problem, product: np.ndarray) -> Trajectory:
    """A one-state run whose map is `product`."""
    net = dl.LinearNetwork([product, np.eye(len(product))])
    return dl.gradient_flow(problem, net, t_end=1e-9, save="ends")


def rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@settings(max_examples=25, deadline=None)
@given(left=st.floats(0, 0.7), right=st.floats(0, 0.7))
def test_alignment_is_the_cosine_of_the_planted_angle(left: float, right: float) -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    product = rotation(left) @ np.diag([2.0, 1.0]) @ rotation(right).T
    traj = at(problem, product)
    for a in diagnostics(traj).alignment:
        assert a.left == pytest.approx(np.cos(left), abs=1e-7)
        assert a.right == pytest.approx(np.cos(right), abs=1e-7)
    overlap = alignment(traj)[1]
    np.testing.assert_allclose(overlap[0], np.cos(left) * np.cos(right), atol=1e-12)


def test_equal_modes_are_aligned_as_a_group_whatever_their_basis() -> None:
    rng = np.random.default_rng(1)
    u, v = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    problem = dl.Problem.from_target(u @ np.diag([3.0, 2.0, 2.0, 1.0]) @ v.T)
    turned = u.copy()
    turned[:, 1:3] = u[:, 1:3] @ rotation(0.6)
    other = v.copy()
    other[:, 1:3] = v[:, 1:3] @ rotation(0.6)
    traj = at(problem, turned @ np.diag([3.0, 1.9, 1.8, 1.0]) @ other.T)
    (pair,) = (a for a in diagnostics(traj).alignment if len(a.modes) == 2)
    assert pair.modes == (1, 2)
    assert pair.left == pytest.approx(1.0, abs=1e-9)
    assert pair.right == pytest.approx(1.0, abs=1e-9)
    np.testing.assert_allclose(alignment(traj)[1], 1.0, atol=1e-9)


def test_a_group_turned_out_of_its_span_has_the_largest_principal_angle() -> None:
    problem = dl.Problem.from_modes([2.0, 2.0], d_in=3, d_out=3)
    turn = np.eye(3)
    turn[1:, 1:] = rotation(0.4)
    traj = at(problem, turn @ np.diag([2.0, 2.0, 0.0]))
    (group,) = diagnostics(traj).alignment
    assert group.left == pytest.approx(np.cos(0.4), abs=1e-7)
    assert group.right == pytest.approx(1.0, abs=1e-7)


def test_without_whitening_modes_are_read_from_the_map_on_the_data() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)) * [1.0, 2.0, 0.5]
    problem = dl.Problem.from_data(x, x @ rng.standard_normal((3, 2)))
    traj = at(problem, problem.solution())
    assert [a.modes for a in diagnostics(traj).alignment] == [(0,), (1,)]
    assert all(min(a.left, a.right) > 1 - 1e-9 for a in diagnostics(traj).alignment)


def test_a_zero_map_is_aligned_with_nothing() -> None:
    traj = at(dl.Problem.from_modes([2.0, 1.0]), np.zeros((2, 2)))
    assert diagnostics(traj).alignment == ()
    np.testing.assert_array_equal(alignment(traj)[1][0], 0.0)


def test_fewer_times_are_a_selection_with_both_ends() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    traj = dl.gradient_flow(problem, dl.LinearNetwork([np.full((2, 2), 0.1), np.eye(2)]))
    times, overlap = alignment(traj, n_times=3)
    every, full = alignment(traj)
    assert len(times) == 3
    assert (times[0], times[-1]) == (0.0, traj.t_end)
    np.testing.assert_allclose(overlap, full[np.isin(every, times)], atol=1e-12)


def test_groups_split_where_values_differ() -> None:
    assert mode_groups(np.array([2.0, 2.0 - 1e-12, 1.0])) == [(0, 1), (2,)]
    assert mode_groups(np.array([])) == []
