"""Aligned and decoupled starts split into scalar chains; the identity is one (theory §6)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinear import LinearNetwork, Problem, gradient, init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

identity = settings(deadline=None, derandomize=True, max_examples=60)
widths_strategy = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)
seeds = st.integers(0, 2**32)


def draw_amplitudes(data, depth, most):
    n = data.draw(st.integers(1, most))
    return np.random.default_rng(data.draw(seeds)).uniform(-2, 2, (depth, n))


@identity
@given(widths_strategy, seeds, st.data())
def test_the_product_of_an_aligned_network_has_the_products_of_its_amplitudes(widths, seed, data):
    a = draw_amplitudes(data, len(widths) - 1, min(widths))
    net = init.aligned(widths, a, seed=seed)
    assert net.widths == widths
    strengths = np.sort(np.abs(np.prod(a, axis=0)))[::-1]
    s = np.linalg.svd(net.product(), compute_uv=False)
    assert np.abs(s[: len(strengths)] - strengths).max() <= 1e-13 * max(1.0, 2.0**net.depth)
    assert np.abs(s[len(strengths) :]).max(initial=0.0) <= 1e-13 * 2.0**net.depth


@identity
@given(widths_strategy, seeds, st.data())
def test_neighbouring_layers_of_an_aligned_network_share_their_frames(widths, seed, data):
    net = init.aligned(widths, draw_amplitudes(data, len(widths) - 1, min(widths)), seed=seed)
    for below, above in zip(net.weights, net.weights[1:], strict=False):
        left, right = below @ below.T, above.T @ above
        assert np.abs(left @ right - right @ left).max() <= 1e-13 * 16


@identity
@given(widths_strategy, st.data())
def test_without_a_seed_the_layers_are_diagonal(widths, data):
    a = draw_amplitudes(data, len(widths) - 1, min(widths))
    for w, row in zip(init.aligned(widths, a, seed=None).weights, a, strict=True):
        expected = np.zeros(w.shape)
        np.fill_diagonal(expected[: len(row), : len(row)], row)
        assert np.array_equal(w, expected)


def test_one_number_fills_all_modes_and_one_row_all_layers():
    widths = (4, 3, 5)
    scalar = init.aligned(widths, 0.5, seed=1)
    assert scalar == init.aligned(widths, [0.5, 0.5, 0.5], seed=1)
    assert scalar == init.aligned(widths, np.full((2, 3), 0.5), seed=1)
    assert np.linalg.matrix_rank(scalar.product()) == 3


def whitened_problems(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "target":
        return Problem.from_target(rng.standard_normal((4, 5)))
    if kind == "repeated modes":
        return Problem.from_modes([2.0, 2.0, 1.0], d_in=5, d_out=4, seed=seed)
    if kind == "zero target":
        return Problem.from_target(np.zeros((4, 5)))
    x = rng.standard_normal((20, 2 if kind == "two of five inputs" else 4))
    x = x @ rng.standard_normal((x.shape[1], 5))
    y = rng.standard_normal((20, 4))
    if kind == "fewer modes than inputs":
        y = x @ np.outer(rng.standard_normal(5), rng.standard_normal(4))
    return Problem.from_data(x, y, whiten=True)


KINDS = [
    "target",
    "repeated modes",
    "zero target",
    "rank-deficient data",
    "two of five inputs",
    "fewer modes than inputs",
]


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, derandomize=True, max_examples=15)
@given(st.lists(st.integers(1, 6), min_size=0, max_size=4), seeds, st.data())
def test_the_gradient_of_a_decoupled_start_is_that_of_scalar_chains(kind, hidden, seed, data):
    problem = whitened_problems(kind, 1)
    widths = (5, *hidden, 4)
    depth, most = len(widths) - 1, min(*widths, problem.rank)
    a = draw_amplitudes(data, depth, most)
    if depth == 1:  # amplitudes 0 of the other modes would move, too
        a = np.resize(a, (1, most))
    n = a.shape[1]
    net = init.decoupled(problem, widths, a, seed=seed)
    s = np.zeros(n)
    s[: len(problem.modes)] = problem.modes.s[:n]
    others = [np.prod(np.delete(a, i, axis=0), axis=0) for i in range(depth)]
    expected = [rest * (np.prod(a, axis=0) - s) for rest in others]
    # A layer W_i = O_{i+1} diag(a_i) O_i^T with gradient O_{i+1} diag(g_i) O_i^T: moving every
    # amplitude by g_i must move the layer by the gradient.
    moved = init.decoupled(problem, widths, a + np.array(expected), seed=seed)
    scale = 1 + max(np.abs(g).max() for g in expected)
    for g, w, w_moved in zip(gradient(problem, net), net.weights, moved.weights, strict=True):
        assert np.abs(g - (w_moved - w)).max() <= 1e-12 * scale


def test_a_decoupled_start_has_its_modes_in_the_frames_of_the_target():
    problem = whitened_problems("target", 3)
    a = np.array([[0.1, 0.2, 0.3], [1.0, -1.0, 2.0]])
    p = init.decoupled(problem, (5, 3, 4), a, seed=9).product()
    strengths = problem.modes.u.T @ p @ problem.modes.v
    assert np.abs(strengths[:3, :3] - np.diag([0.1, -0.2, 0.6])).max() <= 1e-14


def test_hidden_frames_of_a_decoupled_start_come_from_the_seed():
    problem = whitened_problems("target", 3)
    nets = [init.decoupled(problem, (5, 3, 4), 0.5, seed=seed) for seed in (0, 1)]
    assert np.abs(nets[0].product() - nets[1].product()).max() <= 1e-15
    assert nets[0] != nets[1]
    plain = init.decoupled(problem, (5, 3, 4), 0.5, seed=None)
    w0 = plain.weights[0]
    assert np.abs(w0 @ w0.T - 0.25 * np.eye(3)).max() <= 1e-15
    assert np.abs(w0 - 0.5 * problem.modes.v[:, :3].T).max() <= 1e-15


def test_decoupled_refuses_problems_that_are_not_whitened():
    rng = np.random.default_rng(0)
    problem = Problem.from_data(rng.standard_normal((9, 3)), rng.standard_normal((9, 2)))
    with pytest.raises(ArgumentError, match=r"must be whitened.*whiten=True"):
        init.decoupled(problem, (3, 3, 2), 0.1)


def test_decoupled_names_widths_that_do_not_fit_and_things_that_are_no_problem():
    problem = Problem.from_modes([2.0, 1.0])
    with pytest.raises(ArgumentError, match=r"start with 2, the number of inputs .* is \(3, 2\)"):
        init.decoupled(problem, (3, 2), 0.1)
    with pytest.raises(ArgumentTypeError, match="`problem` must be a Problem"):
        init.decoupled(np.eye(2), (2, 2), 0.1)


def test_amplitudes_of_a_wrong_shape_are_named():
    with pytest.raises(ArgumentError, match="at most 2 columns, the smallest width"):
        init.aligned((3, 2, 3), np.ones((2, 3)))
    with pytest.raises(ArgumentError, match=r"shape \(depth, n\) = \(2, n\).*\(3, 2\)"):
        init.aligned((3, 2, 3), np.ones((3, 2)))
    with pytest.raises(ArgumentError, match=r"but its shape is \(2, 2, 1\)"):
        init.aligned((3, 2, 3), np.ones((2, 2, 1)))
    with pytest.raises(ArgumentTypeError, match="cannot be made into one array"):
        init.aligned((3, 2, 3), [[1.0, 2.0], [1.0]])
    with pytest.raises(ArgumentTypeError, match="must hold real numbers"):
        init.aligned((3, 2, 3), "large")
    with pytest.raises(ArgumentError, match="must be finite"):
        init.aligned((3, 2, 3), np.nan)
    problem = whitened_problems("two of five inputs", 1)
    with pytest.raises(ArgumentError, match="at most 2 columns, the rank of Sxx"):
        init.decoupled(problem, (5, 4, 4), [0.1, 0.1, 0.1])


@identity
@given(widths_strategy, st.floats(-10, 10))
def test_identity_layers_are_rectangular_identities(widths, scale):
    net = init.identity(widths, scale=scale)
    assert net.widths == widths
    for w in net.weights:
        assert np.array_equal(w, scale * np.eye(*w.shape))
    expected = np.zeros((widths[-1], widths[0]))
    np.fill_diagonal(expected[: min(widths), : min(widths)], scale**net.depth)
    assert np.allclose(net.product(), expected, rtol=1e-13, atol=0)
    assert isinstance(net, LinearNetwork)
