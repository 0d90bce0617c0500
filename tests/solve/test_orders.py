"""The order of every method, by regression of the error against the step size."""

import functools
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve._driver import Numerics, Run
from deeplinear.solve._methods import _dop853
from deeplinear.solve._methods._collocation import _method
from deeplinear.solve._methods._engine import METHODS
from deeplinear.solve._methods._tableau import Tableau, gauss_nodes, radau_nodes
from deeplinear.solve._saving import Saver


def radau_solved_exactly(stages: int):
    """The stiff method with its stages solved to round-off, so that only its order shows."""
    tableau = Tableau.of(radau_nodes(stages), gamma0=0.1)
    return _method("stiff", 2 * stages - 1, tableau, exact=True)


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
        ("stabilized", 4, (200, 280, 400, 560)),
        ("gauss", 6, (100, 128, 160, 200)),
    ],
)
def test_error_falls_at_the_stated_order(method, order, counts):
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
    assert METHODS[method].order == order


@pytest.mark.parametrize(("stages", "counts"), [(2, (200, 280, 400)), (4, (64, 80, 100, 128))])
def test_the_stiff_method_of_s_stages_has_order_2s_minus_1(stages, counts, monkeypatch):
    # Its own six stages reach round-off before their order, 11, shows.
    monkeypatch.setitem(METHODS, "stiff", radau_solved_exactly(stages))
    test_error_falls_at_the_stated_order("stiff", 2 * stages - 1, counts)


@pytest.mark.parametrize("nodes", [radau_nodes(6), radau_nodes(3), gauss_nodes(3)], ids=len)
def test_collocation_weights_meet_their_order_conditions(nodes):
    # B(p): sum_i b_i c_i^{k-1} = 1/k, and C(s): sum_j a_ij c_j^{k-1} = c_i^k / k.
    tableau, s = Tableau.of(nodes, gamma0=0.1), len(nodes)
    order = 2 * s - 1 if nodes[-1] == 1.0 else 2 * s
    b = tableau.end @ tableau.a
    for k in range(1, order + 1):
        assert b @ tableau.c ** (k - 1) == pytest.approx(1 / k, abs=1e-13)
    for k in range(1, s + 1):
        assert tableau.a @ tableau.c ** (k - 1) == pytest.approx(tableau.c**k / k, abs=1e-13)


@pytest.mark.parametrize("nodes", [radau_nodes(6), gauss_nodes(3), gauss_nodes(4)], ids=len)
def test_the_real_blocks_are_those_of_the_collocation_matrix(nodes):
    tableau = Tableau.of(nodes, gamma0=0.1)
    blocks = np.diag(tableau.real)
    for i in np.flatnonzero(tableau.imaginary)[::2]:
        blocks[i, i + 1], blocks[i + 1, i] = tableau.imaginary[i], -tableau.imaginary[i]
    again = tableau.t @ blocks @ np.linalg.inv(tableau.t)
    assert again == pytest.approx(tableau.a, abs=1e-12)


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


@functools.cache
def rooted_trees(order: int) -> list[tuple]:
    """All rooted trees of so many nodes, each as the sorted tuple of its branches."""

    def forests(nodes: int, largest: int) -> Iterator[tuple]:
        if nodes == 0:
            yield ()
        for k in range(min(nodes, largest), 0, -1):
            for tree in rooted_trees(k):
                yield from ((tree, *rest) for rest in forests(nodes - k, k))

    return sorted({tuple(sorted(branches)) for branches in forests(order - 1, order - 1)})


def test_the_explicit_coefficients_meet_every_order_condition():
    """Butcher: sum_i b_i Phi_i(tree) = 1 / gamma(tree), for each rooted tree up to the order."""

    def n_nodes(tree: tuple) -> int:
        return 1 + sum(map(n_nodes, tree))

    def density(tree: tuple) -> int:
        return n_nodes(tree) * math.prod(map(density, tree))

    def stages(tree: tuple) -> np.ndarray:
        products = (_dop853.A @ stages(branch) for branch in tree)
        return math.prod(products, start=np.ones(_dop853.N_STAGES))

    def worst(weights: np.ndarray, order: int) -> float:
        return max(abs(weights @ stages(t) - 1 / density(t)) for t in rooted_trees(order))

    assert [len(rooted_trees(k)) for k in range(1, 9)] == [1, 1, 2, 4, 9, 20, 48, 115]
    b = _dop853.B
    for weights, order in ((b, 8), (b + 2 * _dop853.E5, 5), (b - _dop853.E3, 3)):
        assert max(worst(weights, k) for k in range(1, order + 1)) < 1e-14
        assert worst(weights, order + 1) > 1e-6


def test_the_explicit_coefficients_are_what_the_script_derives():
    script = Path(__file__).parents[2] / "scripts" / "derive_dop853.py"
    result = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-500:] + result.stderr
