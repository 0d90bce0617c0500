"""Members side by side: their field, their independence, their agreement with exact ends."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import deeplinear as dl
from benchmarks import references
from benchmarks.problems import STOP, ensemble_starts, plateaus
from deeplinear.flow import Operands, _kernels
from deeplinear.solve._lanes import _field as lane_field
from tests.solve.conftest import planted_run

WIDTHS = [
    (3, 4, 5),
    (5, 4, 3),
    (2, 7, 1, 4),
    (1, 1, 1),
    (4, 3, 6, 2, 3),
    (6, 2, 2, 2, 2, 2, 3),
    (9, 8, 8, 10),
]


def problems(d_in: int, d_out: int):
    """Whitened, with full Sxx, with an input that is always zero."""
    rng = np.random.default_rng(d_in + 100 * d_out)
    yield dl.Problem.from_target(rng.standard_normal((d_out, d_in)))
    x = rng.standard_normal((30, d_in)) @ rng.standard_normal((d_in, d_in))
    y = rng.standard_normal((30, d_out))
    yield dl.Problem.from_data(x, y)
    if d_in > 1:
        x[:, -1] = 0.0
        yield dl.Problem.from_data(x, y)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_the_field_of_eight_members_is_the_field_of_each(widths):
    rng = np.random.default_rng(0)
    for problem in problems(widths[0], widths[-1]):
        o = Operands.of(problem, widths)
        p, q = o.target.shape
        theta = rng.standard_normal((o.n_params, 8))
        size = 8 * lane_field.work_size(widths, q)
        work, out = np.full(size + 64, 7.0), np.empty_like(theta)
        factor = o.factor.ctypes.data if o.factor.size else 0
        lane_field.field(
            theta.ctypes.data, o.widths.ctypes.data, len(widths) - 1, o.target.ctypes.data, p, q,
            factor, work.ctypes.data, out.ctypes.data,
        )  # fmt: skip
        assert np.all(work[size:] == 7.0)  # no more than its own work array is written
        slope, space = np.empty(o.n_params), np.empty(o.work_size)
        for k in range(8):
            y = np.ascontiguousarray(theta[:, k])
            loss = _kernels.field(y, o.widths, o.target, o.factor, o.copies, space, slope)
            assert work[k] == pytest.approx(loss, rel=1e-12)
            assert_allclose(out[:, k], slope, rtol=1e-11, atol=1e-12 * np.abs(slope).max())
            product = dl.LinearNetwork.from_vector(y, widths).product()
            effective = product if problem.factor is None else product @ problem.factor
            assert_allclose(work[8 + k : 8 * (1 + p * q) : 8], effective.ravel(), atol=1e-10)


def columns(members) -> dict[str, np.ndarray]:
    return {name: v.values for name, v in members.to_xarray().variables.items()}


def vectors(n: int, scale: float = 1e-2) -> np.ndarray:
    return np.array([planted_run(3, scale, seed)[1].to_vector() for seed in range(n)])


def test_results_do_not_depend_on_neighbours_order_or_threads():
    problem, net = planted_run(3, 1e-2, 0)
    starts = vectors(45)
    starts[7] *= 30.0
    starts[11] = 0.0
    whole = columns(dl.ensemble(problem, starts, widths=net.widths, n_threads=1))
    order = np.random.default_rng(1).permutation(45)
    for chosen, threads in ((order, 3), (order[:13], 2), (np.array([7]), 1)):
        members = dl.ensemble(problem, starts[chosen], widths=net.widths, n_threads=threads)
        for name, values in columns(members).items():
            if name != "method":
                assert_array_equal(values, whole[name][chosen], err_msg=name)


def test_networks_generators_and_arrays_give_the_same():
    problem, net = planted_run(3, 1e-2, 0)
    starts = vectors(10)
    by_array = dl.ensemble(problem, starts, widths=net.widths)
    networks = [dl.LinearNetwork.from_vector(v, net.widths) for v in starts]
    for given in (networks, iter(networks)):
        assert_array_equal(dl.ensemble(problem, given).final_vectors, by_array.final_vectors)


def test_widths_may_differ_among_the_starts():
    problem = dl.Problem.from_modes([2.0, 1.0])
    shapes = [(2, 2, 2), (2, 3, 2), (2, 2, 2), (2, 4, 3, 2), (2, 2), (2, 3, 2)]
    nets = [dl.init.gaussian(w, scale=0.1, seed=k) for k, w in enumerate(shapes)]
    members = dl.ensemble(problem, nets)
    assert members.statuses == {"converged": 6}
    for net, member in zip(nets, members, strict=True):
        assert member.initial == net
        assert_array_equal(member.final.to_vector(), dl.ensemble(problem, [net]).final_vectors[0])
    assert members.learning_times.shape == (6, 2)
    with pytest.raises(ValueError, match="same widths"):
        members.to_xarray()


def test_ends_of_a_thousand_runs_are_where_they_should_be():
    checked, limits, _ = references.load_ends()
    case = plateaus()
    layers = ensemble_starts(int(checked.max()) + 1)
    starts = np.array([np.concatenate([w.ravel() for w in layers[k]]) for k in checked])
    members = dl.ensemble(case.problem, starts, widths=case.widths, stop=STOP)
    assert members.statuses == {"converged": len(checked)}
    # The loss is still 1e-8: about 1e-4 is left to the limit.
    errors = np.linalg.norm(members.final_vectors - limits, axis=1)
    assert np.median(errors) < 1e-4
    assert errors.max() < 3e-4


@pytest.mark.parametrize("widths", [(3, 5, 2), (4, 3, 3, 5), (2, 2, 2, 2, 2)], ids=str)
def test_random_problems_agree_with_runs_at_a_fine_tolerance(widths):
    rng = np.random.default_rng(len(widths))
    for problem in problems(widths[0], widths[-1]):
        nets = [dl.init.gaussian(widths, scale=0.5, seed=rng) for _ in range(5)]
        members = dl.ensemble(problem, nets, t_end=3.0, rtol=1e-8)
        for net, member in zip(nets, members, strict=True):
            exact = dl.gradient_flow(problem, net, t_end=3.0, rtol=1e-12, save="ends")
            assert_allclose(member.final.to_vector(), exact.final.to_vector(), atol=1e-6, rtol=1e-6)


def test_the_error_falls_with_the_tolerance():
    problem, _ = planted_run(3, 1e-1, 0)
    nets = [planted_run(3, 1e-1, seed)[1] for seed in range(8)]
    exact = [dl.gradient_flow(problem, net, t_end=2.0, rtol=1e-13, save="ends") for net in nets]
    ends = np.array([run.final.to_vector() for run in exact])
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        members = dl.ensemble(problem, nets, t_end=2.0, rtol=rtol)
        assert np.linalg.norm(members.final_vectors - ends, axis=1).max() < 100 * rtol


def test_members_that_will_wait_long_run_by_themselves_from_the_start():
    problem, net = planted_run(4, 1e-2, 0)
    lively = planted_run(4, 1e-1, 0)[1]
    members = dl.ensemble(problem, [net, lively])
    assert members[0].final == dl.gradient_flow(problem, net, save=200).final
    assert members[1].final != dl.gradient_flow(problem, lively, save=200).final
    # At a time that is given, nobody waits longer.
    short = dl.ensemble(problem, [net], t_end=5.0)[0]
    assert short.final != dl.gradient_flow(problem, net, t_end=5.0, save=200).final
    for widths in [(4, 1, 4), (4, 4, 4, 4, 4)]:  # zero weights, and no hidden network to wait in
        zero = dl.LinearNetwork(
            [np.zeros(shape) for shape in zip(widths[1:], widths, strict=False)]
        )
        assert dl.ensemble(problem, [zero]).statuses == {"stopped at a saddle": 1}


def test_very_stiff_members_are_finished_by_themselves():
    problem, net = planted_run(4, 3e-2, 0)
    members = dl.ensemble(problem, [net] * 2)
    alone = dl.gradient_flow(problem, net)
    member = members[1]
    assert [segment.method for segment in member.segments[:3]] == [
        "explicit",
        "stabilized",
        "stiff",
    ]
    assert member.status == "converged"
    assert member.t_end == pytest.approx(alone.t_end, rel=1e-2)
    assert_allclose(member.final.to_vector(), alone.final.to_vector(), atol=1e-3)
    assert sum(segment.n_steps for segment in member.segments) == member.stats.n_steps
    assert np.all(np.diff(members.learning_times[1]) > 0)


def test_a_tolerance_at_round_off_is_left_to_the_other_methods():
    problem, net = planted_run(3, 1e-1, 0)
    member = dl.ensemble(problem, [net], t_end=1.0, rtol=1e-14)[0]
    alone = dl.gradient_flow(problem, net, t_end=1.0, rtol=1e-14)
    assert member.final == alone.final
