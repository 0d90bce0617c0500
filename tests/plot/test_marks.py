"""Visits on a curve: marked where they are, labelled where there is room."""

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text

import deeplinear as dl
from deeplinear import plot
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import Itinerary, itinerary, set_name
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
BOTH = [plot.loss, plot.gradient_norm]


def marks(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if line.get_label() == "_visit"]


def names(ax: Axes) -> list[Text]:
    """The labels on the curve, without those in the margin."""
    return [t for t in ax.texts if isinstance(t, Annotation) and t.xycoords == "data"]


def crowded(traj: Trajectory, n: int) -> Itinerary:
    """A made-up itinerary with a plateau at n of the saved times."""
    (first, *_) = itinerary(dl.gradient_flow(traj.problem, traj.initial, t_end=1e-3))
    gradient = plot.gradient_norm(traj, ax=Figure().subplots()).lines[0]
    norms = dict(zip(*gradient.get_data(), strict=True))
    places = np.unique(np.linspace(1, len(traj) - 1, n).astype(int))
    return Itinerary(
        [
            dataclasses.replace(
                first,
                modes=tuple(range(0, 2 * j, 1 + j % 2)),
                t_closest=float(traj.t[k]),
                loss=float(traj.loss[k]),
                gradient_norm=float(norms[traj.t[k]]),
                plateau=True,
                prominence=float(j % 5),
            )
            for j, k in enumerate(places)
        ],
        (),
        "made up.",
    )


def test_plateaus_and_the_end_are_dots_with_names_and_passed_sets_rings(runs: Runs) -> None:
    traj = runs["descent"]
    visits = itinerary(traj)
    plateaus = [visit.plateau for visit in visits[:-1]]
    assert not all(plateaus)
    ax = plot.gradient_norm(traj, itinerary=visits)
    assert len(marks(ax)) == len(visits)
    filled = [line.get_markerfacecolor() != "none" for line in marks(ax)]
    assert filled == [*plateaus, True]
    assert len(names(ax)) <= sum(filled)


def test_marks_lie_at_the_smallest_gradient_of_each_visit(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = itinerary(traj)
    ax = plot.gradient_norm(traj, itinerary=visits)
    for visit, mark in zip(visits, marks(ax), strict=True):
        if visit.t_closest > ax.get_xlim()[0]:
            assert mark.get_xydata().tolist() == [[visit.t_closest, visit.gradient_norm]]
    assert {text.get_text() for text in names(ax)} == {set_name(v.modes) for v in visits}
    ax = plot.loss(traj, itinerary=visits)
    assert [text.get_text() for text in names(ax)]
    for visit, mark in zip(visits, marks(ax), strict=False):  # the end is below the axes
        assert mark.get_ydata()[0] == pytest.approx(visit.loss, rel=1e-4)


def test_a_visit_before_the_axes_begin_is_marked_at_their_edge_on_the_curve(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = itinerary(traj)
    ax = plot.gradient_norm(traj, itinerary=visits)
    assert visits[0].t_closest < ax.get_xlim()[0]
    x, y = (float(v[0]) for v in marks(ax)[0].get_data())
    assert x == ax.get_xlim()[0]
    curve = ax.lines[0]
    assert y in curve.get_ydata()


@pytest.mark.parametrize("draw", BOTH)
@pytest.mark.parametrize("n", [1, 4, 10, 15, 60])
@pytest.mark.parametrize("kind", ["staircase", "many modes", "saddle"])
def test_labels_overlap_neither_each_other_nor_the_curve(
    draw, n: int, kind: str, runs: Runs
) -> None:
    traj = runs[kind]
    figure = Figure(figsize=(4.4, 2.9), layout="constrained")
    ax = draw(traj, ax=figure.subplots(), itinerary=crowded(traj, n))
    FigureCanvasAgg(figure).draw()
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    for a, b in itertools.combinations(boxes, 2):
        assert not a.padded(-1).overlaps(b.padded(-1))
    labels = [Text.get_window_extent(text).padded(-2) for text in names(ax)]
    assert len(labels) >= min(n, 4) // 2
    curve = next(line for line in ax.lines if len(line.get_xdata()) > 2)
    x, y = ax.transData.transform(curve.get_xydata()).T
    for box in labels:
        assert not np.any((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1))


@pytest.mark.parametrize("draw", BOTH)
def test_every_kind_of_run_is_marked_without_a_warning(draw, any_run: Trajectory) -> None:
    visits = crowded(any_run, 3) if len(any_run.problem.modes) > 20 else itinerary(any_run)
    ax = draw(any_run, itinerary=visits)
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    assert all(low <= mark.get_xdata()[0] <= high for mark in marks(ax))


@pytest.mark.parametrize("draw", BOTH)
def test_nothing_but_the_axes_is_touched(draw, runs: Runs) -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert draw(runs["staircase"], ax=left, itinerary=itinerary(runs["staircase"])) is left
    assert figure.axes == [left, right]
    assert not right.has_data()
    assert figure.texts == []
    assert plt.get_fignums() == []


def test_what_is_no_itinerary_is_refused_by_name(runs: Runs) -> None:
    for draw in BOTH:
        with pytest.raises(ArgumentTypeError, match="`itinerary` must be an Itinerary"):
            draw(runs["staircase"], itinerary=[])
