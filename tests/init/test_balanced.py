"""Starts have exactly the conserved matrices that they promise (theory §4)."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinear import init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

identity = settings(deadline=None, derandomize=True, max_examples=80)
widths_strategy = st.lists(st.integers(1, 7), min_size=2, max_size=6).map(tuple)
scales = st.floats(-8, 8).map(lambda e: 10.0**e)
seeds = st.integers(0, 2**32)


def largest_imbalance(net):
    return max((float(np.linalg.norm(c)) for c in net.imbalance()), default=0.0)


def size(net):
    """The scale of the squares in C_i: the largest squared Frobenius norm of a layer."""
    return max(float(np.vdot(w, w)) for w in net.weights)


def matrix_of_rank(rng, widths, rank):
    return rng.standard_normal((widths[-1], rank)) @ rng.standard_normal((rank, widths[0]))


@identity
@given(widths_strategy, scales, seeds)
def test_balanced_networks_have_no_imbalance(widths, scale, seed):
    net = init.balanced(widths, scale=scale, seed=seed)
    assert net.widths == widths
    assert largest_imbalance(net) <= 1e-13 * size(net)


@identity
@given(widths_strategy, scales, seeds, st.data())
def test_balanced_networks_have_the_product_given(widths, scale, seed, data):
    rank = data.draw(st.integers(0, min(widths)))
    p = scale * matrix_of_rank(np.random.default_rng(seed), widths, rank)
    net = init.balanced(widths, product=p, seed=seed)
    assert np.linalg.norm(net.product() - p) <= 1e-12 * np.linalg.norm(p)
    assert largest_imbalance(net) <= 1e-13 * size(net)


@identity
@given(widths_strategy, seeds)
def test_all_layers_of_a_balanced_network_have_the_same_singular_values(widths, seed):
    net = init.balanced(widths, scale=0.7, seed=seed)
    k, h = min(widths), net.depth
    values = [np.linalg.svd(w, compute_uv=False) for w in net.weights]
    for s in values:
        assert np.abs(s[:k] - values[0][:k]).max() <= 1e-13 * values[0][0]
        assert np.abs(s[k:]).max(initial=0.0) <= 1e-13 * values[0][0]
    p = np.linalg.svd(net.product(), compute_uv=False)
    assert np.abs(p[:k] - values[0][:k] ** h).max() <= 1e-12 * p[0]


def test_square_layers_of_a_random_balanced_network_look_gaussian():
    layers = init.balanced((150, 150, 150), scale=0.3, seed=2).weights
    for w in layers:
        assert np.var(w) == pytest.approx(0.09, rel=0.03)
        assert np.mean(w**4) / np.var(w) ** 2 == pytest.approx(3.0, rel=0.05)


@identity
@given(widths_strategy, seeds)
def test_the_product_of_a_random_balanced_network_scales_like_scale_to_the_depth(widths, seed):
    one = init.balanced(widths, scale=1.0, seed=seed).product()
    half = init.balanced(widths, scale=0.5, seed=seed).product()
    assert np.abs(half - one * 0.5 ** (len(widths) - 1)).max() <= 1e-13 * np.abs(half).max()


def test_hidden_frames_come_from_the_seed():
    p = np.diag([3.0, 1.0])
    a, b = (init.balanced((2, 3, 2), product=p, seed=k) for k in (0, 1))
    assert a != b
    assert np.allclose(a.product(), b.product())


def test_noise_below_the_rank_tolerance_does_not_become_a_layer():
    # 1e-16 to the power 1/4 is 1e-4: rounding noise must not be planted as a weight.
    rng = np.random.default_rng(0)
    p = matrix_of_rank(rng, (6, 6), 1) * (1 + 2**-52 * rng.integers(-1, 2, (6, 6)))
    for w in init.balanced((6, 6, 6, 6, 6), product=p).weights:
        s = np.linalg.svd(w, compute_uv=False)
        assert s[1] <= 1e-14 * s[0]


def test_a_product_of_too_high_rank_is_refused_with_its_rank():
    p = matrix_of_rank(np.random.default_rng(0), (6, 5), 4)
    text = "`product` must have rank at most 3, the smallest width, but its rank is 4"
    with pytest.raises(ArgumentError, match=text):
        init.balanced((6, 3, 5), product=p)
    with pytest.raises(ArgumentError, match=text):
        init.lambda_balanced((6, 3, 5), product=p, lam=1.0)


def test_bad_products_are_named():
    with pytest.raises(ArgumentError, match=r"must have shape \(2, 3\).*its shape is \(3, 2\)"):
        init.balanced((3, 2), product=np.ones((3, 2)))
    with pytest.raises(ArgumentError, match="`product` must be finite"):
        init.balanced((1, 1), product=[[np.nan]])
    with pytest.raises(ArgumentTypeError, match="`product` must hold real numbers"):
        init.balanced((1, 1), product=[[1j]])
    with pytest.raises(ArgumentTypeError, match="cannot be made into one array"):
        init.balanced((2, 2), product=[[1.0, 2.0], [3.0]])
    with pytest.raises(ArgumentError, match="`scale` and `product` must not both be given"):
        init.balanced((1, 1), product=[[1.0]], scale=1e-3)


@identity
@given(widths_strategy, scales, st.floats(-12, 12).map(lambda e: 10.0**e), seeds)
def test_delta_balanced_networks_reach_delta_and_never_exceed_it(widths, scale, ratio, seed):
    delta = ratio * scale**2
    net = init.delta_balanced(widths, delta=delta, scale=scale, seed=seed)
    assert net.widths == widths
    imbalance = largest_imbalance(net)
    if net.depth == 1:
        assert net == init.balanced(widths, scale=scale, seed=seed)
    else:
        assert imbalance <= delta
        assert imbalance >= delta * (1 - 1e-13) - 1e-15 * size(net)


@pytest.mark.parametrize("unit", [1e-150, 1e-75, 1e75, 1e140])
def test_delta_is_reached_at_every_scale_of_the_weights(unit):
    net = init.delta_balanced((3, 4, 2, 3), delta=unit * (0.01 * unit), scale=0.1 * unit)
    # The norm of tiny matrices underflows: measure C_i / unit^2.
    scaled = [np.linalg.norm(c / unit / unit) for c in net.imbalance()]
    assert max(scaled) == pytest.approx(0.01, rel=1e-12)


def test_a_small_delta_moves_the_balanced_network_little():
    start = init.balanced((4, 3, 4), scale=1.0, seed=3).to_vector()
    moved = init.delta_balanced((4, 3, 4), delta=1e-8, scale=1.0, seed=3).to_vector()
    assert 0 < np.linalg.norm(moved - start) < 1e-7


def test_delta_zero_and_delta_below_round_off_are_balanced():
    start = init.balanced((4, 3, 4), scale=1.0, seed=3)
    assert init.delta_balanced((4, 3, 4), delta=0, scale=1.0, seed=3) == start
    tiny = init.delta_balanced((4, 3, 4), delta=1e-25, scale=1.0, seed=3)
    assert largest_imbalance(tiny) <= 1e-13
    assert np.abs(tiny.to_vector() - start.to_vector()).max() <= 1e-15


def test_delta_balanced_leaves_zero_when_the_scale_is_zero():
    net = init.delta_balanced((2, 2, 2), delta=0.5, scale=0)
    assert largest_imbalance(net) == pytest.approx(0.5, rel=1e-14)


def test_bad_deltas_are_named():
    with pytest.raises(ArgumentError, match="`delta` must be at least 0"):
        init.delta_balanced((2, 2, 2), delta=-1.0)
    with pytest.raises(ArgumentError, match="`scale` must be at least 0"):
        init.delta_balanced((2, 2, 2), delta=1.0, scale=-1.0)
    with pytest.raises(ArgumentError, match="`delta` must be at most 1e"):
        init.delta_balanced((2, 2, 2), delta=1e301)


two_layer_widths = st.tuples(*[st.integers(1, 7)] * 3)


def allowed(widths, lam):
    return lam == 0 or widths[1] <= (widths[2] if lam > 0 else widths[0])


@identity
@given(two_layer_widths, st.sampled_from([0.0, 1.0, -1.0, 1e-6, -1e6]), scales, seeds)
def test_lambda_balanced_networks_have_lambda_times_the_identity(widths, sign, scale, seed):
    lam = sign * scale
    if not allowed(widths, lam):
        with pytest.raises(ArgumentError, match="at most"):
            init.lambda_balanced(widths, lam=lam, scale=scale, seed=seed)
        return
    net = init.lambda_balanced(widths, lam=lam, scale=scale, seed=seed)
    assert net.widths == widths
    w0, w1 = net.weights
    error = w1.T @ w1 - w0 @ w0.T - lam * np.eye(widths[1])
    assert np.abs(error).max() <= 1e-13 * size(net)


@identity
@given(two_layer_widths, st.sampled_from([0.0, 2.0, -2.0, 1e-9, -1e9]), seeds, st.data())
def test_lambda_balanced_networks_have_the_product_given(widths, lam, seed, data):
    if not allowed(widths, lam):
        return
    rank = data.draw(st.integers(0, min(widths)))
    p = matrix_of_rank(np.random.default_rng(seed), widths, rank)
    net = init.lambda_balanced(widths, lam=lam, product=p, seed=seed)
    w0, w1 = net.weights
    assert np.linalg.norm(w1 @ w0 - p) <= 1e-12 * np.linalg.norm(p)
    error = w1.T @ w1 - w0 @ w0.T - lam * np.eye(widths[1])
    assert np.abs(error).max() <= 1e-13 * size(net)


def test_lambda_zero_is_balanced():
    for widths in itertools.product([1, 3, 5], repeat=3):
        a = init.lambda_balanced(widths, lam=0.0, scale=0.5, seed=1)
        b = init.balanced(widths, scale=0.5, seed=1)
        assert np.abs(a.to_vector() - b.to_vector()).max() <= 1e-15


def test_the_smaller_layer_of_a_lambda_balanced_network_has_the_scale():
    net = init.lambda_balanced((120, 120, 120), lam=4.0, scale=0.01, seed=1)
    assert np.std(net.weights[0]) == pytest.approx(0.01, rel=0.03)
    mirrored = init.lambda_balanced((120, 120, 120), lam=-4.0, scale=0.01, seed=1)
    assert np.std(mirrored.weights[1]) == pytest.approx(0.01, rel=0.03)


def test_lambda_of_a_sign_that_the_hidden_layer_cannot_carry_is_refused():
    text = r"at most 3 hidden nodes, the number of outputs, if `lam` > 0, but it is \(5, 4, 3\)"
    with pytest.raises(ArgumentError, match=text):
        init.lambda_balanced((5, 4, 3), lam=0.1)
    init.lambda_balanced((5, 4, 3), lam=-0.1)
    text = r"at most 3 hidden nodes, the number of inputs, if `lam` < 0, but it is \(3, 4, 5\)"
    with pytest.raises(ArgumentError, match=text):
        init.lambda_balanced((3, 4, 5), lam=-0.1)
    init.lambda_balanced((3, 4, 5), lam=0.1)


@pytest.mark.parametrize("widths", [(2, 2), (2, 2, 2, 2)])
def test_lambda_balanced_needs_two_layers(widths):
    with pytest.raises(ArgumentError, match="`widths` must have three entries"):
        init.lambda_balanced(widths, lam=0.0)


def test_bad_lambdas_are_named():
    with pytest.raises(ArgumentError, match="`lam` must be finite"):
        init.lambda_balanced((2, 2, 2), lam=float("nan"))
    with pytest.raises(ArgumentTypeError, match="`lam` must be a real number"):
        init.lambda_balanced((2, 2, 2), lam="1")
