"""Paths inside fibers, and their 2^b connected components (theory §10; arXiv 1910.01671)."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.linalg import norm

import deeplinear as dl
from deeplinear._core.errors import ArgumentError
from deeplinear.geometry import balance, fiber, fiber_path, gauge_transform, random_gauge
from tests.geometry.networks import network, seeds, shapes, size


def assert_a_path(path, tolerance=1e-14):
    assert path(0.0) == path.start
    assert path(1.0) == path.end
    p, bound = path.start.product(), tolerance * size(path.start, path.end)
    for net in path.networks(41):
        assert norm(net.product() - p) <= bound


@settings(max_examples=50)
@given(shapes, seeds, st.sampled_from([1.0, 10.0, 1e3]))
def test_a_network_and_its_gauge_transform_are_joined_with_constant_product(
    widths, seed, condition
):
    a = network(widths, seed)
    path = fiber_path(a, random_gauge(a, condition=condition, seed=seed))
    assume(path.connected)
    assert_a_path(path)


@settings(max_examples=50)
@given(shapes, seeds)
def test_the_balanced_network_is_joined_to_any_network_without_full_hidden_layers(widths, seed):
    a = network(widths, seed)
    b = random_gauge(balance(a).network, seed=seed)
    path = fiber_path(a, b)
    full = [d for d in widths[1:-1] if d == path.rank]
    assert path.components == 2 ** len(full)
    assert path.components == fiber(widths, path.rank).connected_components
    assert path.connected or full
    if path.connected:
        assert_a_path(path)


@pytest.mark.parametrize(
    ("widths", "rank"), [((2, 3, 2), 2), ((3, 4, 2, 3), 1), ((2, 2, 2), 2), ((2, 3, 3, 2), 0)]
)
def test_the_largest_step_shrinks_like_one_over_n(widths, rank):
    a = network(widths, 1, rank)
    b = random_gauge(balance(a).network, condition=3.0, seed=2)
    if not fiber_path(a, b).connected:
        b = gauge_transform(b, [np.diag([-1.0] + [1.0] * (d - 1)) for d in widths[1:-1]])
    path = fiber_path(a, b)

    def largest(n):
        points = [net.to_vector() for net in path.networks(n + 1)]
        return max(norm(q - p) for p, q in itertools.pairwise(points))

    steps = [largest(n) for n in (75, 150, 300, 600)]
    assert steps[0] < norm(a.to_vector()) + norm(b.to_vector())
    for coarse, fine in itertools.pairwise(steps):
        assert fine < 0.56 * coarse


def test_scalar_hidden_layers_of_rank_one_have_a_sign_that_no_path_changes():
    a = dl.LinearNetwork([[[1.0, 2.0]], [[3.0], [4.0]]])
    opposite = gauge_transform(a, [[[-2.0]]])
    path = fiber_path(a, opposite)
    assert not path.connected
    assert path.components == 2
    assert path.reason.startswith("Not connected: P, of rank 1, fills hidden layer 1")
    with pytest.raises(ArgumentError, match="orient layer 1 oppositely"):
        path(0.5)
    same = fiber_path(a, gauge_transform(a, [[[2.0]]]))
    assert same.connected
    assert_a_path(same)


@pytest.mark.parametrize(
    ("widths", "rank", "b"),
    [
        ((2, 1, 2), 1, 1),
        ((2, 2, 2), 2, 1),
        ((3, 2, 2, 3), 2, 2),
        ((3, 2, 3, 2, 3), 2, 2),
        ((2, 2, 2), 1, 0),
        ((2, 3, 2), 2, 0),
        ((3, 1, 1, 1, 3), 1, 3),
        ((1, 2, 1, 2), 0, 0),
    ],
)
def test_the_fiber_falls_into_two_to_the_b_classes_of_signs(widths, rank, b):
    """Reflections of all hidden layers, in all combinations: an equivalence with 2^b classes."""
    net = network(widths, 3, rank)
    reflected = []
    for signs in itertools.product([1.0, -1.0], repeat=len(widths) - 2):
        transforms = []
        for k, (sign, d) in enumerate(zip(signs, widths[1:-1], strict=True)):
            q = np.linalg.qr(np.random.default_rng([k, d]).standard_normal((d, d)))[0]
            q[:, 0] *= sign * np.linalg.det(q)
            transforms.append(q)
        reflected.append(gauge_transform(net, transforms))
    classes = []
    for other in reflected:
        near = [c for c in classes if fiber_path(c[0], other).connected]
        assert len(near) <= 1
        if near:
            near[0].append(other)
        else:
            classes.append([other])
    assert len(classes) == 2**b == fiber_path(net, net).components
    for members in classes:
        for first, second in itertools.combinations(members, 2):
            assert_a_path(fiber_path(first, second))


def test_the_determinant_of_a_full_layer_keeps_its_sign_along_the_path():
    a = network((2, 2, 2), 0, 2)
    q = [[0.0, -2.0], [1.0, 0.5]]
    path = fiber_path(a, gauge_transform(a, [q]))
    determinants = [np.linalg.det(net.weights[0]) for net in path.networks(101)]
    assert np.all(np.sign(determinants) == np.sign(determinants[0]))


def test_half_turns_are_found():
    """A relative frame -I has no unique logarithm; the eigenvalues -1 are paired."""
    a = network((4, 4, 4), 0, 4)
    path = fiber_path(a, gauge_transform(a, [-np.eye(4)]))
    assert path.connected
    assert_a_path(path)
    assert path.length(101) > 2 * norm(a.to_vector())


def test_networks_of_product_zero_are_joined_through_the_origin():
    a = dl.LinearNetwork([[[1.0], [0.0]], [[0.0, 2.0]]])
    b = dl.LinearNetwork([[[0.0], [0.0]], [[3.0, 2.0]]])
    path = fiber_path(a, b)
    assert path.rank == 0
    assert_a_path(path)
    assert norm(path(0.5).to_vector()) == 0


def test_the_two_irreducible_components_of_a_zero_product_are_connected():
    a = dl.LinearNetwork([np.eye(2), np.zeros((2, 2))])
    b = dl.LinearNetwork([np.zeros((2, 2)), np.eye(2)])
    assert_a_path(fiber_path(a, b))


def test_a_fiber_of_depth_one_is_a_point():
    a = dl.init.gaussian((2, 3), seed=0)
    path = fiber_path(a, a)
    assert (path.connected, path.components) == (True, 1)
    assert path(0.3).to_vector() == pytest.approx(a.to_vector(), rel=1e-15)


def test_ill_conditioned_gauges_keep_the_product_along_the_path():
    a = dl.init.gaussian((4, 5, 6, 5, 3), scale=0.5, seed=0)
    path = fiber_path(a, random_gauge(a, condition=1e3, seed=1))
    p = a.product()
    assert max(norm(net.product() - p) for net in path.networks(41)) <= 1e-9 * norm(p)


def test_lengths_are_at_least_the_distance_and_converge():
    a = network((3, 4, 3), 0, 2)
    path = fiber_path(a, random_gauge(a, seed=1))
    coarse, fine, finest = (path.length(n) for n in (31, 301, 601))
    distance = norm(path.end.to_vector() - a.to_vector())
    assert distance <= coarse <= fine <= finest <= 1.001 * fine


def test_different_products_or_widths_are_named():
    a = dl.init.gaussian((2, 3, 2), scale=1.0, seed=0)
    with pytest.raises(ArgumentError, match="must have the same widths"):
        fiber_path(a, dl.init.gaussian((2, 2, 2), seed=0))
    with pytest.raises(ArgumentError, match=r"same product, but \|\|P_a - P_b\|\|_F is"):
        fiber_path(a, dl.init.gaussian((2, 3, 2), scale=1.0, seed=1))
    nearly = dl.LinearNetwork([a.weights[0] * (1 + 1e-11), a.weights[1]])
    assert_a_path(fiber_path(a, nearly), 1e-10)


def test_the_argument_of_a_path_is_checked_and_it_prints_itself():
    a = dl.init.gaussian((2, 3, 2), seed=0)
    path = fiber_path(a, random_gauge(a, seed=0))
    with pytest.raises(ArgumentError, match="`t` must be at least 0"):
        path(-0.1)
    with pytest.raises(ArgumentError, match="`t` must be at most 1"):
        path(1.1)
    with pytest.raises(ArgumentError, match="`n` must be at least 2"):
        path.networks(1)
    assert "rank 2, connected components 1" in str(path)
