"""Planted spectra are exact; teachers have the rank they are given."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import datasets
from deeplinear._core.errors import ArgumentError, ArgumentTypeError


@settings(deadline=None)
@given(
    s=st.lists(st.sampled_from([0.0, 0.3, 1.0, 1.0, 2.5, 40.0]), min_size=1, max_size=5),
    extra=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 20)),
    seed=st.integers(0, 100),
)
def test_planted_data_are_white_with_exactly_the_spectrum(s, extra, seed):
    d_in, d_out = len(s) + extra[0], len(s) + extra[1]
    x, y = datasets.planted(s, n_samples=d_in + extra[2], d_in=d_in, d_out=d_out, seed=seed)
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(d_in), atol=1e-13)
    problem = dl.Problem.from_data(x, y)
    assert problem.whitened
    positive = np.sort([value for value in s if value])[::-1]
    np.testing.assert_allclose(problem.modes.s, positive, rtol=1e-12)
    assert problem.optimum() == pytest.approx(0.0, abs=1e-12 * max(1.0, max(s) ** 2))


def test_planted_defaults_are_square_with_ten_rows_an_input():
    data = datasets.planted([2.0, 1.0, 0.5])
    assert data.x.shape == data.y.shape == (30, 3)
    assert data.teacher.widths == (3, 3)
    np.testing.assert_allclose(data.y, data.teacher(data.x), atol=1e-14)


def test_planted_noise_moves_the_target_by_noise_over_root_n():
    n, noise = 4000, 0.5
    data = datasets.planted([3.0] * 40, n_samples=n, noise=noise, seed=2)
    target = dl.Problem.from_data(*data).syx
    deviation = (target - data.teacher.product()).std()
    assert deviation == pytest.approx(noise / np.sqrt(n), rel=0.1)
    assert (data.y - data.teacher(data.x)).std() == pytest.approx(noise, rel=0.02)


def test_the_noiseless_part_does_not_depend_on_the_noise():
    quiet, loud = (datasets.planted([2.0, 1.0], noise=noise, seed=3) for noise in (0.0, 1.0))
    np.testing.assert_array_equal(quiet.x, loud.x)
    assert quiet.teacher == loud.teacher


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda seed: datasets.planted([2.0, 1.0], noise=0.1, seed=seed), 1),
        (lambda seed: datasets.teacher_student((4, 2, 3), 20, noise=0.1, seed=seed), 1),
    ],
)
def test_a_seed_fixes_the_data(make, other):
    np.testing.assert_array_equal(make(5).y, make(5).y)
    np.testing.assert_array_equal(make(5).x, make(np.random.default_rng(5)).x)
    assert not np.array_equal(make(5).x, make(other).x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"s": []}, "`s` must hold at least one value"),
        ({"s": [1.0, -2.0]}, "all at least 0"),
        ({"s": [np.nan]}, "`s` must be finite"),
        ({"s": [[1.0]]}, r"`s` must have shape \(m,\)"),
        ({"s": [2, 1], "d_in": 1}, "`d_in` must be at least 2, the number of singular values"),
        ({"s": [2, 1], "d_out": 1}, "`d_out` must be at least 2, the number of singular values"),
        ({"s": [2, 1], "d_in": 5, "n_samples": 4}, "`n_samples` must be at least 5"),
        ({"s": [2, 1], "noise": -0.1}, "`noise` must be at least 0"),
        ({"s": [2, 1], "noise": np.inf}, "`noise` must be finite"),
        ({"s": [2, 1], "seed": -1}, "`seed` must be at least 0"),
    ],
)
def test_planted_refuses_what_it_cannot_plant(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        datasets.planted(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"s": "abc"}, {"s": [1.0], "n_samples": 2.5}, {"s": [1.0], "noise": "1"}]
)
def test_planted_refuses_wrong_types(arguments):
    with pytest.raises(ArgumentTypeError):
        datasets.planted(**arguments)


@pytest.mark.parametrize("widths", [(6, 2, 3), (3, 4), (5, 1, 4, 5), (2, 9, 2)])
def test_the_teacher_has_rank_of_its_narrowest_layer(widths):
    data = datasets.teacher_student(widths, 60, seed=4)
    assert data.teacher.widths == widths
    assert np.linalg.matrix_rank(data.y) == min(widths)
    np.testing.assert_allclose(data.y, data.teacher(data.x), atol=1e-13)
    np.testing.assert_allclose(data.y_test, data.teacher(data.x_test), atol=1e-13)


@pytest.mark.parametrize(
    ("n_samples", "fraction", "sizes"),
    [(200, 0.25, (150, 50)), (10, 0.5, (5, 5)), (10, 0.01, (9, 1)), (30, 0.1, (27, 3))],
)
def test_the_held_out_share_is_whole_samples_and_at_least_one(n_samples, fraction, sizes):
    data = datasets.teacher_student((2, 2), n_samples, test_fraction=fraction)
    assert (len(data.x), len(data.x_test)) == sizes
    assert (len(data.y), len(data.y_test)) == sizes


def test_without_a_test_fraction_nothing_is_held_out():
    data = datasets.teacher_student((2, 2), 7, test_fraction=0)
    assert len(data.x) == 7
    assert data.x_test is None
    assert data.y_test is None


def test_noise_acts_on_training_and_held_out_targets():
    data = datasets.teacher_student((3, 2), 20000, noise=0.5, test_fraction=0.5)
    assert (data.y - data.teacher(data.x)).std() == pytest.approx(0.5, rel=0.02)
    assert (data.y_test - data.teacher(data.x_test)).std() == pytest.approx(0.5, rel=0.02)


def test_the_teachers_outputs_have_variance_one_on_average():
    variances = [
        datasets.teacher_student((30, 40, 30), 200, seed=seed).y.var() for seed in range(20)
    ]
    assert np.mean(variances) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"widths": (3,)}, "`widths` must have at least two entries"),
        ({"widths": (3, 0)}, "`widths` must hold positive integers"),
        ({"n_samples": 0}, "`n_samples` must be at least 1"),
        ({"noise": -1}, "`noise` must be at least 0"),
        ({"test_fraction": -0.1}, "`test_fraction` must be at least 0"),
        ({"test_fraction": 1.0}, "leave a sample to train on, but it is 1, that is 8 of 8"),
        ({"n_samples": 1}, "leave a sample to train on, but it is 0.25, that is 1 of 1"),
    ],
)
def test_teacher_student_refuses_what_it_cannot_draw(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        datasets.teacher_student(**({"widths": (3, 2), "n_samples": 8} | arguments))
