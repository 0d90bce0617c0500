"""Where the names of the classes of a lattice go: beside their nodes, where there is room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot.data._lattice_layout import LABEL_SIZE, clear

_HEIGHT = 1.05  # of a character, in units of the size


@dataclass(frozen=True)
class Place:
    """Where a label goes: from its node, in points, and how it is aligned."""

    dx: float
    dy: float
    ha: str

    def box(self, node: Array, width: float, height: float) -> Array:
        """Left, right, bottom and top of the label."""
        left = node[0] + self.dx - {"left": 0.0, "center": width / 2, "right": width}[self.ha]
        bottom = node[1] + self.dy - height / 2
        return np.array([left, left + width, bottom, bottom + height])


def label_places(
    nodes: Array,
    radii: Array,
    widths: Array,
    order: Sequence[int],
    below: frozenset[int],
    path: Array,
    size: tuple[float, float],
) -> dict[int, Place]:
    """Return where the labels go that find room; `order` is that of their importance.

    Parameters
    ----------
    nodes, radii, widths
        ``(n, 2)`` centers, and radii of the nodes and widths of the labels, in points.
    order
        The most important first.
    below
        Nodes whose labels are rather below them than above.
    path
        ``(m, 2)`` points that no label covers.
    size
        Of the axes, in points.
    """
    height = _HEIGHT * LABEL_SIZE
    x, y = nodes.T
    taken = np.column_stack([x - radii, x + radii, y - radii, y + radii])
    found: dict[int, Place] = {}
    for i in order:
        others = np.delete(taken, i, axis=0)
        for place in _candidates(radii[i], height, low=i in below):
            box = place.box(nodes[i], widths[i], height)
            inside = (
                box[0] >= 1 and box[1] <= size[0] + 2 and box[2] >= -2 and box[3] <= size[1] + 2
            )
            if inside and clear(box[None], others)[0] and not _holds(box, path):
                found[i] = place
                taken = np.vstack([taken, box])
                break
    return found


def _candidates(radius: float, height: float, *, low: bool) -> list[Place]:
    near, far = radius + 2.0, radius + 1.0 + height / 2
    slant = 0.75 * radius
    right, left = Place(near, 0.0, "left"), Place(-near, 0.0, "right")
    above = [Place(slant, slant + height / 2, "left"), Place(0.0, far, "center"),
             Place(-slant, slant + height / 2, "right")]  # fmt: skip
    under = [Place(-slant, -slant - height / 2, "right"), Place(0.0, -far, "center"),
             Place(slant, -slant - height / 2, "left")]  # fmt: skip
    return [*under, right, left, *above] if low else [right, *above[:2]]


def _holds(box: Array, points: Array) -> bool:
    x, y = points.T
    return bool(np.any((x > box[0]) & (x < box[1]) & (y > box[2]) & (y < box[3])))
