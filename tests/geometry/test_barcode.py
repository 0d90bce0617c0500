"""Barcodes: found back from representatives, in any basis, for products that cannot be formed."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import LinearNetwork
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import Barcode, barcode, barcodes, representative

WIDTHS = st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple)


def gaussian(widths, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]


def invertible(rng, n, condition):
    """A random matrix with this condition number, and its inverse."""
    left, right = (np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2))
    s = np.geomspace(1.0, 1 / condition, n)
    return left * s @ right.T, right / s @ left.T


def in_other_bases(weights, rng, condition):
    """The same representation in random bases of all layers, inputs and outputs included."""
    d = [weights[0].shape[1], *(w.shape[0] for w in weights)]
    bases = [invertible(rng, n, condition) for n in d]
    return LinearNetwork([bases[i + 1][0] @ w @ bases[i][1] for i, w in enumerate(weights)])


def random_bars(rng, depth, n):
    """Random bars that cover all layers: one from end to end or two that meet, and n others."""
    cut = int(rng.integers(0, depth))
    bars = {(0, depth): 1} if rng.random() < 0.5 else {(0, cut): 1, (cut + 1, depth): 1}
    for _ in range(n):
        born, last = sorted(int(k) for k in rng.integers(0, depth + 1, 2))
        bars[born, last] = bars.get((born, last), 0) + 1
    return dict(sorted(bars.items()))


def test_every_barcode_of_small_widths_comes_back_from_its_representative():
    """The 1,378 barcodes of widths <= 4 at depth 1 and 2, and <= 2 or 1 and 3 at depth 3."""
    count = 0
    widths = [
        *itertools.product(range(1, 5), repeat=2),
        *itertools.product(range(1, 5), repeat=3),
        *itertools.product(range(1, 3), repeat=4),
        *itertools.product((1, 3), repeat=4),
    ]
    for d in dict.fromkeys(widths):
        for bars in barcodes(d):
            net = representative(bars)
            found = barcode(net)
            assert (found, found.widths, net.widths) == (bars, d, d)
            assert found.certain
            assert {*net.to_vector()} <= {0.0, 1.0}
            count += 1
    assert count == 1378


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8])
def test_a_barcode_is_the_same_in_bases_of_condition_1000_of_all_layers(depth):
    rng = np.random.default_rng(depth)
    for n in (0, 1, 3, 6, 12, 30):
        for _ in range(6):
            bars = random_bars(rng, depth, n)
            net = in_other_bases(representative(bars).weights, rng, 1e3)
            found = barcode(net)
            assert found == bars
            assert found.certain
            assert min(found.gaps.values()) > 1e4


@pytest.mark.parametrize("condition", [1e5, 1e6])
def test_what_is_certain_is_right_where_bases_spoil_the_ranks(condition):
    rng = np.random.default_rng(0)
    right = []
    for case in range(80):
        bars = random_bars(rng, 1 + case % 6, int(rng.integers(0, 20)))
        found = barcode(in_other_bases(representative(bars).weights, rng, condition))
        right.append(found == bars)
        assert found.widths == Barcode(bars).widths
        assert right[-1] or not found.certain
    assert all(right) == (condition < 1e6)


@given(WIDTHS, st.integers(0, 2**32), st.data())
def test_sums_of_bars_are_widths_and_ranks(widths, seed, data):
    weights = gaussian(widths, seed)
    for i, w in enumerate(weights):
        rank = data.draw(st.integers(0, min(w.shape)))
        weights[i] = w[:, :rank] @ np.linalg.qr(w.T)[0][:, :rank].T if rank else 0 * w
    net = LinearNetwork(weights)
    bars = barcode(net)
    assert bars.certain
    for k, d in enumerate(widths):
        assert sum(m for (born, last), m in bars.items() if born <= k <= last) == d
    ranks = bars.ranks
    for j, i in itertools.combinations(range(len(widths)), 2):
        assert ranks[i, j] == np.linalg.matrix_rank(net.product(j, i), tol=1e-9)
        assert ranks[j, i] == 0
    assert tuple(np.diag(ranks)) == widths
    padded = np.pad(ranks, 1)  # bars from ranks, with rank 0 outside
    for (born, last), m in bars.items():
        i, j = last + 1, born + 1
        assert m == padded[i, j] - padded[i + 1, j] - padded[i, j - 1] + padded[i + 1, j - 1]


@given(WIDTHS, st.integers(0, 2**32))
def test_a_gaussian_network_has_the_barcode_of_the_open_orbit(widths, seed):
    bars = barcode(LinearNetwork(gaussian(widths, seed)))
    assert bars.certain
    assert bars.orbit_codimension == 0
    assert bars.orbit_dimension == sum(a * b for a, b in itertools.pairwise(widths))
    for j, i in itertools.combinations(range(len(widths)), 2):
        assert bars.ranks[i, j] == min(widths[j : i + 1])


@given(WIDTHS, st.integers(0, 2**32))
def test_the_transposed_network_has_the_reversed_barcode(widths, seed):
    rng = np.random.default_rng(seed)
    weights = [w * (rng.random(w.shape) < 0.4) for w in gaussian(widths, seed)]
    h = len(weights)
    bars = barcode(LinearNetwork(weights))
    turned = barcode(LinearNetwork([w.T for w in reversed(weights)]))
    assert turned == {(h - last, h - born): m for (born, last), m in bars.items()}


def test_depth_one_and_width_one_are_known_by_hand():
    assert barcode(LinearNetwork([[[2.0, 0.0], [0.0, 0.0]]])) == {(0, 0): 1, (0, 1): 1, (1, 1): 1}
    assert barcode(LinearNetwork([np.zeros((1, 2))])) == {(0, 0): 2, (1, 1): 1}
    assert barcode(LinearNetwork([[[2.0]], [[0.0]], [[-1.0]]])) == {(0, 1): 1, (2, 3): 1}
    assert barcode(LinearNetwork([[[2.0]], [[1e-6]], [[-1.0]]])) == {(0, 3): 1}


def test_ranks_of_products_that_lose_all_digits_are_right():
    """Width 4, depth 60: the product has numerical rank below 4, all ranks are 4."""
    net = LinearNetwork(gaussian([4] * 61, seed=1))
    assert np.linalg.matrix_rank(net.product(), tol=1e-10 * np.linalg.norm(net.product())) < 4
    bars = barcode(net)
    assert bars == {(0, 60): 4}
    assert bars.certain


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e-12, 1e150, 1e300])
def test_the_scale_of_the_weights_does_not_matter(scale):
    bars = {(0, 0): 1, (0, 2): 1, (0, 3): 2, (1, 1): 1, (3, 3): 1}
    net = in_other_bases(representative(bars).weights, np.random.default_rng(0), 10.0)
    assert barcode(LinearNetwork([scale * w for w in net.weights])) == bars


def test_wide_networks_of_low_rank_are_resolved():
    d, r = (200, 256, 150, 220), 37
    rng = np.random.default_rng(0)
    net = LinearNetwork(
        [
            rng.standard_normal((b, r)) @ rng.standard_normal((r, a))
            for a, b in itertools.pairwise(d)
        ]
    )
    bars = barcode(net)
    outer = {(k, k): n - r for k, n in enumerate(d)}
    assert bars == {(0, 3): r, **outer}
    assert bars.certain
    assert min(bars.gaps.values()) > 1e9


def test_gaps_and_margin_tell_what_the_ranks_rest_on():
    bars = barcode(LinearNetwork([np.diag([1.0, 1e-4, 1e-14]), np.eye(3)]))
    assert bars == {(0, 0): 1, (0, 2): 2, (1, 2): 1}
    assert bars.gaps == {(0, 1): pytest.approx(1e10), (0, 2): np.inf, (1, 2): np.inf}
    assert bars.margin == pytest.approx(1e4)
    assert bars.certain


@pytest.mark.parametrize(("s", "rank"), [(3e-11, 1), (3e-10, 2)])
def test_a_singular_value_near_the_threshold_is_a_doubt_that_is_printed(s, rank):
    bars = barcode(LinearNetwork([np.diag([1.0, s]), np.eye(2)]))
    assert bars.ranks[2, 0] == rank
    assert not bars.certain
    assert bars.margin == pytest.approx(10 / 3 if rank == 1 else 3)
    assert "ranks   NOT CERTAIN: within a factor 10 of the threshold." in repr(bars)
    assert barcode(LinearNetwork([np.diag([1.0, s]), np.eye(2)]), tol=1e-7).certain


def test_directions_that_differ_are_a_doubt_that_is_printed():
    found = [barcode(LinearNetwork(gaussian([4] * 5, seed)), tol=0.3) for seed in range(20)]
    assert not any(bars.certain for bars in found)
    assert any("inputs to outputs and back, they differ" in repr(bars) for bars in found)
    assert all(sum(m * (b - a + 1) for (a, b), m in bars.items()) == 20 for bars in found)


def test_a_barcode_prints_itself_like_a_persistence_barcode():
    bars = barcode(LinearNetwork([np.diag([1.0, 1e-14]), np.eye(2)]))
    assert repr(bars).splitlines() == [
        "Barcode of widths 2-2-2: 3 bars, rank 1",
        "node  0 1 2",
        "   1  o",
        "   1  o-o-o",
        "   1    o-o",
        "orbit   dimension 7 of 8",
        "ranks   certain",
        "gap     1e+14 (from node 0 to 1), margin 1e+04, tol 1e-10",
    ]


@pytest.mark.parametrize("widths", [(1, 1), (512, 10), (3,) * 13, (11,) * 26, (2,) * 120], ids=len)
def test_no_printed_line_is_longer_than_80(widths):
    rng = np.random.default_rng(0)
    net = LinearNetwork([w * (rng.random(w.shape) < 0.3) for w in gaussian(widths, 0)])
    lines = repr(barcode(net)).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 30


def test_a_barcode_is_a_dict_that_cannot_change():
    bars = barcode(LinearNetwork(gaussian((3, 2, 3), 0)))
    assert bars == {(0, 0): 1, (0, 2): 2, (2, 2): 1}
    assert dict(bars) == {**bars}
    for change in (
        lambda: bars.update({(0, 2): 3}),
        lambda: bars.pop((0, 2)),
        lambda: bars.setdefault((1, 1), 2),
        lambda: bars.__setitem__((1, 1), 2),
        lambda: bars.__delitem__((0, 2)),
        lambda: bars.__ior__({(1, 1): 2}),
        bars.popitem,
        bars.clear,
    ):
        with pytest.raises(TypeError, match="read-only"):
            change()
    with pytest.raises(TypeError):
        bars.gaps[0, 1] = 2.0
    for twin in (pickle.loads(pickle.dumps(bars)), copy.deepcopy(bars)):
        assert type(twin) is Barcode
        assert (twin, repr(twin), twin.gaps) == (bars, repr(bars), bars.gaps)


def test_a_barcode_without_a_network_is_exact():
    bars = Barcode({(1, 2): 1, (0, 0): 2, (0, 2): 1, (1, 1): 0})
    assert list(bars) == [(0, 0), (0, 2), (1, 2)]
    assert (bars.widths, bars.depth, bars.tol) == ((3, 2, 2), 2, None)
    assert bars.certain
    assert bars.margin == np.inf
    assert bars.gaps == {(0, 1): np.inf, (0, 2): np.inf, (1, 2): np.inf}


@pytest.mark.parametrize(
    ("bars", "error", "text"),
    [
        ({}, ArgumentError, "at least one bar"),
        ({(0, 1): 0}, ArgumentError, "at least one bar"),
        ({(0, 0): 2}, ArgumentError, "must cover"),
        ({(1, 2): 2}, ArgumentError, "must cover"),
        ({(0, 0): 1, (2, 2): 1}, ArgumentError, "must cover"),
        ({(0, 1): -1}, ArgumentError, "at least 0"),
        ({(0, 1): 1.5}, ArgumentTypeError, "integer"),
        ({(0, 1): True}, ArgumentTypeError, "integer"),
        ({(1, 0): 1}, ArgumentError, "born <= last"),
        ({(-1, 0): 1}, ArgumentError, "at least 0"),
        ({(0, 1.0): 1}, ArgumentTypeError, "integer"),
        ({(0, 1, 2): 1}, ArgumentTypeError, "pairs"),
        ({0: 1}, ArgumentTypeError, "pairs"),
        ([(0, 1)], ArgumentTypeError, "mapping"),
        (None, ArgumentTypeError, "mapping"),
    ],
    ids=str,
)
def test_what_is_no_barcode_is_named(bars, error, text):
    for function in (Barcode, representative):
        with pytest.raises(error, match=f"`bars.*{text}"):
            function(bars)


def test_wrong_arguments_of_barcode_are_named():
    net = LinearNetwork([[[1.0]]])
    for tol in (0.0, -1e-3, 1.0, np.nan):
        with pytest.raises(ArgumentError, match="`tol`"):
            barcode(net, tol=tol)
    with pytest.raises(ArgumentTypeError, match="`tol`"):
        barcode(net, tol="small")
    with pytest.raises(ArgumentTypeError, match="`net` must be a LinearNetwork"):
        barcode(net.weights)


def test_geometry_is_a_layer_of_the_package():
    assert "geometry" in dl.__all__
    assert dl.geometry.barcode is barcode
