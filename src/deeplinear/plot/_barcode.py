"""The barcode of a network, drawn like a persistence barcode (theory §10)."""

import math
from typing import TYPE_CHECKING

from deeplinear._core.errors import ArgumentTypeError
from deeplinear.geometry import Barcode
from deeplinear.geometry import barcode as barcode_of
from deeplinear.network import LinearNetwork
from deeplinear.plot._style import COLORS, GRID, INK, MUTED, axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _LEAST, _TALLEST = 4.4, 1.7, 7.5  # inches
_ROW = 0.17  # inches of a bar and the space below it
_GROUP = 0.6  # rows between groups
_THICK = 7.0  # points, where there is room
_SIZE = 7.5


def barcode(barcode_or_network: Barcode | LinearNetwork, *, ax: "Axes | None" = None) -> "Axes":
    r"""Draw the barcode of a network: one bar for each interval of layers, with its multiplicity.

    A bar from node layer j to i stands for the directions that are born at layer j, in the image
    of no earlier one, and are last alive at layer i; the number before it tells how many. A dot is
    born and lost at the same layer. Bars that reach from the inputs to the outputs carry the map,
    and their number is its rank: they are on top, thicker and in blue. Below are the others, by
    birth and then by length.

    Parameters
    ----------
    barcode_or_network
        Of `geometry.barcode`, made by hand, or a network, whose barcode is computed.
    ax
        Axes to draw on. None: new ones, the taller the more bars there are.

    Returns
    -------
    Axes
        With a note above: the narrowest gap between singular values by which a rank was
        decided, and where; a warning if a rank is not certain.

    Raises
    ------
    ArgumentTypeError
        It is neither a barcode nor a network.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> ax = plot.barcode(dl.LinearNetwork([np.diag([1.0, 1.0, 0.0]), np.diag([0.0, 1.0, 1.0])]))
    >>> [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    ['1', '1', '1', '1', '1']

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    bars = barcode_or_network
    if isinstance(bars, LinearNetwork):
        bars = barcode_of(bars)
    if not isinstance(bars, Barcode):
        raise ArgumentTypeError(
            f"Argument `barcode_or_network` must be a Barcode or a LinearNetwork, but it is of "
            f"type {type(bars).__name__}. Make one with deeplinear.geometry.barcode(net)."
        )
    rows = _rows(bars)
    bottom = rows[-1][1] + 0.8
    height = min(max(_ROW * bottom + 0.8, _LEAST), _TALLEST)
    ax = axes_for(ax, (_WIDTH, height))
    ax.set_xlim(-0.04 * bars.depth - 0.15, 1.04 * bars.depth)
    ax.set_ylim(bottom, -0.8)
    points = 72 * ax.figure.bbox.height / ax.figure.dpi * ax.get_position().height / (bottom + 0.8)
    thick = min(_THICK, 0.6 * points)
    for j in range(bars.depth + 1):
        ax.axvline(j, color=GRID, lw=0.7, zorder=0)
    every = math.ceil(_SIZE / points)
    for n, ((born, last), y) in enumerate(rows):
        full = (born, last) == (0, bars.depth)
        ax.plot(
            [born, last], [y, y], color=COLORS[0] if full else MUTED, zorder=3 if full else 2,
            lw=thick if full else 0.55 * thick, solid_capstyle="round",
            label="full bar" if full else "_bar", marker="o" if born == last else "", mew=0.0,
            ms=0.8 * thick,
        )  # fmt: skip
        if full or n % every == 0:
            ax.annotate(
                str(bars[born, last]), (born, y), (-0.5 * thick - 2.5, 0), va="center_baseline",
                textcoords="offset points", ha="right", fontsize=_SIZE,
                color=COLORS[0] if full else INK, fontweight="bold" if full else "normal",
            )  # fmt: skip
    _name_layers(ax, bars)
    _write_note(ax, bars)
    return ax


def _rows(bars: Barcode) -> list[tuple[tuple[int, int], float]]:
    """The bars with their heights, counted in rows from the top: full ones, then by birth."""
    whole = (0, bars.depth)
    order = sorted(bars, key=lambda bar: (bar != whole, bar[0], -bar[1]))
    rows, y = [], 0.0
    for n, bar in enumerate(order):
        if n:
            before = order[n - 1]
            y += 1.0 + _GROUP * (before == whole or before[0] != bar[0])
        rows.append((bar, y))
    return rows


def _name_layers(ax: "Axes", bars: Barcode) -> None:
    """Node layers with their widths, as many as fit, both ends always."""
    room = 72 * ax.figure.bbox.width / ax.figure.dpi * ax.get_position().width / (bars.depth + 1)
    every = math.ceil(22.0 / room)
    named = [j for j in range(bars.depth + 1) if j % every == 0 and bars.depth - j >= every]
    ticks = [*named, bars.depth]
    ax.set_xticks(ticks, [f"{j}\n{bars.widths[j]}" for j in ticks])
    ax.set_xlabel("node layer (0: inputs) and its width")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", length=0)


def _write_note(ax: "Axes", bars: Barcode) -> None:
    """The rank of the map at the left, how sure the ranks are at the right."""
    rank = bars.get((0, bars.depth), 0)
    notes = [(0.0, "left", f"rank of the map {rank}", COLORS[0] if rank else INK)]
    if bars.tol is not None:
        (j, i), gap = min(bars.gaps.items(), key=lambda item: item[1])
        where = "" if math.isinf(gap) else f", layer {j} to {i}"
        words = f"narrowest rank gap {_power(gap)}{where}"
        if not bars.certain:
            words += "\nranks NOT CERTAIN"
        notes.append((1.0, "right", words, MUTED))
    for x, side, words, color in notes:
        ax.annotate(
            words, (x, 1.0), (0, 4), xycoords="axes fraction", textcoords="offset points",
            ha=side, va="bottom", fontsize=_SIZE, color=color,
        )  # fmt: skip


def _power(value: float) -> str:
    """A factor in a few characters."""
    if math.isinf(value):
        return "infinite"
    if value < 1e3:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return rf"${mantissa}\times10^{{{int(exponent)}}}$"
