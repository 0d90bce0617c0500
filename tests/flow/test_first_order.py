"""The gradient, its adjacency form and its identities, on every association of the products."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.linalg import matrix_power, norm

from deeplinear import LinearNetwork, Problem, adjacency_field, gradient, loss

KINDS = ["identity", "general", "singular", "projector"]
kinds = st.sampled_from(KINDS)
narrow = st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 2**32)

WIDE = [  # tiles that are full and not; the last four above the size where the kernels call BLAS
    (30, 30),
    (30, 28, 5),
    (5, 28, 30),
    (20, 1, 25),
    (6, 30, 4),
    (16, 14, 15, 17),
    (3, 30, 2, 29),
    (25, 12, 20, 11, 9),
    (60, 60, 12),
    (12, 60, 60),
    (13, 58, 60, 14),
    (14, 60, 58, 13),
]
wide_too = [pytest.param(w, k, id=f"{w}-{k}") for w, k in itertools.product(WIDE, KINDS)]


def complex_step_gradient(case):
    """dL/dW_i from the moment-form loss: exact to round-off, as the loss is a polynomial."""
    weights = [w.astype(complex) for w in case.net.weights]
    before, result = np.eye(case.net.widths[0], dtype=complex), []
    for i, w in enumerate(weights):
        after = np.eye(len(w), dtype=complex)
        for above in weights[i + 1 :]:
            after = above @ after
        slope = np.empty(w.shape)
        for index in np.ndindex(w.shape):
            w[index] += 1e-150j
            p = after @ w @ before
            value = 0.5 * np.sum((p @ case.sxx) * p) - np.sum(p * case.syx)
            slope[index] = value.imag / 1e-150
            w[index] = w[index].real
        result.append(slope)
        before = w @ before
    return result


@pytest.mark.parametrize(("widths", "kind"), wide_too)
def test_gradient_is_the_complex_step_derivative_of_the_loss(instance, widths, kind):
    case = instance(widths, kind)
    actual = gradient(case.problem, case.net)
    for g, expected in zip(actual, complex_step_gradient(case), strict=True):
        assert norm(g - expected) <= 1e-12 * norm(expected)


@given(narrow, kinds, seeds)
@example((1, 1), "general", 0)
@example((1, 1, 1, 1, 1, 1), "general", 0)
def test_gradient_is_the_complex_step_derivative_for_any_widths(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    p, largest = case.net.product(), np.prod([norm(w) for w in case.net.weights])
    assert norm(p) <= largest * (1 + 1e-12)
    scale = norm(case.syx) + largest * norm(case.sxx)
    for g, expected, w in zip(
        gradient(case.problem, case.net),
        complex_step_gradient(case),
        case.net.weights,
        strict=True,
    ):
        assert g.shape == w.shape
        assert norm(g - expected) <= 1e-14 * scale * largest / norm(w)


def polynomial_field(a, e, h):
    """The survey's sum_{j=1}^h (A^{h-j})^T (E - A^h) (A^{j-1})^T."""
    residual = e - matrix_power(a, h)
    return sum(
        matrix_power(a, h - j).T @ residual @ matrix_power(a, j - 1).T for j in range(1, h + 1)
    )


def corner(net, block):
    """E: the one block (h, 0)."""
    n = sum(net.widths)
    e = np.zeros((n, n))
    e[n - net.widths[-1] :, : net.widths[0]] = block
    return e


@given(narrow, seeds)
@example((20, 12, 30), 1)
@example((30, 20, 4, 12), 1)
def test_adjacency_field_is_the_surveys_polynomial_for_whitened_data(instance, widths, seed):
    case = instance(widths, "identity", seed)
    expected = polynomial_field(case.net.adjacency(), corner(case.net, case.syx), case.net.depth)
    size = max(norm(expected), 1e-3)
    assert norm(adjacency_field(case.problem, case.net) - expected) <= 1e-12 * size


@given(narrow, kinds, seeds)
def test_adjacency_field_is_zero_off_the_block_shift_pattern(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    field = adjacency_field(case.problem, case.net)
    pattern = LinearNetwork([np.ones_like(w) for w in case.net.weights]).adjacency()
    assert np.array_equal(field * pattern, field)
    blocks = LinearNetwork.from_adjacency(field, widths).weights
    for block, g in zip(blocks, gradient(case.problem, case.net), strict=True):
        assert np.array_equal(block, -g)
    moved = case.net.adjacency() + 0.1 * field  # nilpotent: all eigenvalues stay 0
    assert not matrix_power(moved, case.net.depth + 1).any()


@given(narrow, kinds, seeds)
def test_loss_falls_at_the_rate_of_the_squared_field(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    field = LinearNetwork.from_adjacency(adjacency_field(case.problem, case.net), widths)
    p = np.eye(widths[0])
    dp = np.zeros_like(p)
    for w, dw in zip(case.net.weights, field.weights, strict=True):
        p, dp = w @ p, dw @ p + w @ dp
    rate = np.sum((p @ case.sxx - case.syx) * dp)
    scale = norm(p @ case.sxx - case.syx) * norm(dp) + norm(case.syx) * norm(dp)
    assert abs(rate + norm(adjacency_field(case.problem, case.net)) ** 2) <= 1e-13 * scale
    short = 1e-4 / (1 + norm(field.to_vector())) / (1 + norm(case.sxx))
    after = LinearNetwork.from_vector(
        case.net.to_vector() + short * field.to_vector(), case.net.widths
    )
    assert loss(case.problem, after) <= loss(case.problem, case.net) * (1 + 1e-15)


@given(narrow, kinds, seeds)
@example((30, 25, 28, 20), "singular", 3)
def test_weight_times_gradient_has_the_same_sum_in_every_layer(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    g = gradient(case.problem, case.net)
    sums = np.array([np.vdot(w, dw) for w, dw in zip(case.net.weights, g, strict=True)])
    p = case.net.product()
    expected = np.vdot(p, p @ case.sxx - case.syx)
    scale = norm(p) * (norm(case.syx) + norm(p) * norm(case.sxx))
    largest = max(norm(w) * norm(dw) for w, dw in zip(case.net.weights, g, strict=True))
    assert np.abs(sums - expected).max() <= 1e-13 * (scale + largest)


@given(narrow, kinds, seeds)
def test_loss_is_the_moment_form_with_its_constant(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    p = case.net.product()
    parts = np.vdot(p @ case.sxx, p) / 2, np.vdot(p, case.syx), case.problem.syy / 2
    expected = parts[0] - parts[1] + parts[2]
    assert abs(loss(case.problem, case.net) - expected) <= 1e-13 * (sum(map(abs, parts)))


@pytest.mark.parametrize("widths", [(2, 3), (5, 3, 2), (2, 4, 1, 5), (20, 30, 25)], ids=str)
def test_zero_inputs_have_zero_gradient_and_constant_loss(widths, instance):
    y = np.random.default_rng(0).standard_normal((4, widths[-1]))
    problem = Problem.from_data(np.zeros((4, widths[0])), y, mean=False)
    net = instance(widths, "general").net
    assert all(not g.any() for g in gradient(problem, net))
    assert loss(problem, net) == pytest.approx(0.5 * np.sum(y**2), rel=1e-14)


def test_a_zero_target_pulls_every_weight_towards_zero(instance):
    case = instance((4, 3, 4), "identity")
    g = gradient(Problem.from_target(np.zeros((4, 4))), case.net)
    assert all(np.vdot(w, dw) > 0 for w, dw in zip(case.net.weights, g, strict=True))


@pytest.mark.parametrize("kind", ["identity", "general", "singular"])
@pytest.mark.parametrize("widths", [(3, 2), (4, 6, 2), (2, 3, 1, 3), (20, 18, 25, 16)], ids=str)
@pytest.mark.parametrize("power", [-60, 60])
def test_gradient_scales_exactly_with_powers_of_two(instance, widths, kind, power):
    """Weights times c and target times c^h: the gradient is c^(2h-1) times as large, bit by bit."""
    case = instance(widths, kind)
    h, c = case.net.depth, 2.0**power
    g = gradient(Problem.from_moments(case.problem.sxx, case.problem.syx), case.net)
    scaled_problem = Problem.from_moments(case.problem.sxx, c**h * case.problem.syx)
    scaled = gradient(scaled_problem, LinearNetwork([c * w for w in case.net.weights]))
    for a, b in zip(scaled, g, strict=True):
        assert np.array_equal(a, c ** (2 * h - 1) * b)


@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e-30, 1e30, 1e50])
def test_gradient_of_extreme_weights_is_its_leading_term(instance, size):
    case = instance((3, 4, 2), "general")
    w0, w1 = (size * w for w in case.net.weights)
    residual = -case.syx if size < 1 else w1 @ w0 @ case.sxx
    g0, g1 = gradient(case.problem, LinearNetwork([w0, w1]))
    np.testing.assert_allclose(g0, w1.T @ residual, rtol=1e-12)
    np.testing.assert_allclose(g1, residual @ w0.T, rtol=1e-12)


def test_an_overflowing_field_is_infinite_in_both_forms():
    net = LinearNetwork([np.full((2, 2), 1e120)] * 2)
    problem = Problem.from_target(np.ones((2, 2)))
    field = adjacency_field(problem, net)
    for g, block in zip(gradient(problem, net), (field[2:4, :2], field[4:, 2:4]), strict=True):
        assert np.all(g == np.inf)
        assert np.all(block == -np.inf)
    assert np.isinf(field).sum() == 8


def test_gradient_vanishes_at_the_optimum_and_at_the_origin(instance):
    case = instance((4, 5, 3), "general")
    u, s, vt = np.linalg.svd(np.linalg.solve(case.sxx, case.syx.T).T, full_matrices=False)
    w0, w1 = np.zeros((5, 4)), np.zeros((3, 5))
    w0[:3], w1[:, :3] = np.sqrt(s)[:, None] * vt, u * np.sqrt(s)
    at_optimum = gradient(case.problem, LinearNetwork([w0, w1]))
    assert max(norm(g) for g in at_optimum) <= 1e-13 * norm(case.sxx) * s[0] ** 1.5 * 10
    assert loss(case.problem, LinearNetwork([w0, w1])) == pytest.approx(case.problem.floor)
    at_origin = gradient(case.problem, LinearNetwork([0 * w0, 0 * w1]))
    assert not any(g.any() for g in at_origin)


def test_gradient_does_not_share_memory_with_the_network_or_a_later_call(instance):
    case = instance((3, 2, 3), "general")
    first = gradient(case.problem, case.net)
    copies = [g.copy() for g in first]
    gradient(case.problem, LinearNetwork([2 * w for w in case.net.weights]))
    assert all(np.array_equal(a, b) for a, b in zip(first, copies, strict=True))
    first[0][:] = 7.0
    assert all(
        np.array_equal(a, b) for a, b in zip(gradient(case.problem, case.net), copies, strict=True)
    )
