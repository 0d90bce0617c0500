"""The lattice of all classes: every entry against what is computed for its canonical point."""

import itertools
import math

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import landscape
from tests.landscape.problems import KINDS, random_widths


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_is_what_its_canonical_point_is(kind):
    rng = np.random.default_rng(1)
    for _ in range(12):
        widths = random_widths(rng, depths=(1, 2, 3, 4))
        problem = KINDS[kind](rng, widths)
        found = landscape.lattice(problem, widths)
        values = dict(landscape.critical_values(problem, widths))
        assert {one.modes for one in found} == set(values)
        for i, one in enumerate(found):
            point = found.point(one.modes)
            verdict = landscape.classify(problem, point)
            assert one.value == pytest.approx(values[one.modes], rel=1e-12, abs=1e-15)
            assert dl.loss(problem, point) == pytest.approx(one.value, rel=1e-9, abs=1e-12)
            assert (one.kind, one.escape_order) == (verdict.kind, verdict.escape_order)
            assert one.index == landscape.inertia(problem, point).index
            assert one.dimension == landscape.critical_dimension(problem, widths, one.modes)
            assert found.position(one.modes) == i
            assert found[one.modes] == one


def test_edges_join_exactly_the_sets_that_differ_by_one_mode_and_the_loss_falls():
    problem = dl.Problem.from_modes([4.0, 3.0, 2.0, 1.0])
    found = landscape.lattice(problem, (4, 3, 4))
    edges = list(found.edges())
    sets = [set(one.modes) for one in found]
    wanted = {
        (tuple(sorted(a)), tuple(sorted(b)))
        for a, b in itertools.permutations(sets, 2)
        if a < b and len(b) == len(a) + 1
    }
    assert {(edge.source, edge.target) for edge in edges} == wanted
    assert len(edges) == len(wanted) == 4 + 12 + 12
    for edge in edges:
        assert set(edge.target) - set(edge.source) == {edge.mode}
        drop = found[edge.source].value - found[edge.target].value
        assert edge.drop == pytest.approx(drop)
        assert edge.drop > 0
        assert math.isnan(edge.time)


def test_learning_times_are_those_of_the_flow_along_the_orbit():
    problem = dl.Problem.from_modes([2.0, 1.0], seed=3)
    found = landscape.lattice(problem, (2, 3, 3, 2))
    for edge in found.edges(amplitude=0.05):
        orbit = landscape.heteroclinic(problem, (2, 3, 3, 2), edge.source, edge.mode)
        traj = dl.gradient_flow(problem, orbit.at(0.05), t_end=edge.time, rtol=1e-9)
        half = problem.modes.s[edge.mode] / 2
        assert traj.mode_strengths[-1, edge.mode] == pytest.approx(half, rel=1e-6)


def test_equal_modes_are_counted_by_group():
    problem = dl.Problem.from_modes([3.0, 2.0, 2.0, 1.0, 1.0, 1.0])
    found = landscape.lattice(problem, (6, 6, 6, 6))
    assert len(found) == 2 * 3 * 4 == landscape.critical_values(problem, (6,) * 4).count
    assert found[0, 1].kind == "non-strict saddle"
    assert found[1, 2].index == 2
    assert found[1,].modes == (1,)
    assert len(found.steps[0]) == 12 + 16 + 18


def test_65536_classes_are_built_and_summarized():
    problem = dl.Problem.from_modes(np.linspace(9.0, 1.0, 16))
    found = landscape.lattice(problem, (16, 16, 16, 16))
    summary = found.summary()
    assert summary["n_classes"] == 65536
    assert summary["n_edges"] == 16 * 2**15
    assert summary["kinds"] == {
        "global minimum": 1,
        "strict saddle": 65536 - 17,
        "non-strict saddle": 16,
    }
    assert summary["by_rank"] == [math.comb(16, r) for r in range(17)]
    assert summary["largest_index"] == 64
    assert found.value.min() == 0.0


def test_a_bottleneck_cuts_the_lattice_and_a_larger_one_is_refused_with_the_remedy():
    problem = dl.Problem.from_modes(np.linspace(9.0, 1.0, 30))
    found = landscape.lattice(problem, (30, 2, 30))
    assert len(found) == 1 + 30 + 435
    assert len(landscape.lattice(problem, (30, 30, 30), max_rank=2)) == 1 + 30 + 435
    with pytest.raises(ValueError, match=r"has 1073741824.*max_rank"):
        landscape.lattice(problem, (30, 30, 30))
    with pytest.raises(ValueError, match="`modes` must name a class of this lattice"):
        landscape.lattice(problem, (30, 30, 30), max_rank=2)[0, 1, 2]


def test_the_graph_has_a_node_for_every_class_and_an_edge_for_every_orbit():
    networkx = pytest.importorskip("networkx")
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    graph = landscape.lattice(problem, (3, 3, 3, 3)).to_networkx(amplitude=1e-2)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (8, 12)
    assert networkx.is_directed_acyclic_graph(graph)
    assert [n for n in graph if graph.in_degree(n) == 0] == [()]
    assert graph.nodes[0, 1]["escape_order"] == 3
    time = graph.edges[(), (0,)]["time"]
    assert time == pytest.approx(dl.exact.mode_time(3.0, 3, 1e-2, 1.5 ** (1 / 3)))


@pytest.mark.parametrize(
    ("problem", "amplitude", "expected"),
    [
        (dl.Problem.from_modes([2.0, 1.0]), 0.0, "`amplitude` must be greater than 0"),
        (dl.Problem.from_modes([2.0, 1.0]), 0.9, "`amplitude` must be below 0.79"),
        (KINDS["general"](np.random.default_rng(0), (2, 2)), 0.1, "not whitened"),
    ],
)
def test_learning_times_that_do_not_exist_are_refused(problem, amplitude, expected):
    found = landscape.lattice(problem, (2, 2, 2, 2))
    with pytest.raises(ValueError, match=expected):
        list(found.edges(amplitude))


def test_inputs_that_are_all_zero_leave_one_class_of_minima():
    problem = dl.Problem.from_moments(np.zeros((2, 2)), np.zeros((2, 2)))
    found = landscape.lattice(problem, (2, 3, 2))
    assert [(one.kind, one.dimension) for one in found] == [("global minimum", 12)]
    net = dl.init.gaussian((2, 3, 2), scale=1.0, seed=0)
    assert landscape.classify(problem, net).kind == "global minimum"
    assert landscape.inertia(problem, net).tangent == 12
    assert landscape.escape(problem, net).directions == ()


def test_a_lattice_prints_itself_in_aligned_lines():
    text = repr(landscape.lattice(dl.Problem.from_modes([3.0, 1.0]), (2, 2, 2)))
    assert text.splitlines()[0] == "Lattice(widths 2-2-2)"
    assert "4, joined by 4 orbits" in text
    assert max(map(len, text.splitlines())) <= 80
