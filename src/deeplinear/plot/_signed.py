"""Heights of both signs over many decades: logarithmic, but linear about zero, as is written."""

import math
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot.data import GRID

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEEP = 30.0  # ratio of moduli from which on the axis is logarithmic
_LINEAR = 0.4  # decades that the linear part takes on each side
_MOST = 4  # powers of ten named on the longer side, at most


def signed_height(ax: "Axes", values: Array, name: str) -> None:
    """Set the height: linear if the moduli of `values` are close, else symmetric-logarithmic.

    No value lies in the linear part, then: that part ends at the power of ten below the smallest
    modulus; it is shaded, and the label of the axis says where it ends. The values, if there are
    any, are neither zero nor NaN.
    """
    if values.size == 0:
        ax.set_ylim(-1.0, 1.0)
        ax.set_yticks([0.0])
        return
    moduli = np.abs(values)
    bottom, top = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    if moduli.max() <= _STEEP * moduli.min():
        pad = 0.07 * (top - bottom)
        ax.set_ylim(bottom - pad, top + pad)
        return
    first = math.floor(math.log10(float(moduli.min())))
    last = math.floor(math.log10(float(moduli.max())))
    threshold = 10.0**first
    ax.set_yscale("symlog", linthresh=threshold, linscale=_LINEAR)
    decades = 10.0 ** np.arange(last, first - 1, -(1 + (last - first) // _MOST))[::-1]
    if last - first >= _MOST - 1:
        decades = decades[decades > 1.5 * threshold]  # the next to zero has no room beside it
    below, above = decades[decades <= -1.5 * bottom], decades[decades <= 1.5 * top]
    if not below.size and bottom < 0:  # every sign has a number
        below = np.array([threshold])
    if not above.size and top > 0:
        above = np.array([threshold])
    ax.set_yticks([*-below[::-1], 0.0, *above])
    ax.set_yticks([], minor=True)
    ax.set_ylim(1.6 * bottom - 0.5 * threshold, 1.6 * top + 0.5 * threshold)
    ax.axhspan(-threshold, threshold, color=GRID, alpha=0.6, lw=0.0, zorder=0, label="_linear")
    ax.set_ylabel(f"{name}\n(linear within $\\pm 10^{{{first}}}$)")
