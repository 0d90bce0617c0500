"""Orbits: their codimension, and the list of all of them (theory §10)."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinear import LinearNetwork
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import barcodes, orbit_codimension, representative
from tests.geometry.test_barcode import in_other_bases, random_bars

BARS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda bar: tuple(sorted(bar))),
    st.integers(0, 4),
    max_size=8,
)


def rank_of_all_base_changes(net):
    """The rank of (X_0, ..., X_h) -> (X_{i+1} W_i - W_i X_i); its gap is asserted."""
    columns = []
    for k, d in enumerate(net.widths):
        for unit in np.eye(d * d):
            x = unit.reshape(d, d)
            move = [np.zeros_like(w) for w in net.weights]
            if k > 0:
                move[k - 1] = move[k - 1] + x @ net.weights[k - 1]
            if k < net.depth:
                move[k] = move[k] - net.weights[k] @ x
            columns.append(LinearNetwork(move).to_vector())
    s = np.linalg.svd(np.array(columns), compute_uv=False)
    rank = int(np.sum(s > 1e-8 * s[0])) if s[0] > 0 else 0
    assert rank == len(s) or s[rank] <= 1e-11 * s[0]
    return rank


def test_the_dimension_of_an_orbit_is_the_rank_of_the_infinitesimal_base_changes():
    """200 random barcodes of depth 1 to 5, at a random point of the orbit."""
    rng = np.random.default_rng(0)
    for case in range(200):
        bars = random_bars(rng, depth=1 + case % 5, n=int(rng.integers(0, 8)))
        net = in_other_bases(representative(bars).weights, rng, 3.0)
        assert net.n_params - orbit_codimension(bars) == rank_of_all_base_changes(net)


@given(BARS)
def test_the_codimension_is_the_endomorphisms_less_the_euler_form(bars):
    """Another count: dim End - sum d_i^2 + sum d_i d_{i+1}, Hom of two bars by their overlap."""
    ends = sum(
        m * n
        for ((a, b), m), ((c, d), n) in itertools.product(bars.items(), repeat=2)
        if c <= a <= d <= b
    )
    d = [sum(m for (a, b), m in bars.items() if a <= k <= b) for k in range(6)]
    euler = sum(n * n for n in d) - sum(a * b for a, b in itertools.pairwise(d))
    assert orbit_codimension(bars) == ends - euler


@given(BARS)
def test_the_codimension_does_not_depend_on_the_direction_and_only_zero_pairs_add(bars):
    turned = {(5 - last, 5 - born): m for (born, last), m in bars.items()}
    assert orbit_codimension(turned) == orbit_codimension(bars)
    assert orbit_codimension({**bars, (0, 5): 7}) == orbit_codimension({**bars, (0, 5): 0})


def partitions(widths):
    """The number of ways to write the widths as a sum of intervals, one interval at a time."""
    d = tuple(widths)
    ways = np.zeros([n + 1 for n in d], dtype=np.int64)
    ways[(0,) * len(d)] = 1
    for born, last in itertools.combinations_with_replacement(range(len(d)), 2):
        for at in itertools.product(*(range(n + 1) for n in d)):
            below = tuple(n - (born <= k <= last) for k, n in enumerate(at))
            if min(below) >= 0:
                ways[at] += ways[below]
    return int(ways[d])


@pytest.mark.parametrize(
    "widths", [(1, 1), (4, 4), (2, 1, 2), (4, 4, 4), (4, 1, 3, 2), (4, 4, 4, 4), (3, 2, 1, 2, 3)]
)
def test_all_barcodes_are_listed_once(widths):
    found = list(barcodes(widths))
    assert len({tuple(bars.items()) for bars in found}) == len(found) == partitions(widths)
    assert all(type(bars)(dict(bars)).widths == bars.widths == widths for bars in found)
    assert all(list(bars) == sorted(bars) and min(bars.values()) > 0 for bars in found)
    assert sum(bars.orbit_codimension == 0 for bars in found) == 1
    for rank in range(min(widths) + 1):
        last = len(widths) - 1
        assert list(barcodes(widths, rank)) == [b for b in found if b.get((0, last), 0) == rank]


def test_barcodes_are_made_when_they_are_asked_for():
    stream = barcodes((40,) * 12)
    assert [sum(bars.values()) for bars in itertools.islice(stream, 3)] == [480, 479, 478]
    assert next(barcodes((40,) * 12, rank=40)) == {(0, 11): 40}


@pytest.mark.parametrize(
    ("rank", "error"),
    [(-1, ArgumentError), (3, ArgumentError), (1.0, ArgumentTypeError), (True, ArgumentTypeError)],
)
def test_wrong_ranks_are_named_at_the_call(rank, error):
    with pytest.raises(error, match="`rank`"):
        barcodes((3, 2, 4), rank)


def test_wrong_widths_are_named_at_the_call():
    with pytest.raises(ArgumentError, match="`widths`"):
        barcodes((3,))
    with pytest.raises(ArgumentTypeError, match="`widths`"):
        barcodes(None)


def test_bars_without_some_layers_have_a_codimension_too():
    assert orbit_codimension({}) == 0
    assert orbit_codimension({(2, 2): 5}) == 0
    assert orbit_codimension({(1, 1): 2, (2, 4): 3}) == 6
    assert orbit_codimension({(1, 1): 2, (3, 4): 3}) == 0


@pytest.mark.parametrize(
    ("bars", "error"),
    [
        ({(0, 1): -2}, ArgumentError),
        ({(2, 1): 1}, ArgumentError),
        ({(-1, 1): 1}, ArgumentError),
        ({(0, 1): 0.5}, ArgumentTypeError),
        ({"01": 1}, ArgumentTypeError),
        ([((0, 1), 1)], ArgumentTypeError),
    ],
    ids=str,
)
def test_malformed_bars_are_named(bars, error):
    with pytest.raises(error, match="`bars"):
        orbit_codimension(bars)
