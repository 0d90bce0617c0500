"""Runs by closed form: where a start has one, `auto` takes it, says so, and is right."""

import numpy as np
import pytest

import deeplinear as dl

PROBLEM = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=4, seed=0)
CHAINS = [[0.3, 0.1, 0.2], [0.1, -0.2, 0.3], [0.4, 0.1, -0.2]]


def starts() -> dict[str, tuple[dl.Problem, dl.LinearNetwork]]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4))
    x[:, 3] = x[:, 2]
    y = x @ rng.normal(size=(4, 3)) + 0.1 * rng.normal(size=(30, 3))
    white = dl.Problem.from_data(x, y, whiten=True)
    widths = (4, 5, 3, 3)
    return {
        "balanced": (PROBLEM, dl.init.decoupled(PROBLEM, widths, 0.1, seed=1)),
        "unequal chains": (PROBLEM, dl.init.decoupled(PROBLEM, widths, CHAINS, seed=1)),
        "rank-deficient inputs": (white, dl.init.decoupled(white, widths, CHAINS, seed=1)),
        "one layer": (PROBLEM, dl.init.gaussian((4, 3), scale=1.0, seed=2)),
        "one layer, any data": (dl.Problem.from_data(x, y), dl.init.gaussian((4, 3), seed=2)),
        "one layer, from zero": (PROBLEM, dl.LinearNetwork([np.zeros((3, 4))])),
    }


@pytest.mark.parametrize("name", starts())
def test_states_are_those_of_an_accurate_integration(name: str) -> None:
    problem, net = starts()[name]
    traj = dl.gradient_flow(problem, net, t_end=12.0)
    assert [s.method.split(" (")[0] for s in traj.segments] == ["exact"]
    assert "closed form" in traj.segments[0].reason
    reference = dl.gradient_flow(problem, net, t_end=12.0, rtol=1e-13, method="explicit")
    for t in (0.0, 0.1, 1.7, 5.0, 12.0):
        assert traj(t).to_vector() == pytest.approx(reference(t).to_vector(), abs=1e-10)


@pytest.mark.parametrize("name", starts())
def test_it_stops_at_the_gap_as_an_integration_does(name: str) -> None:
    problem, net = starts()[name]
    traj = dl.gradient_flow(problem, net)
    stepped = dl.gradient_flow(problem, net, method="explicit")
    assert traj.status == stepped.status
    if traj.status == "converged":
        gap = traj.options["gap"]
        assert 0.9 * gap < traj.gap[-1] <= gap
        assert traj.t_end <= stepped.t_end * (1 + 1e-9)


def test_saved_times_are_those_asked_for() -> None:
    problem, net = starts()["balanced"]
    traj = dl.gradient_flow(problem, net, t_end=5.0, save=[0.0, 1.0, 2.5])
    assert traj.t.tolist() == [0.0, 1.0, 2.5, 5.0]
    assert len(dl.gradient_flow(problem, net, t_end=5.0, save="ends")) == 2
    assert len(dl.gradient_flow(problem, net, t_end=5.0, save=20)) <= 20
    assert len(dl.gradient_flow(problem, net, save=7)) <= 7


def test_saved_states_resolve_what_happens() -> None:
    problem, net = starts()["unequal chains"]
    traj = dl.gradient_flow(problem, net)
    assert traj.t[0] == 0.0
    assert np.all(np.diff(traj.t) > 0)
    moved = np.linalg.norm(np.diff(traj.vectors, axis=0), axis=1)
    assert np.all(moved < 0.05 * np.linalg.norm(traj.vectors[1:], axis=1))


def test_the_end_at_a_saddle_is_found_although_the_form_rounds() -> None:
    problem = dl.Problem.from_modes([4.0, 2.0, 1.0], seed=0)
    ray = dl.landscape.escape_rays(problem, (3, 3, 3, 3), ())
    traj = dl.gradient_flow(problem, next(iter(ray))(0.01))
    assert traj.segments[0].method.startswith("exact")
    assert traj.status == "stopped at a saddle"
    assert 1e6 < traj.t_end < 1e12


def test_a_mode_that_is_missing_ends_at_a_saddle() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    net = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.0]]] * 2)
    traj = dl.gradient_flow(problem, net)
    assert traj.status == "stopped at a saddle"
    assert traj.final.product() == pytest.approx(np.diag([2.0, 0.0]), abs=1e-14)
    assert dl.gradient_flow(problem, net, stop=0.6).status == "converged"
    assert dl.gradient_flow(problem, net, t_end=3.0, stop=0.6).status == "converged"
    assert dl.gradient_flow(problem, net, t_end=0.5, stop=0.6).status == "t_end"


def test_tiny_starts_whose_times_are_astronomical_are_followed() -> None:
    problem = dl.Problem.from_modes([1.0])
    traj = dl.gradient_flow(problem, dl.LinearNetwork([[[1e-6]]] * 5))
    assert traj.status == "converged"
    assert traj.t_end == pytest.approx(dl.exact.mode_time(1.0, 5, 1e-6, 0.9), rel=1e-6)


def test_other_starts_methods_and_directions_are_integrated() -> None:
    problem, net = starts()["balanced"]
    near = dl.init.near(net, distance=1e-9, seed=0)
    for run in (
        dl.gradient_flow(problem, near, t_end=1.0),
        dl.gradient_flow(problem, net, t_end=1.0, method="explicit"),
        dl.gradient_flow(problem, net, t_end=0.1, reverse=True),
        dl.gradient_flow(problem, dl.init.lambda_balanced((4, 3, 3), lam=0.1, seed=0), t_end=1.0),
    ):
        assert all(not segment.method.startswith("exact") for segment in run.segments)


def test_a_run_by_closed_form_saves_loads_and_continues() -> None:
    import tempfile

    problem, net = starts()["unequal chains"]
    traj = dl.gradient_flow(problem, net)
    with tempfile.TemporaryDirectory() as folder:
        traj.save(f"{folder}/exact.zarr")
        again = dl.load(f"{folder}/exact.zarr")
    assert again.segments == traj.segments
    assert again(1.234).to_vector() == pytest.approx(traj(1.234).to_vector(), abs=1e-14)
    assert "exact (decoupled)" in repr(again)
