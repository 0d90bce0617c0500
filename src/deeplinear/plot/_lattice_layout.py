"""Which classes of a lattice are drawn, and where: rank columns without overlap, free labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape import Lattice

ROOMY, TIGHT = 5.5, 3.5  # points around the center of a node that no other one covers
LABEL_SIZE = 7.5
_WIDTH, _HEIGHT = 0.56, 1.05  # of a character, in units of the size
_LEFT = 2.0  # how much farther a node goes to the right, away from the runs, than to the left
_STEP = 1.5  # points between the places that are tried for a node


def drawn_classes(lattice: Lattice, visited: Iterable[int], most: int) -> np.ndarray:
    """Return the positions of the classes to be drawn, ascending.

    All, if they are at most `most`. Else those that are visited and those of the largest modes,
    then their neighbors by one mode, up to `most` in all: the nearer the mode is to the last one
    that is learned, the sooner.
    """
    n = len(lattice)
    if n <= most:
        return np.arange(n)
    kept = list(dict.fromkeys([*visited, *largest_first(lattice)]))
    chosen = set(kept)
    for _, _, j in sorted(near for i in kept for near in _neighbors(lattice, i)):
        if len(chosen) >= most:
            break
        chosen.add(j)
    return np.array(sorted(chosen))


def largest_first(lattice: Lattice) -> list[int]:
    """Return the positions of the classes of the largest modes: none, one, two, ..."""
    order = np.lexsort((lattice.value, lattice.rank))
    _, first = np.unique(lattice.rank[order], return_index=True)
    return [int(i) for i in order[first]]


def _neighbors(lattice: Lattice, i: int) -> list[tuple[int, int, int]]:
    """Classes with one mode more or less: how far from the last learned one, rank, position."""
    counts, modes = lattice.counts[i], lattice.modes(i)
    last = max((g for g, n in enumerate(counts) if n), default=-1)
    open_ = len(modes) < int(lattice.rank.max())
    found = []
    for g, (group, n) in enumerate(zip(lattice.groups, counts, strict=True)):
        if n < len(group) and open_:
            found.append((abs(g - last), len(modes), lattice.position([*modes, group[n]])))
        if n and len(lattice.widths) > 2:
            fewer = [k for k in modes if k != group[n - 1]]
            found.append((abs(g - last), len(modes), lattice.position(fewer)))
    return found


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


def offsets(
    columns: np.ndarray, heights: Array, first: Sequence[int], widths: Array, room: float
) -> Array:
    """Return how far each node is moved off the middle of its column, in points.

    As little as keeps it, with its label at its right, clear of the others in its column; without
    the label if the column, of width `room`, is too narrow. The nodes `first` stay in the middle.

    Parameters
    ----------
    columns
        The column of each node.
    heights
        Of the nodes, in points.
    first
        Nodes that are placed before others, the rest from the bottom up.
    widths
        Of the labels, in points.
    room
        The width of a column in points.
    """
    result = np.zeros(len(columns))
    reach = max(room / 2 - TIGHT, 0.0)
    half = np.arange(_STEP, reach + _STEP / 2, _STEP)
    tried = np.concatenate([[0.0], half, -half])
    tried = tried[np.argsort(np.where(tried < 0, -_LEFT * tried, tried), kind="stable")]
    order = np.array(list(dict.fromkeys([*first, *np.argsort(heights, kind="stable").tolist()])))
    for column in np.unique(columns):
        own = order[columns[order] == column]
        for sizes in (((ROOMY, 1.0), (TIGHT, 0.0)), ((TIGHT, 0.0),)):
            places, fits = _one_column(heights[own], widths[own], tried, reach, sizes)
            result[own] = places
            if fits:
                break
    return result


def _one_column(
    heights: Array,
    widths: Array,
    tried: Array,
    reach: float,
    sizes: Sequence[tuple[float, float]],
) -> tuple[Array, bool]:
    """Places in a column, with the first radius and share of the label that is clear; if all are.

    Where nothing is clear, the place that is farthest from the nodes that are there.
    """
    placed, chosen, fits = np.empty((0, 4)), [], True
    for y, label in zip(heights, widths, strict=True):
        for radius, share in sizes:
            width = share * label
            wanted = _around(tried, y, radius, width)
            clear = _clear(wanted, placed)
            clear &= wanted[:, 1] <= max(reach + TIGHT, radius + width)
            if clear.any():
                at = int(np.argmax(clear))
                break
        else:
            at, fits = _loneliest(tried, y, placed), False
        placed = np.vstack([placed, wanted[at]])
        chosen.append(tried[at])
    return np.array(chosen), fits


def _around(x: Array, y: float, radius: float, width: float) -> Array:
    """Boxes around nodes with labels at their right: left, right, bottom, top."""
    level = np.full(len(x), y)
    return np.column_stack([x - radius, x + radius + width, level - radius, level + radius])


def text_width(text: str) -> float:
    """Return about how wide a label is, in points."""
    return _WIDTH * LABEL_SIZE * len(text) + 2.0


def label_places(
    nodes: Array,
    radii: Array,
    widths: Array,
    order: Sequence[int],
    below: set[int],
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
            if inside and _clear(box[None], others)[0] and not _holds(box, path):
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


def _clear(boxes: Array, others: Array) -> np.ndarray:
    """Whether each box is clear of all others."""
    left, right, bottom, top = boxes.T[:, :, None]
    across = (left < others[:, 1]) & (others[:, 0] < right)
    upright = (bottom < others[:, 3]) & (others[:, 2] < top)
    return ~np.asarray((across & upright).any(axis=1))


def _loneliest(tried: Array, y: float, boxes: Array) -> int:
    """Which place is farthest from the nodes that are there."""
    x, level = (boxes[:, 0] + boxes[:, 1]) / 2, (boxes[:, 2] + boxes[:, 3]) / 2
    return int(np.argmax(np.hypot(tried[:, None] - x, y - level).min(axis=1)))


def _holds(box: Array, points: Array) -> bool:
    x, y = points.T
    return bool(np.any((x > box[0]) & (x < box[1]) & (y > box[2]) & (y < box[3])))
