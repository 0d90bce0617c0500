"""Close-ups of the transitions of a run, in a row above its loss (theory §11)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deeplinear.plot.data import INK, MUTED, Transition

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TEXT = 7.0
_HEIGHT, _ABOVE = 0.78, 0.42  # inches: with heights of its own a layout needs no iteration
_BETWEEN = 0.13  # in widths of the axes
ZOOM_POINTS = 72 * (_ABOVE + _HEIGHT) + 2 * _TEXT
"""Height that the row takes away from a figure."""

_NARROW = 1.0  # inches, below which three numbers do not fit beside each other


def draw_zooms(ax: "Axes", found: Sequence[Transition], color: str) -> None:
    """Draw each transition on small axes of its own, and mark where it lies on the curve."""
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    top = ScaledTranslation(0.0, 1.0, ax.transAxes)  # type: ignore[arg-type]
    place = blended_transform_factory(ax.transAxes, ax.figure.dpi_scale_trans + top)
    n = max(len(found), 2)  # a single one does not fill the row
    width = (1.0 - (n - 1) * _BETWEEN) / n
    inches = width * ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi
    for k, fall in enumerate(found):
        letter = _LETTERS[k % len(_LETTERS)]
        _mark(ax, fall, letter)
        small = ax.inset_axes((k * (width + _BETWEEN), _ABOVE, width, _HEIGHT), transform=place)
        small.set_label(f"zoom {letter}")
        for level in (fall.gap_before, fall.gap_after):
            small.axhline(level, color=MUTED, lw=0.6, zorder=1)
        small.plot(fall.x - fall.t, fall.gap, color=color, lw=1.2)
        small.plot([0.0], [fall.y], "s", mfc="white", mec=INK, ms=3.2, mew=0.8, label="_learned")
        small.set_xlim(fall.x[0] - fall.t, fall.x[-1] - fall.t)
        if inches < _NARROW:
            before = _round_below(0.9 * (fall.t - fall.x[0]))
            small.set_xticks([-before, 0.0], [f"\N{MINUS SIGN}{before:g}", "0"])
        else:
            small.xaxis.set_major_locator(MaxNLocator(3))
        small.yaxis.set_major_locator(MaxNLocator(3))
        small.tick_params(labelsize=_TEXT, length=2.5)
        small.set_xlabel(f"$t - {fall.t:.5g}$", fontsize=_TEXT, labelpad=1.0)
        small.set_title(f"{letter}: {fall.before} → {fall.after}", fontsize=_TEXT, pad=3.0)


def _round_below(value: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is not above a value > 0."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= value * (1 + 1e-9))


def _mark(ax: "Axes", fall: Transition, letter: str) -> None:
    """A square on the curve where the next modes are learned, with the letter of the close-up."""
    ax.plot(
        [fall.t], [fall.y], "s", mfc="white", mec=INK, ms=3.6, mew=0.8, zorder=4.5, label="_zoom"
    )
    ax.annotate(
        letter, (fall.t, fall.y), (-5.0, 0.0), textcoords="offset points", ha="right",
        va="center", fontsize=_TEXT, color=INK, fontweight="bold",
    )  # fmt: skip
