"""The diagram of a lattice: its axes, and the place of every class on them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.analysis import set_name
from deeplinear.landscape import Lattice
from deeplinear.plot._lattice_layout import largest_first, offsets, text_width
from deeplinear.plot._lattice_runs import Runs
from deeplinear.plot._marks import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BESIDE = 50.0
"""Points that ticks and names take at the side of a figure."""

RING = 6.0
"""Radius of the circle around a class that a run visits, in points, where there is room."""

_BELOW, _ROW = 42.0, 11.0  # points below the axes, and of a line of the legend or of notes
_SMALLEST, _NARROW = 4.4, 0.2  # radius of a circle: in points at least, in column widths at most
_MARGIN = 0.045  # above and below, in heights of the axes
_TICKS = 0.085  # heights of the axes between ticks, at least


def gaps_of(lattice: Lattice) -> Array:
    """Values above the optimum; round-off is zero."""
    gaps = lattice.value - lattice.problem.optimum(min(lattice.widths))
    return np.where(gaps > 1e-12 * float(np.abs(lattice.value).max()), gaps, 0.0)


def _root(value: Any) -> Any:
    return np.sign(value) * np.sqrt(np.abs(value))


def _square(value: Any) -> Any:
    return np.sign(value) * np.square(value)


def frame(ax: "Axes", gaps: Array, ranks: np.ndarray) -> None:
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
class Diagram:
    """The classes that are drawn: positions in the lattice, data, and points of the axes."""

    shown: np.ndarray
    x: Array
    y: Array
    points: Array
    size: tuple[float, float]
    ring: float
    names: list[str]
    important: list[int]  # visited, or on the edge
    edge: set[int]  # the classes of the largest modes, lowest in their columns

    @classmethod
    def laid_out(
        cls, ax: "Axes", lattice: Lattice, runs: Runs, shown: np.ndarray, gaps: Array, rows: int
    ) -> "Diagram":
        size = size_of(ax, rows)
        low, high = (_root(limit) for limit in ax.get_ylim())
        heights = size[1] * (_root(gaps) - low) / (high - low)
        ranks = lattice.rank[shown]
        room = size[0] / (int(ranks.max()) - int(ranks.min()) + 1)
        names = [shortened(set_name(lattice.modes(int(i)))) for i in shown]
        where = {int(i): j for j, i in enumerate(shown)}
        edge = [where[i] for i in largest_first(lattice)]
        important = list(dict.fromkeys([*(where[i] for i in sorted(runs.visits)), *edge]))
        widths = np.array([text_width(name) for name in names])
        x = ranks + offsets(ranks, heights, important, widths, room) / room
        points = np.column_stack([(x - ax.get_xlim()[0]) * room, heights])
        ring = min(RING, max(_NARROW * room, _SMALLEST))
        return cls(shown, x, gaps, points, size, ring, names, important, set(edge))

    def node(self, i: int) -> int:
        """The place in these arrays of the class at position i of the lattice."""
        return int(np.searchsorted(self.shown, i))

    def data(self, i: int) -> tuple[float, float]:
        return float(self.x[self.node(i)]), float(self.y[self.node(i)])


def size_of(ax: "Axes", rows: int) -> tuple[float, float]:
    """Width and height of the axes in points, as a layout will leave them."""
    box = ax.figure.bbox
    whole = (72 * box.width / ax.figure.dpi, 72 * box.height / ax.figure.dpi)
    spec = ax.get_subplotspec()
    if spec is None:
        place = ax.get_position()
        return float(place.width * whole[0]), float(place.height * whole[1])
    n_rows, n_columns = spec.get_gridspec().get_geometry()
    width = whole[0] * len(spec.colspan) / n_columns - BESIDE
    height = whole[1] * len(spec.rowspan) / n_rows - _BELOW - _ROW * rows
    return max(float(width), 50.0), max(float(height), 50.0)
