"""Residual patterns: the types of critical points, built, read back and counted."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import landscape
from deeplinear.landscape import ResidualPattern
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
    assert count == 124


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


@pytest.mark.parametrize(
    ("widths", "count"), [((3,) * 4, 23), ((6,) * 4, 106), ((3,) * 5, 325)], ids=str
)
def test_the_numbers_of_types_are_those_of_the_docstring(widths, count):
    problem = dl.Problem.from_modes(np.arange(widths[0], 0, -1.0))
    assert sum(1 for _ in landscape.residual_patterns(problem, widths, [])) == count


def test_patterns_of_a_class_are_all_different_and_fill_the_widths():
    found = list(enumerate_patterns((3, 2, 3, 3), 2))
    assert len(set(found)) == len(found) == 63
    for pattern in found:
        assert pattern.n_modes == 2
        assert [pattern.reach[i, i] for i in range(4)] == [3, 2, 3, 3]


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
            lambda: landscape.critical_point(P3, (3, 3, 3, 3), [1], escape_order=3),
            "`escape_order` must be 2 for the class",
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
