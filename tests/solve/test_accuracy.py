"""Global errors inside the transitions, against references that two methods agree on."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import deeplinear as dl
from tests.solve.conftest import planted_run, times_by_arc_length


def reference(problem, net, times):
    """States at these times from Gauss at a fine tolerance, cross-checked by Radau."""
    gauss = at_tolerance(1e-9, "gauss", problem, net, times)
    radau = at_tolerance(1e-9, "stiff", problem, net, times)
    return gauss, float(np.abs(gauss - radau).max())


def at_tolerance(rtol, method, problem, net, times):
    """The states of a run at these times."""
    run = dl.gradient_flow(problem, net, rtol=rtol, method=method, t_end=times[-1], save=times)
    return run.vectors


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("scale", [1e-1, 1e-2, 1e-3])
def test_default_error_at_rtol_1e_7_stays_below_1e_4_inside_transitions(depth, scale):
    problem, net = planted_run(depth, scale, seed=0)
    times = times_by_arc_length(dl.gradient_flow(problem, net, rtol=1e-7), 13)
    exact, doubt = reference(problem, net, times)
    traj = dl.gradient_flow(problem, net, rtol=1e-7, t_end=times[-1], save=times)
    assert doubt < 2e-5
    assert np.abs(traj.vectors - exact).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 4])
def test_exit_times_are_right_to_1e_12_after_the_longest_plateaus(depth):
    # At depth 4 and scale 1e-4 the run takes 1.4e9 while transitions take 1: round-off of the
    # weights alone shifts an exit by 1e-13 of that, so the error is measured in time.
    problem, net = planted_run(depth, 1e-4, seed=0)
    times = times_by_arc_length(dl.gradient_flow(problem, net, rtol=1e-7), 13)
    # Gauss at 1e-8: at 1e-9 round-off holds its steps down, and twelve times as many change the
    # times by 1e-15. Radau agrees to far less than what is claimed.
    exact = at_tolerance(1e-8, "gauss", problem, net, times)
    other = at_tolerance(1e-8, "stiff", problem, net, times)
    traj = dl.gradient_flow(problem, net, rtol=1e-7, t_end=times[-1], save=times)
    f, _ = dl.vector_field(problem, net.widths)
    fastest = max(float(np.linalg.norm(f(0.0, y))) for y in exact)
    assert np.abs(other - exact).max() / fastest < 4e-13 * times[-1]
    assert np.abs(traj.vectors - exact).max() / fastest < 2e-12 * times[-1]


@pytest.fixture(scope="module")
def referenced():
    """A run of depth 3 from scale 1e-2: problem, start, times, reference states."""
    problem, net = planted_run(3, 1e-2, seed=0)
    times = times_by_arc_length(dl.gradient_flow(problem, net), 13)
    exact, doubt = reference(problem, net, times)
    assert doubt < 1e-9
    return problem, net, times, exact


@pytest.mark.parametrize("method", ["auto", "explicit", "stiff", "gauss"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-7])
def test_error_stays_below_a_hundred_tolerances(method, rtol, referenced):
    problem, net, times, exact = referenced
    traj = dl.gradient_flow(problem, net, rtol=rtol, method=method, t_end=times[-1], save=times)
    assert np.abs(traj.vectors - exact).max() < 100 * rtol


@pytest.mark.parametrize("method", ["auto", "explicit", "stiff", "gauss"])
def test_every_method_agrees_with_scipy_on_general_data(method):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((30, 4)) * [1, 2, 0.5, 0]
    y = rng.standard_normal((30, 3))
    problem = dl.Problem.from_data(x, y)
    net = dl.init.gaussian((4, 5, 2, 3), scale=0.4, seed=4)
    f, jac = dl.vector_field(problem, net.widths)
    times = [1.0, 5.0, 20.0]
    other = solve_ivp(
        f, (0, 20), net.to_vector(), method="Radau", jac=jac, t_eval=times, rtol=1e-11, atol=1e-13
    )
    traj = dl.gradient_flow(problem, net, t_end=20.0, save=times, method=method, rtol=1e-9)
    assert np.abs(traj.vectors - other.y.T).max() < 1e-7


def test_depth_one_is_the_exponential_relaxation():
    problem = dl.Problem.from_target([[1.0, -2.0], [0.5, 3.0]])
    net = dl.init.gaussian((2, 2), scale=1.0, seed=0)
    times = np.array([0.3, 1.0, 4.0])
    traj = dl.gradient_flow(problem, net, t_end=4.0, save=times, rtol=1e-9)
    start, sigma = net.product(), problem.syx
    exact = sigma + (start - sigma) * np.exp(-times)[:, None, None]
    assert np.abs(traj.products - exact).max() < 1e-8


def test_balanced_chain_reaches_its_mode_at_the_time_of_theory_7():
    # theory §7.3: h = 3, s = 2, a_0 = 0.05: a reaches (0.9 s)^(1/3) at t = 9.98670591287463.
    problem = dl.Problem.from_modes([2.0])
    net = dl.LinearNetwork([[[0.05]]] * 3)
    traj = dl.gradient_flow(problem, net, t_end=9.98670591287463, rtol=1e-11)
    assert traj.final.product()[0, 0] == pytest.approx(1.8, abs=1e-9)


def test_backward_undoes_forward(small):
    problem, net = small
    forward = dl.gradient_flow(problem, net, t_end=0.7, rtol=1e-11)
    back = dl.gradient_flow(problem, forward.final, t_end=0.7, rtol=1e-11, reverse=True)
    assert back.t_end == -0.7
    assert np.abs(back.vectors[-1] - net.to_vector()).max() < 1e-8
