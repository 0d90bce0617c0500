"""Balanced modes: times, amplitudes, strengths, escapes (theory §7.2, §7.3, §7.6)."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deeplinear import exact
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

identity = settings(deadline=None, derandomize=True, max_examples=100)
depths = st.integers(1, 9)
strengths = st.sampled_from([2.0, 50.0, 1e-3, 0.0, -1e-6, -1.5])


def antiderivative(s, h, a):
    """T of theory §7.3, in mpmath."""
    s, a = mp.mpf(s), mp.mpf(a)
    if h == 1:
        return -mp.log(abs(s - a))
    if h == 2:
        return mp.log(a * a / abs(s - a * a)) / (2 * s) if s else 1 / (2 * a * a)
    if s > 0 and a**h < s:
        f = mp.hyp2f1(1, mp.mpf(2 - h) / h, mp.mpf(2) / h, a**h / s)
        return a ** (2 - h) / (s * (2 - h)) * f
    f = mp.hyp2f1(1, 2 - mp.mpf(2) / h, 3 - mp.mpf(2) / h, s / a**h)
    return a ** (2 - 2 * h) / (2 * h - 2) * f


def hypergeometric_time(s, h, a0, a):
    with mp.workdps(60):
        return antiderivative(s, h, a) - antiderivative(s, h, a0)


@pytest.mark.parametrize(
    ("depth", "time"), [(3, 9.98670591287463), (4, 100.1348074571864), (5, 1333.4945798292742)]
)
def test_the_printed_times_come_out(depth, time):
    end = 1.8 ** (1 / depth)
    assert exact.mode_time(2.0, depth, 0.05, end) == pytest.approx(time, rel=1e-12)
    assert exact.mode_amplitude(2.0, depth, 0.05, time)[0] == pytest.approx(end, rel=1e-12)


@identity
@given(strengths, depths, st.floats(-12, 1), st.floats(-15, 0), st.booleans())
def test_times_agree_with_the_hypergeometric_function(s, depth, power, part, near_the_end):
    a0 = 10.0**power
    limit = s ** (1 / depth) if s > 0 else 0.0
    f = 1 - 10.0**part if near_the_end else 10.0**part
    a = a0 + (limit - a0) * f
    # Nearer to the equilibrium than its own rounding, `a` may lie beyond it.
    assume(a > 0 and a != a0 and abs(a - limit) > 1e-15 * limit)
    time = exact.mode_time(s, depth, a0, a)
    reference = hypergeometric_time(s, depth, a0, a)
    assert abs(time / reference - 1) <= 2e-14


@pytest.mark.parametrize("depth", [2, 3, 4, 5])
@pytest.mark.parametrize("a0", [1e-9, 1e-30, 1e-60])
def test_starts_whose_powers_underflow_have_their_times(depth, a0):
    for a in (2 * a0, a0 * (1 + 1e-9), 1e-8, 0.5, 1.1):
        if a > a0:
            reference = hypergeometric_time(2.0, depth, a0, a)
            assert abs(exact.mode_time(2.0, depth, a0, a) / reference - 1) <= 2e-14


def test_times_beyond_the_largest_double_are_infinite():
    assert exact.mode_time(2.0, 7, 1e-200, 1.0) == np.inf
    assert exact.mode_time(2.0, 3, 1e-200, 1.0) == pytest.approx(0.5e200)


@identity
@given(strengths, depths, st.floats(-8, 1), st.floats(0.01, 0.99))
def test_amplitudes_invert_the_time(s, depth, power, part):
    a0 = 10.0**power
    a = a0 + ((s ** (1 / depth) if s > 0 else 0.0) - a0) * part
    assume(a != a0)
    t = exact.mode_time(s, depth, a0, a)
    assume(t < 1e300)
    # Round-off in t moves a by its speed.
    speed = a ** (depth - 1) * abs(s - a**depth)
    assert abs(exact.mode_amplitude(s, depth, a0, t)[0] - a) <= 1e-13 * a + 1e-15 * t * speed


def test_times_of_arrays_keep_their_shape():
    ends = np.array([[0.2, 0.5], [1.0, 1.2]])
    times = exact.mode_time(2.0, 3, 0.1, ends)
    assert times.shape == (2, 2)
    assert times[1, 0] == exact.mode_time(2.0, 3, 0.1, 1.0)
    assert isinstance(exact.mode_time(2.0, 3, 0.1, 1.0), float)
    assert exact.mode_time(2.0, 3, 0.1, []).shape == (0,)


def test_the_start_takes_no_time_and_the_equilibrium_all():
    assert exact.mode_time(2.0, 4, 0.3, 0.3) == 0.0
    assert exact.mode_time(1.0, 4, 0.3, 1.0) == np.inf
    assert exact.mode_time(1.0, 4, 1.0, 1.0) == 0.0
    assert exact.mode_time(8.0, 3, 5.0, 2.0) == np.inf


def test_the_last_floats_before_equilibrium_are_told_apart():
    ends = np.array([1 - 2.0**-50, 1 - 2.0**-51, 1 - 2.0**-52, 1 - 2.0**-53])
    times = exact.mode_time(1.0, 3, 0.5, ends)
    references = [float(hypergeometric_time(1.0, 3, 0.5, a)) for a in ends]
    assert times == pytest.approx(references, rel=1e-14)


@pytest.mark.parametrize(
    ("s", "a0", "a", "text"),
    [
        (1.0, 0.5, 0.4, "the amplitude rises, but it is 0.4, behind a0"),
        (1.0, 0.5, 1.1, "the amplitude rises, but it is 1.1, beyond the equilibrium"),
        (1.0, 2.0, 0.9, "the amplitude falls, but it is 0.9, beyond the equilibrium"),
        (1.0, 2.0, 2.1, "the amplitude falls, but it is 2.1, behind a0"),
        (-1.0, 0.5, 0.6, "between a0 = 0.5 and the equilibrium 0,.*falls.*behind a0"),
        (1.0, 1.0, 0.5, "not at the equilibrium a0, which is never left"),
    ],
)
def test_an_amplitude_that_is_not_reached_is_refused(s, a0, a, text):
    with pytest.raises(ArgumentError, match=text):
        exact.mode_time(s, 3, a0, [a0, a])


def test_bad_arguments_are_named():
    with pytest.raises(ArgumentError, match="`a` must be greater than 0"):
        exact.mode_time(1.0, 3, 0.5, 0.0)
    with pytest.raises(ArgumentError, match="`a0` must be greater than 0"):
        exact.mode_time(1.0, 3, 0.0, 0.5)
    with pytest.raises(ArgumentError, match="`depth` must be at least 1"):
        exact.mode_strength(1.0, 0, 0.5, 1.0)
    with pytest.raises(ArgumentTypeError, match="`depth` must be an integer"):
        exact.mode_amplitude(1.0, 2.5, 0.5, 1.0)
    with pytest.raises(ArgumentError, match="`t` must hold no negative times"):
        exact.mode_strength(1.0, 2, 0.5, -1.0)
    with pytest.raises(ArgumentError, match="`a0` must be below the equilibrium 1,"):
        exact.escape_time(1.0, 3, 1.5)
    with pytest.raises(ArgumentError, match="`depth` must be at least 2"):
        exact.escape(1.0, 1, 0.1, 1.0)


@identity
@given(strengths, depths, st.floats(-3, 3), st.floats(0, 30))
def test_strengths_of_either_sign_are_products_of_chains(s, depth, u0, t):
    a = np.full(depth, abs(u0) ** (1 / depth))
    a[-1] = np.copysign(a[-1], u0)
    product = np.prod(exact.chain(s, a, t))
    assert abs(exact.mode_strength(s, depth, u0, t)[0] - product) <= 1e-13 * (1 + abs(s) + abs(u0))


def test_two_layers_have_the_printed_strength():
    s, t = 3.0, np.linspace(0, 5, 11)
    e = np.exp(2 * s * t)
    assert exact.mode_strength(s, 2, 1e-4, t) == pytest.approx(
        s * e / (e - 1 + s / 1e-4), rel=1e-14
    )
    e = 1 / e
    assert exact.mode_strength(s, 2, -0.3, t) == pytest.approx(
        s * -0.3 * e / (s + 0.3 * (1 - e)), rel=1e-14
    )
    assert exact.mode_strength(0.0, 2, -0.3, 10.0)[0] == pytest.approx(-0.3 / 7, rel=1e-15)


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
@pytest.mark.parametrize("s", [3.0, -3.0])
def test_strengths_stay_finite_and_settle(depth, s):
    late = np.array([1e8, 1e300])
    sign = np.sign(s)
    assert exact.mode_strength(s, depth, sign * 0.5, late) == pytest.approx(s, rel=1e-14)
    lost = exact.mode_strength(s, depth, -sign * 0.5, late)
    assert np.abs(lost - (s if depth == 1 else 0.0)).max() <= 1e-7
    assert np.array_equal(exact.mode_strength(s, depth, 0.0, late), [s if depth == 1 else 0.0] * 2)
    assert exact.mode_strength(s, 2, sign * 1e-300, 1e4)[0] == pytest.approx(s, rel=1e-15)


def test_escapes_follow_the_mode_while_it_is_small():
    for depth, t in ((2, 3.0), (3, 50.0), (5, 3e5)):
        small = exact.escape(1.0, depth, 1e-2, t)
        assert small == pytest.approx(exact.mode_amplitude(1.0, depth, 1e-2, t), rel=5e-2)
        tiny = exact.mode_amplitude(1.0, depth, 1e-6, 0.5 * exact.escape_time(1.0, depth, 1e-6))
        late = exact.escape(1.0, depth, 1e-6, 0.5 * exact.escape_time(1.0, depth, 1e-6))
        assert late == pytest.approx(tiny, rel=1e-5)


def test_escapes_end_at_the_blow_up():
    time = exact.escape_time(2.0, 4, 0.1)
    assert time == pytest.approx(25.0)
    a = exact.escape(2.0, 4, 0.1, [0.99 * time, 1.01 * time])
    assert np.isfinite(a[0])
    assert np.isnan(a[1])
    assert exact.escape(-2.0, 4, 0.1, 1e9)[0] > 0


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize("s", [0.3, 2.0])
def test_the_escape_time_is_the_leading_term_of_the_exact_one(depth, s):
    half = (s / 2) ** (1 / depth)
    for a0, error in ((1e-2, 0.15), (1e-4, 2e-2)):
        ratio = exact.escape_time(s, depth, a0) / exact.mode_time(s, depth, a0, half)
        assert ratio == pytest.approx(1.0, abs=error)
