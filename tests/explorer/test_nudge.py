"""Nudges: the start is on the saddle, pushed along the way that was chosen."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.explorer._runs import _nudge
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import Nudge, Settings

PROBLEM = dl.Problem.from_modes([4.0, 2.0, 1.0])
DEEP, TWO_LAYERS = (3, 3, 3, 3), (3, 3, 3)


@pytest.fixture(scope="module")
def visits():
    start = dl.init.gaussian(TWO_LAYERS, scale=1e-3, seed=0)
    return dl.itinerary(dl.gradient_flow(PROBLEM, start))


def test_saddles_are_the_visited_ones_and_then_the_canonical(visits):
    found = _nudge.saddles(PROBLEM, TWO_LAYERS, visits)
    visited = [one for one in found if one.visit is not None]
    assert [one.modes for one in visited] == [v.modes for v in visits if "saddle" in v.kind]
    canonical = [one.modes for one in found if one.visit is None]
    assert canonical == [(), (2,), (1,), (0,), (1, 2), (0, 2), (0, 1)]
    assert found[0].label == "visit 0: no mode (strict saddle)"
    assert found[-1].label == "canonical: modes 0, 1"


def test_one_layer_has_no_saddle():
    assert _nudge.saddles(PROBLEM, (3, 3)) == []


def test_minima_are_no_saddles_in_a_bottleneck():
    modes = [one.modes for one in _nudge.saddles(PROBLEM, (3, 1, 3))]
    assert modes == [(), (2,), (1,)]


def test_many_modes_have_a_short_list():
    problem = dl.Problem.from_modes(np.arange(30.0, 0.0, -1.0))
    found = _nudge.saddles(problem, (30, 30, 30))
    assert [one.modes for one in found[:3]] == [(), (0,), (0, 1)]
    assert len(found) == 30
    fewer = dl.Problem.from_modes(np.arange(10.0, 0.0, -1.0))
    assert len(_nudge.saddles(fewer, (10, 10, 10))) == _nudge.SADDLES


def test_deep_canonical_saddles_have_rays():
    found = _nudge.ways(PROBLEM, DEEP, Nudge(modes=(0,)))
    assert [way.learns for way in found] == [(1,), (2,), (1, 2)]
    assert [way.order for way in found] == [3, 3, 3]
    rays = list(dl.landscape.escape_rays(PROBLEM, DEEP, [0]))
    assert found[2].start(0.1) == rays[2](0.1)
    assert found[0].leaving_time(0.1) == rays[0].leaving_time(0.1)
    assert found[0].label == "learns mode 1, order 3, rate 2"


def test_two_layers_have_directions_that_learn_what_they_say():
    found = _nudge.ways(PROBLEM, TWO_LAYERS, Nudge(modes=(0,)))
    assert [way.order for way in found] == [2] * len(found)
    assert found[0].learns == (1,)
    assert (2,) in [way.learns for way in found]
    for way in found:
        traj = dl.gradient_flow(PROBLEM, way.start(1e-3), t_end=5 / way.rate)
        grown = traj.mode_strengths[-1] - traj.mode_strengths[0]
        assert int(np.argmax(grown)) in way.learns


def test_a_push_lowers_the_loss_and_is_as_large_as_asked():
    for widths in (DEEP, TWO_LAYERS):
        saddle = dl.landscape.critical_point(PROBLEM, widths, [0])
        for way in _nudge.ways(PROBLEM, widths, Nudge(modes=(0,))):
            pushed = way.start(0.05)
            assert dl.loss(PROBLEM, pushed) < dl.loss(PROBLEM, saddle)
            moved = np.linalg.norm(pushed.to_vector() - saddle.to_vector())
            assert 0.04 < moved < 0.05 * len(widths)


def test_a_visited_saddle_is_left_from_where_it_is(visits):
    nudge = Nudge(visit=1, size=0.01)
    start = _nudge.start(PROBLEM, TWO_LAYERS, nudge, visits)
    moved = np.linalg.norm(start.to_vector() - visits[1].network.to_vector())
    assert moved == pytest.approx(0.01)


def test_data_that_are_not_white_have_directions():
    problem = dl.Problem.from_moments(np.diag([2.0, 1.0]), [[3.0, 0.0], [0.0, 1.0]])
    found = _nudge.ways(problem, (2, 2, 2, 2), Nudge(modes=()))
    assert found
    assert found[0].order == 3
    assert found[0].learns == (0,)


@pytest.mark.parametrize(
    ("nudge", "field"),
    [
        (Nudge(modes=(0, 1, 2)), "nudge"),
        (Nudge(modes=(5,)), "nudge"),
        (Nudge(modes=(), ray=999), "nudge.ray"),
        (Nudge(visit=0), "nudge.visit"),
    ],
)
def test_what_is_no_saddle_or_way_is_named(nudge, field):
    with pytest.raises(SettingsError) as caught:
        _nudge.start(PROBLEM, TWO_LAYERS, nudge)
    assert field in caught.value.mistakes


def test_a_minimum_cannot_be_left(visits):
    with pytest.raises(SettingsError, match="may be a minimum"):
        _nudge.ways(PROBLEM, TWO_LAYERS, Nudge(visit=len(visits) - 1), visits)


def test_a_visit_without_a_critical_point_cannot_be_chosen():
    lazy = {"name": "lambda_balanced", "scale": 1e-3, "options": {"lam": 16.0}}
    run = Run(Settings.of({"hidden": (3,), "start": lazy, "nudge": {"visit": 0}}))
    run.compute()
    assert run.state == "failed"
    assert "none was found" in run.mistakes["nudge.visit"]


def test_a_nudged_run_begins_at_the_push():
    settings = Settings.of({"hidden": (3, 3), "nudge": {"modes": (0,), "ray": 1, "size": 0.1}})
    run = Run(settings)
    run.compute()
    assert run.state == "done"
    ways = _nudge.ways(run.problem, run.traj.widths, settings.nudge)
    assert run.traj.initial == ways[1].start(0.1)
    assert run.itinerary[0].modes == (0,)
    assert run.itinerary[1].modes == (0, 2)


def test_a_run_from_a_visit_keeps_the_run_that_was_visited():
    settings = Settings.of({"hidden": (3, 3), "nudge": {"visit": 1}})
    run = Run(settings)
    run.compute()
    assert run.state == "done"
    assert run.without_nudge[1].modes == (0,)
    ways = _nudge.ways(run.problem, run.traj.widths, settings.nudge, run.without_nudge)
    assert ways[0].label.startswith("learns mode 1, order 3, rate")
    assert run.traj.initial == ways[0].start(settings.nudge.size)
