"""Direct labels in the right margin: spread so that none overlap, thinned if they cannot fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot.data import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINE_HEIGHT = 1.35  # of a label, in units of its font size
_LABEL_SIZE = 7.5
_COLUMN = 1.06  # where the labels begin, in widths of the axes


@dataclass(frozen=True)
class Label:
    """A label of something drawn at height y (data); `keep` survives thinning first."""

    y: float
    text: str
    color: str
    linestyle: Any = "-"
    linewidth: float = 1.2
    keep: bool = True


def margin_labels(
    ax: "Axes",
    labels: Sequence[Label],
    heading: str,
    *,
    leaders: bool = False,
    reserved: float = 0.0,
) -> None:
    """Write labels beside the right edge, near their heights, each with a line of its style.

    With `leaders` the line joins the label to its height. A layout will take `reserved` points of
    the height of the axes away. Call it last: heights are read from the
    limits of the axes as they are.
    """
    height = float(ax.figure.bbox.height / ax.figure.dpi * 72 * ax.get_position().height)
    step = _LINE_HEIGHT * _LABEL_SIZE / max(height - reserved, _LABEL_SIZE)
    heights = [_fraction(ax, label.y) for label in labels]
    inside = [k for k, y in enumerate(heights) if -1e-3 <= y <= 1 + 1e-3]
    inside.sort(key=lambda k: (round(heights[k], 3), -k))  # equal heights: first label on top
    chosen = _thinned(inside, heights, labels, step)
    places = spread(np.array([heights[k] for k in chosen]), step, 0.0, 1.0)
    for k, place in zip(chosen, places, strict=True):
        label = labels[k]
        ax.annotate(
            label.text,
            xy=(1.0, heights[k]) if leaders else (1.015, place),
            xytext=(_COLUMN, place),
            xycoords="axes fraction",
            va="center",
            fontsize=_LABEL_SIZE,
            color=INK if label.keep else MUTED,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": label.color,
                "linestyle": label.linestyle,
                "linewidth": label.linewidth,
                "relpos": (0.0, 0.5),
                "shrinkA": 1.5,
                "shrinkB": 0.0,
            },
        )
    if chosen and heading:
        top = max(1.0, float(places[-1]) + step)
        ax.text(_COLUMN, top, heading, transform=ax.transAxes, fontsize=_LABEL_SIZE, va="bottom")


def spread(y: Array, step: float, lower: float, upper: float) -> Array:
    """Return ascending places at least `step` apart, as near to the ascending y as can be.

    Neighbors that crowd are pooled and centered on their mean (least squares), then pushed inside
    the bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from deeplinear.plot._labels import spread
    >>> spread(np.array([0.5, 0.5, 0.9]), 0.1, 0.0, 1.0)
    array([0.45, 0.55, 0.9 ])
    """
    shifts = np.arange(len(y)) * step
    pools: list[list[float]] = []  # [sum, count] of y - shift, to be made non-decreasing
    for value in y - shifts:
        pools.append([float(value), 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    level = [total / count for total, count in pools for _ in range(int(count))]
    room = max(upper - (len(y) - 1) * step, lower)
    return np.clip(np.array(level), lower, room) + shifts


def _thinned(
    order: list[int], heights: Sequence[float], labels: Sequence[Label], step: float
) -> list[int]:
    """Drop the most crowded labels, those not to be kept first, until all fit."""
    kept = list(order)
    while len(kept) > 2 and (len(kept) - 1) * step > 1.0:
        inner = range(1, len(kept) - 1)
        crowding = [
            (labels[kept[j]].keep, heights[kept[j + 1]] - heights[kept[j - 1]], j) for j in inner
        ]
        kept.pop(min(crowding)[2])
    return kept


def _fraction(ax: "Axes", y: float) -> float:
    place = ax.transAxes.inverted().transform(ax.transData.transform((ax.get_xlim()[1], y)))
    return float(place[1])
