"""2000 random critical points: `classify` against Hessians, construction and small spheres."""

import itertools
from collections import Counter

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import LinearNetwork, Problem, landscape
from tests.landscape.random_points import points
from tests.landscape.small_spheres import Difference, best_descent

pytestmark = pytest.mark.slow

N = 2000
N_MEASURED = {2: (50, 25), 3: (50, 25), 4: (40, 35), 5: (58, 17), 6: (12, 3)}
"""So many saddles of each order have it measured: with a target of full rank, and without."""


@pytest.fixture(scope="module")
def sample():
    return points(N, seed=0)


@pytest.fixture(scope="module")
def answers(sample):
    return [dl.landscape.classify(p.problem, p.net) for p in sample]


@pytest.fixture(scope="module")
def truth(sample):
    """The kinds, from the optimum and the dense Hessian."""
    return [_kind(p) for p in sample]


def _loss_scale(point):
    return point.problem.syy + 1e-16 * np.prod([np.linalg.norm(w) ** 2 for w in point.net.weights])


def _kind(point):
    optimum = point.problem.optimum(min(point.net.widths))
    if abs(dl.loss(point.problem, point.net) - optimum) <= 1e-9 * _loss_scale(point):
        return "global minimum"
    values = np.linalg.eigvalsh(dl.hessian(point.problem, point.net))
    # Where all curvatures are zero, that of natural weights s_0^{1/h} is the scale.
    scale = max(np.abs(values).max(), point.problem.modes.s[0] ** (2 - 2 / point.net.depth))
    assert not -1e-6 * scale < values[0] < -1e-12 * scale  # no point is doubtful
    return "strict saddle" if values[0] < -1e-8 * scale else "non-strict saddle"


def _rank_deficient(point):
    return len(point.problem.modes) < min(point.problem.rank, point.net.widths[-1])


@pytest.fixture(scope="module")
def measured(sample, answers):
    """(number, point, descent) of saddles of the largest modes, spread over how they were drawn."""
    sorts = {}
    for i, (p, a) in enumerate(zip(sample, answers, strict=True)):
        if a.escape_order is not None and p.modes == tuple(range(len(p.modes))):
            drawn = (p.net.depth, p.description.split(";")[0], len(p.modes) > 0)
            sort = sorts.setdefault((a.escape_order, _rank_deficient(p)), {})
            sort.setdefault(drawn, []).append(i)
    chosen = []
    for order, numbers in N_MEASURED.items():
        for deficient, n in zip((False, True), numbers, strict=True):
            lists = sorts[order, deficient].values()
            by_turns = itertools.chain.from_iterable(itertools.zip_longest(*lists))
            chosen += [i for i in by_turns if i is not None][:n]
    return [(i, sample[i], best_descent(sample[i].problem, sample[i].plain)) for i in chosen]


@pytest.fixture(scope="module")
def decided(sample, truth, answers):
    """(number, point, kind, answer) where there is an answer."""
    rows = zip(range(N), sample, truth, answers, strict=True)
    return [row for row in rows if row[3].kind not in ("undecided", "not critical")]


def test_the_sample_holds_every_type_plentifully(sample, truth):
    top = [p.modes == tuple(range(len(p.modes))) for p in sample]
    count = Counter(zip(truth, top, strict=True))
    assert count["global minimum", True] >= 400
    assert count["strict saddle", True] >= 400
    assert count["strict saddle", False] >= 100
    assert count["non-strict saddle", True] >= 400
    assert not count["global minimum", False]
    assert not count["non-strict saddle", False]
    assert {p.net.depth for p in sample} == {2, 3, 4, 5, 6}
    assert {d for p in sample for d in p.net.widths} >= {1, 2, 3, 4, 5}


def test_the_kind_is_that_of_the_dense_hessian_for_2000_points(sample, truth, answers):
    wrong = [
        f"point {i}: {kind}, but {a.kind}; {a.decided_by}; {p.description}"
        for i, (p, kind, a) in enumerate(zip(sample, truth, answers, strict=True))
        if a.kind != kind
    ]
    assert not wrong, "\n".join(wrong)


def test_the_learned_modes_and_the_loss_are_those_of_the_construction(sample, answers):
    for i, (p, a) in enumerate(zip(sample, answers, strict=True)):
        assert a.modes == p.modes, f"point {i}: {p.description}"
        assert abs(a.loss - p.loss) <= 1e-9 * _loss_scale(p), f"point {i}"


def test_the_order_is_2_exactly_at_strict_saddles(decided):
    for i, _, kind, a in decided:
        if kind == "global minimum":
            assert a.escape_order is None, i
            assert a.escape_layers == (), i
        else:
            assert (a.escape_order == 2) == (kind == "strict saddle"), i
            assert a.escape_order >= 2, i


def test_margins_are_at_least_1_and_say_what_decided(answers):
    assert all(a.margin >= 1 for a in answers)
    assert all(a.decided_by for a in answers)


def test_the_hessian_of_the_escape_layers_of_a_strict_saddle_is_negative(decided):
    for i, p, kind, a in decided:
        if kind == "strict saddle":
            hessian = dl.hessian(p.problem, p.net)
            ends = np.cumsum([0, *(w.size for w in p.net.weights)])
            moved = np.concatenate([np.arange(ends[j], ends[j + 1]) for j in a.escape_layers])
            lowest = np.linalg.eigvalsh(hessian[np.ix_(moved, moved)])[0]
            assert lowest < -1e-10 * np.abs(hessian).max(), f"point {i}: {p.description}"


def test_the_escape_order_is_that_of_the_best_descent_on_small_spheres(measured, answers):
    wrong = [
        f"point {i}: {descent}, but {answers[i].escape_order}; {p.description}"
        for i, p, descent in measured
        if descent.order is None or abs(descent.slope - answers[i].escape_order) > 0.15
    ]
    assert not wrong, "\n".join(wrong)
    orders = Counter(descent.order for *_, descent in measured)
    assert all(orders[k] >= 75 for k in (2, 3, 4, 5)), orders
    assert sum(_rank_deficient(p) for _, p, _ in measured) >= 100
    # Blocked: an order above the depth is possible in no other way.
    assert sum(d.order == 4 and p.net.depth == 3 for _, p, d in measured) >= 5


def test_moving_exactly_the_escape_layers_realizes_the_order(measured, answers):
    wrong = []
    for i, p, whole in measured[::2]:
        descent = best_descent(p.problem, p.plain, layers=answers[i].escape_layers, n_random=4)
        if descent.order != whole.order or not descent.clear:
            wrong.append(f"point {i}: {whole.order}, but {descent}; {p.description}")
    assert not wrong, "\n".join(wrong)


def test_verified_directions_fall_at_the_order_that_was_measured(measured):
    for i, p, descent in measured:
        found = landscape.escape(p.problem, p.plain)
        assert found.directions, f"point {i}: {p.description}"
        for one in found.directions:
            assert one.order == descent.order
            assert abs(one.measured_order - descent.order) <= 0.15, f"point {i}: {p.description}"


# What is measured, on points whose answer is known by hand ------------------------------------


def _normal_form(s, widths, r, residual):
    """diag(I_r, Z_i) with the modes on the first coordinates; layers not named are zero."""
    weights = []
    for i, (columns, rows) in enumerate(itertools.pairwise(widths)):
        w = np.zeros((rows, columns))
        w[:r, :r] = np.diag(s[:r]) if i == 0 else np.eye(r)
        w[r:, r:] = residual.get(i, 0.0)
        weights.append(w)
    target = np.zeros((widths[-1], widths[0]))
    np.fill_diagonal(target, s)
    return Problem.from_target(target), LinearNetwork(weights)


BLOCKED = {0: [[0.0, 1.0]], 2: [[0.0], [1.0]]}


@pytest.mark.parametrize(
    ("s", "widths", "r", "residual", "order"),
    [
        *[([2.0, 1.0], (2,) * (h + 1), 0, {}, h) for h in range(2, 7)],
        ([3.0, 2.0, 1.0], (3,) * 5, 1, {}, 4),
        ([3.0, 2.0, 1.0], (3,) * 5, 1, {1: [[1.0, 2.0], [0.0, 1.0]]}, 3),
        ([3.0, 2.0, 1.0], (3,) * 5, 1, {2: [[1.0, 0.0], [0.0, 0.0]]}, 3),
        ([3.0, 2.0, 1.0], (3,) * 5, 1, {1: np.diag([1.0, 0.0]), 2: np.diag([0.0, 1.0])}, 3),
        ([3.0, 2.0, 1.0], (3,) * 5, 1, {1: np.eye(2), 2: np.diag([0.0, 1.0])}, 2),
        ([2.0, 1.0], (2,) * 6, 1, {}, 5),
        ([2.0, 1.0], (2,) * 6, 1, {1: [[1.0]]}, 4),
        ([1.0, 0.0], (2, 1, 1, 2), 0, BLOCKED, 4),
        ([2.0, 1.0], (2, 3, 2, 2), 2, {}, None),
    ],
    ids=str,
)
def test_small_spheres_measure_the_orders_known_by_hand(s, widths, r, residual, order):
    descent = best_descent(*_normal_form(s, widths, r, residual))
    assert descent.order == order
    assert descent.clear


def test_the_loss_differences_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    for p in points(40, seed=5):
        f = Difference(p.problem, p.net)
        delta = rng.standard_normal(len(f.free))
        moved = [w + d for w, d in zip(f.net.weights, f.layers_of(delta), strict=True)]
        root = f.unit ** (1 / p.net.depth)
        # Back to the problem's own units and inputs: W_0 = W_0' F^+, up to what no input sees.
        if p.problem.factor is not None:
            moved[0] = moved[0] @ np.linalg.pinv(p.problem.factor)
        back = LinearNetwork([root * w for w in moved])
        change = (dl.loss(p.problem, back) - p.loss) / f.unit**2
        assert abs(f.value(delta) - change) <= 1e-10 * (abs(change) + abs(p.loss / f.unit**2) + 1)


def test_descent_of_order_2_is_measured_exactly_at_negative_curvature(sample, truth):
    chosen = [i for i, kind in enumerate(truth) if kind != "non-strict saddle"][:60]
    for i in chosen:
        p = sample[i]
        if p.net.n_params > 60:
            continue
        descent = best_descent(p.problem, p.plain, n_random=2)
        assert descent.order == (2 if truth[i] == "strict saddle" else None), p.description
