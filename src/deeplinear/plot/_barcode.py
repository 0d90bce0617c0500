"""The barcode of a network, drawn like a persistence barcode (theory §10)."""

import math
from typing import TYPE_CHECKING

from deeplinear.geometry import Barcode
from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._style import axes_for
from deeplinear.plot.data import COLORS, GRID, INK, MUTED, Bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _LEAST, _TALLEST = 4.4, 1.7, 7.5  # inches
_ROW = 0.17  # inches of a bar and the space below it
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
    found = data.barcode(barcode_or_network)
    depth = len(found.widths) - 1
    bottom = found.bars[-1].row + 0.8
    height = min(max(_ROW * bottom + 0.8, _LEAST), _TALLEST)
    ax = axes_for(ax, (_WIDTH, height))
    ax.set_xlim(-0.04 * depth - 0.15, 1.04 * depth)
    ax.set_ylim(bottom, -0.8)
    points = 72 * ax.figure.bbox.height / ax.figure.dpi * ax.get_position().height / (bottom + 0.8)
    thick = min(_THICK, 0.6 * points)
    for j in range(depth + 1):
        ax.axvline(j, color=GRID, lw=0.7, zorder=0)
    every = math.ceil(_SIZE / points)
    for n, bar in enumerate(found.bars):
        ax.plot(
            [bar.born, bar.last], [bar.row, bar.row], color=COLORS[0] if bar.full else MUTED,
            zorder=3 if bar.full else 2, lw=thick if bar.full else 0.55 * thick,
            solid_capstyle="round", label="full bar" if bar.full else "_bar",
            marker="o" if bar.born == bar.last else "", mew=0.0, ms=0.8 * thick,
        )  # fmt: skip
        if bar.full or n % every == 0:
            ax.annotate(
                str(bar.multiplicity), (bar.born, bar.row), (-0.5 * thick - 2.5, 0),
                va="center_baseline", textcoords="offset points", ha="right", fontsize=_SIZE,
                color=COLORS[0] if bar.full else INK,
                fontweight="bold" if bar.full else "normal",
            )  # fmt: skip
    _name_layers(ax, found)
    _write_note(ax, found)
    return ax


def _name_layers(ax: "Axes", found: Bars) -> None:
    """Node layers with their widths, as many as fit, both ends always."""
    depth = len(found.widths) - 1
    room = 72 * ax.figure.bbox.width / ax.figure.dpi * ax.get_position().width / (depth + 1)
    every = math.ceil(22.0 / room)
    named = [j for j in range(depth + 1) if j % every == 0 and depth - j >= every]
    ticks = [*named, depth]
    ax.set_xticks(ticks, [f"{j}\n{found.widths[j]}" for j in ticks])
    ax.set_xlabel("node layer (0: inputs) and its width")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", length=0)


def _write_note(ax: "Axes", found: Bars) -> None:
    """The rank of the map at the left, how sure the ranks are at the right."""
    color = COLORS[0] if found.rank else INK
    notes = [(0.0, "left", f"rank of the map {found.rank}", color)]
    if found.gap is not None:
        where = "" if found.gap_layers is None else ", layer {} to {}".format(*found.gap_layers)
        words = f"narrowest rank gap {_power(found.gap)}{where}"
        if not found.certain:
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
