"""The visits of a run on its curve: marked, and labelled where there is room (theory §11)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot.data import INK, MUTED, VisitMark
from deeplinear.plot.data._visits import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 7.5  # of a label, in points
_WIDTH, _HEIGHT = 0.63, 1.05  # of a character, in units of the size
_SHRINK = 0.9  # what a layout leaves of the axes, at least, once all labels are there
_BESIDE = 95.0  # points of a figure that numbers and names beside the axes take
_LETTER = 12.0  # points to the left of the marks of others, where their letters are
_RADIUS = 3.0  # points around a mark that no label covers
_DISTANCES = (4.5, 12.0, 21.0, 30.0)
"""Points from a mark to its label; from the second on they are joined by a line."""


@dataclass(frozen=True)
class _Box:
    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "_Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def covers(self, other: "_Box") -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.bottom <= other.bottom and other.top <= self.top

    @property
    def center(self) -> Array:
        return np.array([self.left + self.right, self.bottom + self.top]) / 2

    def holds(self, points: Array) -> bool:
        x, y = points.T
        return bool(np.any((x > self.left) & (x < self.right) & (y > self.bottom) & (y < self.top)))


def mark_visits(
    ax: "Axes",
    visits: Sequence[VisitMark],
    curve: tuple[Array, Array],
    *,
    up: bool,
    lines: Sequence[float] = (),
    others: Sequence[tuple[float, float]] = (),
    reserved: float = 0.0,
) -> None:
    """Mark where each visit's gradient was smallest, filled for plateaus and the end.

    Plateaus and the end are labelled by their learned modes, above the curve if `up`, below if
    not, and rather not across the horizontal `lines`, never over the marks of `others` and their
    letters; the most prominent first, and those without room for a label not at all. Times out of
    view are marked at the edge, on the curve. A layout will take `reserved` points of the height of
    the axes. Call it when the limits of the axes are set.
    """
    bottom, top = sorted(ax.get_ylim())
    seen = [
        _Mark(
            *_in_view(ax, visit.x, visit.y, curve),
            shortened(visit.label),
            visit.named,
            visit.prominence,
        )
        for visit in visits
    ]
    seen = [mark for mark in seen if bottom <= mark.y <= top]
    for mark in seen:
        face, edge, size = (INK, INK, 4.0) if mark.named else ("none", MUTED, 3.0)
        ax.plot(
            [mark.x], [mark.y], "o", mfc=face, mec=edge, ms=size, mew=0.8, zorder=4,
            clip_on=False, label="_visit",
        )  # fmt: skip
    _write(ax, seen, curve, up, lines, others, reserved)


def _in_view(ax: "Axes", x: float, y: float, curve: tuple[Array, Array]) -> tuple[float, float]:
    """The point, or that of the curve at the edge of the axes beyond which it lies."""
    low, high = sorted(ax.get_xlim())
    if low <= x <= high:
        return x, y
    inside = (curve[0] >= low) & (curve[0] <= high)
    if not inside.any():
        return x, float("nan")
    edge = float(np.clip(x, low, high))
    return edge, float(curve[1][inside][0 if x < low else -1])


@dataclass(frozen=True)
class _Mark:
    x: float
    y: float
    text: str
    named: bool
    weight: float


def _write(
    ax: "Axes",
    marks: list[_Mark],
    curve: tuple[Array, Array],
    up: bool,
    lines: Sequence[float],
    others: Sequence[tuple[float, float]],
    reserved: float,
) -> None:
    """The labels, the heaviest first, each in the first place that is free."""
    size = _points(ax)
    size[1] = max(size[1] - reserved, 1.0)
    places = _places(ax, [mark.x for mark in marks], [mark.y for mark in marks]) * size
    foreign = _places(ax, [x for x, _ in others], [y for _, y in others]) * size
    taken = [
        _Box(x - left, y - _RADIUS, x + _RADIUS, y + _RADIUS)
        for points, left in ((places, _RADIUS), (foreign, _LETTER))
        for x, y in points
    ]
    line = _dense(_places(ax, *curve) * size)
    levels = _places(ax, np.full(len(lines), ax.get_xlim()[1]), lines)[:, 1] * size[1]
    whole = _Box(0.0, 0.0, *size)
    for mark, place in sorted(zip(marks, places, strict=True), key=lambda pair: -pair[0].weight):
        if not mark.named:
            continue
        rest = [box for box in taken if tuple(box.center) != tuple(place)]
        for box, far in _candidates(place, len(mark.text), up, levels):
            if not whole.covers(box) or box.holds(line) or any(map(box.overlaps, taken)):
                continue
            join = _dense(np.array([box.center, place])) if far else place[None]
            if far and any(other.holds(join) for other in rest):
                continue
            taken.append(box)
            line = np.vstack([line, join])
            leader = {"arrowstyle": "-", "color": MUTED, "lw": 0.5, "shrinkA": 0, "shrinkB": 2.5}
            ax.annotate(
                mark.text,
                xy=(mark.x, mark.y),
                xytext=tuple(box.center - place),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=_SIZE,
                color=INK,
                zorder=5,
                arrowprops=leader if far else None,
            )
            break


def _candidates(
    mark: Array, characters: int, up: bool, levels: Array
) -> Iterator[tuple[_Box, bool]]:
    """Boxes for a label around a mark, the best first, and whether they need a line to it."""
    w, h = _WIDTH * _SIZE * characters, _HEIGHT * _SIZE
    side = 1.0 if up else -1.0
    for distance in _DISTANCES:
        away = side * (distance + h / 2)
        beside = side * (distance + w / 2)
        steps = [
            (0.0, away), (beside, away), (-beside, away), (beside, 0.0), (-beside, 0.0),
            (0.0, -away), (-beside, -away), (beside, -away),
        ]  # fmt: skip
        centers = [(mark[0] + dx, mark[1] + dy) for dx, dy in steps]
        boxes = [_Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y in centers]
        boxes.sort(key=lambda box: bool(np.any((levels > box.bottom) & (levels < box.top))))
        for box in boxes:
            yield box, distance > _DISTANCES[0]


def text_width(ax: "Axes", text: str, size: float = _SIZE) -> float:
    """About the width of a text of this size, with a blank, in widths of the axes."""
    characters = 1 + max(map(len, text.splitlines()))
    return float(_WIDTH * size * characters / _points(ax)[0])


def _points(ax: "Axes") -> Array:
    """Width and height of the axes in points, somewhat small."""
    box = ax.get_position()
    inches = np.array([ax.figure.bbox.width, ax.figure.bbox.height]) / ax.figure.dpi
    width, height = 72 * inches
    across = min(_SHRINK * box.width * width, max(width - _BESIDE, width / 2))
    return np.array([across, _SHRINK * box.height * height])


def _places(ax: "Axes", x: Sequence[float] | Array, y: Sequence[float] | Array) -> Array:
    """Data as fractions of the axes, ``(n, 2)``; what has no place on them is left out."""
    data = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    with np.errstate(invalid="ignore", divide="ignore"):
        places = ax.transAxes.inverted().transform(ax.transData.transform(data))
    return np.asarray(places[np.isfinite(places).all(axis=1)])


def _dense(line: Array) -> Array:
    """The line with a point every 2 points of length, at most 4000 in all."""
    if len(line) < 2:
        return line
    line = np.clip(line, -1e4, 1e4)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, length[-1], int(np.clip(length[-1] / 2, 2, 4000)))
    return np.column_stack([np.interp(at, length, line[:, j]) for j in (0, 1)])
