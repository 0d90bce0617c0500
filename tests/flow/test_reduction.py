"""Exact reduction: the finest splitting is found, and its flow is that of the network."""

import itertools

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import deeplinear as dl
from deeplinear.flow import Reduction, reduce


def size(net):
    return max(np.linalg.norm(w) for w in net.weights)


def orthogonal(rng, d):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def random_block(rng, widths, scale=0.5):
    """Gaussian layers and target, and a regular Sxx."""
    layers = [scale * rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    x = rng.standard_normal((widths[0], 2 * widths[0] + 1))
    target = rng.standard_normal((widths[-1], widths[0]))
    return layers, target, x @ x.T / x.shape[1]


def hidden_sum(blocks, rng, whitened=True):
    """The direct sum of blocks behind a random orthogonal base change of every node space."""
    depth = len(blocks[0][0])
    layers = [scipy.linalg.block_diag(*(b[0][i] for b in blocks)) for i in range(depth)]
    target = scipy.linalg.block_diag(*(b[1] for b in blocks))
    sxx = scipy.linalg.block_diag(*(b[2] for b in blocks))
    q = [orthogonal(rng, len(layers[0].T)), *(orthogonal(rng, len(w)) for w in layers)]
    net = dl.LinearNetwork([q[i + 1] @ w @ q[i].T for i, w in enumerate(layers)])
    syx = q[-1] @ target @ q[0].T
    if whitened:
        return dl.Problem.from_target(syx), net
    sxx = q[0] @ sxx @ q[0].T
    return dl.Problem.from_moments((sxx + sxx.T) / 2, syx), net


def assert_same_field(r, problem, small, large, tolerance):
    """The large gradient is the expansion of the small one, and the losses agree."""
    g = dl.gradient(problem, large)
    moved = dl.LinearNetwork(
        [w + s for w, s in zip(r.net.weights, dl.gradient(r.problem, small), strict=True)]
    )
    expanded = [a - b for a, b in zip(r.expand(moved).weights, r.start.weights, strict=True)]
    scale = sum(np.linalg.norm(m) for m in g) + size(r.start) * 1e-3
    for a, b in zip(g, expanded, strict=True):
        assert np.linalg.norm(a - b) <= tolerance * scale
    f = r.problem.factor
    product = small.product() if f is None else small.product() @ f
    rows = np.sum((r.problem.factor_target - product) ** 2, axis=1)
    loss = 0.5 * float(r.multiplicity @ rows) + r.constant
    assert loss == pytest.approx(dl.loss(problem, large), rel=tolerance, abs=tolerance)


def final(problem, net, t_end):
    f, _ = dl.vector_field(problem, net.widths)
    y = net.to_vector()
    atol = 1e-13 * max(np.abs(y).max(), 1e-300)
    run = solve_ivp(f, (0, t_end), y, method="DOP853", rtol=1e-12, atol=atol)
    assert run.success
    return dl.LinearNetwork.from_vector(run.y[:, -1], net.widths)


def reduced(problem, net, *, t_end=1.0, violation=1e-12) -> Reduction:
    """The reduction, after a check of everything that makes it exact."""
    r = reduce(problem, net)
    assert r.violation <= violation
    assert r.expand(r.net) == net
    assert len(r.multiplicity) == r.net.widths[-1]
    again = r.restrict(net)
    assert again.widths == r.net.widths
    assert again.to_vector() == pytest.approx(r.net.to_vector(), abs=1e-13 * size(net))
    assert all(0 <= f <= d for f, d in zip(r.frozen, net.widths, strict=True))
    assert_same_field(r, problem, r.net, net, 1e-12)
    if t_end:
        small, large = final(r.problem, r.net, t_end), final(problem, net, t_end)
        error = np.abs(r.expand(small).to_vector() - large.to_vector()).max()
        assert error <= 1e-9 * size(large)
        assert_same_field(r, problem, small, large, 1e-8)
    assert repr(r).startswith("Reduction(")
    return r


def sizes(r):
    return sorted(b.widths for b in r.blocks for _ in range(b.copies))


def test_a_generic_network_does_not_reduce():
    for widths in [(5, 5, 5, 5), (10, 10, 10), (4, 3, 2, 6), (3, 3), (64, 70, 12), (1, 1, 1)]:
        problem = dl.Problem.from_modes(
            np.arange(1.0, 1 + min(widths[0], widths[-1])), d_in=widths[0], d_out=widths[-1]
        )
        r = reduce(problem, dl.init.gaussian(widths, scale=0.1, seed=0))
        assert (r.trivial, r.shrinks, r.violation) == (True, False, 0.0)
        assert r.net is r.start
        assert r.problem is problem
        assert r.constant == problem.floor
        assert r.expand(r.net) is r.net
        assert r.restrict(r.net) is r.net
        assert r.facts().endswith("does not reduce.")


@pytest.mark.parametrize("whitened", [True, False])
@pytest.mark.parametrize(
    ("widths", "small"),
    [((3, 50, 3), (3, 6, 3)), ((2, 9, 20, 3), (2, 9, 12, 3)), ((4, 1, 30, 2), (4, 1, 3, 2))],
)
def test_over_wide_hidden_layers_shrink(widths, small, whitened):
    rng = np.random.default_rng(0)
    block = random_block(rng, widths, scale=0.2)
    r = reduced(*hidden_sum([block], rng, whitened))
    assert r.net.widths[1:] == small[1:]
    assert r.shrinks


def test_inputs_and_outputs_beyond_the_active_ones_shrink():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=20, d_out=15, seed=1)
    r = reduced(problem, dl.init.gaussian((20, 4, 5, 3, 15), scale=0.3, seed=0))
    assert r.net.widths == (6, 4, 5, 3, 5)
    assert r.blocks[0].has_target


@pytest.mark.parametrize("whiten", [True, False])
def test_inputs_without_data_are_frozen(whiten):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 3)) @ rng.standard_normal((3, 6))
    y = x @ rng.standard_normal((6, 2)) + 0.3 * rng.standard_normal((30, 2))
    problem = dl.Problem.from_data(x, y, whiten=whiten)
    r = reduced(problem, dl.init.gaussian((6, 3, 2), scale=0.3, seed=1))
    assert r.net.widths[0] == 3
    assert r.frozen == (3, 0, 0)
    assert r.constant == pytest.approx(problem.floor)
    nothing = dl.Problem.from_data(np.zeros((4, 2)), np.ones((4, 2)))
    assert reduced(nothing, dl.init.gaussian((2, 3, 2), scale=1.0)).blocks == ()


@pytest.mark.parametrize("seed", [None, 3])
def test_decoupled_starts_split_into_scalar_chains(seed):
    problem = dl.Problem.from_modes([3.0, 3.0, 2.0, 1.0], seed=seed)
    r = reduced(problem, dl.init.decoupled(problem, (4, 6, 5, 4), 0.3))
    assert sizes(r) == [(1, 1, 1, 1)] * 4
    assert sorted(b.copies for b in r.blocks) == [1, 1, 2]
    assert sorted(r.multiplicity) == [1.0, 1.0, 2.0]
    assert r.frozen == (0, 2, 1, 0)


def test_chains_of_distinct_amplitudes_and_signs_stay_distinct():
    problem = dl.Problem.from_modes([3.0, 3.0, 3.0, 2.0, 0.0], seed=1)
    amplitudes = np.array([[0.1, 0.1, -0.1, 0.3, 0.2], [0.1, 0.2, 0.1, 0.3, 0.2]])
    v, u = problem.modes.v, problem.modes.u
    v = np.hstack([v, scipy.linalg.null_space(v.T)])
    u = np.hstack([u, scipy.linalg.null_space(u.T)])
    o = orthogonal(np.random.default_rng(2), 5)
    net = dl.LinearNetwork([(o * amplitudes[0]) @ v.T, (u * amplitudes[1]) @ o.T])
    r = reduced(problem, net)
    assert sizes(r) == [(1, 1, 1)] * 5
    assert len(r.blocks) == 5
    assert sum(not b.has_target or abs(b.copies) > 1 for b in r.blocks) <= 1


@pytest.mark.parametrize("scale", [1e-12, 0.05, 1.0])
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("rank", [1, 3])
def test_scaled_orthogonal_square_starts_are_a_core_and_equal_scalar_modes(depth, rank, scale):
    """Y23: a core of width at most 2 r, and copies of one chain without target."""
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0][:rank], d_in=40, d_out=40, seed=1)
    net = dl.init.orthogonal((40,) * (depth + 1), scale=scale, seed=depth)
    r = reduced(problem, net, t_end=0.5)
    core, chains = r.blocks
    assert max(core.widths) == 2 * rank
    assert core.has_target
    assert (chains.widths, chains.copies) == ((1,) * (depth + 1), 40 - 2 * rank)
    assert r.frozen == (0,) * (depth + 1)
    assert r.net.widths == (2 * rank + 1,) * (depth + 1)
    assert f"{40 - 2 * rank} times" in r.facts()


def test_wide_scaled_orthogonal_layers_have_a_small_core():
    problem = dl.Problem.from_modes(np.linspace(3, 1, 10), d_in=784, d_out=10, seed=0)
    net = dl.init.orthogonal((784, 1024, 1024, 10), scale=1e-2, seed=0)
    r = reduce(problem, net)
    assert r.net.widths == (20, 30, 30, 10)
    assert r.violation < 1e-13
    assert r.work[0] < 1e-3 * r.work[1]
    assert r.facts().startswith("784-1024-1024-10 reduced to 20-30-30-10. The rest has no gradient")
    assert_same_field(r, problem, r.net, net, 1e-12)


@settings(max_examples=60)
@given(
    blocks=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    depth=st.integers(1, 4),
    whitened=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_blocks_hidden_by_orthogonal_base_changes_are_found(blocks, depth, whitened, seed):
    rng = np.random.default_rng(seed)
    made = [random_block(rng, (k,) * (depth + 1)) for k in blocks]
    r = reduced(*hidden_sum(made, rng, whitened), t_end=0, violation=1e-10)
    assert sizes(r) == sorted((k,) * (depth + 1) for k in blocks)
    assert r.frozen == (0,) * (depth + 1)


@settings(max_examples=60)
@given(
    widths=st.lists(st.lists(st.integers(1, 4), min_size=3, max_size=3), min_size=1, max_size=3),
    whitened=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_the_blocks_of_a_sum_are_those_of_its_summands(widths, whitened, seed):
    rng = np.random.default_rng(seed)
    blocks = [random_block(rng, w) for w in widths]
    r = reduced(*hidden_sum(blocks, rng, whitened), t_end=0, violation=1e-10)
    each = [reduce(*hidden_sum([b], rng, whitened)) for b in blocks]
    assert sizes(r) == sorted(s for one in each for s in sizes(one))
    assert r.constant == pytest.approx(sum(one.constant for one in each), abs=1e-10)


@settings(max_examples=40)
@given(
    k=st.integers(1, 3),
    copies=st.integers(2, 4),
    depth=st.integers(1, 4),
    other=st.integers(0, 3),
    whitened=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_equal_blocks_are_integrated_once(k, copies, depth, other, whitened, seed):
    rng = np.random.default_rng(seed)
    block = random_block(rng, (k,) * (depth + 1))
    blocks = [block] * copies
    if other:
        blocks.append(random_block(rng, (other,) * (depth + 1)))
    r = reduced(*hidden_sum(blocks, rng, whitened), t_end=0, violation=1e-10)
    found = sorted((b.widths[0], b.copies) for b in r.blocks)
    assert found == sorted([(k, copies)] + [(other, 1)] * bool(other))
    assert sum(r.multiplicity) == k * copies + other


def test_equal_blocks_flow_as_one():
    rng = np.random.default_rng(5)
    pair, other = random_block(rng, (3, 3, 3, 3)), random_block(rng, (2, 4, 2, 2))
    r = reduced(*hidden_sum([pair, other, pair], rng))
    assert [b.copies for b in r.blocks if b.widths == (3, 3, 3, 3)] == [2]
    assert r.net.widths[0] == 5


def test_zero_layers_targets_and_singular_values_split():
    rng = np.random.default_rng(0)
    plain, silent, lora = (random_block(rng, (2, 2, 2, 2)) for _ in range(3))
    silent = (silent[0], 0 * silent[1], silent[2])
    lora[0][-1][:] = 0.0
    r = reduced(*hidden_sum([plain, silent, lora], rng))
    assert sizes(r) == [(2, 2, 2, 2)] * 3
    dead = random_block(rng, (2, 2, 2, 2))
    dead[0][1][:] = 0.0
    dead = (dead[0], 0 * dead[1], dead[2])
    r = reduced(*hidden_sum([plain, dead], rng))
    assert sizes(r) == [(2, 2, 2, 2)]
    assert r.frozen == (2, 2, 2, 2)
    low = random_block(rng, (3, 3, 3))
    low[0][0][:] = np.outer(low[0][0][:, 0], low[0][0][0])
    low[1][:] = np.outer(low[1][:, 0], low[1][0])
    r = reduced(*hidden_sum([low, random_block(rng, (1, 1, 1))], rng))
    assert r.net.widths[0] < 4
    for net in (dl.LinearNetwork([np.zeros((5, 4)), np.zeros((3, 5))]),):
        problem = dl.Problem.from_modes([2.0, 1.0], d_in=4, d_out=3, seed=0)
        r = reduced(problem, net)
        assert r.blocks == ()
        assert r.net.widths == (1, 1, 1)
        assert r.constant == pytest.approx(2.5)
        assert r.frozen == (4, 5, 3)
        assert r.facts() == "Nothing of 4-5-3 moves: its gradient vanishes."


def test_a_zero_last_layer_moves_and_reduces():
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=30, d_out=20, seed=0)
    first = dl.init.gaussian((30, 4), scale=0.1, seed=0).weights[0]
    r = reduced(problem, dl.LinearNetwork([first, np.zeros((20, 4))]))
    assert r.net.widths == (6, 4, 2)


def test_inputs_that_the_covariance_keeps_apart_split_and_others_do_not():
    rng = np.random.default_rng(1)
    a, b = random_block(rng, (2, 2, 2)), random_block(rng, (3, 3, 3))
    assert len(reduced(*hidden_sum([a, b], rng, whitened=False)).blocks) == 2
    layers = [scipy.linalg.block_diag(p, q) for p, q in zip(a[0], b[0], strict=True)]
    problem = dl.Problem.from_moments(
        random_block(rng, (5, 1))[2], scipy.linalg.block_diag(a[1], b[1])
    )
    assert reduced(problem, dl.LinearNetwork(layers)).trivial


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1.0, 1e3, 1e6])
def test_the_scale_of_the_start_does_not_matter(scale):
    rng = np.random.default_rng(2)
    blocks = [random_block(rng, (k, k, k), scale) for k in (2, 3, 3)]
    r = reduced(*hidden_sum([*blocks, blocks[0]], rng), t_end=20 if scale < 1e-3 else 0)
    assert sorted((b.widths[0], b.copies) for b in r.blocks) == [(2, 2), (3, 1), (3, 1)]


def test_blocks_of_very_different_scales_are_apart():
    """In their own coordinates even beyond round-off of the larger one."""
    rng = np.random.default_rng(3)
    for small, hide in ((1e-5, True), (1e-30, False)):
        a, b = random_block(rng, (3, 3, 3)), random_block(rng, (2, 2, 2), small)
        c = random_block(rng, (2, 2, 2), small)
        problem, net = hidden_sum([a, b, c], rng)
        if not hide:
            layers = [scipy.linalg.block_diag(*w) for w in zip(a[0], b[0], c[0], strict=True)]
            problem = dl.Problem.from_target(scipy.linalg.block_diag(a[1], b[1], c[1]))
            net = dl.LinearNetwork(layers)
        r = reduced(problem, net, t_end=0, violation=1e-8)
        assert sizes(r) == [(2, 2, 2), (2, 2, 2), (3, 3, 3)]


def test_a_perturbation_is_kept_unless_it_is_round_off():
    rng = np.random.default_rng(4)
    problem, net = hidden_sum([random_block(rng, (3, 3, 3)) for _ in range(2)], rng)
    for relative, splits in ((1e-6, False), (1e-9, False), (1e-15, True)):
        noise = [rng.standard_normal(w.shape) for w in net.weights]
        moved = dl.LinearNetwork(
            [
                w + relative * np.linalg.norm(w) / np.linalg.norm(n) * n
                for w, n in zip(net.weights, noise, strict=True)
            ]
        )
        r = reduced(problem, moved, t_end=0)
        assert (len(r.blocks) == 2) is splits
        assert r.trivial is not splits


def test_what_is_dropped_is_reported():
    rng = np.random.default_rng(4)
    problem, net = hidden_sum([random_block(rng, (3, 3, 3)) for _ in range(2)], rng)
    moved = dl.LinearNetwork([w + 1e-8 * rng.standard_normal(w.shape) for w in net.weights])
    r = reduce(problem, moved, tol=1e-6)
    assert len(r.blocks) == 2
    assert 1e-9 < r.violation < 1e-6
    assert r.expand(r.net) == moved


def test_a_tie_is_negligible_only_beside_all_that_it_ties():
    """A tiny network with a target of order 1, tied by a tiny layer only."""
    rng = np.random.default_rng(6)
    a, b = (random_block(rng, (2, 2, 2), 1e-9) for _ in range(2))
    layers = [scipy.linalg.block_diag(p, q) for p, q in zip(a[0], b[0], strict=True)]
    layers[1][0, 2] = 1e-17
    problem = dl.Problem.from_target(scipy.linalg.block_diag(a[1], b[1]))
    assert reduced(problem, dl.LinearNetwork(layers), t_end=0).trivial


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e-150, 1e-12, 1e6, 1e140])
@pytest.mark.parametrize("widths", [(1, 1), (3, 3), (4, 2, 5), (3,) * 13, (2, 300, 1)], ids=str)
def test_any_scale_depth_and_width_has_a_reduction(widths, scale):
    m = min(widths[0], widths[-1])
    for start in (dl.init.gaussian, dl.init.orthogonal):
        for problem in (
            dl.Problem.from_modes(np.ones(m), d_in=widths[0], d_out=widths[-1], seed=0),
            dl.Problem.from_target(np.zeros((widths[-1], widths[0]))),
        ):
            net = start(widths, scale=scale, seed=1)
            r = reduce(problem, net)
            assert r.expand(r.net) == net
            assert np.isfinite(r.violation)
            assert all(a <= b for a, b in zip(r.net.widths, widths, strict=True))


def test_wrong_arguments_are_named():
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ValueError, match="`widths` must start with 2"):
        reduce(problem, dl.init.gaussian((3, 2), seed=0))
    with pytest.raises(ValueError, match="`tol`"):
        reduce(problem, dl.init.gaussian((2, 2), seed=0), tol=0.0)
    r = reduce(problem, dl.init.gaussian((2, 9, 2), seed=0))
    with pytest.raises(ValueError, match="must have widths"):
        r.restrict(dl.init.gaussian((2, 2), seed=0))
