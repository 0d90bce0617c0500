"""The conservation laws along computed runs: kept by Gauss, broken by descent as theory §4 says."""

import numpy as np
import pytest

import deeplinear as dl
from tests.solve.conftest import planted_run


def drift_from_weights(traj) -> float:
    """The drift of the contract, recomputed from the saved weights alone."""
    start = traj[0].imbalance()
    largest = worst = 0.0
    for net in traj:
        largest = max(largest, *(np.linalg.norm(w) ** 2 for w in net.weights))
        moved = max(np.linalg.norm(a - b) for a, b in zip(net.imbalance(), start, strict=True))
        worst = max(worst, moved / largest)
    return worst


@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-7, 1e-9])
def test_gauss_keeps_every_law_to_round_off_over_a_small_start_run_of_depth_4(rtol):
    problem, net = planted_run(4, 1e-2, seed=0)
    traj = dl.gradient_flow(problem, net, method="gauss", rtol=rtol)
    assert traj.status == "converged"
    assert drift_from_weights(traj) < 2e-14
    assert traj.drift.max() == pytest.approx(drift_from_weights(traj), rel=1e-6, abs=1e-18)


def test_gauss_keeps_the_laws_where_the_weights_are_not_balanced():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=4, d_out=3, seed=1)
    net = dl.init.gaussian((4, 6, 2, 3), scale=1.0, seed=5)
    traj = dl.gradient_flow(problem, net, method="gauss", rtol=1e-4)
    assert drift_from_weights(traj) < 2e-14


def test_drift_of_other_methods_shrinks_with_the_tolerance():
    problem, net = planted_run(3, 1e-2, seed=1)
    drifts = [
        drift_from_weights(dl.gradient_flow(problem, net, rtol=rtol)) for rtol in (1e-4, 1e-6, 1e-8)
    ]
    assert drifts[0] > 10 * drifts[1] > 100 * drifts[2]


def test_descent_breaks_the_laws_by_exactly_the_second_order_term():
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=3, d_out=2, seed=0)
    net = dl.init.gaussian((3, 4, 2, 2), scale=0.7, seed=3)
    eta = 0.05
    after = dl.gradient_descent(problem, net, step_size=eta, n_steps=1).final
    g = dl.gradient(problem, net)
    for i, (old, new) in enumerate(zip(net.imbalance(), after.imbalance(), strict=True)):
        expected = eta**2 * (g[i] @ g[i].T - g[i + 1].T @ g[i + 1])
        assert np.abs(new - old - expected).max() < 1e-14


def test_loss_falls_at_every_step_of_an_accurate_run():
    problem, net = planted_run(4, 1e-2, seed=2)
    traj = dl.gradient_flow(problem, net, rtol=1e-7)
    assert traj.largest_rise <= 1e-13 * traj.loss[0]
    assert np.all(np.diff(traj.loss) <= 1e-13 * traj.loss[0])
