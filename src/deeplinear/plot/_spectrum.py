"""The Hessian eigenvalues of a network, sorted, negative ones apart (theory §8)."""

import math
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._style import axes_for, note
from deeplinear.plot.data import COLORS, GRID, MUTED
from deeplinear.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.4, 2.9)
_MOST = 300  # points drawn a sign
_NARROWEST = 0.16  # share of the axis that a sign gets at least, and that the zeros get
_STEEP = 30.0  # ratio of moduli from which on the axis is logarithmic


def spectrum(problem: Problem, net: LinearNetwork, *, ax: "Axes | None" = None) -> "Axes":
    """Draw all Hessian eigenvalues of a critical point: negative, zero and positive, ascending.

    Negative ones are orange triangles, positive ones blue dots; zeros, up to 1e-6 of the largest
    modulus or of s_0^{2 - 2/h}, are a line. The ticks below count all three. Above 300 eigenvalues
    of one sign, some are left out. The height is symmetric-logarithmic if the moduli differ by a
    factor of more than 30.

    Parameters
    ----------
    problem, net
        A critical point, or any network. If more than 1500 parameters are left after the exact
        compression (`flow.compress`), a note takes the place of the spectrum.
    ax
        Axes to draw on. None: new ones.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The network does not fit the problem, or is none.

    References
    ----------
    theory §5, §8.
    """
    found = data.spectrum(problem, net)
    ax = axes_for(ax, _SIZE)
    ax.set_ylabel("Hessian eigenvalue")
    if not found.computed:
        note(
            ax,
            f"{found.n_compressed} parameters are left\nafter compression:\ntoo many for a figure",
        )
        ax.set_xticks([])
        ax.set_yticks([])
        return ax
    negative, positive = found.negative, found.positive
    signs = [len(negative), len(positive)]
    room = 1.0 - _NARROWEST
    share = signs[0] / (sum(signs) or 1)
    share = float(np.clip(share * room, _NARROWEST, room - _NARROWEST))
    ax.set_xlim(0.0, 1.0)
    for x in (share, share + _NARROWEST):
        ax.axvline(x, color=GRID, lw=0.7, zorder=0)
    ax.axhline(0.0, color=MUTED, lw=0.6, zorder=1)
    ax.plot([share, share + _NARROWEST], [0.0, 0.0], color=MUTED, lw=2.5, zorder=2)
    _draw(ax, negative, 0.0, share, marker="v", color=COLORS[1], label="negative")
    _draw(ax, positive, share + _NARROWEST, 1.0, marker="o", color=COLORS[0], label="positive")
    centers = [share / 2, share + _NARROWEST / 2, (1 + share + _NARROWEST) / 2]
    counts = zip((signs[0], found.zeros, signs[1]), ("negative", "zero", "positive"), strict=True)
    ax.set_xticks(centers, [f"{n}\n{name}" for n, name in counts])
    ax.tick_params(axis="x", length=0)
    _scale(ax, np.concatenate([negative, positive]))
    return ax


def _draw(ax: "Axes", values: Array, left: float, right: float, **look: str) -> None:
    """One sign, spread over its part of the axis."""
    if len(values) == 0:
        return
    x = left + (right - left) * (np.arange(len(values)) + 0.5) / len(values)
    keep = np.unique(np.linspace(0, len(values) - 1, min(_MOST, len(values))).round().astype(int))
    ax.plot(x[keep], values[keep], ls="none", ms=3.5 if len(values) < 60 else 2.2, **look)  # type: ignore[arg-type]


def _scale(ax: "Axes", values: Array) -> None:
    """The height: linear if the moduli are close, else symmetric-logarithmic with decades named."""
    moduli = np.abs(values)
    if moduli.size == 0:
        ax.set_ylim(-1.0, 1.0)
        ax.set_yticks([0.0])
        return
    low, high = float(moduli.min()), float(moduli.max())
    bottom, top = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    if high <= _STEEP * low:
        pad = 0.07 * (top - bottom)
        ax.set_ylim(bottom - pad, top + pad)
        return
    first, last = math.floor(math.log10(low)), math.floor(math.log10(high))
    threshold = 10.0**first
    ax.set_yscale("symlog", linthresh=threshold, linscale=0.4)
    decades = 10.0 ** np.arange(first, last + 1, 1 + (last - first) // 4)
    ticks = [*(-decades[decades <= -1.5 * bottom][::-1]), 0.0, *decades[decades <= 1.5 * top]]
    ax.set_yticks(ticks)
    ax.set_yticks([], minor=True)
    ax.set_ylim(1.6 * bottom - 0.5 * threshold, 1.6 * top + 0.5 * threshold)
