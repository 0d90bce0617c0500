"""Runs that are integrated as a smaller network: the same run, found, told and kept."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve import _reduced

WIDE = (60, 90, 90, 10)


def wide_run():
    problem = dl.Problem.from_modes(np.linspace(5.0, 1.0, 10), d_in=60, seed=0)
    return problem, dl.init.orthogonal(WIDE, scale=0.1, seed=0)


@pytest.fixture(scope="module")
def wide():
    problem, net = wide_run()
    return problem, net, dl.gradient_flow(problem, net)


def test_a_wide_orthogonal_start_is_integrated_as_its_core(wide):
    _, net, traj = wide
    assert traj.reduction.net.widths == (20, 30, 30, 10)
    assert traj.status == "converged"
    assert traj.widths == net.widths
    assert traj.initial == net
    assert "reduced to 20-30-30-10" in repr(traj)


def test_its_states_are_those_of_the_full_network(wide):
    problem, net, traj = wide
    times = traj.t[[20, 50, -1]]
    full = dl.gradient_flow(problem, net, method="explicit", rtol=1e-9, t_end=times[-1], save=times)
    assert full.reduction is None
    for k, t in enumerate(times):
        assert np.abs(full.vectors[-3 + k] - traj(t).to_vector()).max() < 1e-5


def test_loss_products_strengths_and_drift_are_those_of_the_large_states(wide):
    problem, _, traj = wide
    same = dl.solve.Trajectory(
        problem, traj.widths, traj.t, traj.vectors, status=traj.status, stats=traj.stats,
        segments=traj.segments, options=traj.options, largest_rise=traj.largest_rise,
    )  # fmt: skip
    assert np.allclose(same.products, traj.products, atol=1e-12)
    assert np.allclose(same.loss, traj.loss, rtol=1e-10)
    assert np.allclose(same.mode_strengths, traj.mode_strengths, atol=1e-12)
    assert np.allclose(same.drift, traj.drift, atol=1e-13)


def test_copies_count_in_the_loss_and_the_stop_rule():
    # Scaled orthogonal square layers: a core, and identical chains that decay together.
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=40, d_out=40, seed=0)
    net = dl.init.orthogonal((40, 40, 40), scale=0.5, seed=1)
    full = dl.gradient_flow(problem, net, method="explicit", t_end=50.0)
    traj = dl.gradient_flow(problem, net, stop=float(full.gap[-1]))
    assert max(block.copies for block in traj.reduction.blocks) > 30
    assert traj.status == "converged"
    assert traj.t[-2] < 50.0 < traj.t_end * (1 + 1e-6)
    assert traj.evaluate(problem)[0] == pytest.approx(full.loss[0], rel=1e-12)
    assert problem.loss(traj(50.0).product()) == pytest.approx(full.loss[-1], rel=1e-5)


def test_a_generic_start_is_integrated_as_it_is():
    problem, _ = wide_run()
    traj = dl.gradient_flow(problem, dl.init.gaussian(WIDE, scale=0.1, seed=0), t_end=0.1)
    assert traj.reduction is None


def test_other_methods_integrate_the_full_network(wide):
    problem, net, _ = wide
    assert dl.gradient_flow(problem, net, t_end=0.1, method="stabilized").reduction is None


def test_a_start_that_reduces_only_nearly_is_integrated_as_it_is(wide):
    problem, net, _ = wide
    noise = dl.init.gaussian(WIDE, scale=1e-9, seed=3)
    near = dl.LinearNetwork([a + b for a, b in zip(net.weights, noise.weights, strict=True)])
    assert dl.gradient_flow(problem, near, t_end=0.1).reduction is None


def test_a_reduced_run_is_saved_small_and_loads_back(wide, tmp_path):
    _, _, traj = wide
    traj.save(tmp_path / "run.zarr")
    again = dl.load(tmp_path / "run.zarr")
    assert again.final == traj.final
    assert again.initial == traj.initial
    assert np.array_equal(again.reduced_vectors, traj.reduced_vectors)
    assert again.reduction.facts() == traj.reduction.facts()
    t = 0.37 * traj.t_end
    assert np.allclose(again(t).to_vector(), traj(t).to_vector(), atol=1e-9)


def test_small_networks_are_not_searched(monkeypatch):
    def refuse(*_):
        raise AssertionError("searched")

    monkeypatch.setattr(_reduced, "reduce", refuse)
    problem = dl.Problem.from_modes([2.0, 1.0])
    assert (
        dl.gradient_flow(problem, dl.init.gaussian((2, 9, 2), scale=0.1, seed=0)).reduction is None
    )


@pytest.mark.parametrize("which", ["wide", "small", "one layer", "general inputs"])
def test_progress_tells_the_strengths_of_the_whole_problem(which):
    """Also while a smaller network is integrated, or a closed form is evaluated."""
    rng = np.random.default_rng(0)
    if which == "wide":
        problem, net = wide_run()
    else:
        x = rng.standard_normal((30, 4))
        y = x @ rng.standard_normal((4, 3))
        problem = dl.Problem.from_data(x, y, whiten=which == "small")
        widths = (4, 3) if which == "one layer" else (4, 5, 3)
        net = dl.init.gaussian(widths, scale=0.3, seed=1)
    seen = []

    def stop(progress):
        seen.append(progress)
        raise KeyboardInterrupt

    traj = dl.gradient_flow(problem, net, progress=stop)
    assert traj.status == "interrupted"
    assert (traj.reduction is not None) == (which == "wide")
    assert seen[0].mode_strengths == pytest.approx(traj.mode_strengths[-1], abs=1e-12)
    assert seen[0].learned == int((traj.mode_strengths[-1] > problem.modes.s / 2).sum())
    assert seen[0].n_modes == min(len(problem.modes), *net.widths)
