"""Scalar chains: one quadrature, against independent ones (theory §7.4)."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from deeplinear import exact
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

identity = settings(deadline=None, derandomize=True, max_examples=40)
strengths = st.sampled_from([0.0, 1.0, -1.0, 3.0, 0.2, -2.5])
amplitude = st.one_of(
    st.floats(-1.5, 1.5), st.sampled_from([0.0, 0.5, -0.5, 1.0, -1.0, 1e-3, -1e-6])
)
chains = st.lists(amplitude, min_size=1, max_size=6).map(np.array)
TIMES = np.array([0.0, 0.01, 0.3, 2.0, 7.0])


def field(s):
    def f(t, a):
        p = np.prod(a)
        return np.array([np.prod(np.delete(a, i)) for i in range(len(a))]) * (s - p)

    return f


def integrated(s, a, t):
    tolerance = {"rtol": 1e-13, "atol": 1e-16, "method": "DOP853"}
    return solve_ivp(field(s), (0, t[-1]), a, t_eval=t, **tolerance).y.T


def passage_time(s, a, end):
    """The time at which the amplitude of smallest modulus reaches `end`: mpmath's quadrature."""
    q = int(np.argmin(np.abs(a)))
    a = [mp.mpf(float(x)) for x in a]
    c = [x * x - a[q] ** 2 for j, x in enumerate(a) if j != q]
    sign = mp.fprod(mp.sign(x) for j, x in enumerate(a) if j != q)

    def speed(x):
        g = sign * mp.fprod(mp.sqrt(x * x + k) for k in c)
        return g * (mp.mpf(s) - x * g)

    low, high = sorted([a[q], mp.mpf(float(end))])
    offsets = [sign * mp.mpf(2) ** k for k in range(-60, 4) for sign in (1, -1)]
    points = {anchor + d for anchor in (0, low, high) for d in offsets}
    points = [low, *sorted(p for p in points if low < p < high), high]
    return abs(mp.quad(lambda x: 1 / speed(x), points)), abs(speed(mp.mpf(float(end))))


@identity
@given(strengths, chains)
def test_chains_agree_with_the_integrated_equation(s, a):
    path = exact.chain(s, a, TIMES)
    assert path.shape == (len(TIMES), len(a))
    assert np.abs(path - integrated(s, a, TIMES)).max() <= 1e-11


@identity
@given(strengths, chains)
def test_differences_of_squares_are_conserved(s, a):
    squares = exact.chain(s, a, [0.0, 1.0, 1e3, 1e8]) ** 2
    drift = squares - squares[:, :1] - (squares[0] - squares[0, 0])
    assert np.abs(drift).max() <= 1e-14 * max(1.0, squares.max())


@pytest.mark.parametrize(
    ("s", "a", "t"),
    [
        (2.0, [0.05, 0.05, 0.05], 9.0),
        (1.0, [1e-8, 1e-8], 18.0),
        (1.0, [1e-8, -2e-8], 12.0),
        (-1.0, [0.3, 0.31, 0.8, -1.2], 3.0),
        (1.0, [0.0, 1e-3, 0.5, 2.0], 40.0),
        (1.0, [-0.9, 1.1, 0.95, 1.3, 1.2], 1.0),
        (0.0, [1.0, 1.0 + 1e-7, -1.5], 100.0),
        (0.0, [0.5, 0.5, 2.0, 2.0], 1e8),
        (5.0, [-1e-5, 1e-5, 1e-3], 1e6),
        (30.0, [2.0, -1e-8, 1e-4, 3.0, 0.1, 0.7], 0.02),
        (1e-3, [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, -0.3], 10.0),
    ],
)
def test_chains_are_right_to_round_off(s, a, t):
    a, row = np.array(a), exact.chain(s, a, t)[0]
    with mp.workdps(30):
        reached, speed = passage_time(s, a, row[np.argmin(np.abs(a))])
        error = float(abs(reached - t) * speed)
    assert error <= 1e-14 * np.abs(row).max()


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8])
def test_chains_rest_at_the_equilibrium_after_any_time(depth):
    rng = np.random.default_rng(depth)
    a = rng.uniform(0.5, 2.0, depth)
    late = exact.chain(3.0, a, [1e4, 1e8, 1e300])
    assert np.abs(np.prod(late, axis=1) - 3.0).max() <= 1e-14
    assert np.array_equal(exact.chain(3.0, late[0], 1e8).round(14), late[:1].round(14))


def test_time_order_and_repeats_do_not_matter():
    t = np.array([3.0, 0.0, 1e9, 3.0, 1.0])
    path = exact.chain(2.0, [0.1, -0.4, 0.3], t)
    assert np.array_equal(path[1], [0.1, -0.4, 0.3])
    for k, time in enumerate(t):
        assert np.abs(path[k] - exact.chain(2.0, [0.1, -0.4, 0.3], time)).max() <= 1e-15


@identity
@given(strengths, chains)
def test_the_smallest_amplitude_moves_monotonically(s, a):
    t = np.concatenate([[0.0], np.geomspace(1e-3, 1e9, 400)])
    x = exact.chain(s, a, t)[:, np.argmin(np.abs(a))]
    steps = np.diff(x) * np.sign(x[-1] - x[0])
    assert steps.min() >= -1e-14 * max(1.0, np.abs(x).max())


def test_one_zero_amplitude_is_lifted_and_two_freeze_the_chain():
    assert exact.chain(1.0, [0.0, 0.5, -0.5], 5.0)[0, 0] < -0.5
    frozen = [0.0, 0.7, 0.0]
    assert np.array_equal(exact.chain(1.0, frozen, [0.0, 1e9]), [frozen, frozen])
    assert np.array_equal(exact.chain(0.0, [0.0, 0.7], 1e9), [[0.0, 0.7]])


def test_a_product_of_the_wrong_sign_stops_at_zero_only_on_a_tie():
    tied = exact.chain(1.0, [-0.5, 0.5, 0.9], 1e3)[0]
    assert np.abs(tied - [0.0, 0.0, np.sqrt(0.81 - 0.25)]).max() <= 1e-15
    crossing = exact.chain(1.0, [-0.5, 0.5 + 1e-12, 0.9], 1e3)[0]
    assert crossing[0] > 0.5
    assert np.prod(crossing) == pytest.approx(1.0, rel=1e-14)


def test_decay_keeps_relative_accuracy():
    a = exact.chain(0.0, [1.0, 2.0], [100.0, 1e3])
    c = 3.0  # x' = -x (x^2 + c), so x^2 / (x^2 + c) falls like e^{-2ct}
    q = 0.25 * np.exp(-2 * c * np.array([100.0, 1e3]))
    assert np.abs(a[0, 0] / np.sqrt(c * q[0] / (1 - q[0])) - 1) <= 1e-13
    assert 0.0 <= a[1, 0] <= 1e-300
    slow = exact.chain(-1.0, [1e-3] * 3, [1e10])[0, 0]
    assert slow == pytest.approx(1e-10, rel=2e-7)  # x' = -x^2 at leading order


@pytest.mark.parametrize("exponent", [-100, -30, 30, 100])
def test_units_do_not_matter(exponent):
    unit, a = 2.0**exponent, np.array([0.3, -0.5, 0.2])
    t = np.array([0.5, 4.0, 30.0])
    scaled = exact.chain(1.5 * unit**3, a * unit, t / unit**4) / unit
    assert np.abs(scaled - exact.chain(1.5, a, t)).max() <= 1e-15


@identity
@given(
    st.floats(-250, 250),
    st.sampled_from([1.0, -1.0, 0.0]),
    st.lists(st.floats(-250, 150), min_size=1, max_size=10),
    st.data(),
)
def test_extreme_chains_stay_finite(power, sign, powers, data):
    signs = data.draw(st.lists(st.sampled_from([-1.0, 0.0, 1.0, 1.0]), min_size=10, max_size=10))
    a = 10.0 ** np.array(powers) * signs[: len(powers)]
    path = exact.chain(sign * 10.0**power, a, [0.0, 1e-250, 1e-9, 1.0, 1e8, 1e250])
    assert np.isfinite(path).all()
    assert np.array_equal(path[0], a)


def test_bad_arguments_are_named():
    with pytest.raises(ArgumentError, match="`amplitudes` must hold at least one number"):
        exact.chain(1.0, [], 1.0)
    with pytest.raises(ArgumentError, match="`amplitudes` must have shape"):
        exact.chain(1.0, [[1.0]], 1.0)
    with pytest.raises(ArgumentError, match="`s` must be finite"):
        exact.chain(np.inf, [1.0], 1.0)
    with pytest.raises(ArgumentError, match=r"`t` must hold no negative times.*-2"):
        exact.chain(1.0, [1.0], [1.0, -2.0])
    with pytest.raises(ArgumentError, match="`t` must be finite"):
        exact.chain(1.0, [1.0], [np.nan])
    with pytest.raises(ArgumentTypeError, match="`t` must hold real numbers"):
        exact.chain(1.0, [1.0], "1")
    assert exact.chain(1.0, [1.0], []).shape == (0, 1)
