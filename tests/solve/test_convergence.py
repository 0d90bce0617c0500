"""From every Gaussian start the flow converges; every other ending is named and explained."""

import numpy as np
import pytest

import deeplinear as dl
from tests.solve.conftest import PLANTED, planted_run


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("scale", [1e-1, 1e-2, 1e-3, 1e-4])
def test_fifty_gaussian_starts_converge(depth, scale):
    widths, modes = PLANTED[depth]
    problem = dl.Problem.from_modes(modes)
    starts = [dl.init.gaussian(widths, scale=scale, seed=seed) for seed in range(50)]
    runs = dl.ensemble(problem, starts, n_threads=1)
    assert runs.statuses == {"converged": 50}
    assert max(np.abs(run.mode_strengths[-1] - modes).max() for run in runs) < 1e-3


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("learned", [0, 1, 2])
def test_a_run_started_on_a_saddle_stops_there(depth, learned):
    widths, modes = PLANTED[depth]
    weights = []
    for i in range(depth):
        w = np.zeros((widths[i + 1], widths[i]))
        w[range(learned), range(learned)] = np.array(modes[:learned]) ** (1 / depth)
        weights.append(w)
    traj = dl.gradient_flow(dl.Problem.from_modes(modes), dl.LinearNetwork(weights))
    assert traj.status == "stopped at a saddle"
    assert "critical point to round-off" in traj.status.reason
    assert traj.status.remedy


def test_a_run_into_a_saddle_stops_there():
    # Scalar chain with a product of the wrong sign and equal moduli: theory §9.
    net = dl.LinearNetwork([[[0.5]], [[-0.5]]])
    traj = dl.gradient_flow(dl.Problem.from_modes([2.0]), net)
    assert traj.status == "stopped at a saddle"
    assert np.abs(traj.vectors[-1]).max() < 1e-10


def without_the_first_mode(widths, modes):
    """A start that has exactly nothing of it, on the stable set of the saddle without it."""
    target = np.zeros((widths[-1], widths[0]))
    target[range(len(modes)), range(len(modes))] = modes
    weights = [np.array(w) for w in dl.init.gaussian(widths, scale=0.05, seed=2).weights]
    weights[0][:, 0] = weights[-1][0] = 0.0
    return dl.Problem.from_target(target), dl.LinearNetwork(weights)


@pytest.mark.parametrize("rtol", [1e-2, 1e-5])
@pytest.mark.parametrize("structure", [None, "laws"])
@pytest.mark.parametrize("widths", [(3, 3, 3), (4, 6, 6, 3)])
def test_a_run_that_lacks_a_mode_ends_at_the_saddle_without_it(widths, structure, rtol):
    problem, net = without_the_first_mode(widths, [3.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, net, rtol=rtol, structure=structure, max_steps=50_000)
    assert traj.status == "stopped at a saddle"
    assert np.abs(traj.mode_strengths[-1] - [0.0, 2.0, 1.0]).max() < 1e-3


def test_long_stiff_steps_may_leave_some_noise_at_a_saddle():
    problem, net = without_the_first_mode((3, 3, 3), [3.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, net, method="stiff", rtol=1e-2, max_steps=5000)
    assert traj.status == "stopped at a saddle"


@pytest.mark.parametrize("rtol", [1e-2, 1e-8])
def test_a_wide_run_that_lacks_a_mode_need_not_wait_at_the_saddle(rtol):
    problem, net = without_the_first_mode((10, 40, 40, 10), list(range(10, 0, -1)))
    traj = dl.gradient_flow(problem, net, rtol=rtol, max_steps=2000)
    assert traj.status == "stopped at a saddle"
    assert "exactly nothing of some modes" in traj.status.reason
    assert traj.final.widths == (10, 40, 40, 10)
    assert traj.loss[-1] == pytest.approx(50.0, abs=1e-7)
    assert dl.landscape.classify(problem, dl.landscape.refine(problem, traj.final).network).modes


def test_no_end_time_may_be_called_infinite():
    problem, net = planted_run(2, 1e-2, seed=0)
    with pytest.raises(ValueError, match="t_end"):
        dl.gradient_flow(problem, net, t_end=np.inf, reverse=True)
    ends = [dl.gradient_flow(problem, net, t_end=t_end).t_end for t_end in (None, np.inf)]
    assert ends[0] == ends[1] < np.inf
    members = [dl.ensemble(problem, [net], t_end=t_end)[0].t_end for t_end in (None, np.inf)]
    assert members[0] == members[1] < np.inf


def test_a_gap_below_round_off_ends_at_the_minimum_and_is_no_saddle():
    x, y = dl.datasets.iris()
    problem = dl.Problem.from_data(x, y)
    traj = dl.gradient_flow(problem, dl.init.gaussian((4, 4, 3), scale=0.1, seed=0), stop=0.0)
    assert traj.status == "converged"


def test_a_plateau_is_no_saddle_stop():
    # A start so small that the gradient on the first plateau is below 1e-20.
    problem, net = planted_run(3, 1e-10, seed=0)
    traj = dl.gradient_flow(problem, net)
    assert traj.status == "converged"
    assert traj.t_end > 1e9


def test_a_zero_start_is_the_saddle_at_the_origin():
    traj = dl.gradient_flow(dl.Problem.from_modes([1.0]), dl.init.gaussian((1, 1, 1), scale=0.0))
    assert traj.status == "stopped at a saddle"
    assert len(traj) == 1


def test_zero_weights_at_depth_one_converge():
    traj = dl.gradient_flow(dl.Problem.from_modes([2.0, 1.0]), dl.LinearNetwork([np.zeros((2, 2))]))
    assert traj.status == "converged"


@pytest.mark.parametrize("scale", [30.0, 1e60, 1e149])
def test_huge_starts_end_in_a_clear_status(scale):
    problem, net = planted_run(3, scale, seed=0)
    traj = dl.gradient_flow(problem, net, max_steps=20_000)
    assert traj.status in {"converged", "failed", "step limit"}
    if scale > 1e50:
        assert traj.status == "failed"
        assert "smaller weights" in traj.status.remedy
    assert repr(traj)


def test_tiny_starts_end_in_a_clear_status():
    problem, net = planted_run(3, 1e-30, seed=0)
    traj = dl.gradient_flow(problem, net)
    assert traj.status == "failed"
    assert "larger weights" in traj.status.remedy
    again = dl.gradient_flow(problem, traj.final)
    assert again.t_end > 0


def test_the_optimum_under_a_bottleneck_counts_as_converged():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, dl.init.gaussian((3, 1, 3), scale=0.1, seed=0))
    assert traj.status == "converged"
    assert traj.loss[-1] == pytest.approx(2.5, abs=1e-8)


def test_a_target_of_zero_is_reached_algebraically():
    # theory §12: Sigma = 0, balanced, h = 3: L ~ t^(-3/2).
    net = dl.LinearNetwork([[[0.5]]] * 3)
    traj = dl.gradient_flow(dl.Problem.from_modes([0.0]), net, save=400)
    assert traj.status == "converged"
    late = traj.t > 1e4
    slope = np.polyfit(np.log(traj.t[late]), np.log(traj.loss[late]), 1)[0]
    assert slope == pytest.approx(-1.5, abs=0.01)


def test_start_at_the_optimum_has_converged_at_once():
    problem = dl.Problem.from_modes([1.0])
    traj = dl.gradient_flow(problem, dl.LinearNetwork([[[1.0]], [[1.0]]]))
    assert (traj.status, traj.t_end, len(traj)) == ("converged", 0.0, 1)


def test_step_limit_is_a_status_with_a_remedy():
    problem, net = planted_run(3, 1e-2, seed=0)
    traj = dl.gradient_flow(problem, net, max_steps=10)
    assert traj.status == "step limit"
    assert traj.stats.n_steps == 10
    assert "max_steps" in traj.status.remedy


def test_t_end_is_reached_exactly_even_past_convergence(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net, t_end=500.0)
    assert (traj.status, traj.t_end) == ("t_end", 500.0)
    assert dl.gradient_flow(problem, net, t_end=0.0).status == "t_end"
    early = dl.gradient_flow(problem, net, t_end=500.0, stop="gap")
    assert early.status == "converged"
    assert early.t_end < 500.0


def test_backward_blow_up_is_named(small):
    problem, net = small
    traj = dl.gradient_flow(problem, net, t_end=1e3, reverse=True)
    assert traj.status == "failed"
    assert "backward" in traj.status.reason


def test_an_interrupt_keeps_what_has_been_computed():
    problem, net = planted_run(4, 1e-2, seed=0)
    calls = []

    def interrupt(progress):
        calls.append(progress)
        raise KeyboardInterrupt

    traj = dl.gradient_flow(problem, net, method="explicit", progress=interrupt)
    assert traj.status == "interrupted"
    assert len(calls) == 1
    assert traj.t_end == calls[0].t > 0
    assert np.isfinite(traj.loss).all()


def test_auto_changes_its_mind_and_says_why():
    problem, net = planted_run(4, 1e-3, seed=0)
    traj = dl.gradient_flow(problem, net)
    methods = [segment.method for segment in traj.segments]
    assert methods[0] == "explicit"
    assert "stiff" in methods
    assert sum(segment.n_steps for segment in traj.segments) == traj.stats.n_steps
    assert "stability, not accuracy" in traj.segments[1].reason


def test_a_diverging_descent_says_so():
    problem, net = planted_run(2, 1e-1, seed=0)
    traj = dl.gradient_descent(problem, net, step_size=3.0, n_steps=1000)
    assert traj.status == "failed"
    assert "step_size" in traj.status.remedy
    assert np.isfinite(traj.vectors).all()
