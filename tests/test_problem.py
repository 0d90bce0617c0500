"""Moments, modes, losses and optima agree with the samples that they came from (theory §2, §8)."""

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinear import Problem

identity = settings(deadline=None, derandomize=True, max_examples=60)
sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32)


def frame(rng, rows, columns):
    return np.linalg.qr(rng.standard_normal((rows, columns)))[0]


@st.composite
def samples(draw):
    """(x, y): x of any rank, singular values within a factor 10, y with a part off its range."""
    rng = np.random.default_rng(draw(seeds))
    n, d_in, d_out = draw(st.integers(1, 12)), draw(sizes), draw(sizes)
    rank = draw(st.integers(1, min(n, d_in)))
    values = 10 ** rng.uniform(-0.5, 0.5, rank)
    x = (frame(rng, n, rank) * values) @ frame(rng, d_in, rank).T
    return x, rng.standard_normal((n, d_out))


def reduced_rank_regression(x, y, divisor):
    """Floor, and singular values of the fitted values: optimum(r) without any moment."""
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    u = u[:, s > 1e-9 * s[0]] if s[0] > 0 else u[:, :0]
    fitted = u @ (u.T @ y)
    floor = 0.5 * np.sum((y - fitted) ** 2) / divisor
    return floor, np.linalg.svd(fitted, compute_uv=False) / np.sqrt(divisor)


@identity
@given(samples(), st.booleans(), st.booleans(), seeds)
def test_the_loss_from_moments_is_the_loss_of_the_samples(data, mean, center, seed):
    x, y = data
    problem = Problem.from_data(x, y, mean=mean, center=center)
    p = np.random.default_rng(seed).standard_normal((y.shape[1], x.shape[1]))
    if center:
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    divisor = len(x) if mean else 1
    expected = 0.5 * np.sum((y - x @ p.T) ** 2) / divisor
    scale = (np.sum(y**2) + np.sum((x @ p.T) ** 2)) / divisor
    assert abs(problem.loss(p) - expected) <= 1e-13 * scale
    moments = 0.5 * np.trace(p @ problem.sxx @ p.T) - np.trace(p.T @ problem.syx) + problem.syy / 2
    assert abs(problem.loss(p) - moments) <= 1e-13 * scale


@identity
@given(samples(), st.booleans(), st.booleans())
def test_the_optimum_of_every_rank_is_that_of_reduced_rank_regression(data, mean, whiten):
    x, y = data
    problem = Problem.from_data(x, y, mean=mean, whiten=whiten)
    floor, s = reduced_rank_regression(x, y, len(x) if mean else 1)
    assert abs(problem.floor - floor) <= 1e-13 * problem.syy
    for rank in range(8):
        expected = floor + 0.5 * np.sum(s[rank:] ** 2)
        assert abs(problem.optimum(rank) - expected) <= 1e-13 * problem.syy
    assert problem.optimum() == problem.optimum(len(problem.modes))
    assert abs(problem.optimum(0) - problem.syy / 2) <= 1e-13 * problem.syy


@identity
@given(samples(), st.booleans())
def test_solutions_attain_the_optimum_of_their_rank_and_vanish_off_the_range(data, whiten):
    x, y = data
    problem = Problem.from_data(x, y, whiten=whiten)
    range_projector = np.linalg.pinv(problem.sxx, rcond=1e-9) @ problem.sxx
    for rank in (*range(7), None):
        p = problem.solution(rank)
        assert abs(problem.loss(p) - problem.optimum(rank)) <= 1e-12 * problem.syy
        s = np.linalg.svd(p, compute_uv=False)
        assert rank is None or (s[rank:] <= 1e-12 * s[0]).all()
        assert np.abs(p - p @ range_projector).max() <= 1e-11 * max(1.0, np.abs(p).max())


def test_no_descent_on_the_factors_gets_below_the_optimum():
    # Alternating least squares over P = B A of rank r, from many starts, on the samples alone.
    rng = np.random.default_rng(5)
    x = rng.standard_normal((15, 4)) * [1.0, 0.5, 2.0, 0.0]
    y = x @ rng.standard_normal((4, 3)) + rng.standard_normal((15, 3))
    problem = Problem.from_data(x, y)
    for rank in (1, 2):
        losses = []
        for _ in range(20):
            a = rng.standard_normal((rank, 4))
            for _ in range(200):
                b = np.linalg.lstsq(x @ a.T, y, rcond=None)[0].T
                a = np.linalg.pinv(b) @ y.T @ np.linalg.pinv(x.T, rcond=1e-12)
            losses.append(0.5 * np.sum((y - x @ (b @ a).T) ** 2) / 15)
        assert min(losses) >= problem.optimum(rank) - 1e-12
        assert min(losses) == pytest.approx(problem.optimum(rank), rel=1e-9)


@identity
@given(samples(), st.booleans())
def test_modes_are_the_singular_triples_of_the_target(data, whiten):
    problem = Problem.from_data(*data, whiten=whiten)
    u, s, v = problem.modes.u, problem.modes.s, problem.modes.v
    m = len(problem.modes)
    assert u.shape == (problem.d_out, m)
    assert v.shape == (problem.d_in, m)
    assert (s > 0).all()
    assert (np.diff(s) <= 0).all()
    assert np.abs(u.T @ u - np.eye(m)).max(initial=0.0) <= 1e-13
    assert np.abs(v.T @ v - np.eye(m)).max(initial=0.0) <= 1e-13
    scale = max(1.0, np.abs(problem.target).max())
    assert np.abs((u * s) @ v.T - problem.target).max() <= 1e-12 * scale
    assert np.abs(problem.target @ problem.sqrt_sxx - problem.syx).max() <= 1e-12 * scale * 10


@identity
@given(samples(), seeds)
def test_factors_give_the_loss_without_cancellation(data, seed):
    x, y = data
    problem = Problem.from_data(x, y)
    f, t = problem.factor, problem.factor_target
    scale = np.abs(problem.sxx).max()
    assert f.shape == (problem.d_in, problem.rank)
    assert np.abs(f @ f.T - problem.sxx).max() <= 1e-13 * scale
    assert np.abs(problem.sqrt_sxx @ problem.sqrt_sxx - problem.sxx).max() <= 1e-13 * scale
    assert np.abs(t @ f.T - problem.syx).max() <= 1e-12 * max(1.0, np.abs(problem.syx).max())
    p = np.random.default_rng(seed).standard_normal(problem.syx.shape)
    expected = 0.5 * np.sum((t - p @ f) ** 2) + problem.floor
    assert problem.loss(p) == pytest.approx(expected, rel=1e-14)


@identity
@given(samples(), seeds)
def test_whitening_keeps_losses_and_modes_and_makes_sxx_a_projector(data, seed):
    plain, white = (Problem.from_data(*data, whiten=whiten) for whiten in (False, True))
    assert white.whitened
    assert white.rank == plain.rank
    assert np.abs(white.sxx @ white.sxx - white.sxx).max() <= 1e-13
    if plain.rank == plain.d_in:
        assert np.array_equal(white.sxx, np.eye(plain.d_in))
        assert white.factor is None
    assert np.abs(white.target - plain.target).max() <= 1e-12 * max(1.0, np.abs(plain.target).max())
    p = np.random.default_rng(seed).standard_normal(plain.syx.shape)
    loss = white.loss(p @ plain.sqrt_sxx)
    assert abs(loss - plain.loss(p)) <= 1e-12 * (plain.syy + plain.loss(p))


@identity
@given(samples())
def test_moments_of_data_give_the_same_problem_back(data):
    x, y = data
    problem = Problem.from_data(x, y)
    for syy in (problem.syy, y.T @ y / len(y), np.array(problem.syy), np.float64(problem.syy)):
        again = Problem.from_moments(problem.sxx, problem.syx, syy)
        assert again.rank == problem.rank
        assert abs(again.floor - problem.floor) <= 1e-13 * problem.syy
        assert np.abs(again.modes.s - problem.modes.s).max() <= 1e-13 * problem.modes.s[0]
    smallest = Problem.from_moments(problem.sxx, problem.syx)
    assert smallest.floor <= 1e-13 * problem.syy
    assert smallest.syy <= problem.syy * (1 + 1e-12)


def test_data_like_digits_report_their_rank_and_keep_their_optimum():
    # Integer images with dead, doubled and summed pixels; one-hot labels; mean removed.
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 17, (200, 16)).astype(float)
    dead, summed = np.zeros((200, 3)), pixels[:, :2] + pixels[:, 2:4]
    x = np.hstack([pixels, dead, pixels[:, 5:6], summed])
    y = np.eye(10)[rng.integers(0, 10, 200)]
    for center, whiten in itertools.product([False, True], repeat=2):
        problem = Problem.from_data(x, y, center=center, whiten=whiten)
        assert (problem.d_in, problem.rank) == (22, 16)
        assert "rank 16 of 22" in problem.notes[0]
        assert ("projector" in problem.notes[0]) == whiten
        assert "of rank 16" in repr(problem)
        assert len(problem.modes) == (9 if center else 10)
        shift = 1 if center else 0
        centered = (a - shift * a.mean(axis=0) for a in (x, y))
        floor, s = reduced_rank_regression(*centered, 200)
        assert problem.floor == pytest.approx(floor, rel=1e-12)
        assert problem.optimum(3) == pytest.approx(floor + 0.5 * np.sum(s[3:] ** 2), rel=1e-12)
        assert problem.loss(problem.solution(3)) == pytest.approx(problem.optimum(3), rel=1e-12)


def test_well_conditioned_problems_have_no_notes():
    rng = np.random.default_rng(0)
    assert Problem.from_data(rng.standard_normal((9, 3)), rng.standard_normal((9, 2))).notes == ()
    assert Problem.from_target(np.ones((2, 3))).notes == ()


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("exponent", [-150, -100, -8, 8, 100, 150])
def test_results_scale_with_the_data(exponent, whiten):
    rng = np.random.default_rng(0)
    x, y, p = rng.standard_normal((20, 3)), rng.standard_normal((20, 2)), np.ones((2, 3))
    unit = 10.0**exponent
    one = Problem.from_data(x, y, whiten=whiten)
    for a, b in [(unit, unit), (1.0, unit), (unit, 1.0)]:
        problem = Problem.from_data(a * x, b * y, whiten=whiten)
        # P maps a x to b y; whitened inputs have no scale.
        ratio = b if whiten else b / a
        assert problem.rank == 3
        assert problem.whitened == whiten
        assert np.abs(problem.modes.s / b - one.modes.s).max() <= 1e-14 * one.modes.s[0]
        assert np.abs(problem.solution() / ratio - one.solution()).max() <= 1e-13
        for mine, expected in [
            (problem.floor, one.floor),
            (problem.optimum(1), one.optimum(1)),
            (problem.loss(p * ratio), one.loss(p)),
        ]:
            assert mine / b / b == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_moments_at_the_ends_of_the_range_keep_their_floor(unit):
    problem = Problem.from_moments([[2 * unit]], [[3 * unit]])
    assert problem.syy / unit == pytest.approx(4.5, rel=1e-14)
    assert problem.solution()[0, 0] == pytest.approx(1.5, rel=1e-14)
    with pytest.raises(ValueError, match="`syy` must be at least"):
        Problem.from_moments([[2 * unit]], [[3 * unit]], 4.4 * unit)


@identity
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6), sizes, sizes, seeds)
def test_planted_spectra_come_back(values, extra_in, extra_out, seed):
    s = np.sort(values)[::-1]
    d_in, d_out = len(s) + extra_in - 1, len(s) + extra_out - 1
    for frames in (None, seed):
        problem = Problem.from_modes(values, d_in=d_in, d_out=d_out, seed=frames)
        assert problem.syx.shape == (d_out, d_in)
        assert problem.whitened
        assert np.abs(problem.modes.s - s).max() <= 1e-14 * s[0] * len(s)
        assert problem.optimum() == 0.0
        for rank in range(len(s)):
            expected = 0.5 * np.sum(s[rank:] ** 2)
            assert abs(problem.optimum(rank) - expected) <= 1e-13 * s[0] ** 2
    plain = Problem.from_modes(values, d_in=d_in, d_out=d_out).target
    assert np.array_equal(np.diag(plain)[: len(s)], s)
    assert np.count_nonzero(plain) == len(s)


def test_a_target_is_its_own_best_map():
    sigma = np.random.default_rng(1).standard_normal((3, 5))
    problem = Problem.from_target(sigma)
    assert np.array_equal(problem.target, sigma)
    assert problem.loss(sigma) == 0.0
    assert problem.loss(np.zeros((3, 5))) == pytest.approx(0.5 * np.sum(sigma**2), rel=1e-15)
    assert np.abs(problem.solution() - sigma).max() <= 1e-14


def test_repeated_modes_are_kept_with_their_multiplicity():
    problem = Problem.from_modes([2.0, 2.0, 2.0, 1.0], seed=4)
    assert problem.modes.s == pytest.approx([2.0, 2.0, 2.0, 1.0], rel=1e-14)
    assert problem.optimum(2) == pytest.approx(2.5, rel=1e-14)
    assert problem.loss(problem.solution(2)) == pytest.approx(2.5, rel=1e-14)


def test_zero_targets_and_zero_data_have_no_modes():
    for problem, rank in [
        (Problem.from_target(np.zeros((2, 3))), 3),
        (Problem.from_modes([0.0, 0.0], d_in=3), 3),
        (Problem.from_data(np.eye(3), np.zeros((3, 2))), 3),
        (Problem.from_data(np.zeros((4, 3)), np.zeros((4, 2))), 0),
        (Problem.from_data(np.zeros((4, 3)), np.zeros((4, 2)), whiten=True), 0),
        (Problem.from_data(np.full((4, 3), 0.5), np.ones((4, 2)), center=True), 0),
    ]:
        assert len(problem.modes) == 0
        assert problem.rank == rank
        assert problem.optimum() == problem.loss(np.zeros((2, 3))) == 0.0
        assert not problem.solution().any()
        assert "0 modes" in repr(problem)


def test_inputs_that_explain_nothing_leave_everything_in_the_floor():
    problem = Problem.from_data(np.zeros((4, 3)), np.ones((4, 2)))
    assert problem.floor == problem.optimum() == problem.loss(np.ones((2, 3))) == 1.0


def test_values_far_below_the_largest_count_as_zero_modes():
    assert len(Problem.from_modes([1.0, 1e-12]).modes) == 2
    assert len(Problem.from_modes([1.0, 1e-14]).modes) == 1


def exact_regression(sxx, syx):
    """Singular values of the target and the best map, in sixty digits, of the moments as given."""
    with mpmath.workdps(60):
        a, b = mpmath.matrix(sxx.tolist()), mpmath.matrix(syx.tolist())
        target = b * mpmath.inverse(mpmath.cholesky(a)).T
        s = sorted((float(v) for v in mpmath.svd_r(target, compute_uv=False)), reverse=True)
        best = np.array((b * mpmath.inverse(a)).tolist(), dtype=float)
    return np.array(s), best


@pytest.mark.parametrize("n", [3, 5, 7])
def test_hilbert_covariances_lose_no_more_than_their_condition_number(n):
    sxx = 1.0 / (np.arange(n)[:, None] + np.arange(n) + 1)
    syx = np.random.default_rng(n).standard_normal((2, n))
    problem = Problem.from_moments(sxx, syx)
    s, best = exact_regression(sxx, syx)
    condition = np.linalg.cond(sxx)
    assert problem.rank == n
    assert problem.condition == pytest.approx(condition, rel=1e-15 * condition)
    assert np.abs(problem.modes.s - s).max() <= 1e-15 * condition * s[0]
    assert np.abs(problem.solution() - best).max() <= 1e-14 * condition * np.abs(best).max()


@pytest.mark.parametrize("degree", [2, 4, 6, 8])
def test_polynomial_fits_have_their_optimum_to_round_off_of_the_outputs(degree):
    t = np.linspace(0, 1, 25)
    x, y = np.vander(t, degree + 1), np.column_stack([np.sin(3 * t), np.cos(5 * t)])
    problem = Problem.from_data(x, y)
    with mpmath.workdps(60):
        a, b = mpmath.matrix(x.tolist()), mpmath.matrix(y.tolist())
        best = mpmath.inverse(a.T * a) * (a.T * b)
        floor = float(sum(v * v for v in b - a * best) / 50)
    assert abs(problem.floor - floor) <= 1e-12 * problem.syy
    assert abs(problem.loss(problem.solution()) - floor) <= 1e-12 * problem.syy


def test_ill_conditioned_inputs_are_reported():
    t = np.linspace(0, 1, 25)
    x, y = np.vander(t, 9), np.sin(3 * t)[:, None]
    assert "condition number 3.7e+11" in Problem.from_data(x, y).notes[0]
    assert "Before whitening" in Problem.from_data(x, y, whiten=True).notes[0]


def test_graded_spectra_are_exact_relative_to_the_largest_value():
    s = 10.0 ** -np.arange(0, 13, 2)
    assert np.abs(Problem.from_modes(s, seed=3).modes.s - s).max() <= 1e-15
