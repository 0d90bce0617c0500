"""Inertia: signs of Hessian eigenvalues without eigenvalues, and what the zeros are."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import landscape
from deeplinear.geometry import random_gauge
from deeplinear.landscape._inertia import inertia_of
from tests.landscape.problems import KINDS, random_class, random_widths
from tests.landscape.random_points import points


def counted(problem, net):
    """Negative, zero and positive eigenvalues of the dense Hessian, above a clear gap."""
    values = np.linalg.eigvalsh(dl.hessian(problem, net))
    s = problem.modes.s
    natural = float(s[0]) ** (2 - 2 / net.depth) if len(s) else 1.0
    scale = max(float(np.abs(values).max()), natural)
    sizes = np.abs(values) / scale
    assert not np.any((sizes > 1e-10) & (sizes < 1e-7))
    zero = int(np.sum(sizes <= 1e-10))
    return int(np.sum(values < -1e-8 * scale)), zero, int(np.sum(values > 1e-8 * scale))


def signs(found):
    return found.index, found.nullity, found.positive


def test_the_signs_are_those_of_dense_hessians_at_600_random_points_of_every_type():
    for p in points(600, seed=21):
        found = landscape.inertia(p.problem, p.net)
        assert signs(found) == counted(p.problem, p.plain), p.description
        assert found.tangent >= 0, p.description
        assert found.degenerate >= 0, p.description
        assert found.margin > 1e4, p.description


@pytest.mark.parametrize("kind", ["equal modes", "rank-deficient"])
def test_the_signs_are_those_of_dense_hessians_for_all_types_of_random_classes(kind):
    rng = np.random.default_rng(3)
    for case in range(60):
        widths = random_widths(rng)
        problem = KINDS[kind](rng, widths)
        modes = random_class(rng, problem, widths)
        patterns = list(landscape.residual_patterns(problem, widths, modes))
        pattern = patterns[rng.integers(len(patterns))]
        net = landscape.random_critical_point(
            problem, widths, modes, pattern=pattern, condition=2.0, seed=case
        )
        found = landscape.inertia(problem, net)
        assert signs(found) == counted(problem, net)
        assert found.pattern == pattern


@pytest.mark.parametrize(
    "widths", [(2, 2, 2, 2), (3, 2, 3), (3, 3, 2, 3), (2, 3, 2, 3, 2)], ids=str
)
def test_the_signs_of_every_pattern_are_those_of_its_dense_hessian(widths):
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=widths[0], d_out=widths[-1], seed=1)
    orders = set()
    for modes in ((), (0,), (1,)):
        for pattern in landscape.residual_patterns(problem, widths, modes):
            net = landscape.critical_point(problem, widths, modes, pattern=pattern)
            assert signs(landscape.inertia(problem, net)) == counted(problem, net), pattern
            orders.add(pattern.escape_order)
    assert 2 in orders


def test_a_generic_point_of_order_2_is_counted_at_any_width():
    rng = np.random.default_rng(6)
    for widths, wide in (((9, 8, 7, 9), False), ((8, 6, 7, 5, 8), False), ((256,) * 4, True)):
        problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=widths[0], d_out=widths[-1], seed=2)
        pattern = landscape.residual_pattern(problem, widths, [0], extreme="least degenerate")
        net = landscape.random_critical_point(
            problem, widths, [0], pattern=pattern, condition=2.0, seed=int(rng.integers(100))
        )
        found = landscape.inertia(problem, net)
        assert pattern.escape_order == 2
        assert found.index > 0
        if not wide:
            assert signs(found) == counted(problem, net)


def test_500_gauge_transforms_of_condition_1000_change_nothing():
    sample = [p for p in points(400, seed=8) if p.net.depth <= 4][:100]
    count = 0
    for i, p in enumerate(sample):
        wanted = landscape.inertia(p.problem, p.plain)
        for j in range(5):
            moved = random_gauge(p.plain, condition=1e3, seed=1000 * i + j)
            found = inertia_of(p.problem, moved, p.modes)
            assert signs(found) == signs(wanted), p.description
            assert found.tangent == wanted.tangent, p.description
            count += 1
    assert count == 500


def test_degenerate_zeros_vanish_at_smooth_minima_only():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    minimum = landscape.random_critical_point(problem, (3, 4, 3), (0, 1, 2), seed=1)
    assert landscape.inertia(problem, minimum).degenerate == 0
    origin = landscape.critical_point(problem, (3, 3, 3, 3), [])
    found = landscape.inertia(problem, origin)
    assert (found.tangent, found.degenerate, found.nullity) == (0, 27, 27)


def test_a_wide_network_is_read_in_seconds_without_a_hessian():
    problem = dl.Problem.from_modes(np.linspace(5.0, 1.0, 10), d_in=512, d_out=10, seed=0)
    widths = (512, 512, 512, 10)
    net = landscape.random_critical_point(problem, widths, range(4), seed=0)
    verdict = landscape.classify(problem, net)
    assert (verdict.kind, verdict.escape_order) == ("non-strict saddle", 3)
    found = landscape.inertia(problem, net)
    # 4 learned directions with each other, with the 508 other inputs and the 6 other outputs
    assert signs(found) == (0, net.n_params - 16 - 4 * 514, 16 + 4 * 514)
    assert found.tangent == sum(d * d - (d - 4) ** 2 for d in (512, 512))


def test_one_layer_has_the_signs_of_its_inputs():
    problem = KINDS["rank-deficient"](np.random.default_rng(0), (4, 3))
    net = dl.LinearNetwork([problem.solution()])
    assert signs(landscape.inertia(problem, net)) == (0, 3, 9)


def test_a_classification_has_the_whole_second_order_picture():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    saddle = landscape.random_critical_point(problem, (3, 4, 4, 3), [1, 2], seed=2)
    found = landscape.classify(problem, saddle)
    assert found.inertia == landscape.inertia(problem, saddle)
    wanted = np.linalg.eigvalsh(dl.hessian(problem, saddle))
    assert found.spectrum() == pytest.approx(wanted, abs=1e-11)
    assert found.lowest(2).values == pytest.approx(wanted[:2], abs=1e-11)
    assert "inertia" not in found.facts()
    apart = landscape.classify(problem, dl.init.gaussian((3, 4, 4, 3), scale=0.3, seed=0))
    assert apart.inertia is None


def test_a_point_that_is_not_critical_is_refused_with_the_remedy():
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ValueError, match=r"`net` must be a critical point.*refine"):
        landscape.inertia(problem, dl.init.gaussian((2, 2, 2), scale=0.3, seed=0))


def test_ranks_in_doubt_are_not_decided():
    problem = dl.Problem.from_modes([2.0, 1.0])
    net = landscape.critical_point(problem, (2, 9, 9, 2), [0])
    weights = [w.copy() for w in net.weights]
    weights[1][1:, 1:] = np.diag(10.0 ** (-1.5 * np.arange(1, 9)))  # no gap is wide
    found = inertia_of(problem, dl.LinearNetwork(weights), (0,))
    assert found.index is None
    assert found.margin < 100
    assert "in doubt" in repr(found)
