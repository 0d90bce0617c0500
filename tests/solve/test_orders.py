"""The order of every method, by regression of the error against the step size."""

import math

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve import _collocation, _driver
from deeplinear.solve._driver import Numerics, Run
from deeplinear.solve._saving import Saver


class RadauSolvedExactly(_collocation.Stiff):
    """The stiff method with its stages solved to round-off, so that only its order shows."""

    _exact = True


def end_with_fixed_steps(method: str, problem, net, t_end: float, n_steps: int):
    """The end after n equal steps: a tolerance that accepts every step, landing on a grid."""
    numerics = Numerics(
        method=method,
        t_end=t_end,
        rtol=1e12,
        atol=0.0,
        finest=math.inf,
        gap=None,
        max_steps=10**6,
        norm_cap=1e6,
        step_size=1e9,
    )
    saver = Saver(limit=0, times=np.linspace(0.0, t_end, n_steps + 1))
    traj = Run(problem, net, numerics, saver, None).integrate()
    assert traj.stats.n_steps == n_steps
    return traj.vectors[-1]


@pytest.mark.parametrize(
    ("method", "order", "counts"),
    [
        ("explicit", 8, (20, 26, 32, 40)),
        ("stiff", 7, (64, 80, 100, 128)),
        ("gauss", 6, (100, 128, 160, 200)),
    ],
)
def test_error_falls_at_the_stated_order(method, order, counts, monkeypatch):
    monkeypatch.setitem(_driver.METHODS, "stiff", RadauSolvedExactly)
    problem = dl.Problem.from_modes([2.0, 1.0, 0.5], seed=0)
    net = dl.init.gaussian((3, 3, 3, 3), scale=0.6, seed=2)
    t_end = 3.0
    exact = dl.gradient_flow(problem, net, t_end=t_end, rtol=1e-13, method="explicit").vectors[-1]
    check = dl.gradient_flow(problem, net, t_end=t_end, rtol=1e-13, method="gauss").vectors[-1]
    assert np.abs(exact - check).max() < 1e-12
    errors = [
        np.linalg.norm(end_with_fixed_steps(method, problem, net, t_end, n) - exact) for n in counts
    ]
    slope = np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert -slope == pytest.approx(order, abs=0.5)
    assert _driver.METHODS[method].order == order


def test_gradient_descent_is_first_order_in_its_step():
    problem = dl.Problem.from_modes([2.0, 1.0], seed=0)
    net = dl.init.gaussian((2, 2, 2), scale=0.6, seed=2)
    exact = dl.gradient_flow(problem, net, t_end=1.0, rtol=1e-12).vectors[-1]
    counts = (100, 200, 400)
    errors = [
        np.linalg.norm(
            dl.gradient_descent(problem, net, step_size=1 / n, n_steps=n).vectors[-1] - exact
        )
        for n in counts
    ]
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(1.0, abs=0.05)
