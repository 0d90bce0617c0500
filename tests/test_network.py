"""Identities of layered networks: adjacency, products, imbalances, vectors (theory §1, §4)."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinear import LinearNetwork
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DeeplinearError

identity = settings(deadline=None, derandomize=True, max_examples=80)
widths_strategy = st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple)


def random_network(widths, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return LinearNetwork(
        [scale * rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    )


networks = st.builds(random_network, widths_strategy, st.integers(0, 2**32))


def naive_product(net, start, stop):
    result = np.eye(net.widths[start])
    for w in net.weights[start:stop]:
        result = w @ result
    return result


def block(matrix, widths, i, j):
    ends = np.concatenate([[0], np.cumsum(widths)])
    return matrix[ends[i] : ends[i + 1], ends[j] : ends[j + 1]]


@identity
@given(networks)
def test_widths_depth_and_parameter_count_are_those_of_the_weights(net):
    assert net.depth == len(net.weights) == len(net.widths) - 1
    for w, a, b in zip(net.weights, net.widths, net.widths[1:], strict=False):
        assert w.shape == (b, a)
    assert net.n_params == net.to_vector().size


@identity
@given(networks)
def test_partial_products_are_products_of_the_layers(net):
    for start in range(net.depth + 1):
        for stop in range(start, net.depth + 1):
            expected = naive_product(net, start, stop)
            size = np.prod([np.linalg.norm(w) for w in net.weights[start:stop]])
            product = net.product(start, stop)
            assert product.shape == (net.widths[stop], net.widths[start])
            assert np.abs(product - expected).max() <= 1e-14 * size
    assert np.array_equal(net.product(), net.product(0, net.depth))


@identity
@given(networks)
def test_an_adjacency_matrix_comes_back_as_its_network(net):
    a = net.adjacency()
    assert a.shape == (sum(net.widths),) * 2
    assert np.count_nonzero(a) == np.count_nonzero(net.to_vector())
    assert LinearNetwork.from_adjacency(a, net.widths) == net


@identity
@given(networks)
def test_powers_of_the_adjacency_matrix_have_only_the_blocks_of_partial_products(net):
    a, power = net.adjacency(), np.eye(sum(net.widths))
    for k in range(1, net.depth + 1):
        power = a @ power
        rest = power.copy()
        for i in range(k, net.depth + 1):
            part = block(power, net.widths, i, i - k)
            expected = naive_product(net, i - k, i)
            size = np.prod([np.linalg.norm(w) for w in net.weights[i - k : i]])
            assert np.abs(part - expected).max() <= 1e-14 * size
            block(rest, net.widths, i, i - k)[...] = 0.0
        assert not rest.any()


@identity
@given(networks)
def test_the_adjacency_matrix_is_nilpotent_with_p_its_last_power(net):
    a = net.adjacency()
    last = np.linalg.matrix_power(a, net.depth)
    size = np.prod([np.linalg.norm(w) for w in net.weights])
    p = block(last, net.widths, net.depth, 0)
    assert np.abs(p - net.product()).max() <= 1e-14 * size
    assert not np.linalg.matrix_power(a, net.depth + 1).any()
    assert not np.linalg.eigvals(a).any()


@identity
@given(networks)
def test_the_resolvent_sums_the_weights_of_all_paths(net):
    a = net.adjacency()
    paths = sum(np.linalg.matrix_power(a, k) for k in range(net.depth + 1))
    resolvent = np.linalg.inv(np.eye(len(a)) - a)
    assert np.abs(paths - resolvent).max() <= 1e-11 * max(1.0, np.abs(paths).max() ** 2)


@identity
@given(networks)
def test_imbalances_are_the_hidden_diagonal_blocks_of_the_commutator(net):
    a = net.adjacency()
    commutator = a @ a.T - a.T @ a
    imbalances = net.imbalance()
    assert len(imbalances) == net.depth - 1
    for i, c in enumerate(imbalances, start=1):
        size = np.linalg.norm(net.weights[i]) ** 2 + np.linalg.norm(net.weights[i - 1]) ** 2
        assert np.abs(c - block(commutator, net.widths, i, i)).max() <= 1e-14 * size
        assert np.abs(c - c.T).max() <= 1e-15 * size


@identity
@given(networks)
def test_a_vector_comes_back_as_its_network(net):
    v = net.to_vector()
    assert LinearNetwork.from_vector(v, net.widths) == net
    assert np.array_equal(v, np.concatenate([w.reshape(-1) for w in net.weights]))
    assert LinearNetwork.from_vector(list(v), list(net.widths)) == net


@identity
@given(networks, st.integers(0, 5), st.integers(0, 2**32))
def test_a_network_maps_rows_of_samples_to_rows_of_outputs(net, n, seed):
    x = np.random.default_rng(seed).standard_normal((n, net.widths[0]))
    size = np.prod([np.linalg.norm(w) for w in net.weights]) * np.linalg.norm(x)
    outputs = net(x)
    assert outputs.shape == (n, net.widths[-1])
    assert np.abs(outputs - x @ net.product().T).max(initial=0.0) <= 1e-14 * size


def test_vectors_are_row_major_in_the_order_of_the_layers():
    net = LinearNetwork([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]])
    assert np.array_equal(net.to_vector(), [1, 2, 3, 4, 5, 6])
    assert net.adjacency()[2, 1] == 2.0  # the edge from input 1 to hidden node 0


def test_weights_are_copied_and_read_only_also_after_copying_and_pickling():
    given_weight = np.ones((2, 2))
    net = LinearNetwork([given_weight, np.asfortranarray(np.ones((3, 2)))])
    given_weight[0, 0] = 7.0
    assert net.weights[0][0, 0] == 1.0
    for twin in (net, copy.copy(net), copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin == net
        assert type(twin) is LinearNetwork
        for w in twin.weights:
            assert w.flags.c_contiguous
            with pytest.raises(ValueError, match="read-only"):
                w[0, 0] = 1.0
    net.to_vector()[0] = 9.0
    net.product(0, 1)[0, 0] = 9.0
    assert net.weights[0][0, 0] == 1.0
    with pytest.raises(AttributeError):
        net.weights = ()


def test_integers_and_single_precision_become_double_precision():
    for weight in (np.eye(2, dtype=int), np.eye(2, dtype=np.float32), np.eye(2, dtype=bool)):
        assert LinearNetwork([weight]).weights[0].dtype == np.float64


def test_equality_is_of_widths_and_weights():
    net = random_network((2, 3, 2), 0)
    assert net == random_network((2, 3, 2), 0)
    assert net != random_network((2, 3, 2), 1)
    assert net != random_network((2, 3, 3), 0)
    assert LinearNetwork([np.ones((2, 3))]) != LinearNetwork([np.ones((3, 2))])
    assert net != "net"
    with pytest.raises(TypeError):
        hash(net)


@pytest.mark.parametrize("weight", [1e-150, 1e150])
def test_weights_at_the_ends_of_the_range_keep_their_relative_precision(weight):
    net = LinearNetwork([[[weight, weight]], [[3.0], [weight]]])
    assert net.product()[0, 0] == 3.0 * weight
    expected = weight * weight * 2 - (9.0 + weight * weight)
    assert net.imbalance()[0][0, 0] == pytest.approx(expected, rel=1e-15)


EYE = np.eye(2)


@pytest.mark.parametrize(
    ("weights", "error", "text"),
    [
        ([], ArgumentError, "at least one matrix, but it is empty"),
        (None, ArgumentTypeError, "sequence of matrices.*NoneType"),
        (3, ArgumentTypeError, "sequence of matrices.*int"),
        ([EYE, np.eye(3)], ArgumentError, r"`weights\[1\]` must have 2 columns.*`weights\[0\]`"),
        ([[1.0, 2.0]], ArgumentError, r"`weights\[0\]` must have shape .* its shape is \(2,\)"),
        ([EYE, np.ones((1, 2, 1))], ArgumentError, r"`weights\[1\]`.*\(1, 2, 1\)"),
        ([np.ones((0, 2))], ArgumentError, "at least one row and one column"),
        ([np.ones((2, 0))], ArgumentError, "at least one row and one column"),
        ([[[1.0, np.nan]]], ArgumentError, r"finite.* 1 of its 2 entries .* index \(0, 1\)"),
        ([[[np.inf]]], ArgumentError, "finite"),
        ([[[1j]]], ArgumentTypeError, "real numbers, but its dtype is complex128"),
        ([[["a"]]], ArgumentTypeError, "real numbers"),
        ([[[None]]], ArgumentTypeError, "real numbers, but its dtype is object"),
        ([[[1.0], [1.0, 2.0]]], ArgumentTypeError, "cannot be made into one array"),
        ("ab", ArgumentTypeError, r"`weights\[0\]` must hold real numbers"),
    ],
)
def test_weights_that_are_no_network_are_named(weights, error, text):
    with pytest.raises(error, match=text) as caught:
        LinearNetwork(weights)
    assert isinstance(caught.value, DeeplinearError)


@pytest.mark.parametrize(
    ("widths", "error", "text"),
    [
        ((3,), ArgumentError, "at least two entries"),
        ((), ArgumentError, "at least two entries"),
        ((3, 0), ArgumentError, r"positive integers, but it is \(3, 0\)"),
        ((3, -1), ArgumentError, "positive integers"),
        ((3, 2.0), ArgumentTypeError, "entry 1 is 2.0"),
        ((3, None), ArgumentTypeError, "entry 1 is None"),
        ("31", ArgumentTypeError, "entry 0 is '3'"),
        (3, ArgumentTypeError, "sequence of integers"),
    ],
)
def test_widths_that_are_no_widths_are_named(widths, error, text):
    for build in (LinearNetwork.from_vector, LinearNetwork.from_adjacency):
        with pytest.raises(error, match=text):
            build(np.zeros(3), widths)


def test_vectors_and_adjacency_matrices_that_do_not_fit_are_named():
    with pytest.raises(ArgumentError, match=r"`v` must have 6 entries for widths \(2, 3\).* has 5"):
        LinearNetwork.from_vector(np.zeros(5), (2, 3))
    with pytest.raises(ArgumentError, match=r"`v` must have shape \(n_params,\)"):
        LinearNetwork.from_vector(np.zeros((2, 3)), (2, 3))
    with pytest.raises(ArgumentError, match=r"`a` must have shape \(5, 5\).* is \(4, 4\)"):
        LinearNetwork.from_adjacency(np.zeros((4, 4)), (2, 3))
    for u, v in [(0, 0), (0, 4), (3, 4), (1, 0)]:
        a = random_network((2, 3), 0).adjacency()
        a[u, v] = 0.25
        with pytest.raises(ArgumentError, match=rf"1 entries outside .*\({u}, {v}\): 0\.25"):
            LinearNetwork.from_adjacency(a, (2, 3))


def test_ranges_and_samples_that_do_not_fit_are_named():
    net = random_network((2, 3, 1), 0)
    for start, stop in [(1, 0), (0, 3), (3, 3)]:
        with pytest.raises(ArgumentError, match="0 <= start <= stop <= 2"):
            net.product(start, stop)
    with pytest.raises(ArgumentError, match="`start` must be at least 0"):
        net.product(-1)
    with pytest.raises(ArgumentTypeError, match="`stop` must be an integer"):
        net.product(0, 1.0)
    with pytest.raises(ArgumentError, match=r"`x` must have 2 columns.* its shape is \(4, 3\)"):
        net(np.ones((4, 3)))
    with pytest.raises(ArgumentError, match=r"`x` must have shape \(N, d_in\)"):
        net(np.ones(2))
    with pytest.raises(ArgumentError, match="`x` must be finite"):
        net([[1.0, np.nan]])


def test_a_network_prints_its_widths():
    assert repr(random_network((2, 3, 1), 0)) == (
        "LinearNetwork(widths 2-3-1, depth 2, 9 parameters)"
    )
