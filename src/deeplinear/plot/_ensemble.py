"""Ensembles: distributions of learning times, and orders of learning (theory §11)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear.analysis import Itinerary
from deeplinear.plot import data
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import axes_for, log_scale, note
from deeplinear.plot.data import GRID, INK, MUTED, mode_style
from deeplinear.solve import Ensemble, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL_SIZE = 7.5
_POINTS = 1000  # of a distribution curve, at most
_NAMED = 8  # curves with their names on them too, for readers in gray
_LONGEST = 40  # characters of an order's name
_BAR = 0.62  # height, in distances of bars


def learning_times(members: Ensemble | Sequence[Trajectory], *, ax: "Axes | None" = None) -> "Axes":
    """Draw the distribution of the modes' learning times over an ensemble.

    For each mode, in its color: the share of all members that had learned it by time t. A curve
    that stays below 1 belongs to a mode that some members never learned; its label has the share
    that did. Members that failed count among those, and the line above says how many they are.

    Parameters
    ----------
    members
        An ensemble, in memory or in a store, of any size; or trajectories of one problem.
    ax
        Axes to draw on. None: new ones.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The members are no runs, or none.

    Notes
    -----
    A mode is learned when its strength first passes s_k / 2. In a group of equal modes, whose
    frames are arbitrary, the first stands for the one learned first.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> starts = [dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=k) for k in range(200)]
    >>> ax = plot.learning_times(dl.ensemble(problem, starts))
    >>> [line.get_label() for line in ax.lines]
    ['mode 0', 'mode 1', 'mode 2']

    References
    ----------
    theory §7.3, §11.
    """
    found = data.learning_times(members)
    ax = axes_for(ax)
    say_endings(ax, found.counts, len(found.times))
    ax.set_xlabel("learning time $t$")
    ax.set_ylabel("share of members")
    ax.set_ylim(0.0, 1.02)
    later = found.times[np.isfinite(found.times) & (found.times > 0)]
    if later.size == 0:
        at_once = bool(np.isfinite(found.times).any())
        note(ax, "no member learned a mode" + (" after its start" if at_once else ""))
        ax.set_xticks([])
        return ax
    log_scale(ax, "x")
    low, high = float(later.min()), float(later.max())
    low, high = low / (high / low) ** 0.05 / 1.05, high * (high / low) ** 0.05 * 1.05
    ax.set_xlim(low, high)
    labels, m = [], found.times.shape[1]
    for k in range(m):
        style = mode_style(k)
        x, y = _distribution(found.times[:, k], low, high)
        ax.plot(x, y, label=f"mode {k}", **style)
        if m <= _NAMED:
            _name(ax, x, y, k, m)
        share = found.share(k)
        text = str(k) if share == 1.0 else f"{k}: {_percent(share)}"
        labels.append(Label(share, text, **style))
    margin_labels(ax, labels, "mode")
    return ax


def itineraries(
    members: Ensemble | Sequence[Trajectory] | Sequence[Itinerary],
    *,
    ax: "Axes | None" = None,
    most: int = 12,
) -> "Axes":
    """Draw in which orders the members of an ensemble learned their modes: the share of each.

    One bar an order, the most frequent on top, with its 95 % interval (Wilson) and the count. An
    order names the modes as they were learned; braces hold modes that were learned at the start,
    or at the same time, and a mode that is not named was not learned. Hatched bars are members
    that failed, were interrupted or ran out of steps, with what they had learned by then.

    Parameters
    ----------
    members
        An ensemble, in memory or in a store, of any size; trajectories of one problem; or
        itineraries, which also say what was lost again: "−0".
    ax
        Axes to draw on. None: new ones.
    most
        Bars at most, of the most frequent orders; what is left is put together in one more, or two.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The members are neither runs nor itineraries, or none.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> starts = [dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=k) for k in range(200)]
    >>> ax = plot.itineraries(dl.ensemble(problem, starts))
    >>> [tick.get_text() for tick in ax.get_yticklabels()]
    ['0 → 1 → 2', '1 → 0 → 2', '0 → 2 → 1']

    References
    ----------
    theory §11; Jacot et al., arXiv 2106.15933.
    """
    most = checks.integer("most", most, minimum=1)
    orders = data.itineraries(members)
    n = sum(order.count for order in orders)
    kept = sorted(orders, key=lambda order: -order.count)[:most]
    rows = []
    for unfinished in (False, True):
        group = [order for order in orders if (order.status is not None) == unfinished]
        for order in group:
            if order in kept:
                name = order.name if len(order.name) <= _LONGEST else order.name[:_LONGEST] + "…"
                name += f"  ({order.status})" if unfinished else ""
                rows.append((name, order.count, order.interval, unfinished, MUTED))
        rest = [order.count for order in group if order not in kept]
        if rest:
            name = f"{len(rest)} other{' unfinished' if unfinished else ' orders'}"
            rows.append((name, sum(rest), data.wilson(sum(rest), n), unfinished, GRID))
    ax = axes_for(ax, (5.4, 1.0 + 0.24 * len(rows)))
    for j, (name, count, (low, high), unfinished, color) in enumerate(rows):
        ax.barh(
            j, count / n, height=_BAR, color="white" if unfinished else color, edgecolor=MUTED,
            lw=0.7, hatch="////" if unfinished else None, label=name,
        )  # fmt: skip
        ax.plot([low, high], [j, j], color=INK, lw=1.1, marker="|", ms=5.0, label="_interval")
        ax.annotate(
            f"{count:,}", xy=(max(high, count / n), j), xytext=(4.0, 0.0), va="center",
            textcoords="offset points", fontsize=_LABEL_SIZE, color=INK,
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), [row[0] for row in rows])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0.0, 1.12 * max(max(high, count / n) for _, count, (_, high), *_ in rows))
    ax.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    ax.set_xlabel(f"share of {n:,} members" if n > 1 else "share of one member")
    ax.set_ylabel("modes as learned")
    return ax


def say_endings(ax: "Axes", counts: Mapping[str, int], of: int) -> None:
    """How many members ended how, above the axes."""
    n = sum(counts.values())
    who = f"{n:,} of {of:,} members" if n < of else f"{n:,} member{'s' if n != 1 else ''}"
    how = ", ".join(f"{count:,} {_ENDINGS.get(name, name)}" for name, count in counts.items())
    ax.set_title(f"{who}: {how}", loc="left", fontsize=_LABEL_SIZE, color=MUTED)


_ENDINGS = {"t_end": "at $t_{end}$", "step limit": "at the step limit"}


def _distribution(times: Array, low: float, high: float) -> tuple[Array, Array]:
    """The steps of the share of members with time up to t, from edge to edge of the axes."""
    learned = np.sort(times[np.isfinite(times)])
    some = np.unique(np.linspace(0, len(learned) - 1, _POINTS).round().astype(int))
    some = some[: len(learned)]
    x = np.concatenate([[low], np.maximum(learned[some], low), [high]])
    share = np.concatenate([[np.mean(times <= low)], (some + 1) / len(times)])
    y = np.concatenate([share, share[-1:]])
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def _name(ax: "Axes", x: Array, y: Array, k: int, m: int) -> None:
    """The mode's number on its curve, the lower the later the mode."""
    from matplotlib.patheffects import withStroke

    if y[-1] == y[0]:
        return
    share = y[0] + (y[-1] - y[0]) * (0.5 if m == 1 else 0.85 - 0.7 * k / (m - 1))
    at = float(x[np.searchsorted(y, share)])
    text = ax.text(at, share, str(k), fontsize=_LABEL_SIZE, ha="center", va="center", color=INK)
    text.set_path_effects([withStroke(linewidth=3.5, foreground="white")])


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if 0.01 <= share <= 0.99 or share == 0 else f"{100 * share:.2g} %"
