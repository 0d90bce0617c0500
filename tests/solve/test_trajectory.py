"""Trajectories: what is saved, evaluation between, statistics, printing, other problems."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve import _driver
from tests.solve.conftest import planted_run, times_by_arc_length


@pytest.mark.parametrize("method", ["auto", "explicit", "stiff", "gauss"])
def test_evaluation_between_saved_times_has_the_error_of_the_run(method):
    problem, net = planted_run(3, 1e-2, seed=0)
    traj = dl.gradient_flow(problem, net, method=method, rtol=1e-6)
    times = times_by_arc_length(traj, 9)
    exact = dl.gradient_flow(
        problem, net, method="gauss", rtol=1e-9, t_end=times[-1], save=times
    ).vectors
    own = dl.gradient_flow(
        problem, net, method=method, rtol=1e-6, t_end=times[-1], save=times
    ).vectors
    between = np.array([traj(t).to_vector() for t in times])
    assert np.abs(between - exact).max() < 10 * np.abs(own - exact).max() + 1e-7


def test_evaluation_at_saved_times_returns_the_saved_states(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net)
    for k in (0, len(traj) // 2, -1):
        assert traj(traj.t[k]) == traj[k]
    assert traj(0) == net == traj.initial
    assert traj(traj.t_end) == traj.final


def test_evaluation_outside_the_run_names_the_span(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net, t_end=2.0)
    for t in (-0.1, 2.1, np.nan):
        with pytest.raises(ValueError, match="Argument `t` must"):
            traj(t)


def test_evaluation_works_backward_in_time(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net, t_end=0.5, reverse=True, rtol=1e-10, save="ends")
    direct = dl.gradient_flow(problem, net, t_end=0.2, reverse=True, rtol=1e-10).final
    assert np.abs(traj(-0.2).to_vector() - direct.to_vector()).max() < 1e-9


def test_descent_is_evaluated_at_whole_steps(small):
    problem, net = small
    traj = dl.gradient_descent(problem, net, step_size=0.1, n_steps=50, save="ends")
    direct = dl.gradient_descent(problem, net, step_size=0.1, n_steps=23).final
    assert traj(2.3) == direct
    assert traj(2.35) == direct


def test_given_times_are_saved_exactly(small):
    problem, net = small
    times = [0.0, 0.1, 0.75, 3.0]
    traj = dl.gradient_flow(problem, net, t_end=3.0, save=times)
    assert traj.t.tolist() == times
    assert dl.gradient_flow(problem, net, t_end=4.0, save=times).t.tolist() == [*times, 4.0]
    backward = dl.gradient_flow(problem, net, t_end=0.2, save=[-0.1, -0.2], reverse=True)
    assert backward.t.tolist() == [-0.1, -0.2]


def test_saving_the_ends_keeps_two_states(small):
    problem, net = small
    full = dl.gradient_flow(problem, net)
    ends = dl.gradient_flow(problem, net, save="ends")
    assert len(ends) == 2
    assert ends.initial == net
    assert ends.final == full.final


@pytest.mark.parametrize("limit", [10, 60, 1000])
def test_a_number_of_states_is_a_cap_that_never_changes_the_run(limit):
    problem, net = planted_run(3, 1e-2, seed=0)
    traj = dl.gradient_flow(problem, net, save=limit)
    assert len(traj) <= limit + 1
    assert traj.final == dl.gradient_flow(problem, net).final
    assert np.all(np.diff(traj.t) > 0)


def test_default_saving_resolves_transitions_and_decay():
    problem, net = planted_run(3, 1e-3, seed=0)
    traj = dl.gradient_flow(problem, net)
    jumps = np.abs(np.diff(traj.mode_strengths, axis=0)) / problem.modes.s
    assert jumps.max() < 0.25
    assert np.diff(np.log(traj.gap[1:])).min() > -2.0


def test_statistics_are_those_of_the_saved_networks(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net)
    modes = problem.modes
    for k in (0, 7, len(traj) - 1):
        p = traj[k].product()
        assert traj.loss[k] == pytest.approx(dl.loss(problem, traj[k]), rel=1e-14)
        assert np.allclose(traj.singular_values[k], np.linalg.svd(p)[1][:2], atol=1e-14)
        strengths = [u @ p @ v for u, v in zip(modes.u.T, modes.v.T, strict=True)]
        assert np.allclose(traj.mode_strengths[k], strengths, atol=1e-14)
    assert traj.gap[-1] == pytest.approx(traj.loss[-1] - problem.optimum(), abs=1e-15)


def test_strengths_of_general_data_reach_the_modes():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)) * [1.0, 3.0, 0.3]
    problem = dl.Problem.from_data(x, x @ rng.standard_normal((3, 2)))
    traj = dl.gradient_flow(problem, dl.init.gaussian((3, 4, 2), scale=0.1, seed=0))
    assert np.allclose(traj.mode_strengths[-1], problem.modes.s, atol=1e-3)


def test_the_loss_of_another_problem_along_the_run():
    data = dl.datasets.teacher_student((4, 2, 3), 60, noise=0.3, seed=1)
    train = dl.Problem.from_data(data.x, data.y)
    test = dl.Problem.from_data(data.x_test, data.y_test)
    traj = dl.gradient_flow(train, dl.init.gaussian((4, 4, 3), scale=0.1, seed=0))
    losses = traj.evaluate(test)
    direct = 0.5 * np.mean(np.sum((data.y_test - traj.final(data.x_test)) ** 2, axis=1))
    assert losses.shape == traj.t.shape
    assert losses[-1] == pytest.approx(direct, rel=1e-12)


def test_a_trajectory_prints_itself_in_aligned_lines(small):
    problem, net = small
    lines = repr(dl.gradient_flow(problem, net)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "network",
        "time",
        "method",
        "cost",
        "loss",
        "modes",
        "drift",
        "status",
    ]


def test_runs_are_reproducible_bit_for_bit():
    problem, net = planted_run(4, 1e-2, seed=0)
    a, b = (dl.gradient_flow(problem, net) for _ in range(2))
    assert np.array_equal(a.t, b.t)
    assert np.array_equal(a.vectors, b.vectors)
    assert a.segments == b.segments


def test_columns_off_the_range_of_whitened_data_stay_frozen():
    rng = np.random.default_rng(2)
    x = rng.standard_normal((30, 4))
    x[:, 3] = 1.0
    x[:, 2] = 0.0
    problem = dl.Problem.from_data(x, rng.standard_normal((30, 2)), whiten=True, center=True)
    net = dl.init.gaussian((4, 3, 2), scale=0.1, seed=0)
    traj = dl.gradient_flow(problem, net)
    assert traj.status == "converged"
    assert np.allclose(traj.final.weights[0][:, 2:], net.weights[0][:, 2:], atol=1e-12)


def test_progress_reports_where_the_run_is(monkeypatch):
    monkeypatch.setattr(_driver, "_PROGRESS_EVERY", 0.0)  # at every look, not ten times a second
    monkeypatch.setattr(_driver, "_STEPS_TO_FIRST_LOOK", 64)
    problem, net = planted_run(3, 1e-2, seed=0)
    seen = []
    dl.gradient_flow(problem, net, method="explicit", progress=seen.append)
    assert len(seen) > 10
    assert all(p.method == "explicit" and 0 <= p.learned <= p.n_modes == 4 for p in seen)
    assert all(a.t < b.t and a.elapsed < b.elapsed for a, b in itertools.pairwise(seen))
