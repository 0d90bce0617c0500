"""The classes of critical points as a Hasse diagram, with the paths of runs (theory §8, §9, §11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import Itinerary, set_name
from deeplinear.landscape import Lattice
from deeplinear.plot._lattice_layout import (
    LABEL_SIZE,
    drawn_classes,
    label_places,
    largest_first,
    offsets,
    text_width,
)
from deeplinear.plot._lattice_runs import Runs
from deeplinear.plot._marks import shortened
from deeplinear.plot._style import COLORS, INK, MUTED, axes_for, mode_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 64
"""Classes up to which all are drawn."""

_SIZE = (5.4, 3.8)
_BESIDE, _BELOW = 50.0, 42.0  # points that ticks and names take of a figure
_KEY, _ROW = 22.0, 11.0  # points beside a name in the legend, and between its rows
_LOOKS: tuple[dict[str, Any], ...] = (
    {"marker": "*", "color": INK, "ms": 9.0, "mew": 0.0},
    {"marker": "v", "color": MUTED, "ms": 4.8, "mew": 0.0},
    {"marker": "D", "color": COLORS[4], "ms": 4.8, "mew": 0.0},
)
_WAITS, _PASSES = "run waits or ends", "run passes"
_NODE, _RING = 3.0, 6.0  # radii in points
_NARROW = 0.2  # radius of a ring in column widths, at most
_THIN, _THICK = 1.2, 2.6  # line widths of a step that few of many runs take, and all
_BOW = 0.25  # of a step and its way back
_MARGIN = 0.045  # above and below, in heights of the axes
_TICKS = 0.085  # heights of the axes between ticks, at least


def lattice(
    lattice: Lattice,
    itinerary: Itinerary | Sequence[Itinerary] | None = None,
    *,
    most: int = MOST,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the lattice of critical points as a Hasse diagram, with the paths of runs through it.

    A column holds the classes with as many learned modes, moved sideways so that they do not
    overlap, so that a run goes from the left to the right and downward. The height is the loss
    above the optimum on a square-root scale: for whitened data proportional to the distance
    ||P* - P||_F from the best map P*, and with room for the optimum itself. The marker and its
    color tell the kind of the canonical point. Thin lines are the orbits S -> S + {k} in the
    color and style of mode k. Labels are the learned modes, left out where there is no room,
    those of the visited classes and of the largest modes last.

    Parameters
    ----------
    lattice
        Of `landscape.lattice`. Of equal modes the first ones stand for any, as a note says.
    itinerary
        The visits of a run on this problem, or of many runs. A thick arrow leads from each class
        to the next, in the color of the mode if exactly one is learned. Filled circles are
        plateaus and ends (for many runs: of at least half of those that come by), rings are
        classes that were only passed. For many runs the lines are the thicker the more take a
        step, and their number is written on it. Sets of modes that are no class of this
        lattice are left out, with a note.
    most
        If there are more classes than this, only some are drawn: those visited, those of the
        largest modes, and then their neighbors by one mode, up to `most` in all, first those
        that differ by a mode near the last learned one. A note tells how many are left out.
    ax
        Axes to draw on. None: new ones.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The itinerary is that of another problem, or an argument is of the wrong type.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=1e-2, seed=0))
    >>> found = dl.landscape.lattice(problem, traj.widths)
    >>> ax = plot.lattice(found, dl.itinerary(traj))
    >>> ax.get_xlabel(), [text.get_text() for text in ax.get_legend().get_texts()][:2]
    ('number of learned modes', ['global minimum', 'strict saddle'])

    References
    ----------
    theory §8, §9, §11; Wendin, Altafini, arXiv 2511.10362.
    """
    if not isinstance(lattice, Lattice):
        raise ArgumentTypeError(
            f"Argument `lattice` must be a Lattice, but it is of type {type(lattice).__name__}. "
            "Make one with deeplinear.landscape.lattice(problem, widths)."
        )
    most = checks.integer("most", most, minimum=1)
    runs = Runs.of(lattice, itinerary)
    ax = axes_for(ax, _SIZE)
    shown = drawn_classes(lattice, runs.visits, most)
    gaps = _gaps(lattice)[shown]
    _frame(ax, gaps, lattice.rank[shown])
    rows = _legend(ax, lattice, runs, shown)
    rows += _write_notes(ax, lattice, runs, len(shown))
    diagram = _Diagram.laid_out(ax, lattice, runs, shown, gaps, rows)
    _draw_edges(ax, lattice, diagram)
    _draw_nodes(ax, lattice, runs, diagram)
    _draw_steps(ax, lattice, runs, diagram)
    _write_labels(ax, runs, diagram)
    return ax


def _gaps(lattice: Lattice) -> Array:
    """Values above the optimum; round-off is zero."""
    gaps = lattice.value - lattice.problem.optimum(min(lattice.widths))
    return np.where(gaps > 1e-12 * float(np.abs(lattice.value).max()), gaps, 0.0)


def _root(value: Any) -> Any:
    return np.sign(value) * np.sqrt(np.abs(value))


def _square(value: Any) -> Any:
    return np.sign(value) * np.square(value)


def _frame(ax: "Axes", gaps: Array, ranks: np.ndarray) -> None:
    """Scales, limits and ticks."""
    top = float(gaps.max()) or 1.0
    ax.set_yscale("function", functions=(_root, _square))
    ax.set_ylim(_square(-_MARGIN) * top, _square(1 + _MARGIN) * top)
    ax.set_yticks(_ticks(float(gaps.max())))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    ax.set_ylabel("loss above the optimum")
    first, last = int(ranks.min()), int(ranks.max())
    ax.set_xlim(first - 0.5, last + 0.5)
    ax.set_xticks(np.arange(first, last + 1, 1 + (last - first) // 16))
    ax.set_xlabel("number of learned modes")


def _ticks(top: float) -> list[float]:
    """0 and 1, 2, 5 times powers of ten, spread over the square-root scale."""
    kept: list[float] = []
    above = 1 + _MARGIN
    for exponent in range(int(np.floor(np.log10(top))) if top else 0, -400, -1):
        for value in (float(f"{m}e{exponent}") for m in (5, 2, 1)):
            place = np.sqrt(value / top) if top else 0.0
            if place <= _TICKS:
                return [0.0, *kept[::-1]]
            if place <= above:
                kept.append(value)
                above = place - _TICKS
    return [0.0, *kept[::-1]]


@dataclass(frozen=True)
class _Diagram:
    """The classes that are drawn: positions in the lattice, data, and points of the axes."""

    shown: np.ndarray
    x: Array
    y: Array
    points: Array
    size: tuple[float, float]
    ring: float
    names: list[str]
    important: list[int]

    @classmethod
    def laid_out(
        cls, ax: "Axes", lattice: Lattice, runs: Runs, shown: np.ndarray, gaps: Array, rows: int
    ) -> "_Diagram":
        size = _size(ax, rows)
        low, high = (_root(limit) for limit in ax.get_ylim())
        heights = size[1] * (_root(gaps) - low) / (high - low)
        ranks = lattice.rank[shown]
        room = size[0] / (int(ranks.max()) - int(ranks.min()) + 1)
        names = [shortened(set_name(lattice.modes(int(i)))) for i in shown]
        where = {int(i): j for j, i in enumerate(shown)}
        kept = dict.fromkeys([*sorted(runs.visits), *largest_first(lattice)])
        important = [where[i] for i in kept]
        widths = np.array([text_width(name) for name in names])
        x = ranks + offsets(ranks, heights, important, widths, room) / room
        points = np.column_stack([(x - ax.get_xlim()[0]) * room, heights])
        ring = min(_RING, max(_NARROW * room, _NODE))
        return cls(shown, x, gaps, points, size, ring, names, important)

    def node(self, i: int) -> int:
        """The place in these arrays of the class at position i of the lattice."""
        return int(np.searchsorted(self.shown, i))

    def data(self, i: int) -> tuple[float, float]:
        return float(self.x[self.node(i)]), float(self.y[self.node(i)])


def _size(ax: "Axes", rows: int) -> tuple[float, float]:
    """Width and height of the axes in points, as a layout will leave them."""
    whole = 72 * ax.figure.bbox.size / ax.figure.dpi
    spec = ax.get_subplotspec()
    if spec is None:
        box = ax.get_position()
        return float(box.width * whole[0]), float(box.height * whole[1])
    n_rows, n_columns = spec.get_gridspec().get_geometry()
    width = whole[0] * len(spec.colspan) / n_columns - _BESIDE
    height = whole[1] * len(spec.rowspan) / n_rows - _BELOW - _ROW * rows
    return max(float(width), 50.0), max(float(height), 50.0)


def _draw_edges(ax: "Axes", lattice: Lattice, diagram: _Diagram) -> None:
    """The orbits between classes that are drawn, one collection for each mode."""
    from matplotlib.collections import LineCollection

    source, target, mode = lattice.steps
    there = np.zeros(len(lattice), dtype=bool)
    there[diagram.shown] = True
    both = there[source] & there[target]
    ends = np.searchsorted(diagram.shown, np.column_stack([source[both], target[both]]))
    lines = np.stack([diagram.x[ends], diagram.y[ends]], axis=2)
    for k in np.unique(mode[both]):
        chosen = list(lines[mode[both] == k])
        look = {"lw": 0.7, "alpha": 0.4, "zorder": 1, **mode_style(int(k))}
        ax.add_collection(LineCollection(chosen, label=f"_mode {k}", **look), autolim=False)


def _draw_nodes(ax: "Axes", lattice: Lattice, runs: Runs, diagram: _Diagram) -> None:
    """Markers by kind, and circles around those that are visited."""
    kinds = lattice.kind[diagram.shown]
    for k, look in enumerate(_LOOKS):
        x, y = diagram.x[kinds == k], diagram.y[kinds == k]
        if x.size:
            ax.plot(x, y, ls="none", zorder=4, clip_on=False, label=lattice.kinds[k], **look)
    for label, look in _rings(2 * diagram.ring - 1).items():
        found = [
            diagram.data(i) for i in sorted(runs.visits) if runs.waited(i) == (label == _WAITS)
        ]
        if found:
            x, y = np.transpose(found)
            ax.plot(x, y, ls="none", zorder=3, clip_on=False, label=label, **look)


def _rings(size: float) -> dict[str, dict[str, Any]]:
    from matplotlib.colors import to_rgba

    look = {"marker": "o", "ms": size, "mew": 1.0}
    return {
        _WAITS: {**look, "mfc": to_rgba(INK, 0.2), "mec": INK},
        _PASSES: {**look, "mfc": "none", "mec": MUTED},
    }


def _draw_steps(ax: "Axes", lattice: Lattice, runs: Runs, diagram: _Diagram) -> None:
    """An arrow for each step, with the number of runs if there are several."""
    from matplotlib.patches import FancyArrowPatch

    scale = diagram.ring / _RING
    for (i, j), n in sorted(runs.steps.items()):
        gained = set(lattice.modes(j)) - set(lattice.modes(i))
        one = len(gained) == 1 and lattice.rank[j] == lattice.rank[i] + 1
        width = scale * (_THIN + (_THICK - _THIN) * n / runs.n)
        arrow = FancyArrowPatch(
            diagram.data(i),
            diagram.data(j),
            arrowstyle="-|>",
            connectionstyle=f"arc3,rad={_BOW if (j, i) in runs.steps else 0.0}",
            mutation_scale=4 * scale + 3.2 * width,
            lw=width,
            color=mode_style(min(gained))["color"] if one else INK,
            shrinkA=diagram.ring,
            shrinkB=diagram.ring,
            zorder=2.5,
            joinstyle="miter",
            capstyle="butt",
            label="_step",
        )
        ax.add_patch(arrow)
        if runs.n > 1:
            middle = np.mean([diagram.data(i), diagram.data(j)], axis=0)
            ax.annotate(
                str(n), tuple(middle), (-6, -5), textcoords="offset points", ha="center",
                va="center", fontsize=LABEL_SIZE - 1, color=MUTED, zorder=5,
            )  # fmt: skip


def _write_labels(ax: "Axes", runs: Runs, diagram: _Diagram) -> None:
    """The learned modes beside the nodes, clear of the steps."""
    ends = [
        (diagram.points[diagram.node(i)], diagram.points[diagram.node(j)]) for i, j in runs.steps
    ]
    path = [a + np.linspace(0, 1, 80)[:, None] * (b - a) for a, b in ends]
    visited = np.isin(diagram.shown, list(runs.visits))
    important = set(diagram.important)
    places = label_places(
        diagram.points,
        np.where(visited, diagram.ring, _NODE),
        np.array([text_width(name) for name in diagram.names]),
        list(dict.fromkeys([*diagram.important, *range(len(diagram.names))])),
        important,
        np.concatenate([np.empty((0, 2)), *path]),
        diagram.size,
    )
    for j, place in places.items():
        ax.annotate(
            diagram.names[j], (diagram.x[j], diagram.y[j]), (place.dx, place.dy),
            textcoords="offset points", ha=place.ha, va="center", fontsize=LABEL_SIZE,
            color=INK if j in important else MUTED, zorder=5,
        )  # fmt: skip


def _write_notes(ax: "Axes", lattice: Lattice, runs: Runs, n: int) -> int:
    """What is left out, and what stands for what, below the axis; returns the number of lines."""
    notes = []
    if n < len(lattice):
        notes.append(f"{len(lattice) - n} of {len(lattice)} classes not drawn")
    equal = "; ".join(set_name(group) for group in lattice.groups if len(group) > 1)
    if equal:
        notes.append(f"equal modes {shortened(equal)}: the first stand for any")
    if runs.elsewhere:
        sets = "set that is" if runs.elsewhere == 1 else "sets that are"
        notes.append(f"{runs.elsewhere} visited {sets} no class here")
    if notes:
        ax.annotate(
            "\n".join(notes), (1.0, 0.0), (0.0, -32.0), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", fontsize=LABEL_SIZE, color=MUTED,
            annotation_clip=False,
        )  # fmt: skip
    return len(notes)


def _legend(ax: "Axes", lattice: Lattice, runs: Runs, shown: np.ndarray) -> int:
    """What the markers mean, above the axes; returns the number of rows."""
    from matplotlib.lines import Line2D

    kinds = np.unique(lattice.kind[shown])
    looks = {lattice.kinds[k]: _LOOKS[k] for k in kinds}
    waits = {runs.waited(i) for i in runs.visits}
    looks |= {name: look for name, look in _rings(7.5).items() if (name == _WAITS) in waits}
    widths = [text_width(name) + _KEY for name in looks]
    room = _size(ax, 0)[0] + _BESIDE / 2
    columns = len(widths) if sum(widths) <= room else max(int(room / max(widths)), 1)
    ax.legend(
        [Line2D([], [], ls="none", **look) for look in looks.values()], list(looks),
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, frameon=False,
        fontsize=LABEL_SIZE, handletextpad=0.2, columnspacing=1.1, borderpad=0.0,
        borderaxespad=0.3, labelcolor=INK, handlelength=1.4,
    )  # fmt: skip
    return -(-len(widths) // columns)
