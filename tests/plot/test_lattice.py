"""The lattice: every class at its place, every orbit, the paths of runs, in every kind of case."""

import itertools
import time

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Annotation

import deeplinear as dl
from deeplinear import init, landscape, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis import Itinerary, itinerary, set_name
from deeplinear.landscape import Lattice
from deeplinear.plot import mode_style
from deeplinear.plot.data import INK
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
Point = tuple[float, float]
FOUR = dl.Problem.from_modes([4.0, 2.5, 1.5, 0.8])
WAITS, PASSES = "run waits or ends", "run passes"


def of(traj: Trajectory) -> Lattice:
    return landscape.lattice(traj.problem, traj.widths)


def points(ax: Axes, label: str) -> list[Point]:
    lines = [line for line in ax.lines if line.get_label() == label]
    return [(float(x), float(y)) for line in lines for x, y in line.get_xydata()]


def nodes(ax: Axes) -> dict[str, list[Point]]:
    return {kind: points(ax, kind) for kind in landscape.lattice(FOUR, (4, 4)).kinds}


def edges(ax: Axes) -> dict[int, list[np.ndarray]]:
    """The orbits of each mode, as pairs of points."""
    found = {}
    for line in ax.lines:
        label = str(line.get_label())
        if label.startswith("_mode "):
            parts = line.get_xydata().reshape(-1, 3, 2)
            assert np.isnan(parts[:, 2]).all()
            found[int(label.split()[1])] = list(parts[:, :2])
    return found


def steps(ax: Axes) -> list[FancyArrowPatch]:
    return [patch for patch in ax.patches if patch.get_label() == "_step"]


def ends(ax: Axes) -> list[tuple[Point, Point]]:
    return [step._posA_posB for step in steps(ax)]


def labels(ax: Axes) -> dict[Point, str]:
    found = [text for text in ax.texts if isinstance(text, Annotation) and text.xycoords == "data"]
    return {tuple(map(float, text.xy)): text.get_text() for text in found}


def notes(ax: Axes) -> str:
    return "\n".join(t.get_text() for t in ax.texts if t.xycoords == "axes fraction")  # type: ignore[attr-defined]


def gaps(lattice: Lattice) -> np.ndarray:
    return lattice.value - lattice.problem.optimum(min(lattice.widths))


@pytest.mark.parametrize(
    ("s", "widths"),
    [
        ([3.0, 2.0, 1.0], (3, 3, 3)),
        ([4.0, 2.5, 1.5, 0.8], (4, 4, 4, 4)),
        ([5.0, 4.0, 3.0, 2.0, 1.0], (5, 5, 5, 5)),
        ([5.0, 4.0, 3.0, 2.0, 1.0], (5, 2, 5)),
        ([5.0, 4.0, 3.0, 2.0, 1.0, 0.9], (6, 6, 6)),
        ([1.0], (1, 1, 1)),
        ([0.0, 0.0], (2, 2, 2)),
        ([3.0, 2.0], (2, 2)),
        ([2.0, 2.0, 1.0, 1.0], (4, 4, 4, 4)),
    ],
)
def test_every_class_is_one_node_of_its_kind_at_its_loss(s: list, widths: tuple) -> None:
    lattice = landscape.lattice(dl.Problem.from_modes(s), widths)
    ax = plot.lattice(lattice)
    for k, kind in enumerate(lattice.kinds):
        drawn = nodes(ax)[kind]
        wanted = lattice.kind == k
        assert sorted(round(x) for x, _ in drawn) == sorted(lattice.rank[wanted])
        np.testing.assert_allclose(
            sorted(y for _, y in drawn), np.sort(gaps(lattice)[wanted]), atol=1e-9
        )
    assert sum(map(len, edges(ax).values())) == len(lattice.steps[0])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == [kind for k, kind in enumerate(lattice.kinds) if (lattice.kind == k).any()]
    assert notes(ax).startswith("equal modes" if s[:2] == [2.0, 2.0] else "")


def test_edges_join_the_classes_of_their_mode_in_its_style() -> None:
    lattice = landscape.lattice(FOUR, (4, 4, 4))
    ax = plot.lattice(lattice)
    where = {round(y, 9): i for i, y in enumerate(gaps(lattice))}
    found = {
        (where[round(float(a[1]), 9)], where[round(float(b[1]), 9)], k)
        for k, lines in edges(ax).items()
        for a, b in lines
    }
    assert found == set(zip(*(side.tolist() for side in lattice.steps), strict=True))
    for line in ax.lines:
        if str(line.get_label()).startswith("_mode "):
            k = int(str(line.get_label()).split()[1])
            assert line.get_color() == mode_style(k)["color"]
            assert line.get_linewidth() < 1


def test_kinds_differ_in_marker_in_color_and_in_grey() -> None:
    lattice = landscape.lattice(FOUR, (4, 4, 4, 4))
    lines = [line for line in plot.lattice(lattice).lines if line.get_label() in lattice.kinds]
    assert len({line.get_marker() for line in lines}) == len(lines) == 3
    grey = []
    for line in lines:
        color = to_hex(line.get_color())
        rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        grey.append(float(rgb**2.2 @ [0.2126, 0.7152, 0.0722]))
    assert min(abs(a - b) for a, b in itertools.combinations(grey, 2)) > 0.1


@pytest.mark.parametrize("width", [3.4, 5.4])
@pytest.mark.parametrize("n", [3, 4, 5, 6, 10])
def test_nodes_and_labels_do_not_overlap(n: int, width: float) -> None:
    problem = dl.Problem.from_modes(np.linspace(4.0, 1.0, n))
    figure = Figure(figsize=(width, 0.72 * width), layout="constrained")
    ax = plot.lattice(landscape.lattice(problem, (n, n, n)), ax=figure.subplots())
    figure.draw_without_rendering()
    drawn = [point for kind in nodes(ax).values() for point in kind]
    pixels = ax.transData.transform(drawn) * 72 / figure.dpi
    distances = [float(np.hypot(*(a - b))) for a, b in itertools.combinations(pixels, 2)]
    assert min(distances) > (3.5 if n < 6 else 1.0)
    boxes = [t.get_window_extent() for t in ax.texts if t.xycoords == "data"]  # type: ignore[attr-defined]
    assert len(boxes) >= n + 1
    for a, b in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        upright = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(across, upright) < 2.0
    whole = ax.get_tightbbox()
    assert all(box.x1 <= figure.bbox.width + 2 for box in boxes)
    assert whole is not None
    assert whole.width <= figure.bbox.width


def test_labels_are_those_of_the_nodes() -> None:
    lattice = landscape.lattice(FOUR, (4, 4, 4))
    ax = plot.lattice(lattice)
    where = {round(y, 9): i for i, y in enumerate(gaps(lattice))}
    written = labels(ax)
    assert len(written) == 16
    for (_, y), text in written.items():
        assert text == set_name(lattice.modes(where[round(y, 9)]))


def test_the_run_is_an_arrow_from_each_class_to_the_next(runs: Runs) -> None:
    traj = runs["staircase"]
    visits, lattice = itinerary(traj), of(traj)
    ax = plot.lattice(lattice, visits)
    heights = [lattice[visit.modes].value for visit in visits]
    drawn = sorted(ends(ax), key=lambda pair: pair[0][0])
    assert len(drawn) == len(visits) - 1
    for (a, b), (start, end) in zip(drawn, itertools.pairwise(heights), strict=True):
        assert (a[1], b[1]) == pytest.approx((start, end), abs=1e-9)
    colors = {to_hex(step.get_edgecolor()) for step in steps(ax)}
    assert colors == {mode_style(k)["color"] for k in range(3)}
    assert len(points(ax, WAITS)) == sum(v.plateau for v in visits[:-1]) + 1
    assert len(points(ax, PASSES)) == sum(not v.plateau for v in visits[:-1])


def test_circles_are_filled_for_plateaus_and_hollow_for_what_was_passed() -> None:
    traj = dl.gradient_flow(FOUR, init.gaussian((4, 4, 4), scale=1e-3, seed=5))
    visits = itinerary(traj)
    assert {visit.plateau for visit in visits} == {True, False}
    ax = plot.lattice(of(traj), visits)
    (waits,) = [line for line in ax.lines if line.get_label() == WAITS]
    (passes,) = [line for line in ax.lines if line.get_label() == PASSES]
    assert passes.get_markerfacecolor() == "none"
    assert waits.get_markerfacecolor() != "none"
    values = [v.value for v in visits if v.plateau or v is visits[-1]]
    assert sorted(waits.get_ydata()) == pytest.approx(sorted(values), abs=1e-9)


def made(visits: Itinerary, order: list[int]) -> Itinerary:
    return Itinerary([visits[j] for j in order], visits.learning, visits.limit)


def test_steps_of_several_modes_and_back_are_neutral_and_direct(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = itinerary(traj)
    jump = plot.lattice(of(traj), made(visits, [0, 2, 3]))
    assert to_hex(steps(jump)[0].get_edgecolor()) == INK
    back = plot.lattice(of(traj), made(visits, [0, 1, 0, 1, 2, 3]))
    assert len(steps(back)) == 4
    assert [to_hex(step.get_edgecolor()) for step in steps(back)].count(INK) == 1
    bowed = [step for step in steps(back) if step.get_connectionstyle().rad]  # type: ignore[union-attr]
    assert len(bowed) == 2


def test_many_runs_are_counted_on_their_steps(runs: Runs) -> None:
    traj = runs["staircase"]
    visits = itinerary(traj)
    ax = plot.lattice(of(traj), [visits, visits, made(visits, [0, 2, 3])])
    widths = {
        tuple(np.round(pair, 6).ravel()): s for pair, s in zip(ends(ax), steps(ax), strict=True)
    }
    assert len(widths) == 4
    counts = [text.get_text() for text in ax.texts if text.get_fontsize() < 7]
    assert sorted(counts) == ["1", "2", "2", "3"]
    wide = sorted(float(s.get_linewidth()) for s in steps(ax))
    assert wide[0] < wide[1] == wide[2] < wide[3]


def test_every_kind_of_run_has_a_picture(any_run: Trajectory) -> None:
    if landscape.critical_values(any_run.problem, any_run.widths).count > 1 << 20:
        lattice = landscape.lattice(any_run.problem, any_run.widths, max_rank=2)
    else:
        lattice = of(any_run)
    visits = itinerary(any_run)
    ax = plot.lattice(lattice, visits)
    ax.figure.canvas.draw()
    known = 0
    for visit in visits:
        try:
            lattice.position(visit.modes)
        except ArgumentError:
            continue
        known += 1
    assert bool(points(ax, WAITS) + points(ax, PASSES)) == bool(known)
    assert ("no class here" in notes(ax)) == (known < len(visits))


def test_of_many_classes_those_within_reach_are_drawn_and_the_rest_is_counted() -> None:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 10))
    traj = dl.gradient_flow(problem, init.gaussian((10, 10, 10), scale=0.3, seed=0))
    lattice, visits = of(traj), itinerary(traj)
    for most, n in ((None, 40), (25, 25), (1, 0)):
        ax = plot.lattice(lattice, visits, most=most)
        drawn = [point for kind in nodes(ax).values() for point in kind]
        values = {round(y, 9) for _, y in drawn}
        chain = {round(float(landscape.critical_value(problem, range(r))), 9) for r in range(11)}
        wanted = chain | {round(visit.value, 9) for visit in visits}
        assert wanted <= values
        assert len(drawn) == (n or len(wanted))
        assert f"{1024 - len(drawn)} of 1024 classes not drawn" in notes(ax)
    for k, lines in edges(ax).items():
        for a, b in lines:
            assert a[1] - b[1] == pytest.approx(problem.modes.s[k] ** 2 / 2)


def test_a_lattice_of_65536_classes_is_drawn_at_once() -> None:
    lattice = landscape.lattice(dl.Problem.from_modes(np.linspace(3.0, 1.0, 16)), (16, 16, 16))
    start = time.process_time()
    ax = plot.lattice(lattice)
    assert time.process_time() - start < 3.0
    assert "65496 of 65536 classes not drawn" in notes(ax)


def test_the_height_is_the_square_root_of_the_loss_with_room_for_the_optimum() -> None:
    ax = plot.lattice(landscape.lattice(FOUR, (4, 4, 4)))
    bottom, top = ax.get_ylim()
    assert bottom < 0 < top
    to_axes = ax.transData + ax.transAxes.inverted()
    y = [float(to_axes.transform((0, v))[1]) for v in (0.0, 1.0, 4.0, 9.0)]
    np.testing.assert_allclose(np.diff(y), y[1] - y[0])
    ticks = ax.get_yticks()
    assert ticks[0] == 0
    assert 4 <= len(ticks) <= 9


def test_given_axes_are_used_and_nothing_else(runs: Runs) -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.add_axes((0.1, 0.2, 0.8, 0.6))
    assert plot.lattice(of(runs["staircase"]), ax=ax) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_does_not_fit_is_refused_by_name(runs: Runs) -> None:
    lattice, visits = of(runs["staircase"]), itinerary(runs["staircase"])
    with pytest.raises(ArgumentTypeError, match="`lattice` must be a Lattice"):
        plot.lattice(runs["staircase"])  # type: ignore[arg-type]
    for wrong in (runs["staircase"], list(visits), "x"):
        with pytest.raises(ArgumentTypeError, match="`itinerary` must be an Itinerary"):
            plot.lattice(lattice, wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`itinerary` must be that of a run on the problem"):
        plot.lattice(landscape.lattice(dl.Problem.from_modes([9.0, 2.0, 1.0]), (3, 3, 3)), visits)
    with pytest.raises(ArgumentError, match="learns mode 2"):
        plot.lattice(
            landscape.lattice(dl.Problem.from_modes([3.0, 2.0]), (2, 2, 2)), made(visits, [3])
        )
    with pytest.raises(ArgumentError, match="`most`"):
        plot.lattice(lattice, most=0)
