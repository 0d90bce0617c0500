"""The Hessian eigenvalues along a run (theory §5, §8)."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear.analysis import Itinerary
from deeplinear.plot import data
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._marks import text_width
from deeplinear.plot._signed import signed_height
from deeplinear.plot._style import axes_for, note
from deeplinear.plot._time import draw_time
from deeplinear.plot.data import COLORS, GRID, MUTED, HessianSpectra
from deeplinear.plot.data._visits import shortened
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TEXT = 7.5
_NAME = "Hessian eigenvalue"


def hessian(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    itinerary: Itinerary | None = None,
    n_times: int | None = None,
) -> "Axes":
    """Draw the Hessian eigenvalues along a run: the curvatures that it meets.

    Positive ones are blue lines, negative ones orange and dashed, those within 1e-6 of the largest
    modulus are left out: most are zero, since symmetries do not change the map. On a plateau the
    negative ones are the ways out; at a minimum there are none. The height is
    symmetric-logarithmic if the moduli differ by a factor of more than 30; the linear part, shaded,
    ends below the smallest modulus that is drawn.

    Parameters
    ----------
    traj
        A run. Of more than 400 parameters, only the smallest and the largest eigenvalue are
        computed, as a note says.
    ax
        Axes to draw on. None: new ones.
    itinerary
        The visits of this run: faint lines where their gradient is smallest, with the learned
        modes and the number of negative eigenvalues at the nearest of the times above.
    n_times
        At how many of the saved times. None: as many as take a few seconds, from 12 to 120.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no run, `itinerary` no itinerary, or `n_times` no integer >= 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 1.5])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2, 2), scale=0.05, seed=0))
    >>> ax = plot.hessian(traj, itinerary=dl.itinerary(traj))
    >>> ax.get_ylabel().splitlines()[0], ax.get_yscale()
    ('Hessian eigenvalue', 'symlog')

    References
    ----------
    theory §5, §8, §11.
    """
    found = data.hessian(traj, itinerary, n_times=n_times)
    ax = axes_for(ax)
    draw_time(ax, found.time, shared=ax.has_data())
    ax.set_ylabel(_NAME)
    if found.limits is None:
        note(ax, "the Hessian overflows at every saved time")
        ax.set_yticks([])
        return ax
    _scale(ax, found)
    ax.axhline(0.0, color=MUTED, lw=0.6, zorder=1)
    styles = ((1.0, COLORS[0], "-", "positive"), (-1.0, COLORS[1], (0, (4, 1.4)), "negative"))
    few: dict[str, Any] = {"marker": "o", "ms": 3.5} if len(found.time.x) < 3 else {}
    for sign, color, dashes, name in styles:
        for j, y in enumerate(found.values.T):
            y = np.where(sign * y > found.zero, y, np.nan)  # a gap while it has the other sign
            label = name if j == 0 else f"_{name}"
            ax.plot(
                found.time.x, y, color=color, ls=dashes, lw=0.9, label=label, zorder=2, **few
            )  # fmt: skip
    _mark(ax, found)
    _names(ax, found)
    return ax


def _scale(ax: "Axes", found: HessianSpectra) -> None:
    """Symmetric-logarithmic: linear only below the smallest modulus that is drawn."""
    signed_height(ax, found.values[np.abs(found.values) > found.zero], _NAME)


def _mark(ax: "Axes", found: HessianSpectra) -> None:
    """The visits: a faint line each, with what is known there, where names do not collide."""
    left, right = ax.get_xlim()
    log = ax.get_xscale() == "log"
    used: list[tuple[float, float]] = []  # middles and widths, in widths of the axes
    for visit in sorted(found.visits, key=lambda visit: -visit.prominence):
        x = min(max(visit.x, left), right)
        ax.axvline(x, color=GRID, lw=0.9, zorder=0, label="_visit")
        span = math.log(x / left) / math.log(right / left) if log else (x - left) / (right - left)
        if not visit.named:
            continue
        near = int(np.argmin(np.abs(found.time.x - x)))
        words = shortened(visit.label)
        if found.whole:
            words += f"\n{found.negative[near]} neg."
        width = text_width(ax, words)
        if any(abs(span - other) < (width + taken) / 2 for other, taken in used):
            continue
        used.append((span, width))
        ax.annotate(
            words, (span, 1.0), (0.0, 2.0), xycoords="axes fraction", ha="center", va="bottom",
            textcoords="offset points", fontsize=_TEXT, color=MUTED,
        )  # fmt: skip


def _names(ax: "Axes", found: HessianSpectra) -> None:
    """What the colors mean, in the margin, and what is not drawn."""
    low, high = ax.get_ylim()
    labels = []
    if bool(np.any(found.values > found.zero)):
        labels.append(Label(high, "positive", COLORS[0]))
    if bool(np.any(found.values < -found.zero)):
        labels.append(Label(low, "negative", COLORS[1], (0, (4, 1.4))))
    margin_labels(ax, labels, "")
    if not found.whole:
        ax.annotate(
            "the smallest and the largest eigenvalue", (1.0, 0.0), (0.0, -32.0), ha="right",
            xycoords="axes fraction", textcoords="offset points", va="top", fontsize=_TEXT,
            color=MUTED, annotation_clip=False,
        )  # fmt: skip
