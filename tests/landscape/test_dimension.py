"""The dimension of critical sets: against enumerations, tangent spaces and known formulas."""

import itertools

import numpy as np
import pytest

from deeplinear import Problem, landscape
from deeplinear.geometry import fiber
from deeplinear.landscape._dimension import residual_dimension
from deeplinear.landscape._largest_pattern import largest_pattern
from deeplinear.landscape._pattern import enumerate_patterns
from tests.landscape.problems import KINDS, random_class, random_widths


def test_the_formula_and_the_largest_pattern_are_those_of_all_enumerations():
    cases = 0
    for depth, largest in ((2, 6), (3, 4), (4, 2), (5, 1)):
        for widths in itertools.product(range(largest + 1), repeat=depth + 1):
            for n in range(min(widths[0], widths[-1]) + 1):
                best = max(p.dimension for p in enumerate_patterns(widths, n))
                assert residual_dimension(widths, n) == best, (widths, n)
                assert largest_pattern(widths, n).dimension == best, (widths, n)
                cases += 1
    assert cases == 2813


def test_a_pattern_of_the_dimension_of_the_formula_exists_for_wide_and_deep_networks():
    rng = np.random.default_rng(0)
    for case in range(60):
        depth = int(rng.integers(2, 7))
        widths = tuple(int(d) for d in rng.integers(1, (6, 20, 100)[case % 3], depth + 1))
        n = int(rng.integers(0, min(widths[0], widths[-1]) + 1))
        assert largest_pattern(widths, n).dimension == residual_dimension(widths, n), (widths, n)


def test_square_depth_3_has_the_dimension_derived_by_hand():
    # Ranks a of Z_1 and b of Z_3 with a + b <= m; Z_2 kills the image of Z_1, and Z_3 that of Z_2:
    # D_1 D_2 + m (a + b) - a^2 - b^2 + (D_1 - D_2)(a - b)
    rng = np.random.default_rng(3)
    for _ in range(200):
        m, d_1, d_2 = (int(d) for d in rng.integers(1, 40, 3))
        best = max(
            d_1 * d_2 + m * (a + b) - a * a - b * b + (d_1 - d_2) * (a - b)
            for a in range(min(m, d_1) + 1)
            for b in range(min(m - a, d_2) + 1)
        )
        assert residual_dimension((m, d_1, d_2, m), m) == best, (m, d_1, d_2)


def test_the_set_of_all_minima_of_a_full_rank_target_is_the_fiber_of_the_target():
    rng = np.random.default_rng(1)
    for _ in range(60):
        widths = random_widths(rng, largest=5)
        m = int(rng.integers(1, min(widths) + 1))
        problem = Problem.from_modes(np.arange(m, 0, -1.0), d_in=widths[0], d_out=widths[-1])
        found = landscape.critical_dimension(problem, widths, range(m))
        assert found == fiber(widths, m).dimension, (widths, m)


def jacobian(problem, net):
    """Of P F = P_S F and W_{h:i+1}^T R W_{i-1:1}^T = 0 for all i, the residual R held fixed."""
    w, d, h = net.weights, net.widths, net.depth
    factor = np.eye(problem.d_in) if problem.factor is None else problem.factor

    def product(a, b):
        out = np.eye(d[a])
        for i in range(a, b):
            out = w[i] @ out
        return out

    before = [product(0, i) @ factor for i in range(h + 1)]
    after = [product(i, h) for i in range(h + 1)]
    residual = problem.factor_target - before[h]
    rows = []
    for k, layer in enumerate(w):
        for entry in range(layer.size):
            v = np.zeros_like(layer)
            v.flat[entry] = 1.0
            parts = [(after[k + 1] @ v @ before[k]).ravel()]
            for i in range(h):
                change = np.zeros_like(w[i])
                if k > i:
                    change = (after[k + 1] @ v @ product(i + 1, k)).T @ residual @ before[i].T
                elif k < i:
                    change = after[i + 1].T @ residual @ (product(k + 1, i) @ v @ before[k]).T
                parts.append(change.ravel())
            rows.append(np.concatenate(parts))
    return np.array(rows)


@pytest.mark.parametrize(
    "kind", ["whitened", "general", "rank-deficient", "rank-deficient, whitened"]
)
def test_the_dimension_is_that_of_the_tangent_space_at_random_points(kind):
    rng = np.random.default_rng(5)
    for case in range(50):
        widths = random_widths(rng)
        problem = KINDS[kind](rng, widths)
        modes = random_class(rng, problem, widths)
        pattern = landscape.residual_pattern(problem, widths, modes, extreme="least degenerate")
        net = landscape.random_critical_point(
            problem, widths, modes, pattern=pattern, condition=3.0, seed=case
        )
        values = np.linalg.svd(jacobian(problem, net), compute_uv=False)
        tangent = net.n_params - int(np.sum(values > 1e-9 * values[0]))
        assert landscape.critical_dimension(problem, widths, modes) == tangent, (widths, modes)
        assert landscape.inertia(problem, net).tangent == tangent


def test_frames_of_equal_modes_add_their_grassmannian():
    problem = Problem.from_modes([2.0, 2.0, 2.0, 1.0])
    plain = Problem.from_modes([2.0, 1.9, 1.8, 1.0])
    for modes, extra in (((), 0), ((0,), 2), ((0, 1), 2), ((0, 1, 2), 0), ((0, 3), 2)):
        found = landscape.critical_dimension(problem, (4, 4, 4, 4), modes)
        assert found == landscape.critical_dimension(plain, (4, 4, 4, 4), modes) + extra


def test_one_layer_has_one_critical_set_of_frozen_directions():
    problem = KINDS["rank-deficient"](np.random.default_rng(0), (4, 3))
    assert problem.rank == 3
    assert landscape.critical_dimension(problem, (4, 3), range(len(problem.modes))) == 3
