"""Residual patterns: the types of critical points, built, read back and counted."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import landscape
from deeplinear.geometry import fiber
from deeplinear.landscape import ResidualPattern
from deeplinear.landscape._largest_pattern import largest_pattern
from deeplinear.landscape._normal_form import natural_scales, normal_form
from deeplinear.landscape._pattern import enumerate_patterns
from deeplinear.landscape._reading import read_pattern
from tests.landscape.problems import KINDS, random_class, random_widths, whitened


def read(problem, net, modes):
    form = normal_form(problem, net, len(modes))
    return read_pattern(form, len(problem.modes) - len(modes), natural_scales(problem, form))


def gradient_size(problem, net):
    size = max(float(np.linalg.norm(g)) for g in dl.gradient(problem, net))
    weights = np.prod([max(1.0, np.linalg.norm(w)) for w in net.weights])
    return size / (weights**2 + np.linalg.norm(problem.syx) * weights)


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_is_critical_to_round_off_and_classifies_as_what_was_asked_for(kind):
    rng = np.random.default_rng(0)
    count = 0
    while count < 250:
        widths = random_widths(rng, largest=3)
        problem = KINDS[kind](rng, widths)
        modes = random_class(rng, problem, widths)
        found = itertools.islice(landscape.residual_patterns(problem, widths, modes), 40)
        patterns = list(found)
        for k in rng.permutation(len(patterns))[:5]:
            pattern = patterns[k]
            net = landscape.random_critical_point(
                problem, widths, modes, pattern=pattern, seed=count
            )
            assert gradient_size(problem, net) < 1e-13
            verdict = landscape.classify(problem, net)
            assert verdict.modes == modes
            order = pattern.escape_order
            if verdict.decided_by.startswith("Mode "):  # a learned mode that a larger one replaces
                order = 2
            assert verdict.escape_order == order, (widths, modes, pattern)
            reading = read(problem, net, modes)
            assert reading.certain
            assert reading.pattern == pattern
            count += 1


def test_plain_points_of_every_pattern_are_read_back():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=4, d_out=4)
    widths, count = (4, 2, 3, 4), 0
    for modes in ((), (0,), (1,), (0, 1), (1, 2)):
        for pattern in landscape.residual_patterns(problem, widths, modes):
            net = landscape.critical_point(problem, widths, modes, pattern=pattern)
            assert gradient_size(problem, net) < 1e-15
            assert read(problem, net, modes).pattern == pattern
            count += 1
    assert count == 215


def test_a_prescribed_escape_order_is_that_of_the_point():
    for depth in range(2, 6):
        problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=depth)
        for order in range(2, depth + 1):
            for modes in ((), (0,), (0, 1)):
                net = landscape.critical_point(
                    problem, (3,) * (depth + 1), modes, escape_order=order
                )
                assert landscape.classify(problem, net).escape_order == order
                moved = landscape.random_critical_point(
                    problem, (3,) * (depth + 1), modes, escape_order=order, seed=order
                )
                assert landscape.classify(problem, moved).escape_order == order


def test_order_4_at_depth_3_is_that_of_a_blocked_point():
    problem = dl.Problem.from_target([[1.0, 0.0], [0.0, 0.0]])
    pattern = landscape.residual_pattern(problem, (2, 1, 1, 2), [], escape_order=4)
    assert pattern.blocked
    net = landscape.critical_point(problem, (2, 1, 1, 2), [], pattern=pattern)
    assert [w.round(12).tolist() for w in net.weights] == [[[0.0, 1.0]], [[0.0]], [[0.0], [1.0]]]
    assert landscape.classify(problem, net).escape_order == 4


def test_the_extremes_of_a_class_bound_all_its_types():
    rng = np.random.default_rng(1)
    for _ in range(60):
        widths = random_widths(rng, depths=(2, 3), largest=3)
        problem = whitened(rng, widths)
        modes = random_class(rng, problem, widths)
        patterns = list(landscape.residual_patterns(problem, widths, modes))
        least = landscape.residual_pattern(problem, widths, modes, extreme="least degenerate")
        most = landscape.residual_pattern(problem, widths, modes)
        assert patterns[0] == most
        assert most.dimension == 0
        assert least.dimension == max(p.dimension for p in patterns)

        def degenerate(pattern, problem=problem, widths=widths, modes=modes):
            net = landscape.critical_point(problem, widths, modes, pattern=pattern)
            return landscape.inertia(problem, net).degenerate

        assert degenerate(most) == max(degenerate(p) for p in patterns)


def test_patterns_of_a_class_are_all_different_and_fill_the_widths():
    found = list(enumerate_patterns((3, 2, 3, 3), 2))
    assert len(set(found)) == len(found) == 63
    for pattern in found:
        assert pattern.n_modes == 2
        assert [pattern.reach[i, i] for i in range(4)] == [3, 2, 3, 3]


def test_the_largest_pattern_is_that_of_a_full_enumeration():
    cases = 0
    for depth, largest in ((2, 4), (3, 3), (4, 2)):
        for widths in itertools.product(range(largest + 1), repeat=depth + 1):
            for n in range(min(widths[0], widths[-1]) + 1):
                best = max(p.dimension for p in enumerate_patterns(widths, n))
                assert largest_pattern(widths, n).dimension == best, (widths, n)
                cases += 1
    assert cases == 1133


def test_without_modes_the_largest_pattern_has_the_dimension_of_the_fiber_of_zero():
    rng = np.random.default_rng(2)
    for case in range(200):
        depth = int(rng.integers(2, 8)) if case % 10 == 0 else int(rng.integers(2, 6))
        widths = tuple(int(d) for d in rng.integers(1, (10, 40, 200)[case % 3], depth + 1))
        assert largest_pattern(widths, 0).dimension == fiber(widths, 0).dimension, widths


def test_square_depth_3_has_the_dimension_derived_by_hand():
    # Z_1 Z_3-complementary ranks a + b <= m: D_1 D_2 + m (a + b) - a^2 - b^2 + (D_1 - D_2)(a - b)
    rng = np.random.default_rng(3)
    for _ in range(100):
        m, d_1, d_2 = (int(d) for d in rng.integers(1, 30, 3))
        best = max(
            d_1 * d_2 + m * (a + b) - a * a - b * b + (d_1 - d_2) * (a - b)
            for a in range(min(m, d_1) + 1)
            for b in range(min(m - a, d_2) + 1)
        )
        assert largest_pattern((m, d_1, d_2, m), m).dimension == best, (m, d_1, d_2)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: ResidualPattern((2, 2, 2), {(0, 1): 1}), "`modes` must hold pairs"),
        (lambda: ResidualPattern((2, 2, 2), {(0, 2): 3}), "use 3 nodes of node layer 0"),
        (lambda: ResidualPattern((2, 2, 2), {}, {(0, 2): 1}), "not all of them"),
        (lambda: ResidualPattern((2, 2, 2), {(0, 2): -1}), "at least 0"),
        (lambda: ResidualPattern((2, 2, 2), [1]), "`modes` must be a mapping"),
        (lambda: ResidualPattern((2, 2, 2), {3: 1}), "pairs of node layers as keys"),
    ],
)
def test_malformed_patterns_are_named(call, expected):
    with pytest.raises((ValueError, TypeError), match=expected):
        call()


P3 = dl.Problem.from_modes([3.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: landscape.critical_point(P3, (3, 3, 3), [0], escape_order=3),
            "`escape_order` must be at most 2, the depth",
        ),
        (
            lambda: landscape.critical_point(P3, (3, 3, 3), [0, 1, 2], escape_order=2),
            "must be None for a class of minima",
        ),
        (
            lambda: landscape.critical_point(P3, (3, 3, 3, 3), [0], escape_order=4),
            "null directions",
        ),
        (
            lambda: landscape.critical_point(
                P3, (3, 3, 3, 3), [0], pattern=ResidualPattern((3, 3, 3, 3), {(0, 3): 3})
            ),
            "must have the residual widths",
        ),
        (
            lambda: landscape.critical_point(P3, (3, 3, 3, 3), [0], pattern="canonical"),
            "must be a ResidualPattern",
        ),
        (
            lambda: landscape.random_critical_point(P3, (3, 3, 3), [0], condition=0.5),
            "`condition` must be at least 1",
        ),
        (lambda: landscape.residual_patterns(P3, (3, 3), [0, 1, 2]), "must have a hidden layer"),
        (
            lambda: landscape.residual_pattern(P3, (3, 3, 3), [0], extreme="worst"),
            "'least degenerate'",
        ),
    ],
)
def test_what_no_class_has_is_refused_with_the_reason(call, expected):
    with pytest.raises((ValueError, TypeError), match=expected):
        call()
