"""The Hessian and its products are the derivative of the gradient, on every association."""

import itertools
from functools import reduce

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.linalg import norm

from deeplinear import LinearNetwork, Problem, gradient, hessian, hessian_product
from deeplinear.flow import _hessian_product, hessian_operator

KINDS = ["identity", "general", "singular", "projector"]
kinds = st.sampled_from(KINDS)
narrow = st.lists(st.integers(1, 5), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 2**32)

WIDE = [  # products above and below the size where the kernels call BLAS
    (18, 20),
    (24, 15, 5),
    (5, 15, 24),
    (20, 1, 25),
    (6, 30, 4),
    (3, 20, 2, 21),
    (14, 8, 12, 10, 6),
]
wide_too = [pytest.param(w, k, id=f"{w}-{k}") for w, k in itertools.product(WIDE, KINDS)]


def moment_gradient(weights, sxx, syx):
    """W_{h:i+1}^T (P Sxx - Syx) W_{i-1:1}^T, literally, for real or complex weights."""
    eye = [np.eye(weights[0].shape[1]), *(np.eye(len(w)) for w in weights)]

    def product(start, stop):
        return reduce(lambda p, w: w @ p, weights[start:stop], eye[start])

    h = len(weights)
    residual = product(0, h) @ sxx - syx
    return [product(i + 1, h).T @ residual @ product(0, i).T for i in range(h)]


def derivative(case, direction):
    """The gradient's derivative along a direction by a complex step: exact to round-off."""
    weights = [w + 1e-150j * v for w, v in zip(case.net.weights, direction, strict=True)]
    return vector([g.imag / 1e-150 for g in moment_gradient(weights, case.sxx, case.syx)])


def complex_step_hessian(case):
    basis = np.eye(case.net.n_params)
    columns = [derivative(case, layers(e, case.net.widths)) for e in basis]
    return np.array(columns).T


def layers(v, widths):
    return LinearNetwork.from_vector(v, widths).weights


def vector(matrices):
    return np.concatenate([m.ravel() for m in matrices])


def terms(case):
    """The size of the largest terms that the Hessian sums."""
    largest = np.prod([norm(w) for w in case.net.weights])
    smallest = np.sort([norm(w) for w in case.net.weights])
    rest = largest / np.prod(smallest[:2])
    return (
        rest * (norm(case.syx) + largest * norm(case.sxx))
        + norm(case.sxx) * (largest / smallest[0]) ** 2
    )


@pytest.mark.parametrize(("widths", "kind"), wide_too)
def test_hessian_is_the_complex_step_derivative_of_the_gradient(instance, widths, kind):
    case = instance(widths, kind)
    expected = complex_step_hessian(case)
    assert norm(hessian(case.problem, case.net) - expected) <= 1e-12 * norm(expected)
    for v in np.random.default_rng(1).standard_normal((3, case.net.n_params)):
        product = vector(hessian_product(case.problem, case.net, layers(v, widths)))
        assert norm(product - expected @ v) <= 1e-12 * norm(expected @ v)


@pytest.mark.parametrize(("widths", "kind"), wide_too)
def test_small_and_large_layers_have_the_same_product(instance, widths, kind, monkeypatch):
    case = instance(widths, kind)
    v = np.random.default_rng(1).standard_normal(case.net.n_params)
    found = []
    for small in (0, 10**9):
        monkeypatch.setattr(_hessian_product, "SMALL", small)
        found.append(hessian_operator(case.problem, case.net)(v))
    by_blas, by_lanes = found
    assert norm(by_lanes - by_blas) <= 1e-13 * terms(case) * norm(v)


@pytest.mark.parametrize("mu", [1e-6, 1.0])
@pytest.mark.parametrize("widths", [(1, 1, 1), (4, 5, 3), (3, 5, 6), (6, 2, 2, 5)])
def test_damped_least_squares_with_the_hessian_are_those_of_the_matrix(instance, widths, mu):
    case = instance(widths, "general")
    matrix = hessian(case.problem, case.net)
    g = matrix @ np.random.default_rng(0).standard_normal(case.net.n_params)
    expected = -np.linalg.solve(matrix @ matrix + mu * np.eye(len(g)), matrix @ g)
    found = hessian_operator(case.problem, case.net).least_squares(g, mu, 1e-13, 10_000)
    assert norm(found - expected) <= 1e-6 * norm(expected)


def test_least_squares_with_no_or_with_infinite_curvature_end(instance):
    problem, zero = Problem.from_target([[0.0]]), LinearNetwork([[[0.0]], [[0.0]], [[0.0]]])
    product = hessian_operator(problem, zero)
    assert not product.least_squares(np.ones(3), 0.0, 1e-3, 100).any()
    with np.errstate(all="ignore"):
        huge = hessian_operator(problem, LinearNetwork([[[1e200]], [[1e200]], [[1e200]]]))
    assert len(huge.least_squares(np.ones(3), 0.0, 1e-3, 100)) == 3


@given(narrow, kinds, seeds)
@example((1, 1), "general", 0)
@example((1, 1, 1, 1, 1, 1), "general", 0)
@example((5, 1, 5, 1, 5, 1), "singular", 0)
def test_hessian_and_its_product_are_right_for_any_widths(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    v = np.random.default_rng(seed).standard_normal(case.net.n_params)
    h = hessian(case.problem, case.net)
    expected = derivative(case, layers(v, widths))
    product = hessian_product(case.problem, case.net, layers(v, widths))
    assert [p.shape for p in product] == [w.shape for w in case.net.weights]
    assert norm(vector(product) - expected) <= 1e-13 * terms(case) * norm(v)
    assert norm(h @ v - expected) <= 1e-13 * terms(case) * norm(v)


@given(narrow, kinds, seeds)
@example((30, 20, 4), "general", 0)
def test_hessian_is_symmetric_to_the_last_bit(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    h = hessian(case.problem, case.net)
    assert h.shape == (case.net.n_params, case.net.n_params)
    assert np.array_equal(h, h.T)


@given(narrow, kinds, seeds)
def test_hessian_product_is_linear_and_symmetric(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    u, v = np.random.default_rng(seed).standard_normal((2, case.net.n_params))

    def apply(x):
        return vector(hessian_product(case.problem, case.net, layers(x, widths)))

    scale = 1e-13 * terms(case) * norm(u) * norm(v)
    assert abs(u @ apply(v) - v @ apply(u)) <= scale
    assert norm(apply(2 * u - 3 * v) - 2 * apply(u) + 3 * apply(v)) <= 10 * scale


@given(narrow, kinds, seeds)
def test_gauge_directions_move_the_gradient_by_their_action_on_it(instance, widths, kind, seed):
    """L(T_i W_i T_{i-1}^-1) = L differentiated twice: H v = -(K_i^T G_i - G_i K_{i-1}^T)."""
    case = instance(widths, kind, seed)
    rng = np.random.default_rng(seed)
    k = [np.zeros((widths[0],) * 2), *(rng.standard_normal((d, d)) for d in widths[1:-1])]
    k.append(np.zeros((widths[-1],) * 2))
    g = gradient(case.problem, case.net)
    v = [k[i + 1] @ w - w @ k[i] for i, w in enumerate(case.net.weights)]
    moved = vector(hessian_product(case.problem, case.net, v))
    expected = vector([g[i] @ k[i].T - k[i + 1].T @ g[i] for i in range(len(g))])
    scale = terms(case) * norm(vector(v)) + norm(expected)
    assert norm(moved - expected) <= 1e-13 * scale


def test_depth_one_has_the_covariance_as_its_hessian(instance):
    case = instance((4, 3), "singular")
    expected = np.kron(np.eye(3), case.sxx)
    np.testing.assert_allclose(hessian(case.problem, case.net), expected, atol=1e-13 * 4)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_at_the_origin_only_depth_two_has_curvature_of_both_signs(depth):
    """Depth 2: +-s_k, each d_1 times; deeper: the Hessian is zero (theory §8)."""
    problem = Problem.from_modes([3.0, 2.0], seed=0)
    net = LinearNetwork.from_vector(np.zeros(4 * depth), (2,) * (depth + 1))
    expected = [-3.0, -3.0, -2.0, -2.0, 2.0, 2.0, 3.0, 3.0] if depth == 2 else np.zeros(4 * depth)
    values = np.linalg.eigvalsh(hessian(problem, net))
    np.testing.assert_allclose(values, expected, atol=1e-14)


@pytest.mark.parametrize("widths", [(2, 3), (5, 3, 2), (2, 4, 1, 5), (10, 12, 9)], ids=str)
def test_zero_inputs_have_zero_curvature(instance, widths):
    y = np.random.default_rng(0).standard_normal((4, widths[-1]))
    problem = Problem.from_data(np.zeros((4, widths[0])), y)
    net = instance(widths, "general").net
    assert not hessian(problem, net).any()
    assert not vector(hessian_product(problem, net, net.weights)).any()


@pytest.mark.parametrize("kind", ["identity", "general", "singular"])
@pytest.mark.parametrize("widths", [(3, 2), (4, 6, 2), (2, 3, 1, 3), (15, 12, 14)], ids=str)
@pytest.mark.parametrize("power", [-60, 60])
def test_hessian_scales_exactly_with_powers_of_two(instance, widths, kind, power):
    """Weights times c and target times c^h: the Hessian is c^(2h-2) times as large, bit by bit."""
    case = instance(widths, kind)
    h, c = case.net.depth, 2.0**power
    net = LinearNetwork([c * w for w in case.net.weights])
    problem = Problem.from_moments(case.problem.sxx, case.problem.syx)
    scaled = Problem.from_moments(case.problem.sxx, c**h * case.problem.syx)
    factor = c ** (2 * h - 2)
    assert np.array_equal(hessian(scaled, net), factor * hessian(problem, case.net))
    v = case.net.weights
    for a, b in zip(
        hessian_product(scaled, net, v), hessian_product(problem, case.net, v), strict=True
    ):
        assert np.array_equal(a, factor * b)
