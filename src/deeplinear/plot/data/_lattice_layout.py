"""Which classes of a lattice are drawn, and where: columns by rank, without overlap."""

from collections.abc import Iterable, Sequence

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape import Lattice

ROOMY, TIGHT = 5.5, 3.5  # points around the center of a node that no other one covers
LABEL_SIZE = 7.5
_WIDTH = 0.56  # of a character, in units of the size
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
            free = clear(wanted, placed)
            free &= wanted[:, 1] <= max(reach + TIGHT, radius + width)
            if free.any():
                at = int(np.argmax(free))
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


def clear(boxes: Array, others: Array) -> np.ndarray:
    """Whether each box is clear of all others."""
    left, right, bottom, top = boxes.T[:, :, None]
    across = (left < others[:, 1]) & (others[:, 0] < right)
    upright = (bottom < others[:, 3]) & (others[:, 2] < top)
    return ~np.asarray((across & upright).any(axis=1))


def _loneliest(tried: Array, y: float, boxes: Array) -> int:
    """Which place is farthest from the nodes that are there."""
    x, level = (boxes[:, 0] + boxes[:, 1]) / 2, (boxes[:, 2] + boxes[:, 3]) / 2
    return int(np.argmax(np.hypot(tried[:, None] - x, y - level).min(axis=1)))
