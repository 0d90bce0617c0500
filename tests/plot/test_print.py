"""In a column of a journal nothing is cut off, nothing collides, and no layout gives up."""

import itertools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

import deeplinear as dl
from deeplinear import analysis, init, plot
from deeplinear.plot import data
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
TWO = dl.Problem.from_modes([4.0, 2.0])


def slice_of_a_run() -> Axes:
    traj = dl.gradient_flow(TWO, init.gaussian((2, 2, 2), scale=1e-2, seed=0))
    return plot.loss_slice(
        TWO, [visit.network for visit in dl.itinerary(traj)], trajectory=traj, resolution=41
    )


def grown_surface() -> Axes:
    origin = dl.landscape.critical_point(TWO, (2, 2, 2), [])
    rays = [[np.diag([1.0, 0.0])] * 2, [np.diag([0.0, 1.0])] * 2]
    angles = np.linspace(0, np.pi / 2, 5)
    return plot.surface(analysis.unstable_surface(TWO, origin, rays, angles=angles))


@pytest.mark.parametrize("draw", [slice_of_a_run, grown_surface])
@pytest.mark.parametrize("columns", [1, 2])
def test_planes_and_surfaces_fit_into_columns(draw: object, columns: int) -> None:
    with plot.style(columns=columns):
        ax = draw()  # type: ignore[operator]
        figure = ax.figure
        figure.canvas.draw()  # warnings are errors: a layout that gives up is one
    assert ax.get_window_extent().width > 0.4 * figure.bbox.width
    whole = figure.get_tightbbox()
    assert whole.x0 >= -0.02
    assert whole.y0 >= -0.02
    assert whole.x1 <= figure.get_figwidth() + 0.02
    assert whole.y1 <= figure.get_figheight() + 0.02


def test_names_of_points_on_a_slice_do_not_overlap() -> None:
    with plot.style():
        ax = slice_of_a_run()
        ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if "of" in text.get_text()]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_numbers_of_close_ups_and_names_beside_them_do_not_overlap(runs: Runs) -> None:
    with plot.style():
        ax = plot.loss(runs["staircase"], zoom="transitions")
        ax.figure.canvas.draw()
    ticks = []
    for small in ax.child_axes:
        ticks += [text.get_window_extent() for text in small.get_xticklabels() if text.get_text()]
    ticks.sort(key=lambda box: box.x0)
    assert all(a.x1 <= b.x0 for a, b in itertools.pairwise(ticks))


def test_names_of_many_levels_do_not_overlap_below_close_ups() -> None:
    problem = dl.Problem.from_modes(np.arange(8.0, 0.0, -1.0))
    traj = dl.gradient_flow(problem, init.gaussian((8, 8, 8), scale=1e-3, seed=0))
    with plot.style():
        ax = plot.loss(traj, zoom=2)
        ax.figure.canvas.draw()
    names = [
        text for text in ax.texts if text.get_text() in ("none", "0") or "–" in text.get_text()
    ]
    boxes = sorted((Text.get_window_extent(text) for text in names), key=lambda box: box.y0)
    assert len(boxes) >= 3
    assert all(a.y1 <= b.y0 + 1.5 for a, b in itertools.pairwise(boxes))


def test_labels_of_an_ensemble_are_not_cut_off() -> None:
    starts = [init.gaussian((2, 2, 2), scale=0.04, seed=k) for k in range(5)]
    with plot.style():
        ax = plot.learning_times(dl.ensemble(TWO, starts))
        ax.figure.canvas.draw()
    box = ax.yaxis.label.get_window_extent()
    assert box.y0 >= 0
    assert box.y1 <= ax.figure.bbox.height


def test_a_logarithmic_axis_has_two_numbers_at_least(runs: Runs) -> None:
    ax = plot.loss(runs["staircase"])
    ax.set_xlim(2.0, 90.0)
    ax.figure.canvas.draw()
    major = [t for t in ax.get_xticks() if 2.0 <= t <= 90.0]
    minor = [text.get_text() for text in ax.xaxis.get_minorticklabels() if text.get_text()]
    assert len(major) == 1
    assert {"2", "5", "20", "50"} <= set(minor)


def test_nodes_that_are_left_out_are_counted_below_the_nodes() -> None:
    with plot.style():
        ax = plot.network(init.gaussian((60, 30, 60), scale=0.1, seed=0))
        ax.figure.canvas.draw()
    (nodes,) = [line for line in ax.lines if line.get_label() == "_nodes"]
    radius = nodes.get_markersize() / 2 * ax.figure.dpi / 72
    lowest = ax.transData.transform((0.0, float(np.min(nodes.get_ydata()))))[1] - radius
    counts = [text for text in ax.texts if text.get_text().startswith("+")]
    assert len(counts) == 3
    assert all(text.get_window_extent().y1 <= lowest + 2 for text in counts)


def test_a_loss_that_falls_early_stays_in_view_for_two_thirds_of_the_time() -> None:
    problem = dl.Problem.from_modes([2.0])
    traj = dl.gradient_flow(problem, init.gaussian((1, 1, 1), scale=0.1, seed=0), t_end=20.0)
    found = data.loss(traj)
    assert found.limits is not None
    seen = found.time.x[(found.gap >= found.limits[0]) & found.time.shown]
    low, high = found.time.limits
    assert np.log(seen.max() / low) >= 0.6 * np.log(high / low)
