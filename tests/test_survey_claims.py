"""The claims of the survey's abstract that no other test states as such (docs/survey.md)."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import landscape

THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])
DEFICIENT = dl.Problem.from_target(np.diag([2.0, 1.0, 0.0]))
COLORED = dl.Problem.from_moments(np.diag([1.0, 2.0, 0.5]), np.diag([3.0, 2.0, 1.0]))
CASES = {
    "two layers": (THREE, (3, 3, 3)),
    "three layers": (THREE, (3, 3, 3, 3)),
    "four layers and a bottleneck": (THREE, (3, 1, 2, 2, 3)),
    "a target of low rank": (DEFICIENT, (3, 2, 2, 3)),
    "inputs that are not white": (COLORED, (3, 3, 2, 3)),
}
cases = pytest.mark.parametrize(("problem", "widths"), CASES.values(), ids=CASES)

widths_of_any_depth = st.lists(st.integers(1, 4), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def critical_points(problem, widths):
    """A random point of every type of every class, with its class."""
    for found in landscape.lattice(problem, widths):
        for seed, pattern in enumerate(landscape.residual_patterns(problem, widths, found.modes)):
            net = landscape.random_critical_point(
                problem, widths, found.modes, pattern=pattern, condition=2.0, seed=seed
            )
            yield found, net


def size(net):
    return float(np.linalg.norm(net.to_vector()))


def slope(problem, net):
    """The size of the gradient."""
    return float(np.linalg.norm(np.concatenate([g.ravel() for g in dl.gradient(problem, net)])))


@settings(max_examples=25)
@given(widths_of_any_depth, seeds)
def test_all_eigenvalues_of_the_adjacency_matrix_are_zero_along_every_run(widths, seed):
    rng = np.random.default_rng(seed)
    problem = dl.Problem.from_target(rng.standard_normal((widths[-1], widths[0])))
    start = dl.init.gaussian(widths, scale=0.5, seed=rng)
    traj = dl.gradient_flow(problem, start, t_end=2.0, save=3)
    for k in range(len(traj.t)):
        a = traj[k].adjacency()
        powers = [np.linalg.matrix_power(a, p) for p in range(1, len(widths) + 1)]
        assert [float(np.trace(power)) for power in powers] == [0.0] * len(widths)
        assert not powers[-1].any()
        assert not np.linalg.eigvals(a).any()


@settings(max_examples=25)
@given(widths_of_any_depth, seeds)
def test_the_field_is_a_polynomial_of_degree_2h_minus_1(widths, seed):
    rng = np.random.default_rng(seed)
    problem = dl.Problem.from_target(rng.standard_normal((widths[-1], widths[0])))
    base, step = (dl.init.gaussian(widths, scale=1.0, seed=rng).to_vector() for _ in range(2))
    field, _ = dl.vector_field(problem, widths)
    degree = 2 * (len(widths) - 1) - 1
    nodes = np.cos(np.pi * (np.arange(degree + 4) + 0.5) / (degree + 4))
    values = np.array([field(0.0, base + t * step) for t in nodes])
    terms = np.polynomial.chebyshev.chebfit(nodes, values, degree + 3)
    largest = np.abs(terms).max()
    assert np.abs(terms[degree + 1 :]).max() <= 1e-12 * largest
    assert np.abs(terms[degree]).max() > 0


@cases
def test_every_class_of_a_hidden_layer_holds_points_of_one_loss_without_end(problem, widths):
    """Gauge transforms, or a multiple of the residual layers, lead from one point to the others."""
    for found in landscape.lattice(problem, widths):
        alone = landscape.critical_dimension(problem, widths, found.modes) == 0
        n_hidden = len(widths) - 2
        full = len(problem.modes) == problem.rank == widths[-1]
        assert alone == (not found.modes and n_hidden == 1 and full)
        if alone:
            continue
        pattern = landscape.residual_pattern(
            problem, widths, found.modes, extreme="least degenerate"
        )
        net = landscape.critical_point(problem, widths, found.modes, pattern=pattern)
        for t in (10.0, 1e3):
            if found.modes:
                away = dl.geometry.gauge_transform(net, [t * np.eye(d) for d in widths[1:-1]])
            else:
                away = dl.LinearNetwork([t * w for w in net.weights])
            assert size(away) > 0.1 * t
            assert dl.loss(problem, away) == pytest.approx(found.value, rel=1e-12)
            assert slope(problem, away) <= 1e-12 * size(away) ** len(widths)


def test_saddles_are_strict_and_not_within_one_class_of_infinitely_many_points():
    kinds = {}
    for seed, order in itertools.product(range(20), (2, 3)):
        net = landscape.random_critical_point(
            THREE, (3, 3, 3, 3), [0], escape_order=order, seed=seed
        )
        kinds.setdefault(landscape.classify(THREE, net).kind, []).append(net.to_vector())
        lowest = np.linalg.eigvalsh(dl.hessian(THREE, net))[0]
        assert lowest < -1e-3 if order == 2 else lowest > -1e-9
    assert {kind: len(nets) for kind, nets in kinds.items()} == {
        "strict saddle": 20,
        "non-strict saddle": 20,
    }
    for nets in kinds.values():
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(nets, 2)) > 0.1


@cases
def test_no_critical_point_is_a_local_maximum(problem, widths):
    """The loss rises along a positive eigenvector, or against an escape direction."""
    count = 0
    for found, net in critical_points(problem, widths):
        if found.kind == "global minimum":
            continue
        if landscape.inertia(problem, net).positive:
            values, vectors = np.linalg.eigh(dl.hessian(problem, net))
            assert values[-1] > 1e-3
            steps = [sign * 1e-3 * vectors[:, -1] for sign in (1.0, -1.0)]
        else:
            way = landscape.escape(problem, net).directions[0]
            turned = list(way.direction)
            turned[way.layers[0]] = -turned[way.layers[0]]
            steps = [0.05 * np.concatenate([part.ravel() for part in turned])]
        moved = [dl.LinearNetwork.from_vector(net.to_vector() + step, widths) for step in steps]
        assert max(dl.loss(problem, one) for one in moved) > found.value
        count += 1
    assert count >= 6


@cases
def test_no_critical_point_but_the_global_minima_is_a_local_minimum(problem, widths):
    optimum, count = problem.optimum(min(widths)), 0
    for found, net in critical_points(problem, widths):
        verdict = landscape.classify(problem, net)
        assert (verdict.kind == "global minimum") == (found.value <= optimum + 1e-12)
        if verdict.kind == "global minimum":
            continue
        way = landscape.escape(problem, net).directions[0]
        falls = [dl.loss(problem, net) - dl.loss(problem, way(eps)) for eps in (0.02, 0.05, 0.1)]
        assert max(falls) > 0.0
        count += 1
    assert count >= 6


@cases
def test_the_quotient_has_one_point_for_each_class_and_all_others_lie_in_its_fiber(problem, widths):
    points = {}
    for found, net in critical_points(problem, widths):
        canonical = landscape.project(problem, net)
        assert landscape.project(problem, canonical) == canonical
        factor = np.eye(problem.d_in) if problem.factor is None else problem.factor
        assert np.allclose(net.product() @ factor, canonical.product() @ factor, atol=1e-10)
        points.setdefault(found.modes, set()).add(canonical.to_vector().tobytes())
    assert len(points) == len(landscape.lattice(problem, widths))
    assert {len(alike) for alike in points.values()} == {1}
    assert len(set.union(*points.values())) == len(points)


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_the_unstable_set_of_the_origin_is_known_where_the_hessian_is_zero(depth):
    widths = (3,) * (depth + 1)
    origin = landscape.critical_point(THREE, widths, [])
    assert not dl.hessian(THREE, origin).any()
    field, _ = dl.vector_field(THREE, widths)
    for k in range(3):
        orbit = landscape.heteroclinic(THREE, widths, [], k)
        along = orbit.at(1.0).to_vector()
        for a in (0.01, 0.3, 0.9):
            speed = a ** (depth - 1) * (orbit.s - a**depth)
            assert np.abs(field(0.0, orbit.at(a).to_vector()) - speed * along).max() <= 1e-14
        assert landscape.classify(THREE, orbit.target).modes == (k,)


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_starts_of_the_stable_set_of_the_origin_flow_there_where_the_hessian_is_zero(depth):
    problem = dl.Problem.from_modes([1.0])
    start = dl.LinearNetwork([[[-0.5]], *[[[0.5]]] * (depth - 1)])
    assert landscape.ends_in(problem, start, []).answer
    traj = dl.gradient_flow(problem, start, t_end=1e4)
    assert size(traj.final) < 0.1
    assert np.all(np.diff(traj.loss) <= 0.0)
