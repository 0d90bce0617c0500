"""Diagnostics of runs of every kind."""

import itertools
import math

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.analysis import diagnostics
from deeplinear.analysis._diagnostics import ROUND_OFF

PROBLEM = dl.Problem.from_modes([3.0, 2.0, 1.0])


def start(scale: float = 0.1, widths: tuple[int, ...] = (3, 3, 3)) -> dl.LinearNetwork:
    rng = np.random.default_rng(3)
    return dl.LinearNetwork(
        [scale * rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    )


def test_a_converged_run_is_learned_in_order_conserved_and_monotone() -> None:
    traj = dl.gradient_flow(PROBLEM, start(1e-4))
    checks = diagnostics(traj)
    assert checks.learned == checks.learning_order == (0, 1, 2)
    assert list(checks.learning_times) == sorted(checks.learning_times)
    assert checks.monotone
    assert checks.largest_rise <= checks.rise_tolerance == ROUND_OFF * traj.loss.max()
    assert checks.n_laws == dl.conservation_laws(traj.widths).count == 6
    assert checks.drift == traj.drift.max()


def test_balance_is_the_norm_of_the_conserved_matrices() -> None:
    traj = dl.gradient_flow(PROBLEM, start(0.3, (3, 4, 2, 3)))
    checks = diagnostics(traj)
    for net, delta, relative in (
        (traj.initial, checks.delta_start, checks.balance_start),
        (traj.final, checks.delta_end, checks.balance_end),
    ):
        norms = [np.linalg.norm(c) for c in net.imbalance()]
        assert delta == pytest.approx(max(norms))
        assert relative == pytest.approx(max(norms) / max(np.sum(w**2) for w in net.weights))
    assert checks.delta_end == pytest.approx(checks.delta_start, rel=1e-4)


def test_descent_with_too_large_a_step_is_not_monotone() -> None:
    traj = dl.gradient_descent(PROBLEM, start(0.5), step_size=0.45, n_steps=40)
    checks = diagnostics(traj)
    assert not checks.monotone
    assert checks.largest_rise == traj.largest_rise > checks.rise_tolerance
    assert "not monotone" in repr(checks)


def test_backward_in_time_the_loss_must_not_fall() -> None:
    traj = dl.gradient_flow(PROBLEM, start(0.5), t_end=0.2, reverse=True)
    checks = diagnostics(traj)
    assert traj.loss[-1] > traj.loss[0]
    assert checks.monotone
    assert checks.largest_rise == 0.0


def test_it_prints_itself_in_aligned_lines() -> None:
    text = repr(diagnostics(dl.gradient_flow(PROBLEM, start(0.1))))
    head, *lines = text.splitlines()
    assert head == "Diagnostics"
    names = ["laws", "balance", "loss", "learned", "alignment", "curvature"]
    assert [line.split()[0] for line in lines] == names
    assert {len(line) - len(line[2:].split(None, 1)[1]) for line in lines} == {13}
    assert "6 conservation laws" in lines[0]
    assert "3 of 3 modes" in lines[3]


@pytest.mark.parametrize(
    ("problem", "net", "line"),
    [
        (dl.Problem.from_modes([2.0]), dl.LinearNetwork([[[0.1]]]), "no conservation laws"),
        (dl.Problem.from_modes([2.0]), start(0.1, (1, 1, 1)), "1 conservation law,"),
        (dl.Problem.from_modes([0.0]), start(0.1, (1, 1, 1)), "0 of 0 modes"),
        (dl.Problem.from_modes([2.0]), start(0.0, (1, 2, 1)), "no mode learned"),
    ],
)
def test_small_cases_are_described_correctly(
    problem: dl.Problem, net: dl.LinearNetwork, line: str
) -> None:
    assert line in repr(diagnostics(dl.gradient_flow(problem, net)))


def test_a_diverged_run_is_described_too() -> None:
    traj = dl.gradient_descent(PROBLEM, start(0.5), step_size=9.0, n_steps=50)
    checks = diagnostics(traj)
    assert traj.status == "failed"
    assert not checks.monotone
    assert math.isnan(checks.largest_eigenvalue) or checks.largest_eigenvalue > 1e3
