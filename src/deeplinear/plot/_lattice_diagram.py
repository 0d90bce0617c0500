"""The diagram of a lattice on axes: scales, the size in points, and the place of every class."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot.data import LatticeDiagram
from deeplinear.plot.data._lattice import root, square
from deeplinear.plot.data._visits import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BESIDE = 50.0
"""Points that ticks and names take at the side of a figure."""

RING = 6.0
"""Radius of the circle around a class that a run visits, in points, where there is room."""

_BELOW, _ROW = 42.0, 11.0  # points below the axes, and of a line of the legend or of notes
_SMALLEST, _NARROW = 4.4, 0.2  # radius of a circle: in points at least, in column widths at most


def frame(ax: "Axes", found: LatticeDiagram) -> None:
    """Scales, limits and ticks."""
    ax.set_yscale("function", functions=(root, square))
    ax.set_ylim(found.y_limits)
    ax.set_yticks(found.y_ticks)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.minorticks_off()
    ax.set_ylabel("loss above the optimum")
    first, last = int(found.rank.min()), int(found.rank.max())
    ax.set_xlim(found.x_limits)
    ax.set_xticks(np.arange(first, last + 1, 1 + (last - first) // 16))
    ax.set_xlabel("number of learned modes")


@dataclass(frozen=True)
class Diagram:
    """What is drawn, with its places in points of the axes and the radius of a circle."""

    found: LatticeDiagram
    points: Array
    size: tuple[float, float]
    ring: float
    names: list[str]

    @classmethod
    def of(cls, ax: "Axes", found: LatticeDiagram, rows: int) -> "Diagram":
        """Lay a diagram out on axes beside which there are so many rows of text."""
        size = size_of(ax, rows)
        found = found.laid_out(*size)
        room = size[0] / (found.x_limits[1] - found.x_limits[0])
        points = np.column_stack([(found.x - found.x_limits[0]) * room, size[1] * found.height])
        ring = min(RING, max(_NARROW * room, _SMALLEST))
        return cls(found, points, size, ring, [shortened(name) for name in found.names])

    def data(self, j: int) -> tuple[float, float]:
        return float(self.found.x[j]), float(self.found.gap[j])


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
