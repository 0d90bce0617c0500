"""Learning coefficients against a published table, a linear program and products of chains.

The multiplicity beyond two layers is a theorem of Aoyagi (A23). Here it is compared with the
program of `volume.py`, which uses nothing of that proof, and with networks that factor.
"""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import LearningCoefficient, fiber, learning_coefficient
from tests.geometry.volume import exponents

WIDTHS = st.lists(st.integers(1, 30), min_size=2, max_size=9).map(tuple)


def aoyagi_watanabe(inputs, hidden, outputs, rank):
    """The four cases of reduced-rank regression (Aoyagi, Watanabe 2005, main theorem)."""
    m, h, n, r = inputs, hidden, outputs, rank
    if m + h < n + r:
        return Fraction(h * m - h * r + n * r, 2), 1
    if n + h < m + r:
        return Fraction(h * n - h * r + m * r, 2), 1
    if m + n < h + r:
        return Fraction(m * n, 2), 1
    square = -((h + r) ** 2) - m * m - n * n + 2 * (h + r) * (m + n) + 2 * m * n
    odd = (m + h + n + r) % 2
    return Fraction(square + odd, 8), 1 + odd


def test_two_layers_are_the_four_cases_of_aoyagi_and_watanabe():
    """All 1,808 pairs of widths <= 8 and rank."""
    count = 0
    for d in itertools.product(range(1, 9), repeat=3):
        for r in range(min(d) + 1):
            value, multiplicity = learning_coefficient(d, r)
            assert (Fraction(value), multiplicity) == aoyagi_watanabe(*d, r)
            count += 1
    assert count == 1808


@pytest.mark.parametrize(
    ("depth", "largest", "cases"), [(1, 6, 36), (2, 4, 64), (3, 3, 81), (4, 3, 243), (5, 2, 64)]
)
def test_the_volume_of_small_products_has_these_exponents(depth, largest, cases):
    """All widths up to the largest, in every order: value and multiplicity."""
    every = list(itertools.product(range(1, largest + 1), repeat=depth + 1))
    assert len(every) == cases
    assert [d for d in every if exponents(d) != learning_coefficient(d, 0)] == []


def test_the_volume_of_small_products_has_these_exponents_for_large_widths():
    """60 random widths from 5 to 8, depth 3 to 6; 29 of the multiplicities are above 3."""
    rng = np.random.default_rng(0)
    large = 0
    for case in range(60):
        d = tuple(int(n) for n in rng.integers(5, 9, size=4 + case % 4))
        found = learning_coefficient(d, 0)
        assert exponents(d) == found
        large += found.multiplicity > 3
    assert large == 29


@given(st.lists(st.lists(st.integers(1, 9), min_size=0, max_size=1), min_size=2, max_size=5))
def test_chains_joined_by_single_nodes_have_the_least_value_and_the_sum_of_multiplicities(inner):
    """Depth up to 10: ||P|| is the product of the norms of one- and two-layer networks.

    The zeta function of a product of independent factors is the product of theirs, so the
    first poles compare, and equal ones add up. The parts are known from the table.
    """
    widths, parts = [3], []
    for k, hidden in enumerate(inner):
        end = 4 if k == len(inner) - 1 else 1
        start = widths[-1]
        widths += [*hidden, end]
        parts.append(
            aoyagi_watanabe(start, *hidden, end, 0) if hidden else (Fraction(start * end, 2), 1)
        )
    value, multiplicity = learning_coefficient(widths, 0)
    least = min(value for value, _ in parts)
    assert Fraction(value) == least
    assert multiplicity == sum(theta for part, theta in parts if part == least)


@pytest.mark.parametrize("depth", range(1, 12))
def test_a_chain_of_scalars_has_one_half_with_the_multiplicity_of_its_depth(depth):
    """The square of w_0 ... w_{h-1} is a normal crossing."""
    assert learning_coefficient((1,) * (depth + 1), 0) == (0.5, depth)


@given(WIDTHS, st.data())
def test_the_value_is_half_the_codimension_of_the_fiber_and_aoyagis_formula(widths, data):
    r = data.draw(st.integers(0, min(widths)))
    value, multiplicity = learning_coefficient(widths, r)
    assert value == fiber(widths, r).codimension / 2
    d = sorted(width - r for width in widths)
    m = max(k for k in range(1, len(d)) if sum(d[: k + 1]) >= k * d[k])
    x = Fraction(sum(d[: m + 1]), m)
    a = sum(d[: m + 1]) - (-(-x // 1) - 1) * m  # A23's, with M = ceil(x)
    pairs = sum(p * q for p, q in itertools.combinations(d[: m + 1], 2))
    ends = widths[0] + widths[-1]
    printed = Fraction(r * ends - r * r + pairs, 2) + a * (m - a) / Fraction(4 * m)
    assert value == printed - Fraction(m * (m - 1), 4) * x**2
    assert multiplicity == a * (m - a) + 1


@given(WIDTHS, st.data())
def test_the_multiplicity_is_one_for_regular_models_and_bounded_by_the_depth(widths, data):
    depth = len(widths) - 1
    r = data.draw(st.integers(0, min(widths)))
    assert 1 <= learning_coefficient(widths, r).multiplicity <= max(depth, depth**2 // 4 + 1)
    least = min(widths)
    ends = widths[0] + widths[-1]
    assert learning_coefficient(widths, least) == (least * (ends - least) / 2, 1)
    assert learning_coefficient((widths[0], widths[-1]), 0) == (widths[0] * widths[-1] / 2, 1)


def test_it_unpacks_as_value_and_multiplicity():
    found = learning_coefficient((3, 3, 3), 0)
    value, multiplicity = found
    assert (value, multiplicity) == (3.5, 2) == (found.value, found.multiplicity)
    assert type(found) is LearningCoefficient
    assert (type(value), type(multiplicity)) == (float, int)


@pytest.mark.parametrize(
    ("widths", "rank", "error", "name"),
    [
        ((3, 2, 4), 3, ArgumentError, "rank"),
        ((3, 2, 4), -1, ArgumentError, "rank"),
        ((3, 2, 4), "1", ArgumentTypeError, "rank"),
        ((3,), 1, ArgumentError, "widths"),
        (7, 1, ArgumentTypeError, "widths"),
    ],
    ids=str,
)
def test_wrong_arguments_are_named(widths, rank, error, name):
    with pytest.raises(error, match=f"Argument `{name}"):
        learning_coefficient(widths, rank)
