"""The field commutes with the orthogonal symmetries and with exact compression (theory §5)."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from numpy.linalg import norm

from deeplinear import LinearNetwork, Problem, gradient, hessian_product, loss

narrow = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)
kinds = st.sampled_from(["identity", "general", "singular", "projector"])
seeds = st.integers(0, 2**32)


def frame(rng, rows, columns):
    return np.linalg.qr(rng.standard_normal((rows, columns)))[0]


def transformed(matrices, left, right):
    """left[i + 1] @ matrix[i] @ right[i] for every layer."""
    return [left[i + 1] @ m @ right[i] for i, m in enumerate(matrices)]


def size(case):
    largest = np.prod([norm(w) for w in case.net.weights])
    weakest = min(norm(w) for w in case.net.weights)
    return largest / weakest * (norm(case.syx) + largest * norm(case.sxx)) + 1e-300


def assert_same(actual, expected, tolerance):
    for a, b in zip(actual, expected, strict=True):
        assert norm(a - b) <= tolerance


@given(narrow, kinds, seeds)
def test_the_field_commutes_with_orthogonal_changes_of_the_hidden_layers(
    instance, widths, kind, seed
):
    case, rng = instance(widths, kind, seed), np.random.default_rng(seed)
    o = [np.eye(d) if i in (0, len(widths) - 1) else frame(rng, d, d) for i, d in enumerate(widths)]
    o_inverse = [m.T for m in o]
    net = LinearNetwork(transformed(case.net.weights, o, o_inverse))
    expected = transformed(gradient(case.problem, case.net), o, o_inverse)
    assert_same(gradient(case.problem, net), expected, 1e-13 * size(case))
    v = [rng.standard_normal(w.shape) for w in net.weights]
    back = hessian_product(case.problem, case.net, transformed(v, o_inverse, o))
    bound = 1e-12 * size(case) * sum(map(norm, v)) / min(norm(w) for w in net.weights)
    assert_same(hessian_product(case.problem, net, v), transformed(back, o, o_inverse), bound)


@given(narrow, seeds)
def test_the_whitened_field_commutes_with_orthogonal_changes_of_all_spaces(instance, widths, seed):
    case, rng = instance(widths, "identity", seed), np.random.default_rng(seed)
    o = [frame(rng, d, d) for d in widths]
    o_inverse = [m.T for m in o]
    problem = Problem.from_target(o[-1] @ case.syx @ o[0].T)
    net = LinearNetwork(transformed(case.net.weights, o, o_inverse))
    expected = transformed(gradient(case.problem, case.net), o, o_inverse)
    assert_same(gradient(problem, net), expected, 1e-13 * size(case))


@given(narrow, kinds, seeds)
def test_any_invertible_gauge_keeps_the_loss_and_moves_the_gradient_as_a_covector(
    instance, widths, kind, seed
):
    case, rng = instance(widths, kind, seed), np.random.default_rng(seed)
    t = [np.eye(d) for d in widths]
    for i in range(1, len(widths) - 1):
        values = 10 ** rng.uniform(-0.3, 0.3, widths[i])
        t[i] = frame(rng, widths[i], widths[i]) * values @ frame(rng, widths[i], widths[i])
    inverse = [np.linalg.inv(m) for m in t]
    net = LinearNetwork(transformed(case.net.weights, t, inverse))
    scale = case.problem.syy + norm(case.net.product()) ** 2 * norm(case.sxx)
    assert abs(loss(case.problem, net) - loss(case.problem, case.net)) <= 1e-12 * scale
    covector = transformed(
        gradient(case.problem, case.net), [m.T for m in inverse], [m.T for m in t]
    )
    assert_same(gradient(case.problem, net), covector, 1e-11 * size(case))


@pytest.mark.parametrize("kind", ["identity", "general", "singular"])
@pytest.mark.parametrize(
    ("widths", "layer"),
    [((2, 7, 3), 1), ((3, 2, 9, 2), 2), ((1, 30, 1), 1), ((4, 15, 3, 5), 1), ((2, 5, 2, 30, 4), 3)],
    ids=str,
)
def test_an_over_wide_layer_flows_as_its_compression(instance, widths, layer, kind):
    case = instance(widths, kind)
    below, above = case.net.weights[layer - 1 : layer + 1]
    q = np.linalg.qr(np.hstack([below, above.T]))[0]
    assert q.shape[1] == widths[layer - 1] + widths[layer + 1] < widths[layer]
    small = list(case.net.weights)
    small[layer - 1 : layer + 1] = q.T @ below, above @ q
    expected = list(gradient(case.problem, LinearNetwork(small)))
    expected[layer - 1] = q @ expected[layer - 1]
    expected[layer] = expected[layer] @ q.T
    for a, b in zip(gradient(case.problem, case.net), expected, strict=True):
        assert norm(a - b) <= 1e-12 * norm(b)


@pytest.mark.parametrize("kind", ["identity", "general", "singular"])
def test_surplus_outputs_flow_as_their_compression(instance, kind):
    """Outputs compress to d_{h-1} + rank Syx, for any Sxx."""
    case, rng = instance((3, 2, 20), kind), np.random.default_rng(5)
    syx = np.outer(rng.standard_normal(20), rng.standard_normal(3) @ case.sxx)
    below, top = case.net.weights
    q = np.linalg.qr(np.hstack([top, syx[:, :1]]))[0]
    big = gradient(Problem.from_moments(case.sxx, syx), case.net)
    small = gradient(Problem.from_moments(case.sxx, q.T @ syx), LinearNetwork([below, q.T @ top]))
    for a, b in zip(big, (small[0], q @ small[1]), strict=True):
        assert norm(a - b) <= 1e-12 * norm(b)


def test_surplus_whitened_inputs_flow_as_their_compression(instance):
    """Whitened inputs compress to d_1 + rank Sigma."""
    case, rng = instance((20, 2, 3), "identity"), np.random.default_rng(5)
    sigma = np.outer(rng.standard_normal(3), rng.standard_normal(20))
    bottom, above = case.net.weights
    q = np.linalg.qr(np.hstack([bottom.T, sigma[:1].T]))[0]
    big = gradient(Problem.from_target(sigma), case.net)
    small = gradient(Problem.from_target(sigma @ q), LinearNetwork([bottom @ q, above]))
    for a, b in zip(big, (small[0] @ q.T, small[1]), strict=True):
        assert norm(a - b) <= 1e-12 * norm(b)


def test_blocks_of_a_block_diagonal_network_flow_independently(instance):
    a, b = instance((3, 4, 2, 3), "general"), instance((2, 1, 3, 2), "general")
    join = scipy.linalg.block_diag
    problem = Problem.from_moments(join(a.sxx, b.sxx), join(a.syx, b.syx))
    pairs = zip(a.net.weights, b.net.weights, strict=True)
    joined = gradient(problem, LinearNetwork([join(*pair) for pair in pairs]))
    parts = zip(joined, gradient(a.problem, a.net), gradient(b.problem, b.net), strict=True)
    for whole, first, second in parts:
        expected = join(first, second)
        assert norm(whole - expected) <= 1e-12 * norm(expected)


@pytest.mark.parametrize("widths", [(4, 3, 4), (4, 6, 2), (5, 3, 4, 2), (25, 20, 18)], ids=str)
def test_the_transposed_network_has_the_transposed_field(instance, widths):
    """Whitened data: reversing the layers turns the thin side from inputs to outputs."""
    case = instance(widths, "identity")
    mirrored = LinearNetwork([w.T for w in case.net.weights[::-1]])
    g = gradient(Problem.from_target(case.syx.T), mirrored)
    for a, b in zip(g, gradient(case.problem, case.net)[::-1], strict=True):
        assert norm(a - b.T) <= 1e-13 * norm(b)
