"""Which classes of a lattice are drawn, and where: rank columns without overlap, free labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape import Lattice

ROOMY, TIGHT = 5.5, 3.5  # points around the center of a node that no other one covers
LABEL_SIZE = 7.5
_WIDTH, _HEIGHT = 0.56, 1.05  # of a character, in units of the size
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
    chain = largest_first(lattice)
    kept = list(dict.fromkeys([*visited, *chain]))
    chosen = set(kept)
    codes, order = lattice._codes
    radix = lattice._radix
    sizes = np.array([len(group) for group in lattice.groups])
    top = int(lattice.rank.max(initial=0))
    nearby: list[tuple[int, int, int]] = []
    for i in kept:
        counts = lattice.counts[i].astype(np.int64)
        learned = np.flatnonzero(counts)
        last = int(learned[-1]) if learned.size else -1
        for step in (1, -1):
            fits = counts < sizes if step == 1 else counts > 0
            if step == 1 and counts.sum() >= top:
                continue
            groups = np.flatnonzero(fits)
            found = order[np.searchsorted(codes, int(counts @ radix) + step * radix[groups])]
            nearby += [
                (abs(int(g) - last), int(counts.sum()), int(j))
                for g, j in zip(groups, found, strict=True)
            ]
    for _, _, j in sorted(nearby):
        if len(chosen) >= most:
            break
        chosen.add(j)
    return np.array(sorted(chosen))


def largest_first(lattice: Lattice) -> list[int]:
    """Return the positions of the classes of the largest modes: none, one, two, ..."""
    by_rank: dict[int, int] = {}
    order = np.lexsort((lattice.value, lattice.rank))
    ranks, first = np.unique(lattice.rank[order], return_index=True)
    for rank, at in zip(ranks, order[first], strict=True):
        by_rank[int(rank)] = int(at)
    return [by_rank[rank] for rank in sorted(by_rank)]


@dataclass(frozen=True)
class Place:
    """Where a label goes: from its node, in points, and how it is aligned."""

    dx: float
    dy: float
    ha: str


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
    rest = [int(i) for i in np.argsort(heights, kind="stable") if i not in set(first)]
    reach = max(room / 2 - TIGHT, 0.0)
    half = np.arange(_STEP, reach + _STEP / 2, _STEP)
    tried = np.concatenate([[0.0], np.column_stack([-half, half]).ravel()])
    boxes: dict[int, list[tuple[float, float, float, float]]] = {}
    for i in [*first, *rest]:
        placed = np.array(boxes.get(int(columns[i]), [])).reshape(-1, 4)
        for radius, width in ((ROOMY, widths[i]), (TIGHT, 0.0)):
            x, y = tried, heights[i]
            right = x + radius + width
            clear = _clear(x - radius, right, y - radius, y + radius, placed)
            clear &= right <= max(reach + TIGHT, radius + width)
            if clear.any():
                result[i] = x[np.argmax(clear)]
                break
        else:
            result[i] = _widest(tried, heights[i], placed)
            radius, width = TIGHT, 0.0
        boxes.setdefault(int(columns[i]), []).append(
            (
                result[i] - radius,
                result[i] + radius + width,
                heights[i] - radius,
                heights[i] + radius,
            )
        )
    return result


def text_width(text: str) -> float:
    """Return about how wide a label is, in points."""
    return _WIDTH * LABEL_SIZE * len(text)


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
    taken = np.column_stack(
        [nodes[:, 0] - radii, nodes[:, 0] + radii, nodes[:, 1] - radii, nodes[:, 1] + radii]
    )
    found: dict[int, Place] = {}
    for i in order:
        for place in _candidates(radii[i], height, low=i in below):
            left = (
                nodes[i, 0]
                + place.dx
                - {"left": 0.0, "center": 0.5, "right": 1.0}[place.ha] * widths[i]
            )
            bottom = nodes[i, 1] + place.dy - height / 2
            box = (left, left + widths[i], bottom, bottom + height)
            inside = (
                box[0] >= -2 and box[1] <= size[0] + 2 and box[2] >= -2 and box[3] <= size[1] + 2
            )
            others = np.delete(taken, i, axis=0)
            if inside and _clear(*map(np.atleast_1d, box), others)[0] and not _holds(box, path):
                found[i] = place
                taken = np.vstack([taken, box])
                break
    return found


def _candidates(radius: float, height: float, *, low: bool) -> list[Place]:
    near, far = radius + 1.0, radius + 1.0 + height / 2
    slant = 0.75 * radius
    right, left = Place(near, 0.0, "left"), Place(-near, 0.0, "right")
    above = [Place(slant, slant + height / 2, "left"), Place(0.0, far, "center"),
             Place(-slant, slant + height / 2, "right")]  # fmt: skip
    under = [Place(-slant, -slant - height / 2, "right"), Place(0.0, -far, "center"),
             Place(slant, -slant - height / 2, "left")]  # fmt: skip
    return [*under, right, left, *above] if low else [right, *above[:2]]


def _clear(left: Array, right: Array, bottom: Array, top: Array, boxes: Array) -> np.ndarray:
    """Whether each box is clear of all others."""
    if len(boxes) == 0:
        return np.ones(len(np.atleast_1d(left)), dtype=bool)
    across = (left[:, None] < boxes[:, 1]) & (boxes[:, 0] < right[:, None])
    upright = (np.atleast_1d(bottom)[:, None] < boxes[:, 3]) & (
        boxes[:, 2] < np.atleast_1d(top)[:, None]
    )
    return ~np.asarray((across & upright).any(axis=1))


def _widest(tried: Array, y: float, boxes: Array) -> float:
    """The place that is farthest from the nodes that are there."""
    x = (boxes[:, 0] + boxes[:, 1]) / 2
    distance = np.hypot(tried[:, None] - x, y - (boxes[:, 2] + boxes[:, 3]) / 2).min(axis=1)
    return float(tried[np.argmax(distance)])


def _holds(box: tuple[float, float, float, float], points: Array) -> bool:
    x, y = points.T
    return bool(np.any((x > box[0]) & (x < box[1]) & (y > box[2]) & (y < box[3])))
