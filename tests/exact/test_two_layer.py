"""Two lambda-balanced layers: the Riccati solution against the flow (theory §7.5)."""

import time

import mpmath as mp
import numpy as np
import pytest

import deeplinear as dl
from deeplinear import exact
from deeplinear._core.errors import ArgumentError
from tests.exact.conftest import flow, products, rank_deficient

TIMES = np.array([0.0, 0.1, 1.0, 3.0, 8.0])
WIDTHS = [(4, 4, 4), (3, 4, 5), (5, 2, 4), (4, 7, 4), (3, 3, 5), (5, 4, 3)]


def exists(widths, lam):
    return lam == 0 or widths[1] <= (widths[2] if lam > 0 else widths[0])


CASES = [(w, lam) for w in WIDTHS for lam in (-1.0, 0.0, 1.0) if exists(w, lam)]


@pytest.mark.parametrize(("widths", "lam"), CASES)
@pytest.mark.parametrize(
    "s", [[3.0, 2.0, 0.5], [2.0, 1.0], [1.5, 1.5, 1.5], [2.0, 1.0, 1.0], [0.0]]
)
def test_products_agree_with_the_flow(widths, lam, s):
    problem = dl.Problem.from_modes(s, d_in=widths[0], d_out=widths[-1], seed=3)
    net = dl.init.lambda_balanced(widths, lam=lam, scale=0.1, seed=5)
    p = exact.two_layer(problem, net, TIMES)
    assert p.shape == (len(TIMES), widths[-1], widths[0])
    assert np.abs(p - products(flow(problem, net, TIMES), widths)).max() <= 1e-11


@pytest.mark.parametrize(("widths", "lam"), CASES)
def test_products_agree_with_gradient_flow(widths, lam):
    problem = dl.Problem.from_modes([2.0, 1.0, 0.0], d_in=widths[0], d_out=widths[-1], seed=4)
    net = dl.init.lambda_balanced(widths, lam=lam, scale=0.5, seed=6)
    traj = dl.gradient_flow(problem, net, t_end=8.0, rtol=1e-12, save=list(TIMES[1:]))
    for p, state in zip(exact.two_layer(problem, net, traj.t), traj, strict=True):
        assert np.abs(p - state.product()).max() <= 1e-10


@pytest.mark.parametrize(("widths", "lam"), CASES)
@pytest.mark.parametrize("s", [[3.0, 1.0, 0.3], [3.0, 1e-3], [2.0, 2.0, 2.0]])
def test_products_are_finite_and_solve_the_problem_at_late_times(widths, lam, s):
    problem = dl.Problem.from_modes(s, d_in=widths[0], d_out=widths[-1], seed=3)
    net = dl.init.lambda_balanced(widths, lam=lam, scale=0.1, seed=7)
    late = exact.two_layer(problem, net, [1e4, 1e8, 1e16, 1e300])
    assert np.isfinite(late).all()
    optimum = problem.optimum(rank=min(widths))
    excess = [problem.loss(p) - optimum for p in late]
    assert max(np.abs(excess[1:])) <= 1e-15
    # Tiny values, and the null modes of lambda = 0, take longer.
    if s[-1] == 2.0 and (lam != 0 or min(widths) <= 3):
        assert abs(excess[0]) <= 1e-15


@pytest.mark.parametrize("lam", [-0.7, 0.0, 1.3])
@pytest.mark.parametrize("t", [10.0, 100.0])
def test_late_products_agree_with_the_one_shot_formula_in_many_digits(lam, t):
    problem = dl.Problem.from_modes([3.0, 1.0, 0.3], seed=2)
    net = dl.init.lambda_balanced((3, 3, 3), lam=lam, scale=1e-3, seed=1)
    assert np.linalg.det(net.product()) > 0  # otherwise it ends at a saddle, which amplifies
    w0, w1 = net.weights
    with mp.workdps(int(4 * t) + 40):
        half = mp.mpf(lam) / 2 * mp.eye(3)
        sigma = mp.matrix(problem.target.tolist())
        f = mp.matrix(6, 6)
        f[:3, :3], f[3:, 3:], f[3:, :3], f[:3, 3:] = -half, half, sigma, sigma.T
        e, x = mp.eigsy(f)
        q = x.T * mp.matrix(np.vstack([w0.T, w1]).tolist())
        grown = mp.diag([mp.exp(k * t) for k in e]) * q
        n = mp.diag([mp.expm1(2 * k * t) / (2 * k) for k in e])
        s = x * grown * mp.inverse(mp.eye(3) + q.T * n * q) * grown.T * x.T
        reference = np.array(s[3:, :3].tolist(), dtype=float)
    # The start of lambda_balanced is lambda-balanced to 1e-16 only.
    assert np.abs(exact.two_layer(problem, net, t)[0] - reference).max() <= 1e-13


def test_a_null_mode_decays_algebraically():
    problem = dl.Problem.from_target(np.zeros((2, 2)))
    net = dl.init.lambda_balanced((2, 2, 2), lam=0.0, product=[[0.5, 0.0], [0.0, 0.2]])
    for t in (1e-8, 1.0, 1e4, 1e12):
        p = exact.two_layer(problem, net, t)[0]
        decayed = exact.mode_strength(0.0, 2, 0.5, t)[0], exact.mode_strength(0.0, 2, 0.2, t)[0]
        assert np.diag(p) == pytest.approx(decayed, rel=1e-13)


def test_tiny_targets_are_learned_at_their_own_pace():
    problem = dl.Problem.from_modes([3.0, 1e-6], d_in=2, d_out=2)
    net = dl.init.lambda_balanced((2, 2, 2), lam=0.0, product=np.diag([1e-9, 1e-9]))
    t = np.array([1.0, 1e5, 1e6, 3e6, 1e7, 1e9])
    p = exact.two_layer(problem, net, t)
    assert p[:, 0, 0] == pytest.approx(exact.mode_strength(3.0, 2, 1e-9, t), rel=1e-12)
    assert p[:, 1, 1] == pytest.approx(exact.mode_strength(1e-6, 2, 1e-9, t), rel=1e-9)


def test_a_bottleneck_keeps_the_largest_modes():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=3)
    net = dl.init.lambda_balanced((3, 1, 3), lam=-0.2, scale=0.1, seed=1)
    u, v = problem.modes.u[:, :1], problem.modes.v[:, :1]
    assert np.abs(exact.two_layer(problem, net, 1e5)[0] - 3.0 * u @ v.T).max() <= 1e-14


def test_times_may_repeat_in_any_order_and_zero_is_the_start():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=3, seed=3)
    net = dl.init.lambda_balanced((3, 2, 2), lam=-1.0, scale=0.3, seed=1)
    t = [2.0, 0.0, 1e9, 2.0, 1e-300]
    p = exact.two_layer(problem, net, t)
    assert np.array_equal(p[1], net.product())
    assert np.array_equal(p[0], p[3])
    assert np.abs(p[4] - p[1]).max() <= 1e-13
    assert np.array_equal(exact.two_layer(problem, net, 2.0)[0], p[0])
    assert exact.two_layer(problem, net, []).shape == (0, 2, 3)


@pytest.mark.parametrize("exponent", [-200, 160])
def test_units_do_not_matter(exponent):
    unit = 2.0**exponent
    net = dl.init.lambda_balanced((3, 3, 3), lam=0.5, scale=0.3, seed=1)
    sigma = dl.Problem.from_modes([2.0, 1.0], d_in=3, d_out=3, seed=1).target
    p = exact.two_layer(dl.Problem.from_target(sigma), net, [0.5, 3.0])
    scaled = dl.LinearNetwork([w * unit for w in net.weights])
    q = exact.two_layer(
        dl.Problem.from_target(sigma * unit**2), scaled, [0.5 / unit**2, 3 / unit**2]
    )
    assert np.abs(q / unit**2 - p).max() <= 1e-14


@pytest.mark.parametrize("lam", [-0.5, 0.0, 0.5])
def test_whitened_rank_deficient_inputs_are_served(lam):
    problem = rank_deficient([2.0, 1.0], 5, 4, seed=1)
    inner = dl.init.lambda_balanced((3, 3, 4), lam=lam, scale=0.3, seed=2).weights
    net = dl.LinearNetwork([inner[0] @ problem.factor.T, inner[1]])
    p = exact.two_layer(problem, net, TIMES)
    assert np.abs(p - products(flow(problem, net, TIMES), net.widths)).max() <= 1e-11
    moving = dl.LinearNetwork([net.weights[0] + 0.1, net.weights[1]])
    with pytest.raises(ArgumentError, match="zero off the range of Sxx"):
        exact.two_layer(problem, moving, TIMES)


def test_late_times_cost_no_more_than_early_ones():
    problem = dl.Problem.from_modes(np.linspace(3, 0.1, 8), d_in=12, d_out=10, seed=3)
    net = dl.init.lambda_balanced((12, 8, 10), lam=0.5, scale=0.1, seed=1)
    exact.two_layer(problem, net, 1.0)
    start = time.perf_counter()
    exact.two_layer(problem, net, np.geomspace(1e-3, 1e12, 50))
    assert time.perf_counter() - start < 2.0


def test_a_start_that_is_not_lambda_balanced_is_refused_with_its_violation():
    problem = dl.Problem.from_modes([2.0, 1.0])
    balanced = dl.init.lambda_balanced((2, 2, 2), lam=0.5, scale=1.0)
    moved = dl.LinearNetwork([balanced.weights[0] + [[1e-6, 0.0], [0.0, 0.0]], balanced.weights[1]])
    with pytest.raises(ArgumentError, match=r"lambda = 0\.5.* is off by \d\.\d\de-0[78]") as error:
        exact.two_layer(problem, moved, 1.0)
    assert "gradient_flow" in str(error.value)
    with pytest.raises(ArgumentError, match="must be lambda-balanced"):
        exact.two_layer(problem, dl.init.gaussian((2, 2, 2), seed=1), 1.0)


def test_bad_arguments_are_named():
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ArgumentError, match="`net` must have two layers, but its depth is 3"):
        exact.two_layer(problem, dl.init.balanced((2, 2, 2, 2)), 1.0)
    with pytest.raises(ArgumentError, match="`t` must hold no negative times"):
        exact.two_layer(problem, dl.init.balanced((2, 2, 2)), -1.0)
    with pytest.raises(ArgumentError, match="`widths` must start with 2"):
        exact.two_layer(problem, dl.init.balanced((3, 2, 2)), 1.0)
    general = dl.Problem.from_moments([[2.0, 0.0], [0.0, 1.0]], np.eye(2))
    with pytest.raises(ArgumentError, match="`problem` must be whitened"):
        exact.two_layer(general, dl.init.balanced((2, 2, 2)), 1.0)
