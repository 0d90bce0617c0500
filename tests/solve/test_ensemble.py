"""Ensembles: each member as if it ran alone, its own status, in the starts' order."""

import time

import numpy as np
import pytest

import deeplinear as dl
from tests.solve.conftest import planted_run


def starts(n: int):
    return [planted_run(3, 1e-2, seed)[1] for seed in range(n)]


def test_members_are_the_runs_they_would_be_alone():
    problem, _ = planted_run(3, 1e-2, 0)
    members = dl.ensemble(problem, starts(6), n_threads=2)
    assert len(members) == 6
    for net, member in zip(starts(6), members, strict=True):
        alone = dl.gradient_flow(problem, net)
        assert member.initial == net
        assert member.status == alone.status == "converged"
        assert member.status.reason == alone.status.reason
        assert member.t_end == pytest.approx(alone.t_end, rel=2e-2)
        np.testing.assert_allclose(member.final.to_vector(), alone.final.to_vector(), atol=2e-4)
        wanted, have = alone.options, member.options
        assert set(have) == set(wanted)
        assert have["atol"] == pytest.approx(wanted["atol"])
        assert have["norm_cap"] == pytest.approx(wanted["norm_cap"])
        assert have["gap"] == pytest.approx(wanted["gap"])
        assert sum(segment.n_steps for segment in member.segments) == member.stats.n_steps


def test_members_agree_with_their_runs_at_a_time_inside_the_transitions():
    problem, _ = planted_run(3, 1e-1, 0)
    nets = [planted_run(3, 1e-1, seed)[1] for seed in range(9)]
    members = dl.ensemble(problem, nets, t_end=2.0, rtol=1e-8)
    assert members.statuses == {"t_end": 9}
    for net, member in zip(nets, members, strict=True):
        alone = dl.gradient_flow(problem, net, t_end=2.0, rtol=1e-11, save="ends")
        np.testing.assert_allclose(member.final.to_vector(), alone.final.to_vector(), atol=1e-6)


def test_each_member_has_its_own_status():
    problem, net = planted_run(3, 1e-2, 0)
    zero = dl.init.gaussian(net.widths, scale=0.0)
    huge = dl.init.gaussian(net.widths, scale=1e120)
    members = dl.ensemble(problem, [net, zero, huge], n_threads=2)
    assert [str(m.status) for m in members] == ["converged", "stopped at a saddle", "failed"]
    assert members.statuses == {"converged": 1, "stopped at a saddle": 1, "failed": 1}
    assert "1 failed" in repr(members)


@pytest.mark.parametrize(
    "options",
    [
        {"max_steps": 5},
        {"t_end": 1.0},
        {"t_end": 0.0},
        {"stop": 1e-3},
        {"stop": 1e-30, "max_steps": 100_000},
        {"norm_cap": 1.0},
        {"atol": 1e-9, "t_end": 5.0},
        {"method": "stiff", "t_end": 3.0},
        {"reverse": True, "t_end": 0.1},
    ],
    ids=str,
)
def test_endings_are_in_the_words_of_gradient_flow(options):
    problem, net = planted_run(3, 1e-1, 0)
    member = dl.ensemble(problem, [net], **options)[0]
    alone = dl.gradient_flow(problem, net, save="ends", **options)
    assert member.status == alone.status
    assert member.status.remedy == alone.status.remedy
    assert member.status.reason[:30] == alone.status.reason[:30]
    assert len(member.t) == len(alone.t)


def test_a_start_in_the_stable_set_of_a_saddle_stops_there():
    problem, net = planted_run(3, 1e-1, 0)
    weights = [np.array(w) for w in net.weights]
    weights[0][:, 3] = 0.0  # the last mode has no input, nor output: it is never learned
    weights[-1][3, :] = 0.0
    start = dl.LinearNetwork(weights)
    member = dl.ensemble(problem, [start])[0]
    alone = dl.gradient_flow(problem, start)
    assert member.status == alone.status == "stopped at a saddle"
    assert member.status.reason[:20] == alone.status.reason[:20]


def test_starts_with_a_closed_form_take_it():
    problem, net = planted_run(2, 1e-2, 0)
    aligned = dl.init.decoupled(problem, net.widths, 0.1)
    members = dl.ensemble(problem, [net, aligned])
    assert members[1].segments[0].method.startswith("exact")
    assert members[0].segments[0].method == "explicit"
    assert np.isfinite(members.learning_times).all()


def test_learning_times_are_those_of_the_resolved_runs():
    problem, _ = planted_run(3, 1e-2, 0)
    nets = starts(4)
    times = dl.ensemble(problem, nets, rtol=1e-9).learning_times
    for net, learned in zip(nets, times, strict=True):
        run = dl.gradient_flow(problem, net, rtol=1e-9)
        for k, t in enumerate(learned):
            product = run(t).product()
            assert product[k, k] == pytest.approx(problem.modes.s[k] / 2, rel=2e-3)
            before = run.mode_strengths[run.t < 0.99 * t, k]
            assert np.all(before < problem.modes.s[k] / 2)


def test_statistics_are_those_of_the_members():
    problem, _ = planted_run(3, 1e-2, 0)
    members = dl.ensemble(problem, starts(3))
    data = members.to_xarray()
    assert data["final"].dims == ("member", "parameter")
    for k, member in enumerate(members):
        row = data.isel(member=k)
        assert row["status"].item() == member.status
        assert row["loss"].item() == pytest.approx(member.loss[-1], rel=1e-6)
        assert row["gap"].item() == pytest.approx(member.gap[-1], rel=1e-6)
        assert row["drift"].item() == pytest.approx(member.drift[-1], rel=1e-9)
        np.testing.assert_allclose(row["mode_strengths"], member.mode_strengths[-1], rtol=1e-9)
        np.testing.assert_array_equal(row["final"], member.final.to_vector())
        assert row["method_steps"].sum() == row["n_steps"] == member.stats.n_steps


def test_progress_goes_on_while_starts_are_read():
    seen, told = [], []

    def slowly():
        for k in range(1100):
            if k >= 1024:  # the first unit is on its way
                told.append(len(seen))
                time.sleep(0.01)
            yield dl.init.gaussian((2, 2, 2), scale=0.1, seed=k)

    problem = dl.Problem.from_modes([2.0, 1.0])
    dl.ensemble(problem, slowly(), progress=lambda done, total: seen.append(done))
    assert told[-1] > told[0]
    assert seen[-1] == 1100


def test_progress_counts_members_up_to_all():
    problem, _ = planted_run(3, 1e-2, 0)
    seen = []
    dl.ensemble(problem, starts(4), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)
    assert seen == sorted(seen)
    lazily = []
    dl.ensemble(problem, iter(starts(3)), progress=lambda *counts: lazily.append(counts))
    assert lazily[-1] == (3, None)


def test_an_interrupt_keeps_the_members_that_are_done():
    problem, _ = planted_run(3, 1e-2, 0)

    def interrupt(done, total):
        if done >= 8:
            raise KeyboardInterrupt

    nets = starts(8) * 30
    members = dl.ensemble(problem, nets, n_threads=1, progress=interrupt)
    assert len(members) == len(nets)
    assert set(members.statuses) == {"converged", "interrupted"}
    for net, member in zip(nets, members, strict=True):
        assert member.initial == net
        assert member.final == member[len(member) - 1]


def test_after_an_interrupt_nothing_more_is_read_of_endless_starts():
    problem, net = planted_run(3, 1e-2, 0)

    def interrupt(done, total):
        if done > 0:
            raise KeyboardInterrupt

    def endless():
        while True:
            yield net

    members = dl.ensemble(problem, endless(), progress=interrupt)
    assert len(members) % 1024 == 0
    assert "converged" in members.statuses


def test_wrong_starts_are_named_before_anything_runs():
    problem, net = planted_run(3, 1e-2, 0)
    with pytest.raises(ValueError, match="at least one"):
        dl.ensemble(problem, [])
    with pytest.raises(ValueError, match="at least one"):
        dl.ensemble(problem, iter([]))
    with pytest.raises(TypeError, match="entry 1"):
        dl.ensemble(problem, [net, "no"])
    with pytest.raises(ValueError, match="must start with 4"):
        dl.ensemble(problem, [net, dl.init.gaussian((3, 4), scale=1.0)])
    with pytest.raises(ValueError, match="method"):
        dl.ensemble(problem, [net], method="euler")
    with pytest.raises(ValueError, match="widths"):
        dl.ensemble(problem, np.zeros((3, 48)))
    with pytest.raises(ValueError, match=r"shape \(m, 48\)"):
        dl.ensemble(problem, np.zeros((3, 47)), widths=net.widths)
    with pytest.raises(ValueError, match="finite"):
        dl.ensemble(problem, np.full((3, 48), np.nan), widths=net.widths)
    with pytest.raises(TypeError, match="progress"):
        dl.ensemble(problem, [net], progress=3)


def test_other_saved_states_are_kept_whole():
    problem, net = planted_run(3, 1e-2, 0)
    members = dl.ensemble(problem, [net, net], save=[1.0, 2.0], t_end=3.0)
    np.testing.assert_array_equal(members[1].t, [1.0, 2.0, 3.0])


def test_a_member_saves_and_is_evaluated_between_its_ends(tmp_path):
    problem, net = planted_run(3, 1e-1, 0)
    member = dl.ensemble(problem, [net], t_end=4.0)[0]
    member.save(tmp_path / "member.zarr")
    assert dl.load(tmp_path / "member.zarr").final == member.final
    alone = dl.gradient_flow(problem, net, t_end=2.0)
    np.testing.assert_allclose(member(2.0).to_vector(), alone.final.to_vector(), atol=1e-5)
