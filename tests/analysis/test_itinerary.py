"""Itineraries: the sets that a run learns, in order, with their plateaus, saddles and times."""

import itertools
import math

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.analysis import Itinerary, learning, sentence
from deeplinear.landscape import critical_value
from deeplinear.solve import Trajectory

TOP = [(), (0,), (0, 1), (0, 1, 2), (0, 1, 2, 3)]


def run(depth: int, scale: float, seed: int, s: tuple = (4.0, 2.5, 1.5, 0.8)) -> Trajectory:
    problem = dl.Problem.from_modes(s, seed=1)
    start = dl.init.gaussian((len(s),) * (depth + 1), scale=scale, seed=seed)
    return dl.gradient_flow(problem, start)


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "scale"), [(2, 1e-8), (3, 1e-3), (4, 1e-2)])
@pytest.mark.parametrize(
    ("s", "seeds"), [((4.0, 2.5, 1.5, 0.8), 50), ((8.0, 4.0, 2.0, 1.0, 0.5), 10)]
)
def test_small_starts_wait_at_every_set_of_largest_modes_in_order(
    depth: int, scale: float, s: tuple, seeds: int
) -> None:
    expected = [tuple(range(r)) for r in range(len(s) + 1)]
    for seed in range(seeds):
        visits = dl.itinerary(run(depth, scale, seed, s))
        plateaus = [v for v in visits if v.plateau]
        assert [v.modes for v in plateaus] == expected
        # What a run passes on the way from one to the next is no plateau, and short.
        assert len(visits) - len(plateaus) <= 2
        for v in plateaus[:-1]:
            assert v.near
            assert v.escape_order == depth
            assert v.kind == ("strict saddle" if depth == 2 else "non-strict saddle")
        assert visits[-1].kind == "global minimum"


def read_densely(traj: Trajectory) -> tuple[list[tuple[int, ...]], list[float]]:
    """The learned sets on a fine grid of a reference run, each with the time it is first seen."""
    held = traj.mode_strengths > traj.problem.modes.s / 2
    sets, times = [tuple(np.flatnonzero(held[0]).tolist())], [0.0]
    for t, row in zip(traj.t, held, strict=True):
        now = tuple(np.flatnonzero(row).tolist())
        if now != sets[-1]:
            sets.append(now)
            times.append(float(t))
    return sets, times


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3, 4])
def test_large_starts_have_the_itinerary_of_an_accurate_reference(depth: int) -> None:
    problem = dl.Problem.from_modes([4.0, 2.5, 1.5, 0.8], seed=1)
    for seed in range(5):
        start = dl.init.gaussian((4,) * (depth + 1), scale=0.1, seed=seed)
        visits = dl.itinerary(dl.gradient_flow(problem, start))
        changes = [v.t_in for v in visits[1:]]
        near = np.concatenate([t * (1 + np.linspace(-1e-4, 1e-4, 21)) for t in changes])
        grid = np.unique(np.concatenate([np.linspace(0.0, changes[-1] * 1.01, 2000), near]))
        reference = dl.gradient_flow(
            problem, start, t_end=float(grid[-1]), rtol=1e-11, method="explicit", save=grid
        )
        sets, times = read_densely(reference)
        assert [v.modes for v in visits] == sets
        assert changes == pytest.approx(times[1:], rel=3e-5)


def test_visits_follow_each_other_from_start_to_end() -> None:
    traj = run(3, 1e-2, 0)
    visits = dl.itinerary(traj)
    assert isinstance(visits, Itinerary)
    assert visits[0].t_in == 0.0
    assert visits[-1].t_out == traj.t_end
    for a, b in itertools.pairwise(visits):
        assert a.t_out == b.t_in
        assert a.modes != b.modes
    for v in visits:
        assert v.t_in <= v.t_closest <= v.t_out
        assert v.value == critical_value(traj.problem, v.modes)
        gradient = dl.gradient(traj.problem, traj(v.t_closest))
        assert v.gradient_norm == pytest.approx(
            math.hypot(*map(np.linalg.norm, gradient)), rel=1e-6
        )
        assert v.loss == pytest.approx(dl.loss(traj.problem, traj(v.t_closest)))


def test_the_refined_point_is_critical_and_as_far_as_it_says() -> None:
    traj = run(3, 1e-3, 2)
    for v in dl.itinerary(traj):
        assert v.near
        gradient = np.concatenate([g.ravel() for g in dl.gradient(traj.problem, v.network)])
        assert np.linalg.norm(gradient) < 1e-12
        moved = v.network.to_vector() - traj(v.t_closest).to_vector()
        assert v.distance == pytest.approx(np.linalg.norm(moved), rel=1e-6)
        assert dl.loss(traj.problem, v.network) == pytest.approx(v.value, abs=1e-12)


def test_equal_modes_count_as_a_group() -> None:
    problem = dl.Problem.from_modes([4.0, 1.5, 1.5, 0.5], seed=5)
    traj = dl.gradient_flow(problem, dl.init.gaussian((4, 4, 4, 4), scale=1e-3, seed=0))
    visits = [v for v in dl.itinerary(traj) if v.plateau]
    assert [v.modes for v in visits] == TOP
    assert all(v.near for v in visits)
    # Another basis of the group's span is the same problem, and the same itinerary.
    turned = dl.Problem.from_target(problem.target + 1e-16 * np.ones((4, 4)))
    again = dl.gradient_flow(turned, traj.initial)
    assert [v.modes for v in dl.itinerary(again) if v.plateau] == TOP


def test_balanced_decoupled_modes_are_learned_when_predicted() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=0)
    for depth in (1, 2, 3, 4):
        widths = (3,) * (depth + 1)
        traj = dl.gradient_flow(problem, dl.init.decoupled(problem, widths, 0.1))
        for entry in learning(traj):
            assert entry.observed == pytest.approx(entry.predicted, rel=1e-5)
            assert entry.initial_strength == pytest.approx(0.1**depth)


def test_predictions_exist_for_every_mode_of_whitened_data_only() -> None:
    traj = run(3, 1e-2, 0)
    assert all(0 < entry.predicted < np.inf for entry in learning(traj))
    data = dl.Problem.from_moments(np.diag([1.0, 2.0]), np.eye(2))
    other = dl.gradient_flow(data, dl.init.gaussian((2, 2, 2), scale=0.1, seed=0))
    assert all(np.isnan(entry.predicted) for entry in learning(other))


def test_a_run_that_stops_at_a_saddle_ends_there() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.0]]] * 3)
    visits = dl.itinerary(dl.gradient_flow(problem, start))
    assert [v.modes for v in visits] == [(), (0,)]
    assert visits[-1].kind == "non-strict saddle"
    assert visits[-1].escape_order == 3
    assert "limit is a non-strict saddle of escape order 3" in visits.limit


@pytest.mark.parametrize(
    "traj",
    [
        dl.gradient_flow(dl.Problem.from_modes([2.0, 1.0]), dl.init.gaussian((2, 2), seed=0)),
        dl.gradient_flow(
            dl.Problem.from_target(np.zeros((2, 2))), dl.init.gaussian((2, 2, 2), scale=1.0, seed=0)
        ),
        dl.gradient_flow(
            dl.Problem.from_modes([2.0]), dl.init.gaussian((1, 1, 1), scale=0.5, seed=0), t_end=0.0
        ),
        dl.gradient_flow(
            dl.Problem.from_modes([2.0, 1.0]), dl.init.gaussian((2, 1, 2), scale=0.1, seed=0)
        ),
        dl.gradient_flow(
            dl.Problem.from_modes([2.0, 1.0]),
            dl.init.gaussian((2, 2, 2), scale=0.5, seed=0),
            t_end=0.5,
            reverse=True,
        ),
        dl.gradient_flow(
            dl.Problem.from_modes([2.0, 1.0]),
            dl.init.gaussian((2, 2, 2), scale=1e-3, seed=0),
            save="ends",
        ),
        dl.gradient_descent(
            dl.Problem.from_modes([2.0, 1.0]),
            dl.init.gaussian((2, 2, 2), scale=0.1, seed=0),
            step_size=0.01,
            n_steps=2000,
        ),
        dl.gradient_descent(
            dl.Problem.from_modes([2.0, 1.0]),
            dl.init.gaussian((2, 2, 2), scale=1.0, seed=0),
            step_size=9.0,
            n_steps=2000,
        ),
        dl.gradient_flow(
            dl.Problem.from_modes([2.0, 1.0]), dl.LinearNetwork([np.zeros((2, 2))] * 2)
        ),
    ],
    ids=["depth 1", "no mode", "no time", "bottleneck", "backward", "ends", "descent", "diverged",
         "at a saddle"],
)  # fmt: skip
def test_every_run_has_an_itinerary_that_prints_and_speaks(traj: Trajectory) -> None:
    visits = dl.itinerary(traj)
    assert len(visits) >= 1
    assert visits[0].t_in == traj.t[0]
    assert visits[-1].t_out == traj.t_end
    lines = repr(visits).splitlines()
    assert len(lines) == len(visits) + 3
    assert all(len(line) <= 80 for line in lines[:-1])
    for j, v in enumerate(visits):
        assert sentence(v, last=j == len(visits) - 1).endswith(".")
    assert visits.limit.endswith(".")


def test_something_else_than_a_run_is_refused() -> None:
    with pytest.raises(TypeError, match="`traj` must be a Trajectory"):
        dl.itinerary(dl.init.gaussian((2, 2), seed=0))  # type: ignore[arg-type]


def test_progress_counts_the_visits_and_may_end_the_search() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=1e-3, seed=0))
    seen: list[tuple[int, int]] = []
    visits = dl.itinerary(traj, progress=lambda done, count: seen.append((done, count)))
    assert seen == [(k, len(visits)) for k in range(len(visits))]

    def stop(done: int, count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dl.itinerary(traj, progress=stop)


@pytest.mark.parametrize("depth", [4, 16])
def test_a_deep_network_of_huge_weights_has_an_itinerary(depth: int) -> None:
    problem = dl.Problem.from_modes([1e6, 1.0])
    net = dl.init.gaussian((2, *(3,) * (depth - 1), 2), scale=1e6, seed=0)
    traj = dl.gradient_flow(problem, net, max_steps=100)
    assert dl.itinerary(traj)[0].t_in == 0
