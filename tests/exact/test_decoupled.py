"""Decoupled starts: recognition and independent chains, against the flow (theory §6, §7.4)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import exact
from deeplinear._core.errors import ArgumentError
from tests.exact.conftest import flow, products, rank_deficient

identity = settings(deadline=None, derandomize=True, max_examples=60)
TIMES = np.array([0.0, 0.1, 1.0, 3.0])


def compared(problem, net, *, bound=1e-10):
    """Check weights and products against the integrated flow; return the weights."""
    weights = exact.decoupled_weights(problem, net, TIMES)
    assert weights.shape == (len(TIMES), net.n_params)
    assert np.abs(weights - flow(problem, net, TIMES)).max() <= bound
    p = exact.decoupled(problem, net, TIMES)
    assert np.abs(p - products(weights, net.widths)).max() <= 1e-13
    return weights


@st.composite
def starts(draw):
    widths = tuple(draw(st.lists(st.integers(1, 5), min_size=2, max_size=5)))
    values = st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.0])
    s = draw(st.lists(values, min_size=1, max_size=min(widths[0], widths[-1])))
    n = draw(st.integers(1, min(widths)))
    entries = st.sampled_from([0.5, -0.5, 0.1, 0.0, 1.2, -0.8, 0.3, -1.1, 0.7])
    rows = st.lists(entries, min_size=n, max_size=n)
    a = draw(st.lists(rows, min_size=len(widths) - 1, max_size=len(widths) - 1))
    seed = draw(st.integers(0, 99))
    problem = dl.Problem.from_modes(s, d_in=widths[0], d_out=widths[-1], seed=seed)
    return problem, dl.init.decoupled(problem, widths, a, seed=seed)


@identity
@given(starts())
def test_weights_and_products_agree_with_the_flow(start):
    problem, net = start
    compared(problem, net)
    assert exact.decoupling(problem, net).violation <= 1e-12


@identity
@given(starts())
def test_the_chains_are_those_of_the_start(start):
    problem, net = start
    found = exact.decoupling(problem, net)
    n = len(found.s)
    assert found.amplitudes.shape == (net.depth, n)
    assert [o.shape for o in found.frames] == [(d, n) for d in net.widths]
    for w, a, below, above in zip(
        net.weights, found.amplitudes, found.frames[:-1], found.frames[1:], strict=True
    ):
        assert np.abs(w @ below - above * a).max(initial=0.0) <= 1e-13
        assert np.abs(below.T @ below - np.eye(n)).max(initial=0.0) <= 1e-13
    assert np.sum(found.amplitudes == 0, axis=0).max(initial=0) <= 1
    gradient = dl.gradient(problem, net)
    moved = exact.decoupled_weights(problem, net, 1e-7)[0] - net.to_vector()
    slope = -np.concatenate([g.ravel() for g in gradient]) * 1e-7
    assert np.abs(moved - slope).max() <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_unequal_conserved_values_of_any_sign(seed):
    rng = np.random.default_rng(seed)
    problem = dl.Problem.from_modes([3.0, 2.0, 0.7], d_in=5, d_out=4, seed=seed)
    net = dl.init.decoupled(problem, (5, 4, 6, 3, 4), rng.standard_normal((4, 3)), seed=seed)
    compared(problem, net)


@pytest.mark.parametrize("widths", [(4, 4), (4, 3, 4), (4, 5, 4, 4), (6, 4, 4, 5, 4)])
def test_repeated_singular_values_are_split_by_the_layers(widths):
    problem = dl.Problem.from_modes([2.0] * 4, d_in=widths[0], seed=1)
    depth, n = len(widths) - 1, min(widths)
    table = np.full((depth, n), 0.5)  # equal in all layers but the last, and in sign
    table[-1] = [0.5, -0.5, 0.3, 0.3][:n]
    compared(problem, dl.init.decoupled(problem, widths, table, seed=2))
    # Only the last, or only a middle layer tells the modes apart, and the first is zero.
    table[0] = 0.0
    compared(problem, dl.init.decoupled(problem, widths, table, seed=2))


def test_modes_whose_strengths_differ_by_ten_orders():
    problem = dl.Problem.from_modes([2.0, 1.0], seed=1)
    table = [[1.0, 1e-5], [1.0, 1e-5]]
    compared(problem, dl.init.decoupled(problem, (2, 3, 2), table, seed=2))
    table = [[1.0, 1e-6], [1.0, 1e-6], [1.0, 0.5]]
    compared(problem, dl.init.decoupled(problem, (2, 3, 3, 2), table, seed=2))
    near_a_saddle = dl.init.decoupled(problem, (2, 3, 4, 3, 2), [1.2, 1e-3], seed=2)
    compared(problem, near_a_saddle)
    assert exact.decoupling(problem, near_a_saddle).violation <= 1e-14


def test_modes_with_a_missing_layer_or_no_target_freeze_or_move_as_they_should():
    problem = dl.Problem.from_modes([2.0, 1.0, 0.5, 0.0, 0.0], seed=1)
    table = np.array(
        [[0.0, 0.0, 0.7, 0.6, 0.0], [0.5, 0.0, 0.8, 0.7, 0.4], [0.4, 0.3, 0.9, 0.8, 1]]
    )
    net = dl.init.decoupled(problem, (5, 5, 6, 5), table, seed=2)
    weights = compared(problem, net)
    found = exact.decoupling(problem, net)
    assert found.s == pytest.approx([2.0, 0.5, 0.0], abs=1e-14)
    late = dl.LinearNetwork.from_vector(exact.decoupled_weights(problem, net, 1e8)[0], net.widths)
    strengths = np.diag(problem.modes.u.T @ late.product() @ problem.modes.v)
    assert strengths == pytest.approx([2.0, 0.0, 0.5], abs=1e-13)
    assert np.abs(weights[0] - net.to_vector()).max() <= 1e-15


def test_an_aligned_start_of_a_zero_target_is_decoupled():
    problem = dl.Problem.from_target(np.zeros((3, 4)))
    net = dl.init.aligned(
        (4, 3, 5, 3), [[1.0, -0.5, 0.2], [0.3, 0.8, 0.0], [1.0, 1.0, 1.0]], seed=3
    )
    compared(problem, net)


def test_whitened_rank_deficient_inputs_are_served_with_their_frozen_columns():
    problem = rank_deficient([2.0, 1.0], 5, 4, seed=1)
    net = dl.init.decoupled(problem, (5, 3, 3, 4), [[0.5, 0.2], [-0.3, 0.4], [0.7, 0.9]], seed=1)
    outside = np.eye(5) - problem.sxx
    first = net.weights[0] + np.outer([0.3, -0.2, 0.1], outside[0])
    off = dl.LinearNetwork([first, *net.weights[1:]])
    for start in (net, off):
        weights = compared(problem, start)
        change = dl.LinearNetwork.from_vector(weights[-1] - weights[0], net.widths).weights[0]
        assert np.abs(change @ outside).max() <= 1e-14


def test_orthogonal_starts_of_an_orthogonal_target_in_its_frames():
    problem = dl.Problem.from_modes([1.0] * 4, seed=0)
    net = dl.init.decoupled(problem, (4, 4, 4), 0.2, seed=5)
    late = exact.decoupled(problem, net, [1e4, 1e300])
    assert np.abs(late - problem.target).max() <= 1e-14


def test_scales_do_not_matter_to_the_recognition():
    sigma = dl.Problem.from_modes([2.0, 1.0], seed=1).target
    net = dl.init.decoupled(dl.Problem.from_target(sigma), (2, 3, 2), [0.5, -0.4], seed=2)
    for unit in (1e-80, 1e70):
        problem = dl.Problem.from_target(sigma * unit)
        scaled = dl.LinearNetwork([w * unit for w in net.weights])
        assert exact.decoupling(problem, scaled).violation <= 1e-13


@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_violation_measures_the_disturbance(size, layer):
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    net = dl.init.decoupled(problem, (3, 3, 3, 3), [[0.5, 0.4, 0.3]] * 3, seed=2)
    layers = [w.copy() for w in net.weights]
    layers[layer] += size * np.random.default_rng(0).standard_normal((3, 3))
    disturbed = dl.LinearNetwork(layers)
    assert 0.03 * size <= exact.decoupling(problem, disturbed).violation <= 30 * size
    for function in (exact.decoupled, exact.decoupled_weights):
        with pytest.raises(
            ArgumentError, match=r"violates this by \d\.\d\de-\d\d relative"
        ) as error:
            function(problem, disturbed, 1.0)
    assert 'gradient_flow(problem, net, method="explicit")' in str(error.value)


@pytest.mark.parametrize("s", [[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [2.0]])
@pytest.mark.parametrize("make", [dl.init.gaussian, dl.init.orthogonal, dl.init.balanced])
def test_other_starts_are_refused(s, make):
    problem = dl.Problem.from_modes(s, d_in=4, d_out=3, seed=1)
    for widths in ((4, 3, 3), (4, 5, 3, 3)):
        net = make(widths, scale=0.5, seed=1)
        assert exact.decoupling(problem, net).violation > 1e-6
        with pytest.raises(ArgumentError, match="must be decoupled"):
            exact.decoupled(problem, net, 1.0)


def test_chains_that_end_in_the_wrong_mode_are_refused():
    # Aligned, in the frames of the target, but mode 0 of the inputs is sent to mode 1.
    net = dl.LinearNetwork([np.eye(2), [[0.0, 1.0], [1.0, 0.0]]])
    with pytest.raises(ArgumentError, match="must be decoupled"):
        exact.decoupled(dl.Problem.from_modes([2.0, 1.0]), net, 1.0)
    # With equal values it is decoupled, by chains of both signs.
    problem = dl.Problem.from_modes([2.0, 2.0])
    assert sorted(np.prod(exact.decoupling(problem, net).amplitudes, axis=0)) == pytest.approx(
        [-1.0, 1.0]
    )
    compared(problem, net)
    # A quarter turn has no real chains.
    turned = dl.LinearNetwork([np.eye(2), [[0.0, -1.0], [1.0, 0.0]]])
    with pytest.raises(ArgumentError, match="must be decoupled"):
        exact.decoupled(problem, turned, 1.0)


def test_bad_arguments_are_named():
    general = dl.Problem.from_moments([[2.0, 0.0], [0.0, 1.0]], np.eye(2))
    with pytest.raises(ArgumentError, match="`problem` must be whitened"):
        exact.decoupled(general, dl.init.identity((2, 2, 2)), 1.0)
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ArgumentError, match="`t` must hold no negative times"):
        exact.decoupled(problem, dl.init.identity((2, 2, 2)), [-1.0])
    with pytest.raises(ArgumentError, match="`widths` must end with 2"):
        exact.decoupling(problem, dl.init.identity((2, 2, 3)))
