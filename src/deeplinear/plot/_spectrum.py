"""The Hessian eigenvalues of a network, sorted, negative ones apart (theory §8)."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._signed import signed_height
from deeplinear.plot._style import axes_for, note
from deeplinear.plot.data import COLORS, GRID, MUTED
from deeplinear.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAME = "Hessian eigenvalue"
_SIZE = (4.4, 2.9)
_MOST = 300  # points drawn a sign
_NARROWEST = 0.16  # share of the axis that a sign gets at least, and that the zeros get


def spectrum(problem: Problem, net: LinearNetwork, *, ax: "Axes | None" = None) -> "Axes":
    r"""Draw all Hessian eigenvalues of a critical point: negative, zero and positive, ascending.

    Negative ones are orange triangles, positive ones blue dots; zeros, up to 1e-6 of the largest
    modulus or of s_0^{2 - 2/h}, are a line. The ticks below count all three. Above 300 eigenvalues
    of one sign, some are left out. The height is symmetric-logarithmic if the moduli differ by a
    factor of more than 30, linear only below the smallest one.

    Parameters
    ----------
    problem, net
        A critical point, or any network. If more than 1500 parameters are left after the exact
        compression (`flow.compress`), a note takes the place of the spectrum.
    ax
        Axes to draw on. None: new ones.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The network does not fit the problem, or is none.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (3, 4, 3), [0])
    >>> ax = plot.spectrum(problem, saddle)
    >>> [tick.get_text().replace("\n", " ") for tick in ax.get_xticklabels()]
    ['6 negative', '7 zero', '11 positive']

    References
    ----------
    theory §5, §8.
    """
    found = data.spectrum(problem, net)
    ax = axes_for(ax, _SIZE)
    ax.set_ylabel(_NAME)
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
    signed_height(ax, np.concatenate([negative, positive]), _NAME)
    return ax


def _draw(ax: "Axes", values: Array, left: float, right: float, **look: str) -> None:
    """One sign, spread over its part of the axis."""
    if len(values) == 0:
        return
    x = left + (right - left) * (np.arange(len(values)) + 0.5) / len(values)
    keep = np.unique(np.linspace(0, len(values) - 1, min(_MOST, len(values))).round().astype(int))
    size = 3.5 if len(values) < 60 else 2.2
    ax.plot(x[keep], values[keep], ls="none", ms=size, clip_on=False, **look)  # type: ignore[arg-type]
