"""The data of networks, spectra, barcodes and lattices, against values counted by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import init, landscape
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import Barcode
from deeplinear.plot import data

THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])


def test_the_image_is_the_adjacency_matrix_with_its_layers() -> None:
    net = init.gaussian((4, 3, 5), scale=0.3, seed=0)
    found = data.adjacency(net)
    np.testing.assert_array_equal(found.image, net.adjacency())
    assert found.edges.tolist() == [0, 4, 7, 12]
    assert found.limit == np.abs(net.adjacency()).max()
    assert data.adjacency(net, 2.0).limit == 2.0


@given(widths=st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple))
def test_small_networks_are_drawn_edge_by_edge(widths: tuple[int, ...]) -> None:
    net = init.gaussian(widths, scale=1.0, seed=0)
    graph = data.network(net, limit=1e-300)
    matrix = net.adjacency()
    first = np.concatenate([[0], np.cumsum(widths)])
    node = first[graph.layer] + graph.index
    drawn = np.zeros_like(matrix)
    drawn[node[graph.target], node[graph.source]] = graph.weight
    np.testing.assert_array_equal(drawn, matrix)
    assert graph.n_edges == len(graph.weight) == np.count_nonzero(matrix)
    assert (graph.largest_left_out, graph.share) == (0.0, pytest.approx(1.0))
    assert np.all(np.diff(np.abs(graph.weight)) >= 0)


def test_nodes_of_a_layer_are_centered_in_equal_steps() -> None:
    graph = data.network(init.gaussian((4, 2, 1), seed=0))
    assert graph.y[graph.layer == 0].tolist() == [0.375, 0.125, -0.125, -0.375]
    assert graph.y[graph.layer == 1].tolist() == [0.125, -0.125]
    assert graph.y[graph.layer == 2].tolist() == [0.0]


def test_of_wide_layers_the_strongest_nodes_stay_and_the_rest_is_counted() -> None:
    w = np.full((1, 50), 0.1)
    w[0, [7, 30]] = [-2.0, 1.0]
    graph = data.network(dl.LinearNetwork([w]), nodes=2)
    assert graph.index.tolist() == [7, 30, 0]
    assert graph.weight.tolist() == [1.0, -2.0]
    assert graph.left_out.tolist() == [48, 0]
    assert (graph.n_edges, graph.largest_left_out) == (50, 0.1)
    assert graph.share == pytest.approx(5.0 / 5.48)


def test_at_most_so_many_edges_are_kept_the_largest_first() -> None:
    net = init.gaussian((8, 8, 8), seed=0)
    graph = data.network(net, edges=10)
    moduli = np.sort(np.abs(net.to_vector()))[::-1]
    np.testing.assert_array_equal(np.abs(graph.weight)[::-1], moduli[:10])
    assert graph.largest_left_out == moduli[10]
    assert graph.share == pytest.approx(np.sum(moduli[:10] ** 2) / np.sum(moduli**2))


def test_extreme_weights_have_a_graph() -> None:
    for size in (0.0, 1e-200, 1e200):
        graph = data.network(dl.LinearNetwork([np.full((2, 2), size)] * 2))
        assert graph.share == pytest.approx(1.0)
        assert len(graph.weight) == (8 if size else 0)
    wide = data.network(init.gaussian((1000, 1000, 10), seed=0))
    assert len(wide.layer) == 16 + 16 + 10
    assert wide.left_out.tolist() == [984, 984, 0]


def test_a_spectrum_is_counted_by_sign() -> None:
    point = landscape.critical_point(THREE, (3, 3, 3), [1])
    found = data.spectrum(THREE, point)
    dense = np.linalg.eigvalsh(dl.hessian(THREE, point))
    np.testing.assert_allclose(found.negative, dense[dense < -1e-9], atol=1e-9)
    np.testing.assert_allclose(found.positive, dense[dense > 1e-9], atol=1e-9)
    assert found.zeros == np.sum(np.abs(dense) < 1e-9)
    assert found.computed


def test_a_spectrum_that_would_be_costly_is_not_computed() -> None:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 24))
    found = data.spectrum(problem, init.gaussian((24, 24, 24, 24), scale=0.3, seed=0))
    assert (found.computed, found.n_compressed, found.zeros) == (False, 1728, 0)


def test_bars_are_ordered_full_first_with_the_rank_of_the_map() -> None:
    found = data.barcode(Barcode({(0, 2): 2, (0, 0): 1, (1, 2): 3, (0, 1): 1}))
    ends = [(bar.born, bar.last, bar.multiplicity, bar.full) for bar in found.bars]
    assert ends == [(0, 2, 2, True), (0, 1, 1, False), (0, 0, 1, False), (1, 2, 3, False)]
    np.testing.assert_allclose([bar.row for bar in found.bars], [0.0, 1.6, 2.6, 4.2])
    assert (found.rank, found.widths) == (2, (4, 6, 5))
    assert (found.gap, found.gap_layers, found.certain) == (None, None, True)
    doubt = data.barcode(dl.LinearNetwork([np.diag([1.0, 2e-10, 1e-11]), np.eye(3)]))
    assert not doubt.certain
    assert doubt.gap_layers is not None


def test_a_lattice_has_every_class_with_its_value_and_every_orbit() -> None:
    diagram = data.lattice(landscape.lattice(THREE, (3, 3, 3)))
    s = THREE.modes.s
    for j, modes in enumerate(diagram.modes):
        left = sum(s[k] ** 2 for k in range(3) if k not in modes)
        assert diagram.gap[j] == pytest.approx(0.5 * left)
        assert diagram.rank[j] == len(modes) == round(diagram.x[j])
        assert diagram.height[j] == pytest.approx((np.sqrt(left / 14) + 0.045) / 1.09)
    for (i, j), k in zip(diagram.edges, diagram.edge_mode, strict=True):
        assert set(diagram.modes[j]) - set(diagram.modes[i]) == {k}
    assert len(diagram.edges) == 12
    assert diagram.n_runs == 0
    assert not diagram.visited.any()
    assert diagram.lowest == {diagram.modes.index(m) for m in ((), (0,), (0, 1), (0, 1, 2))}


def test_the_paths_of_runs_are_counted_on_the_lattice() -> None:
    starts = [init.gaussian((3, 3, 3), scale=1e-3, seed=k) for k in range(3)]
    visits = [dl.itinerary(dl.gradient_flow(THREE, net)) for net in starts]
    diagram = data.lattice(landscape.lattice(THREE, (3, 3, 3)), visits)
    paths = [[visit.modes for visit in one] for one in visits]
    for j, modes in enumerate(diagram.modes):
        assert diagram.visits[j] == sum(modes in path for path in paths)
    taken = [pair for path in paths for pair in itertools.pairwise(path)]
    for step in diagram.steps:
        pair = diagram.modes[step.source], diagram.modes[step.target]
        assert step.runs == taken.count(pair)
        assert not step.returned
        gained = set(pair[1]) - set(pair[0])
        assert step.mode == (min(gained) if len(gained) == 1 else None)
    assert sum(step.runs for step in diagram.steps) == len(taken)


def test_classes_are_apart_at_every_size_of_the_axes() -> None:
    problem = dl.Problem.from_modes([5.0, 4.0, 3.0, 2.0, 1.0])
    diagram = data.lattice(landscape.lattice(problem, (5, 5, 5)))
    for width, height in ((300.0, 200.0), (900.0, 500.0)):
        placed = diagram.laid_out(width, height)
        points = np.column_stack([placed.x * width / 6, height * placed.height])
        apart = np.abs(points[:, None] - points[None]).max(axis=2) + 99 * np.eye(len(points))
        assert apart.min() >= 7.0
    np.testing.assert_array_equal(diagram.gap, placed.gap)


def test_what_does_not_fit_is_refused_by_name() -> None:
    for prepare in (data.adjacency, data.network):
        with pytest.raises(ArgumentTypeError, match="`net` must be a LinearNetwork"):
            prepare(None)  # type: ignore[operator]
        with pytest.raises(ArgumentError, match="`limit` must be greater than 0"):
            prepare(dl.LinearNetwork([[[1.0]]]), limit=0.0)  # type: ignore[operator]
    with pytest.raises(ArgumentTypeError, match="`lattice` must be a Lattice"):
        data.lattice(THREE)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="`barcode_or_network`"):
        data.barcode(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="widths"):
        data.spectrum(THREE, dl.LinearNetwork([[[1.0]]]))
