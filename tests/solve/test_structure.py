"""What `structure` keeps: the conservation laws to round-off, or a loss that never rises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from benchmarks import references
from benchmarks.problems import CASES
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import Operands, _kernels
from deeplinear.solve._driver import Numerics, Run
from deeplinear.solve._methods import _laws, _monitor
from deeplinear.solve._methods import _state as state
from deeplinear.solve._methods._collocation import _method
from deeplinear.solve._methods._engine import METHODS, Engine
from deeplinear.solve._methods._tableau import Tableau, radau_nodes
from deeplinear.solve._saving import Saver

DRIFT = 2e-14
SLOW = [("large", "explicit"), ("large", "stabilized")]  # so stiff that they take very many steps
STEPPING = ("auto", "explicit", "stabilized", "stiff")


def case(name: str):
    """A problem of the benchmarks, cut off before its last plateau's long end."""
    found = CASES[name]()
    return found.problem, found.network, found.t_end


def special(name: str):
    """A problem and a start at which the laws do not have full rank, or there is one or none."""
    rng = np.random.default_rng(7)
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=4, d_out=3, seed=1)
    if name == "over-wide":
        return problem, dl.init.gaussian((4, 9, 8, 3), scale=0.3, seed=2)
    if name == "bottleneck":
        return problem, dl.init.gaussian((4, 5, 1, 5, 3), scale=0.3, seed=2)
    if name == "depth 1":
        return problem, dl.init.gaussian((4, 3), scale=0.3, seed=2)
    if name == "depth 2":
        return problem, dl.init.gaussian((4, 5, 3), scale=1e-2, seed=2)
    if name == "large":
        return problem, dl.init.gaussian((4, 5, 5, 3), scale=30.0, seed=2)
    first, last = rng.standard_normal((5, 4)), rng.standard_normal((3, 5))
    if name == "zero layer":
        return problem, dl.LinearNetwork([first, np.zeros((5, 5)), last])
    if name == "rank-deficient":
        return problem, dl.LinearNetwork([first, np.outer(rng.random(5), rng.random(5)), last])
    if name == "repeated values":
        return dl.Problem.from_modes([2.0, 2.0, 2.0]), dl.LinearNetwork([0.1 * np.eye(3)] * 3)
    if name == "not whitened":
        x = rng.standard_normal((20, 4)) * [3.0, 1.0, 0.3, 0.1]
        y = x @ rng.standard_normal((4, 3)) + 0.1 * rng.standard_normal((20, 3))
        return dl.Problem.from_data(x, y), dl.init.gaussian((4, 5, 4, 3), scale=0.2, seed=2)
    raise KeyError(name)


SPECIAL = (
    "over-wide",
    "bottleneck",
    "depth 1",
    "depth 2",
    "large",
    "zero layer",
    "rank-deficient",
    "repeated values",
    "not whitened",
)


@pytest.mark.parametrize("method", ["auto", "stabilized", "stiff"])
@pytest.mark.parametrize("rtol", [1e-2, 1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("name", ["P2", "P3"])
def test_the_laws_hold_to_round_off_on_the_benchmarks(name, rtol, method):
    problem, net, t_end = case(name)
    if method == "stabilized":
        t_end *= 0.1
    traj = dl.gradient_flow(problem, net, t_end=t_end, rtol=rtol, method=method, structure="laws")
    assert traj.status == "t_end"
    assert traj.drift.max() < DRIFT


@pytest.mark.parametrize("method", STEPPING)
@pytest.mark.parametrize("name", SPECIAL)
def test_the_laws_hold_where_they_do_not_have_full_rank(name, method):
    problem, net = special(name)
    for rtol in (1e-2, 1e-6):
        traj = dl.gradient_flow(
            problem, net, t_end=20.0, rtol=rtol, method=method, structure="laws", max_steps=5000
        )
        assert traj.status == "t_end" or (name, method) in SLOW
        assert traj.drift.max() < DRIFT


WIDE = {
    (20, 24, 24, 10): 1e-2,
    (1, 40, 40, 1): 0.05,
    (3, 50, 3): 0.3,
    (2, 60, 2, 60, 2): 0.2,
    (5, 30, 30, 30, 5): 0.05,
    (4, 40, 4): 1e-3,
}


@pytest.mark.parametrize("method", STEPPING)
@pytest.mark.parametrize("sizes", WIDE, ids=str)
def test_the_laws_hold_in_wide_layers_at_every_tolerance(sizes, method):
    thin = min(sizes)
    modes = np.linspace(4.0, 1.0, thin) if thin > 1 else [2.0]
    problem = dl.Problem.from_modes(modes, d_in=sizes[0], d_out=sizes[-1], seed=1)
    net = dl.init.gaussian(sizes, scale=WIDE[sizes], seed=0)
    if method == "stiff" and net.n_params > 500:
        return  # seconds for each Hessian
    for rtol in (1e-2, 1e-4, 1e-7):
        traj = dl.gradient_flow(
            problem, net, t_end=10.0, rtol=rtol, method=method, structure="laws"
        )
        assert traj.status == "t_end"
        assert traj.drift.max() < DRIFT


@pytest.mark.parametrize(("rtol", "times"), [(1e-2, 4.5), (1e-3, 4.0), (1e-6, 2.0)])
def test_the_laws_of_wide_layers_take_a_few_times_as_many_evaluations(rtol, times):
    problem, net, t_end = case("P4")
    plain, kept = (
        dl.gradient_flow(problem, net, t_end=t_end, rtol=rtol, structure=structure)
        for structure in (None, "laws")
    )
    assert kept.drift.max() < DRIFT < plain.drift.max()
    assert kept.stats.n_field < times * plain.stats.n_field


def test_probes_tell_what_the_laws_are_off():
    rng = np.random.default_rng(3)
    for sizes in [(4, 30, 5), (6, 20, 25, 3), (1, 40, 1, 9)]:
        widths = np.array(sizes)
        start = dl.init.gaussian(sizes, scale=1.0, seed=1)
        keep = _laws.memory(widths, start.to_vector())
        n_seen = 8 * sum(sizes[1:-1])
        spare = len(keep) - _laws._spare_size(widths)
        probes, at_start, _, now = (
            keep[spare - k * n_seen : spare - (k - 1) * n_seen] for k in (4, 3, 2, 1)
        )
        assert set(probes) == {-1.0, 1.0}
        for rank in (1, 5):
            moved = [
                w
                + 1e-3
                * rng.standard_normal((len(w), rank))
                @ rng.standard_normal((rank, w.shape[1]))
                for w in start.weights
            ]
            net = dl.LinearNetwork(moved)
            pairs = zip(net.imbalance(), start.imbalance(), strict=True)
            off = max(np.linalg.norm(new - old) for new, old in pairs)
            y = np.concatenate([net.to_vector(), np.zeros(8)])
            _laws._probe(
                *map(_at, (widths,)), len(sizes) - 1, *map(_at, (y, probes, now, keep[spare:]))
            )
            seen = _laws._distance(_at(widths), len(sizes) - 1, _at(now), _at(at_start))
            assert 0.4 * off < seen < 2.0 * off


def _at(array: np.ndarray) -> int:
    return array.ctypes.data


widths = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)


@settings(max_examples=40)
@given(
    widths,
    st.sampled_from(STEPPING),
    st.floats(-9.0, -2.0),
    st.floats(-3.0, 1.0),
    st.integers(0, 99),
)
def test_the_laws_hold_for_random_networks(sizes, method, log_rtol, log_scale, seed):
    thin = min(sizes[0], sizes[-1])
    problem = dl.Problem.from_modes(
        np.arange(thin, 0.0, -1.0), d_in=sizes[0], d_out=sizes[-1], seed=seed
    )
    net = dl.init.gaussian(sizes, scale=10.0**log_scale, seed=seed)
    traj = dl.gradient_flow(
        problem, net, t_end=5.0, rtol=10.0**log_rtol, method=method, structure="laws"
    )
    assert traj.status == "t_end"
    assert traj.drift.max() < DRIFT


@pytest.mark.parametrize("method", STEPPING)
@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
@pytest.mark.parametrize("structure", ["laws", "monotone"])
def test_keeping_a_structure_costs_no_accuracy(structure, rtol, method):
    problem, net, _ = case("P2")
    reference = references.load("P2")
    plain, kept = (
        dl.gradient_flow(
            problem,
            net,
            t_end=reference.times[-1],
            rtol=rtol,
            method=method,
            structure=asked,
            save=reference.times,
        ).vectors[-len(reference.times) :]
        for asked in (None, structure)
    )
    assert reference.error(kept) <= max(3 * reference.error(plain), rtol)


@pytest.mark.parametrize(("depth", "scale"), [(2, 1e-9), (3, 1e-4), (4, 1e-3)])
@pytest.mark.parametrize("structure", ["laws", "monotone"])
def test_parts_not_learned_yet_are_left_as_they_are(structure, depth, scale):
    # Round-off of the laws, brought onto such small parts, would shift the end of every plateau.
    problem = dl.Problem.from_modes([4.0, 2.5, 1.5, 0.8])
    net = dl.init.gaussian((4,) * (depth + 1), scale=scale, seed=0)
    exact = dl.gradient_flow(problem, net, rtol=1e-12)
    t_end = 0.9 * exact.t_end
    ends = [
        dl.gradient_flow(problem, net, rtol=rtol, t_end=t_end, structure=kept).vectors[-1]
        for rtol, kept in ((1e-12, None), (1e-6, None), (1e-6, structure))
    ]
    plain, kept = (np.linalg.norm(end - ends[0]) for end in ends[1:])
    assert kept <= 3 * plain + 1e-9


def project(net: dl.LinearNetwork, start: dl.LinearNetwork) -> dl.LinearNetwork:
    """What `_laws.project` makes of a step that ended at `net`, in a run from `start`."""
    problem = dl.Problem.from_target(np.zeros((net.widths[-1], net.widths[0])))
    o = Operands.of(problem, net.widths)
    n = o.n_params
    y_new = np.concatenate([net.to_vector(), np.full(8, np.nan)])[:n]
    slope, empty = np.zeros(n), np.zeros((0, 0))
    keep = _laws.memory(o.widths, start.to_vector())
    values, counts = np.zeros(state.N_VALUES), np.zeros(state.N_COUNTS, dtype=np.int64)
    _laws.project(
        _kernels.field, _monitor.error_norm, o.widths, o.target, o.factor, o.copies,
        np.empty(o.work_size), start.to_vector(), slope, y_new, np.zeros(n), 1.0, 0.1, empty, 0,
        empty, 0, values, counts, np.zeros(state.MEMO_SIZE), keep,
    )  # fmt: skip
    return dl.LinearNetwork.from_vector(y_new, net.widths)


def laws_jacobian(net: dl.LinearNetwork) -> np.ndarray:
    """The derivative of all C_i, by its formula on every unit vector."""
    columns = []
    for unit in np.eye(net.n_params):
        move = dl.LinearNetwork.from_vector(unit, net.widths).weights
        w = net.weights
        blocks = []
        for i in range(net.depth - 1):
            s = move[i] @ w[i].T - w[i + 1].T @ move[i + 1]
            blocks.append((s + s.T).ravel())
        columns.append(np.concatenate(blocks))
    return np.array(columns).T


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 4), min_size=3, max_size=5).map(tuple),
    st.floats(-9.0, -5.0),
    st.integers(0, 99),
)
def test_the_projection_is_the_smallest_move_and_idempotent(sizes, log_size, seed):
    rng = np.random.default_rng(seed)
    start = dl.init.gaussian(sizes, scale=1.0, seed=seed)
    away = 10.0**log_size
    net = dl.LinearNetwork.from_vector(
        start.to_vector() + away * rng.standard_normal(start.n_params), sizes
    )
    once = project(net, start)
    laws = np.concatenate([c.ravel() for c in start.imbalance()])
    off = laws - np.concatenate([c.ravel() for c in net.imbalance()])
    jacobian = laws_jacobian(net)
    smallest = np.linalg.pinv(jacobian, rcond=1e-10) @ off
    move = once.to_vector() - net.to_vector()
    values = np.linalg.svd(jacobian, compute_uv=False)
    weakest = values[values > 1e-10 * values[0]][-1]
    # To first order, and as far as the laws determine it.
    distance = np.linalg.norm(net.to_vector() - start.to_vector())
    assert np.linalg.norm(move - smallest) <= (10 * distance**2 + 1e-12) / min(weakest, 1.0) ** 2
    assert np.linalg.norm(move) <= 1.01 * distance + 1e-12 / weakest
    assert project(once, start) == once


def test_the_laws_hold_backward_in_time_and_between_saved_times():
    problem = dl.Problem.from_modes([2.0, 1.0], seed=0)
    net = dl.init.gaussian((2, 4, 2, 2), scale=0.8, seed=1)
    back = dl.gradient_flow(problem, net, t_end=0.3, reverse=True, rtol=1e-4, structure="laws")
    assert back.status == "t_end"
    assert back.drift.max() < DRIFT
    traj = dl.gradient_flow(problem, net, t_end=2.0, rtol=1e-3, structure="laws", save="ends")
    between = traj(1.234)
    largest = max(np.linalg.norm(w) ** 2 for w in net.weights)
    for before, after in zip(net.imbalance(), between.imbalance(), strict=True):
        assert np.linalg.norm(after - before) < DRIFT * largest


def test_a_start_that_is_almost_decoupled_keeps_its_own_laws():
    problem = dl.Problem.from_modes([3.0, 1.0])
    start = dl.init.decoupled(problem, (2, 2, 2), 0.1)
    bent = start.to_vector() + 1e-13 * np.random.default_rng(0).standard_normal(8)
    net = dl.LinearNetwork.from_vector(bent, (2, 2, 2))
    assert dl.gradient_flow(problem, net, structure="laws").drift.max() < DRIFT


def test_gauss_keeps_the_laws_by_itself():
    problem, net = special("depth 2")
    plain, kept = (
        dl.gradient_flow(problem, net, method="gauss", rtol=1e-4, structure=asked)
        for asked in (None, "laws")
    )
    assert np.array_equal(plain.vectors, kept.vectors)
    assert kept.drift.max() < DRIFT


def falling_run(problem, net, **options):
    """A run whose loss fell at every step, and its losses at the saved times."""
    traj = dl.gradient_flow(problem, net, structure="monotone", **options)
    assert traj.largest_rise == 0.0
    return traj, traj.loss


@settings(max_examples=40)
@given(
    widths,
    st.sampled_from((*STEPPING, "gauss")),
    st.sampled_from([0.1, 1e-2, 1e-4]),
    st.floats(-3.0, 2.0),
    st.integers(0, 99),
)
def test_the_loss_never_rises_for_random_networks(sizes, method, rtol, log_scale, seed):
    thin = min(sizes[0], sizes[-1])
    problem = dl.Problem.from_modes(
        np.arange(thin, 0.0, -1.0), d_in=sizes[0], d_out=sizes[-1], seed=seed
    )
    net = dl.init.gaussian(sizes, scale=10.0**log_scale, seed=seed)
    traj, loss = falling_run(problem, net, t_end=10.0, rtol=rtol, method=method, max_steps=2000)
    assert traj.status in ("t_end", "step limit")
    product = 1.0
    for w in net.weights:
        product *= max(1.0, np.linalg.norm(w))
    size = np.linalg.norm(problem.modes.s) + product
    seen = 1e-14 * (loss[:-1] + size * np.sqrt(loss[:-1]) + 1e-14 * size**2)
    assert np.all(np.diff(loss) <= seen)


@pytest.mark.parametrize("method", [*STEPPING, "gauss"])
@pytest.mark.parametrize("rtol", [0.1, 1e-3])
def test_a_huge_start_falls_without_a_rise(rtol, method):
    problem, net = special("large")
    traj, _ = falling_run(problem, net, rtol=rtol, method=method, t_end=1.0, max_steps=2000)
    assert traj.status == "t_end" or method in ("explicit", "stabilized")


@pytest.mark.parametrize(("method", "rtol"), [("auto", 1e-2), ("auto", 1e-6), ("stiff", 1e-6)])
def test_a_run_into_a_saddle_ends_there_without_a_rise(method, rtol):
    # The second mode is missing from the start: the run ends at the saddle of the first.
    problem = dl.Problem.from_modes([2.0, 1.0])
    start = np.array([[0.3, 0.0], [0.2, 0.0]])
    net = dl.LinearNetwork([start, start.T])
    traj, _ = falling_run(problem, net, rtol=rtol, method=method)
    assert traj.status == "stopped at a saddle"


@pytest.mark.parametrize("method", STEPPING)
@pytest.mark.parametrize("rtol", [1e-2, 1e-6])
@pytest.mark.parametrize("name", ["bottleneck", "not whitened", "over-wide"])
def test_a_monotone_run_still_converges(name, rtol, method):
    # The bottleneck's and the noisy data's smallest losses are not zero.
    problem, net = special(name)
    traj, _ = falling_run(problem, net, rtol=rtol, method=method)
    assert traj.status == "converged"


@pytest.mark.parametrize("method", ["auto", "stabilized", "stiff"])
def test_a_plateau_lower_than_round_off_of_the_loss_is_left_in_time(method):
    # There the loss rises by round-off at every other step; to stand still then would take longer.
    problem = dl.Problem.from_modes([3.0, 1.0])
    net = dl.init.gaussian((2, 2, 2, 2), scale=1e-5, seed=1)
    plain, kept = (
        dl.gradient_flow(problem, net, rtol=1e-4, method=method, structure=asked)
        for asked in (None, "monotone")
    )
    assert kept.largest_rise == 0.0
    assert kept.t_end == pytest.approx(plain.t_end, rel=1e-4)


def end_of_free_steps(method: str, problem, net, h: float, n_steps: int):
    """Time and state after n steps of size h that are stretched, as they land on no given time."""
    numerics = Numerics(
        method=method, t_end=1e9, rtol=1e12, atol=0.0, finest=math.inf, gap=None,
        max_steps=10**6, norm_cap=1e6, structure="monotone",
    )  # fmt: skip
    run = Run(problem, net, numerics, Saver(limit=0, times=None), None)
    s = run._state
    engine = Engine(method, run._operands, run._work, s, np.empty(0), 1.0, "monotone")
    s.policy[state.T_END], s.policy[state.STEPS_TO_LOOK] = 1e9, 1
    for _ in range(n_steps):
        s.values[state.H] = h
        assert engine.drive() == state.BUDGET
    assert s.counts[state.STEPS] == n_steps
    assert s.memo[state.LOSS_RISE] == 0.0
    return float(s.values[state.T]), s.y.copy()


@pytest.mark.parametrize(
    ("method", "order", "counts"),
    [("explicit", 8, (8, 11, 15, 20)), ("stiff", 7, (16, 20, 26, 34))],
)
def test_relaxation_keeps_the_order(method, order, counts, monkeypatch):
    if method == "stiff":  # its six stages reach round-off before their order shows
        radau = _method("stiff", order, Tableau.of(radau_nodes(4), gamma0=0.1), exact=True)
        monkeypatch.setitem(METHODS, "stiff", radau)
    problem = dl.Problem.from_modes([2.0, 1.0, 0.5], seed=0)
    net = dl.init.gaussian((3, 3, 3), scale=0.8, seed=1)
    errors, stretched = [], []
    for count in counts:
        h = 1.5 / count
        t, y = end_of_free_steps(method, problem, net, h, count)
        exact = dl.gradient_flow(problem, net, t_end=t, rtol=1e-13, method="explicit").vectors[-1]
        errors.append(np.linalg.norm(y - exact))
        stretched.append(abs(t / 1.5 - 1.0))
    assert max(stretched) > 1e-9
    assert -np.polyfit(np.log(counts), np.log(errors), 1)[0] == pytest.approx(order, abs=0.7)


def test_unknown_structures_and_a_monotone_run_backward_are_refused(small):
    problem, net = small
    with pytest.raises(ArgumentError, match="Did you mean 'laws'"):
        dl.gradient_flow(problem, net, structure="law")
    with pytest.raises(ArgumentError, match="backward in time the loss rises"):
        dl.gradient_flow(problem, net, structure="monotone", reverse=True, t_end=1.0)


def test_the_structure_is_among_the_options_and_saved(small, tmp_path):
    problem, net = small
    traj = dl.gradient_flow(problem, net, structure="laws", t_end=1.0)
    traj.save(tmp_path / "run.zarr")
    assert dl.load(tmp_path / "run.zarr").options["structure"] == "laws"
    assert dl.gradient_flow(problem, net, t_end=1.0).options["structure"] is None
