"""The number of conservation laws, and that the field keeps every one of them (theory §4)."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.linalg import norm

from deeplinear import LinearNetwork, conservation_laws, gradient
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

THREE = list(itertools.product(range(1, 6), repeat=3))
FOUR = list(itertools.product((1, 2, 3, 5), repeat=4))
FIVE = list(itertools.product((1, 2, 4), repeat=5))
LONG = [(2, 9, 3, 1, 6, 2), (1, 8, 1, 8, 1), (1, 1, 1, 1, 1, 1, 1), (3, 12, 2), (4, 2, 1, 2, 4)]


def drift(weights, moves):
    """The derivative of every C_i along the moves of the weights."""
    return [
        dw @ w.T + w @ dw.T - d_above.T @ above - above.T @ d_above
        for (w, above), (dw, d_above) in zip(
            itertools.pairwise(weights), itertools.pairwise(moves), strict=True
        )
    ]


def jacobian_rank(widths):
    """The rank of the Jacobian of all C_i at a Gaussian point; its gap is asserted."""
    rng = np.random.default_rng([7, *widths])
    n = sum(a * b for a, b in itertools.pairwise(widths))
    weights = LinearNetwork.from_vector(rng.standard_normal(n), widths).weights
    rows = []
    for e in np.eye(n):
        moves = LinearNetwork.from_vector(e, widths).weights
        rows.append(np.concatenate([c.ravel() for c in drift(weights, moves)]))
    s = np.linalg.svd(np.array(rows), compute_uv=False)
    rank = int(np.sum(s > 1e-9 * s[0]))
    assert rank == len(s) or s[rank] < 1e-12 * s[0]
    return rank


@pytest.mark.parametrize("all_widths", [THREE, FOUR, FIVE, LONG], ids=["3", "4", "5", "long"])
def test_the_count_is_the_rank_of_the_jacobian_of_all_laws(all_widths):
    wrong = {w: conservation_laws(w).count for w in all_widths}
    wrong = {w: n for w, n in wrong.items() if n != jacobian_rank(w)}
    assert wrong == {}


@pytest.mark.parametrize(
    ("widths", "count"),
    [((2, 3, 2), 6), ((1, 3, 1), 5), ((1, 4, 2), 9), ((2, 5, 1, 3), 13), ((1, 1, 5, 1), 10)],
    ids=str,
)
def test_the_count_is_the_printed_one(widths, count):
    assert conservation_laws(widths).count == count


def test_each_hidden_layer_has_its_part_of_the_count():
    laws = conservation_laws([2, 5, 1, 3])
    assert laws.widths == (2, 5, 1, 3)
    assert laws.per_layer == (12, 1)
    assert sum(laws.per_layer) == laws.count


def test_depth_one_has_no_law():
    laws = conservation_laws((3, 4))
    assert laws.count == 0
    assert laws.per_layer == ()


@given(
    st.lists(st.integers(1, 6), min_size=3, max_size=6).map(tuple),
    st.sampled_from(["identity", "general", "singular", "projector"]),
    st.integers(0, 2**32),
)
@example((30, 28, 5, 20), "general", 0)
@example((3, 30, 4, 25), "singular", 0)
def test_the_field_keeps_every_law_to_round_off(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    weights, g = case.net.weights, gradient(case.problem, case.net)
    largest = np.prod([norm(w) for w in weights])
    scale = largest * (norm(case.syx) + largest * norm(case.sxx))  # of each W_i dL/dW_i^T
    for change in drift(weights, g):
        assert norm(change) <= 1e-14 * scale


@given(st.lists(st.integers(1, 5), min_size=3, max_size=5).map(tuple), st.integers(0, 2**32))
def test_a_gradient_step_breaks_the_laws_by_exactly_its_square(instance, widths, seed):
    case = instance(widths, "general", seed)
    eta, g = 0.01, gradient(case.problem, case.net)
    after = LinearNetwork([w - eta * dw for w, dw in zip(case.net.weights, g, strict=True)])
    size = 1 + max(norm(w) for w in (*after.weights, *case.net.weights)) ** 2
    laws = zip(after.imbalance(), case.net.imbalance(), itertools.pairwise(g), strict=True)
    for new, old, (below, above) in laws:
        broken = eta**2 * (below @ below.T - above.T @ above)
        assert norm(new - old - broken) <= 1e-12 * size


@pytest.mark.parametrize(
    ("widths", "error"),
    [
        ((3,), ArgumentError),
        ((), ArgumentError),
        ((3, 0, 2), ArgumentError),
        ((3, -1), ArgumentError),
        ((3, 2.5), ArgumentTypeError),
        ((3, True), ArgumentTypeError),
        (3, ArgumentTypeError),
        (None, ArgumentTypeError),
    ],
    ids=str,
)
def test_wrong_widths_are_named(widths, error):
    with pytest.raises(error, match="`widths`"):
        conservation_laws(widths)
