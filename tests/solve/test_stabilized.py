"""The stabilized method: its coefficients against the theory, then the compiled method itself."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve._methods import _stabilized

Real = np.longdouble
TABLE = np.load(Path(_stabilized.__file__).with_name("_stabilized_table.npz"))
STAGES = [int(s) for s in TABLE["stages"]]
BEGINS = np.concatenate([[0], np.cumsum(TABLE["stages"] - 4)])

# 1 / gamma at the empty tree and t, [t], [t,t], [[t]], [t,t,t], [t,[t]], [[t,t]], [[[t]]].
EXACT = np.array([1, 1, *(1 / Real(k) for k in (2, 3, 6, 4, 8, 12, 24))])


def step(s, y, h_slope):
    """One step with s stages, for anything that can stand for h f: the end, e, and g_{s-4}."""
    k = STAGES.index(s)
    mu, kappa = TABLE["momentum"][:, BEGINS[k] : BEGINS[k + 1]]
    g, d = y, np.zeros_like(y)
    for m, c in zip(mu, kappa, strict=True):
        d = m * h_slope(g) + c * d
        g = g + d
    a21, a31, a32, a41, a42, a43, *b = TABLE["finish"][k]
    k1 = h_slope(g)
    k2 = h_slope(g + a21 * k1)
    k3 = h_slope(g + a31 * k1 + a32 * k2)
    k4 = h_slope(g + a41 * k1 + a42 * k2 + a43 * k3)
    v0, *v = TABLE["estimate"][k]
    end = g + sum(w * x for w, x in zip(b, (k1, k2, k3, k4), strict=True))
    error = v0 * (g - y) + sum(w * x for w, x in zip(v, (k1, k2, k3, k4), strict=True))
    return end, error, g


def tree_slope(g):
    """The B-series of h f(g)."""
    return np.array([0, g[0], g[1], g[1] ** 2, g[2], g[1] ** 3, g[1] * g[2], g[3], g[4]])


def on_interval(s, dtype=Real):
    """Z on [-reach, 0], dense where polynomials of degree s vary; the end and e at those z."""
    reach = TABLE["reach"][STAGES.index(s)]
    z = (reach / 2 * (np.cos(np.linspace(0, np.pi, 30 * s)) - 1)).astype(dtype)
    end, error, _ = step(s, np.ones_like(z), lambda g: z * g)
    return z, end, error


def test_neighbors_in_the_ladder_differ_by_one_or_eight_percent():
    assert STAGES[0] == 5
    assert STAGES[-1] >= 200
    for before, after in pairwise(STAGES):
        assert after - before == 1 or after <= 1.08 * before


@pytest.mark.parametrize("s", STAGES)
def test_all_eight_order_conditions_hold(s):
    y = np.append(Real(1), np.zeros(8, Real))
    end, error, _ = step(s, y, tree_slope)
    assert np.abs(end - EXACT).max() < 1e-12
    assert np.abs(error[:5]).max() < 1e-12
    assert abs(error[8]) > 1e-3


@pytest.mark.parametrize("s", STAGES)
def test_the_polynomial_is_damped_on_an_interval_of_a_third_of_s_squared(s):
    z, end, _ = on_interval(s)
    assert np.abs(end).max() <= 1
    assert np.abs(end[z < -1]).max() < 0.953
    if s >= 11:
        assert -z.min() > 0.329 * s * s


@pytest.mark.parametrize("s", STAGES)
def test_the_error_estimate_sees_stiff_parts_but_is_bounded(s):
    z, _, error = on_interval(s)
    assert np.abs(error).max() < 0.502
    # Wherever it vanishes, it does not do so on a stretch.
    stiff = np.abs(error[z < -10])
    if stiff.size:
        assert np.median(stiff) > 0.05


@pytest.mark.parametrize("s", STAGES)
def test_round_off_grows_no_more_than_the_table_says(s):
    z, rounded, _ = on_interval(s, np.float64)
    exact = step(s, np.ones_like(z, Real), lambda g: z.astype(Real) * g)[0]
    growth = TABLE["growth"][STAGES.index(s)]
    assert np.abs(rounded - exact).max() < 2 * growth * np.finfo(float).eps


@pytest.mark.parametrize("s", [5, 7, 12, 21, 35])
def test_fixed_steps_on_the_flow_have_order_four(s):
    problem = dl.Problem.from_modes([2.0, 1.0, 0.5], seed=0)
    net = dl.init.gaussian((3, 3, 3, 3), scale=0.6, seed=2)
    field, _ = dl.vector_field(problem, net.widths)
    exact = dl.gradient_flow(problem, net, t_end=2.0, rtol=1e-13, method="explicit").vectors[-1]
    counts, errors = (16, 22, 30, 40), []
    for count in counts:
        y, h = net.to_vector(), 2.0 / count
        for _ in range(count):
            y = step(s, y, lambda g, h=h: h * field(0.0, g))[0]
        errors.append(np.linalg.norm(y - exact))
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(4.0, abs=0.3)


def test_rates_of_four_decades_are_integrated_to_tolerance():
    rates = np.logspace(-1, 3, 9)
    problem = dl.Problem.from_moments(np.diag(rates), np.diag(rates))  # w' = rates (1 - w)
    start = dl.LinearNetwork([3.0 * np.ones((9, 9))])
    traj = dl.gradient_flow(problem, start, t_end=5.0, rtol=1e-7, method="stabilized")
    exact = np.eye(9) + (3.0 - np.eye(9)) * np.exp(-5.0 * rates)
    assert np.abs(traj.final.weights[0] - exact).max() < 1e-6
    explicit = 12 * 5.0 * rates[-1] / 6.1  # evaluations at its stability limit, h |lambda| = 6.1
    assert traj.stats.n_field < explicit / 3


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_a_stiff_plateau_costs_far_less_than_the_explicit_method(rtol):
    problem = dl.Problem.from_modes([5.0, 4.0, 3.0, 2.0, 1.0])
    net = dl.init.gaussian((5, 5, 5, 5), scale=1e-2, seed=0)
    start = dl.gradient_flow(problem, net, t_end=100.0, rtol=1e-10).final
    runs = {
        method: dl.gradient_flow(problem, start, t_end=100.0, rtol=r, method=method)
        for method, r in (("stabilized", rtol), ("explicit", 1e-10))
    }
    difference = runs["stabilized"].vectors[-1] - runs["explicit"].vectors[-1]
    assert np.abs(difference).max() < 100 * rtol
    assert runs["stabilized"].stats.n_field < 0.7 * runs["explicit"].stats.n_field
    assert runs["stabilized"].stats.n_rejected < 0.2 * runs["stabilized"].stats.n_steps


@pytest.mark.slow
@pytest.mark.skipif(np.finfo(Real).eps > 1e-18, reason="needs an extended long double")
def test_the_table_is_what_the_script_derives():
    script = Path(__file__).parents[2] / "scripts" / "derive_stabilized.py"
    result = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-500:] + result.stderr
