"""Close-ups of transitions: as many as asked for, marked on the curve, on linear scales."""

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deeplinear import plot
from deeplinear._core.errors import ArgumentError
from deeplinear.plot import data
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]


def zooms(ax: Axes) -> list[Axes]:
    return [child for child in ax.child_axes if str(child.get_label()).startswith("zoom")]


def squares(ax: Axes) -> list[tuple[float, float]]:
    return [tuple(line.get_xydata()[0]) for line in ax.lines if line.get_label() == "_zoom"]


def test_each_transition_is_drawn_on_linear_axes_with_its_critical_values(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.loss(traj, zoom="transitions")
    falls = data.transitions(traj)
    assert len(zooms(ax)) == len(falls) >= 2
    for small, fall in zip(zooms(ax), falls, strict=True):
        before, after, curve, _ = small.lines
        np.testing.assert_allclose(curve.get_xdata() + fall.t, fall.x)
        np.testing.assert_array_equal(curve.get_ydata(), fall.gap)
        assert (before.get_ydata()[0], after.get_ydata()[0]) == (fall.gap_before, fall.gap_after)
        assert small.get_xscale() == small.get_yscale() == "linear"
        assert f"{fall.before} → {fall.after}" in small.get_title()


def test_letters_mark_on_the_curve_what_is_shown_above(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.loss(traj, zoom=2)
    falls = data.transitions(traj, most=2)
    assert squares(ax) == [(fall.t, fall.y) for fall in falls]
    letters = {text.get_text(): text.xy for text in ax.texts if text.get_text() in "abc"}
    assert letters == {"a": squares(ax)[0], "b": squares(ax)[1]}
    assert [small.get_title()[0] for small in zooms(ax)] == ["a", "b"]


def test_close_ups_are_inside_the_figure_and_overlap_nothing(runs: Runs) -> None:
    figure = Figure(figsize=(5.4, 4.6), layout="constrained")
    ax = plot.loss(runs["staircase"], ax=figure.subplots(), zoom=3)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [small.get_tightbbox() for small in zooms(ax)]
    for box in boxes:
        assert box.y1 <= figure.bbox.y1 + 1
        assert not box.overlaps(ax.bbox)
    assert all(not a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_without_transitions_nothing_is_added(runs: Runs) -> None:
    assert zooms(plot.loss(runs["backward"], zoom="transitions")) == []
    assert zooms(plot.loss(runs["staircase"])) == []


def test_a_zoom_that_is_none_is_refused_by_name(runs: Runs) -> None:
    with pytest.raises(ArgumentError, match="`zoom` must be one of 'transitions'"):
        plot.loss(runs["staircase"], zoom="plateaus")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`zoom` must be at least 1"):
        plot.loss(runs["staircase"], zoom=0)
