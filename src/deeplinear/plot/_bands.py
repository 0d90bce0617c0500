"""Bands of curves over the members of an ensemble (theory §11)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.analysis import critical_value, set_name
from deeplinear.plot import data
from deeplinear.plot._ensemble import say_endings
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import axes_for, log_scale, note
from deeplinear.plot.data import INK, MUTED, mode_style
from deeplinear.solve import Ensemble, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHADES = (0.16, 0.32)  # of the bands from 5 to 95 % and from 25 to 75 %


def ensemble_bands(
    members: Ensemble | Sequence[Trajectory],
    quantity: Literal["loss", "mode strengths"] = "loss",
    *,
    ax: "Axes | None" = None,
    most: int = 500,
) -> "Axes":
    """Draw a quantity of an ensemble against time: the median, and bands of 50 and 90 % of members.

    The line is the median, the dark band goes from 25 to 75 %, the light one from 5 to 95 % of the
    members at each time. Members that converged or rest at a saddle keep their last value; of
    those that failed, or ended otherwise, nothing is known after their end, and they are left out
    from there on. The line above says how all of them ended.

    Parameters
    ----------
    members
        An ensemble with saved states, from ``dl.ensemble(problem, starts, save=None)``, or
        trajectories of one problem.
    quantity
        "loss": minus the optimum, with the critical values of the largest modes as thin lines.
        "mode strengths": each mode in its color, its singular value as a faint line.
    ax
        Axes to draw on. None: new ones.
    most
        Members that are read at most, evenly chosen.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The members are no runs, none, or hold no states between start and end; the quantity is
        unknown.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> starts = [dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=k) for k in range(60)]
    >>> ax = plot.ensemble_bands(dl.ensemble(problem, starts, save=None))
    >>> ax.get_title(loc="left")
    '60 members: 60 converged'

    References
    ----------
    theory §11.
    """
    bands = data.ensemble_bands(members, quantity, most=most)
    ax = axes_for(ax)
    if bands.log:
        log_scale(ax, "x")
    ax.set_xlim(bands.t[0], bands.t[-1])
    ax.set_xlabel("time backward, $-t$" if bands.backward else "time $t$")
    say_endings(ax, bands.counts, bands.of)
    first = members[0]
    s = first.problem.modes.s
    if quantity == "loss":
        _loss_bands(ax, bands, first)
        return ax
    root = "" if first.problem.whitened else r" S_{xx}^{1/2}"
    ax.set_ylabel(rf"mode strength $p_k = u_k^T P{root} v_k$")
    if len(s) == 0:
        note(ax, "the target is zero: there is no mode to learn")
        ax.set_yticks([])
        return ax
    for k in range(len(s)):
        style = mode_style(k)
        ax.axhline(s[k], color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        _band(ax, bands.t, bands.values[k], f"mode {k}", **style)
    values = bands.values[np.isfinite(bands.values)]
    top = 1.05 * float(np.clip(values.max(initial=s[0]), s[0], 3 * s[0]))
    bottom = float(np.clip(values.min(initial=0.0), -2 * s[0], 0.0)) - 0.03 * top
    ax.set_ylim(bottom, top)
    ends = [_last(bands.values[k, 2]) for k in range(len(s))]
    labels = [Label(y, str(k), **mode_style(k)) for k, y in enumerate(ends) if bottom <= y <= top]
    margin_labels(ax, labels, "mode")
    return ax


def _loss_bands(ax: "Axes", bands: data.Bands, first: Trajectory) -> None:
    problem, rank = first.problem, min(first.widths)
    optimum = problem.optimum(rank)
    _band(ax, bands.t, bands.values[0], "loss", color=INK, linestyle="-")
    ax.set_ylabel(f"loss above the optimum, $L - {optimum:.4g}$" if optimum else "loss (optimum 0)")
    sets = [tuple(range(r)) for r in range(min(rank, len(problem.modes)) + 1)]
    lines = [(modes, critical_value(problem, modes) - optimum) for modes in sets]
    lines = [(modes, gap) for modes, gap in lines if gap > 1e-12 * lines[0][1]]
    seen = bands.values[0][np.isfinite(bands.values[0]) & (bands.values[0] > 1e-290)]
    if seen.size == 0:
        note(ax, "the loss of every member is at the optimum")
        ax.set_yticks([])
        return
    log_scale(ax, "y")
    bottom, top = float(seen.min()), float(seen.max())
    if lines:
        bottom, top = max(bottom, lines[-1][1] / 10), max(top, lines[0][1])
    ax.set_ylim(bottom / 1.2, top * 1.4)
    for _, gap in lines:
        ax.axhline(gap, color=MUTED, lw=0.6, ls=":", zorder=1)
    labels = [Label(gap, set_name(modes), MUTED, ":", 0.6) for modes, gap in lines]
    margin_labels(ax, labels, "learned", leaders=True)


def _band(ax: "Axes", t: Array, values: Array, label: str, **style: object) -> None:
    """The median, and the bands around it."""
    for (low, high), shade in zip(((0, 4), (1, 3)), _SHADES, strict=True):
        ax.fill_between(
            t, values[low], values[high], color=str(style["color"]), alpha=shade, lw=0.0,
            label="_band",
        )  # fmt: skip
    ax.plot(t, values[2], label=label, **style)  # type: ignore[arg-type]


def _last(curve: Array) -> float:
    known = curve[np.isfinite(curve)]
    return float(known[-1]) if known.size else float("nan")
