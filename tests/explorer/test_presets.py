"""Each preset does what its story says."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from deeplinear.analysis import learning_times
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings
from deeplinear.explorer._settings._presets import PRESETS
from deeplinear.landscape import critical_values, index, mode_groups, spectrum


# Settings hold tables and are no keys; their links are.
def run(name: str, *, beside: bool = False, **changes: object) -> Run:
    preset = PRESETS[name]
    settings = preset.beside if beside else preset.settings
    return _by_link(settings.replace(**changes).link())


@cache
def _by_link(link: str) -> Run:
    found = Run(Settings.from_link(link))
    found.compute()
    assert (found.state, found.message) == ("done", "")
    return found


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_runs_within_a_second_and_cites_the_theory(name):
    preset = PRESETS[name]
    assert "theory §" in preset.story
    assert 2 <= preset.story.count(". ") + 1 <= 4
    assert len(preset.title) <= 30
    assert run(name).elapsed < 5


def test_saddle_to_saddle_waits_at_a_saddle_before_each_mode():
    visits = run("saddle-to-saddle").itinerary
    assert [v.modes for v in visits] == [(), (0,), (0, 1), (0, 1, 2), (0, 1, 2, 3)]
    assert all(v.plateau for v in visits[:-1])
    assert all(v.kind == "non-strict saddle" for v in visits[:-1])
    assert visits[-1].kind == "global minimum"


def test_lazy_learns_all_modes_at_once_and_rich_one_after_the_other():
    lazy, rich = run("lazy-versus-rich", beside=True), run("lazy-versus-rich")
    times = learning_times(lazy.traj)
    assert times.max() < 1.1 * times.min()
    assert all(b > 1.5 * a for a, b in pairwise(learning_times(rich.traj)))
    first, second = lazy.traj.final.weights[1], lazy.traj.initial.weights[1]
    assert np.linalg.norm(first - second) < 0.1 * np.linalg.norm(second)
    assert not any(v.plateau for v in lazy.itinerary[:-1])
    assert sum(v.plateau for v in rich.itinerary[:-1]) >= 2
    assert np.allclose(lazy.traj.initial.product(), rich.traj.initial.product(), atol=0.02)


def test_the_balanced_run_is_slower_and_both_keep_their_imbalance():
    balanced = run("balanced-versus-unbalanced", beside=True)
    other = run("balanced-versus-unbalanced")
    assert (learning_times(other.traj) < learning_times(balanced.traj)).all()
    for found, delta in ((balanced, 0.0), (other, 0.1)):
        for net in (found.traj.initial, found.traj.final):
            assert np.linalg.norm(net.imbalance()[0]) == pytest.approx(delta, abs=1e-4)


def test_the_origin_is_flat_and_is_left_at_the_predicted_time():
    found = run("non-strict-origin")
    first, last = found.itinerary[0], found.itinerary[-1]
    assert (first.modes, first.kind, first.escape_order) == ((), "non-strict saddle", 3)
    origin = first.network
    assert not np.any(origin.product())
    assert index(found.problem, origin) == 0
    assert np.abs(spectrum(found.problem, origin)).max() < 1e-12
    assert first.t_out == pytest.approx(1 / (3 * 0.02), rel=0.05)
    assert (last.modes, last.kind) == ((0,), "non-strict saddle")


def test_order_4_takes_four_times_as_long_from_half_the_distance():
    found = run("escape-order-4")
    assert [v.escape_order for v in found.itinerary] == [4, 4, None]
    half = run("escape-order-4", **{"start.scale": 0.025})
    ratio = learning_times(half.traj) / learning_times(found.traj)
    assert ratio == pytest.approx([4, 4], rel=0.25)


def test_the_bottleneck_learns_two_modes_and_that_is_a_minimum():
    found = run("bottleneck")
    last = found.itinerary[-1]
    assert (last.modes, last.kind) == ((0, 1), "global minimum")
    assert found.traj.loss[-1] == pytest.approx((3**2 + 2**2) / 2, rel=1e-6)
    classes = critical_values(found.problem, found.traj.widths)
    assert max(len(modes) for modes, _ in classes) == 2


def test_repeated_modes_make_half_as_many_classes():
    found = run("repeated-modes")
    assert mode_groups(found.problem.modes.s) == [(0, 1, 2), (3,)]
    assert critical_values(found.problem, found.traj.widths).count == 8
    assert found.itinerary[-1].kind == "global minimum"


def test_the_hierarchy_is_learned_from_the_general_to_the_special():
    found = run("semantic-hierarchy")
    assert np.allclose(found.problem.modes.s**2, [15, 7, 3, 3, 1, 1, 1, 1])
    times = learning_times(found.traj)
    levels = [times[:1], times[1:2], times[2:4], times[4:]]
    assert all(a.max() < b.min() for a, b in pairwise(levels))
