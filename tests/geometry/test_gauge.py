"""Gauge transforms keep the product, the ranks and criticality (theory §5)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.linalg import norm

import deeplinear as dl
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import gauge_transform, random_gauge
from tests.geometry.networks import network, seeds, shapes, size


@given(shapes, seeds, st.sampled_from([1.0, 10.0, 1e3]))
def test_a_random_gauge_keeps_the_product(widths, seed, condition):
    net = network(widths, seed)
    moved = random_gauge(net, condition=condition, seed=seed)
    assert moved.widths == net.widths
    assert norm(moved.product() - net.product()) <= 1e-14 * size(net, moved)


@given(shapes, seeds)
def test_transforming_forth_and_back_gives_the_same_network(widths, seed):
    net, rng = network(widths, seed), np.random.default_rng(seed)
    transforms = [rng.standard_normal((d, d)) + 3 * np.eye(d) for d in widths[1:-1]]
    there = gauge_transform(net, transforms)
    back = gauge_transform(there, [np.linalg.inv(t) for t in transforms])
    worst = max((np.linalg.cond(t) for t in transforms), default=1.0)
    assert norm(back.to_vector() - net.to_vector()) <= 1e-14 * worst**2 * norm(net.to_vector())


@given(shapes, seeds)
def test_transforms_compose(widths, seed):
    net, rng = network(widths, seed), np.random.default_rng(seed)
    s, t = ([rng.standard_normal((d, d)) + 3 * np.eye(d) for d in widths[1:-1]] for _ in range(2))
    twice = gauge_transform(gauge_transform(net, s), t)
    once = gauge_transform(net, [b @ a for a, b in zip(s, t, strict=True)])
    cond = max(
        (np.linalg.cond(a) * np.linalg.cond(b) for a, b in zip(s, t, strict=True)), default=1
    )
    assert norm(once.to_vector() - twice.to_vector()) <= 1e-14 * cond**2 * norm(once.to_vector())


@given(shapes, seeds)
def test_condition_one_keeps_the_size_of_the_field_and_of_the_imbalances(widths, seed):
    net = network(widths, seed)
    moved = random_gauge(net, condition=1.0, seed=seed)
    for before, after in zip(net.imbalance(), moved.imbalance(), strict=True):
        spectra = np.linalg.eigvalsh(before), np.linalg.eigvalsh(after)
        np.testing.assert_allclose(*spectra, atol=1e-12 * norm(net.to_vector()) ** 2)
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=max(2, widths[0]), d_out=max(2, widths[-1]))
    if (problem.d_in, problem.d_out) == (widths[0], widths[-1]):
        sizes = [norm(np.concatenate([g.ravel() for g in dl.gradient(problem, n)]))
                 for n in (net, moved)]  # fmt: skip
        assert abs(sizes[0] - sizes[1]) <= 1e-11 * (sizes[0] + 1e-3)


@pytest.mark.parametrize("condition", [1.0, 5.0, 1e3])
def test_the_condition_numbers_are_the_ones_asked_for(condition):
    """W_0 = I turns into T_1: its condition number is read from the moved network."""
    moved = random_gauge(
        dl.LinearNetwork([np.eye(4), np.eye(4)]), condition=condition, seed=3
    ).weights[0]
    np.testing.assert_allclose(np.linalg.cond(moved), condition, rtol=1e-12)
    narrow = random_gauge(dl.LinearNetwork([[[1.0]], [[1.0]]]), condition=condition, seed=3)
    assert condition**-0.5 <= abs(narrow.weights[0][0, 0]) <= condition**0.5


@pytest.mark.parametrize("modes", [[], [0], [1], [0, 1]])
def test_critical_points_stay_critical(modes):
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=3)
    widths = (3, 4, 2, 3, 2)
    point = dl.landscape.critical_point(problem, widths, modes)
    moved = random_gauge(point, condition=10.0, seed=5)
    assert not modes or norm(moved.to_vector() - point.to_vector()) > 1.0
    assert max(norm(g) for g in dl.gradient(problem, moved)) <= 1e-12


def test_the_inertia_at_a_critical_point_is_gauge_invariant_and_eigenvalues_are_not():
    problem = dl.Problem.from_modes([3.0, 1.0])
    point = dl.landscape.critical_point(problem, (2, 2, 2, 2), [1])
    moved = random_gauge(point, condition=4.0, seed=1)
    before, after = (np.linalg.eigvalsh(dl.hessian(problem, net)) for net in (point, moved))
    for spectrum in (before, after):
        assert np.sum(spectrum < -1e-9) == 1
    assert np.sum(before > 1e-9) == np.sum(after > 1e-9)
    assert abs(before[-1] - after[-1]) > 0.1


def test_the_same_seed_gives_the_same_network_and_a_generator_goes_on():
    net = dl.init.gaussian((2, 3, 2), seed=0)
    assert random_gauge(net, seed=4) == random_gauge(net, seed=4)
    rng = np.random.default_rng(4)
    assert random_gauge(net, seed=rng) == random_gauge(net, seed=4)
    assert random_gauge(net, seed=rng) != random_gauge(net, seed=4)


def test_depth_one_has_nothing_to_transform():
    net = dl.init.gaussian((2, 3), seed=0)
    assert gauge_transform(net, []) == net
    assert random_gauge(net, seed=1) == net


@pytest.mark.parametrize(
    ("transforms", "text"),
    [
        ([], "must hold 2 matrices, one for each hidden layer"),
        ([np.eye(3), np.eye(3), np.eye(2)], "holds 3"),
        ([np.eye(3), np.eye(2)], r"transforms\[1\]` must have shape \(3, 3\)"),
        ([np.eye(3), np.ones((3, 3))], r"transforms\[1\]` must be invertible"),
        ([np.zeros((3, 3)), np.eye(3)], r"transforms\[0\]` must be invertible"),
        ([np.eye(3), [[np.nan] * 3] * 3], "must be finite"),
    ],
)
def test_wrong_transforms_are_named(transforms, text):
    with pytest.raises(ArgumentError, match=text):
        gauge_transform(dl.init.gaussian((2, 3, 3, 2), seed=0), transforms)


def test_wrong_arguments_are_named():
    net = dl.init.gaussian((2, 3, 2), seed=0)
    with pytest.raises(ArgumentTypeError, match="sequence of matrices"):
        gauge_transform(net, 3)
    with pytest.raises(ArgumentError, match="condition` must be at least 1"):
        random_gauge(net, condition=0.5)
    with pytest.raises(ArgumentError, match="condition` must be at most"):
        random_gauge(net, condition=1e20)
