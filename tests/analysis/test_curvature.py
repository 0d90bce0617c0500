"""The largest Hessian eigenvalue and the step that it allows."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import init
from deeplinear.analysis import (
    _curvature,
    diagnostics,
    extreme_eigenvalues,
    largest_eigenvalue,
)


def random_network(widths: tuple[int, ...], scale: float) -> dl.LinearNetwork:
    rng = np.random.default_rng(7)
    return dl.LinearNetwork(
        [scale * rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    )


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_at_the_canonical_minimum_it_is_h_times_a_power_of_the_largest_mode(depth: int) -> None:
    s = np.array([3.0, 1.0])
    net = dl.LinearNetwork([np.diag(s ** (1 / depth))] * depth)
    value = largest_eigenvalue(dl.Problem.from_modes(s), net)
    assert value == pytest.approx(depth * 3.0 ** (2 - 2 / depth), rel=1e-12)


def test_lanczos_agrees_with_the_dense_eigenvalues(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=6, seed=0)
    net = random_network((6, 5, 4, 3), 0.7)
    dense = largest_eigenvalue(problem, net)
    monkeypatch.setattr(_curvature, "DENSE_UP_TO", 0)
    assert largest_eigenvalue(problem, net) == pytest.approx(dense, rel=1e-7)


@pytest.mark.parametrize("dense_up_to", [0, 1000])
def test_a_zero_hessian_has_eigenvalue_zero_and_no_step_bound(
    monkeypatch: pytest.MonkeyPatch, dense_up_to: int
) -> None:
    monkeypatch.setattr(_curvature, "DENSE_UP_TO", dense_up_to)
    problem, origin = dl.Problem.from_modes([2.0, 1.0]), random_network((2, 2, 2, 2), 0.0)
    assert largest_eigenvalue(problem, origin) == 0.0
    checks = diagnostics(dl.gradient_flow(problem, origin))
    assert checks.step_bound == np.inf
    assert "no positive Hessian eigenvalue" in repr(checks)


@pytest.mark.parametrize("dense_up_to", [0, 1000])
def test_an_overflowing_hessian_is_nan(monkeypatch: pytest.MonkeyPatch, dense_up_to: int) -> None:
    monkeypatch.setattr(_curvature, "DENSE_UP_TO", dense_up_to)
    huge = random_network((2, 2, 2, 2), 1e120)
    assert np.isnan(largest_eigenvalue(dl.Problem.from_modes([2.0, 1.0]), huge))


@pytest.mark.parametrize(("factor", "stays"), [(0.95, True), (1.05, False)])
def test_descent_stays_at_the_minimum_only_below_the_step_bound(factor: float, stays: bool) -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    minimum = dl.gradient_flow(problem, random_network((2, 2, 2), 0.3))
    step = factor * diagnostics(minimum).step_bound
    near = dl.LinearNetwork([w + 1e-6 for w in minimum.final.weights])
    traj = dl.gradient_descent(problem, near, step_size=step, n_steps=200)
    assert (traj.loss[-1] <= traj.loss[0]) == stays


@pytest.mark.parametrize("scale", [0.0, 1e-3, 0.5])
def test_the_iteration_finds_both_ends_of_the_spectrum(scale: float) -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    net = init.gaussian((3, 18, 18, 3), scale=scale or 1e-200, seed=0)
    dense = np.linalg.eigvalsh(dl.hessian(problem, net))
    low, high = extreme_eigenvalues(problem, net)
    size = max(abs(dense[0]), abs(dense[-1]), 1e-300)
    assert abs(low - dense[0]) <= 1e-7 * size
    assert abs(high - dense[-1]) <= 1e-7 * size


def test_a_minimum_with_many_flat_directions_has_both_ends_too() -> None:
    problem = dl.Problem.from_modes(np.linspace(1.0, 4.0, 16))
    traj = dl.gradient_flow(problem, init.gaussian((16, 16, 16), scale=1e-2, seed=0))
    low, high = extreme_eigenvalues(problem, traj.final)
    assert abs(low) < 1e-3
    assert high == pytest.approx(8.0, rel=1e-3)  # h s^(2 - 2/h)


def test_a_hessian_that_overflows_has_no_ends() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    for widths in ((2, 2, 2, 2), (2, 20, 20, 2)):
        huge = init.gaussian(widths, scale=1e140, seed=0)
        assert np.isnan(extreme_eigenvalues(problem, huge)).all()
