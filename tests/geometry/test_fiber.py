"""The fiber of an end-to-end map: against all barcodes, and tangent ranks (theory §10)."""

import itertools
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinear import LinearNetwork
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import Fiber, barcodes, fiber, representative
from tests.geometry.test_barcode import in_other_bases, random_bars
from tests.geometry.test_orbit import rank_of_all_base_changes

WIDTHS = st.lists(st.integers(1, 40), min_size=2, max_size=9).map(tuple)


def product_derivative(net):
    """The Jacobian of the end-to-end map by the weights, one column for each weight."""
    return np.hstack([np.kron(net.product(i + 1), net.product(0, i).T) for i in range(net.depth)])


def rank_of(matrix, scale):
    s = np.linalg.svd(matrix, compute_uv=False)
    rank = int(np.sum(s > 1e-7 * scale))
    assert rank == len(s) or s[rank] <= 1e-12 * scale
    return rank


@pytest.mark.parametrize(
    ("depth", "pairs", "orbits"), [(1, 46, 46), (2, 164, 705), (3, 610, 12064), (4, 2324, 215742)]
)
def test_fibers_agree_with_all_barcodes_of_widths_and_depth_up_to_four(depth, pairs, orbits):
    """All 3,144 pairs of widths <= 4, depth <= 4, and rank: 228,557 barcodes.

    End-to-end maps of rank r are one orbit of dimension r (d_0 + d_h - r). The networks with
    one barcode and product P are what remains of their orbit over one point of that: of
    codimension orbit_codimension + r (d_0 + d_h - r), irreducible since the base changes that
    keep P are a connected group over the complex numbers.
    """
    checked = listed = 0
    for d in itertools.product(range(1, 5), repeat=depth + 1):
        strata = defaultdict(Counter)
        for bars in barcodes(d):
            r = bars.get((0, depth), 0)
            strata[r][bars.orbit_codimension + r * (d[0] + d[-1] - r)] += 1
            listed += 1
        assert sorted(strata) == list(range(min(d) + 1))
        for r, codimensions in strata.items():
            found, least = fiber(d, r), min(codimensions)
            assert (found.codimension, found.components) == (least, codimensions[least])
            checked += 1
    assert (checked, listed) == (pairs, orbits)


def test_a_stratum_of_a_fiber_has_the_dimension_of_its_orbit_less_that_of_the_maps():
    """120 random barcodes: of the tangent space of the orbit, the part that keeps P."""
    rng = np.random.default_rng(1)
    for case in range(120):
        bars = random_bars(rng, depth=1 + case % 4, n=int(rng.integers(0, 7)))
        net = in_other_bases(representative(bars).weights, rng, 3.0)
        r = bars.get((0, net.depth), 0)
        j = product_derivative(net)
        moves = tangent_of_the_orbit(net)
        assert rank_of(j @ moves, np.linalg.norm(j)) == r * (net.widths[0] + net.widths[-1] - r)
        assert moves.shape[1] == rank_of_all_base_changes(net)


def tangent_of_the_orbit(net):
    """An orthonormal basis of all infinitesimal base changes of the weights, as columns."""
    columns = []
    for k, d in enumerate(net.widths):
        for unit in np.eye(d * d):
            x = unit.reshape(d, d)
            move = [np.zeros_like(w) for w in net.weights]
            if k > 0:
                move[k - 1] = x @ net.weights[k - 1]
            if k < net.depth:
                move[k] = -net.weights[k] @ x
            columns.append(LinearNetwork(move).to_vector())
    u, s, _ = np.linalg.svd(np.array(columns).T, full_matrices=False)
    return u[:, s > 1e-8 * max(s[0], 1e-300)]


def test_the_codimension_is_the_tangent_rank_at_a_random_point_of_every_largest_component():
    """The 359 largest components of all 265 pairs of widths <= 3, depth <= 3, and rank."""
    rng, pairs, components = np.random.default_rng(2), 0, 0
    for depth in (1, 2, 3):
        for d in itertools.product(range(1, 4), repeat=depth + 1):
            for r in range(min(d) + 1):
                expected = fiber(d, r)
                pairs += 1
                for bars in barcodes(d, r):
                    codimension = bars.orbit_codimension + r * (d[0] + d[-1] - r)
                    if codimension == expected.codimension:
                        net = in_other_bases(representative(bars).weights, rng, 3.0)
                        j = product_derivative(net)
                        assert rank_of(j, np.linalg.norm(j)) == expected.codimension
                        components += 1
    assert (pairs, components) == (265, 359)


@pytest.mark.parametrize(
    ("widths", "rank", "codimension", "components"),
    [
        ((2, 2, 2), 0, 3, 1),
        ((2, 3, 2), 0, 4, 2),
        ((3, 3, 3), 0, 7, 2),
        ((7, 7, 8, 9, 12, 13), 0, 39, 3),
        ((8, 8, 11, 11, 11, 13, 13, 13, 15), 0, 55, 4),
    ],
    ids=str,
)
def test_the_listed_fibers_come_out(widths, rank, codimension, components):
    found = fiber(widths, rank)
    assert (found.codimension, found.components) == (codimension, components)


def test_the_number_of_factors_comes_from_the_reduced_widths():
    """Widths 3-3-6 and rank 2: the reduced part has codimension 1, not 0 (theory §10)."""
    for d in itertools.permutations((3, 3, 6)):
        assert fiber(d, 2).codimension == 1 + 2 * (d[0] + d[-1] - 2)


@given(WIDTHS, st.data())
def test_depth_one_is_a_point_and_full_rank_is_a_smooth_fiber(widths, data):
    r = data.draw(st.integers(0, min(widths)))
    ends = (widths[0], widths[-1])
    n = ends[0] * ends[1]
    assert fiber(ends, min(r, *ends)) == Fiber(ends, min(r, *ends), n, 0, 1)
    least = min(widths)
    full = fiber(widths, least)
    assert (full.codimension, full.components) == (least * (sum(ends) - least), 1)


@given(WIDTHS, st.data())
def test_the_order_of_the_layers_matters_only_through_the_maps(widths, data):
    """LR24: the reduced codimension and the number of components are those of any order."""
    r = data.draw(st.integers(0, min(widths)))
    other = tuple(data.draw(st.permutations(widths)))
    here, there = fiber(widths, r), fiber(other, r)
    assert here.components == there.components
    reduced = [f.codimension - r * (f.widths[0] + f.widths[-1] - r) for f in (here, there)]
    zero = fiber(tuple(d - r for d in widths), 0).codimension if r < min(widths) else 0
    assert reduced == [zero, zero]


@given(WIDTHS, st.data())
def test_dimensions_add_up_and_lie_between_their_bounds(widths, data):
    r = data.draw(st.integers(0, min(widths)))
    found = fiber(widths, r)
    n = sum(a * b for a, b in itertools.pairwise(widths))
    assert found.dimension + found.codimension == n
    assert r * (widths[0] + widths[-1] - r) <= found.codimension <= widths[0] * widths[-1]
    assert found.dimension >= 0
    assert found.components >= 1
    for value in (found.codimension, found.dimension, found.components):
        assert type(value) is int


def test_large_widths_are_exact():
    """Far beyond the integers of double precision."""
    n = 10**12 + 1
    assert fiber((n, n, n), 0).codimension == (3 * n * n + 1) // 4
    assert fiber((n + 1,) * 3, 0).codimension == 3 * ((n + 1) // 2) ** 2


def test_a_fiber_prints_itself():
    assert repr(fiber((3, 4, 5), 1)).splitlines() == [
        "Fiber        widths 3-4-5, end-to-end rank 1",
        "dimension    19 of 32",
        "codimension  13",
        "components   2 of that dimension",
    ]
    assert max(map(len, repr(fiber((100,) * 300, 50)).splitlines())) <= 80


@pytest.mark.parametrize(
    ("widths", "rank", "error", "name"),
    [
        ((3, 2, 4), 3, ArgumentError, "rank"),
        ((3, 2, 4), -1, ArgumentError, "rank"),
        ((3, 2, 4), 1.0, ArgumentTypeError, "rank"),
        ((3, 2, 4), None, ArgumentTypeError, "rank"),
        ((3,), 1, ArgumentError, "widths"),
        ((3, 0), 0, ArgumentError, "widths"),
        ("32", 0, ArgumentTypeError, "widths"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(widths, rank, error, name):
    with pytest.raises(error, match=f"Argument `{name}"):
        fiber(widths, rank)


def test_a_rank_that_does_not_fit_says_what_does():
    with pytest.raises(ArgumentError, match=r"at most 2, the smallest .* \(3, 2, 4\), but it is 3"):
        fiber((3, 2, 4), 3)
