"""The time axis that all figures of one run share: logarithmic, over the times that matter."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.plot._style import axes_for, log_scale, set_limits
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CHANGE = 0.01  # relative change of the gap that counts as something happening
_LEAD, _TAIL = 5.0, 10.0  # factors in time shown before the first and after the last change

_MARGIN = 0.03  # share of the axis left free after the end


@dataclass(frozen=True)
class TimeAxis:
    """What is drawn on the x-axis.

    Attributes
    ----------
    x : ``(k,)`` time since the start, forward or backward, >= 0.
    shown : ``(k,)`` whether a saved time can be drawn (0 has no logarithm).
    limits : of the axis; log : its scale; label : in words, with what was cut off.
    """

    x: Array
    shown: np.ndarray
    limits: tuple[float, float]
    log: bool
    label: str

    def draw(self, ax: "Axes", *, shared: bool) -> None:
        """Set scale, limits and label; on `shared` axes keep the scale and what is in view."""
        ax.set_xlabel(self.label)
        if self.log and not shared:
            log_scale(ax, "x")
        lower, upper = self.limits
        if ax.get_xscale() == "log" and lower <= 0:
            if not np.any(self.x > 0):
                return
            lower = float(self.x[self.x > 0].min())
        set_limits(ax, "x", lower, upper, widen=shared)


def time_axis(traj: Trajectory) -> TimeAxis:
    """Return the time axis of a run.

    Logarithmic from a fifth of the time of the first change to ten times that of the last;
    linear when that is less than a factor of five, or for fewer than three times.
    """
    x = np.abs(traj.t)
    backward = traj.t_end < 0
    label = "time backward, $-t$" if backward else "time $t$"
    first, last = _changes(traj.gap, x)
    lower, upper = float(np.min(x[x > 0], initial=np.inf)), float(x[-1])
    if first > 0:
        lower = max(lower, first / _LEAD)
    if np.sum(x > 0) < 3 or upper < _LEAD * lower:
        end = upper or 1.0
        return TimeAxis(x, x >= 0, (-_MARGIN * end, (1 + _MARGIN) * end), False, label)
    if 0 < last * _TAIL < upper:
        label += f" (nearly constant from here to {_power(upper)})"
        upper = last * _TAIL
    else:
        upper *= (upper / lower) ** _MARGIN
    return TimeAxis(x, x > 0, (lower, upper), True, label)


def require_run(traj: object) -> None:
    if not isinstance(traj, Trajectory):
        raise ArgumentTypeError(
            f"Argument `traj` must be a Trajectory, but it is of type {type(traj).__name__}."
        )


def begin(traj: Trajectory, ax: "Axes | None") -> "tuple[Axes, TimeAxis, bool]":
    """The axes with their time axis set up, and whether other runs are drawn on them already."""
    require_run(traj)
    ax, time = axes_for(ax), time_axis(traj)
    shared = ax.has_data()
    time.draw(ax, shared=shared)
    return ax, time, shared


def curve(ax: "Axes", time: TimeAxis, y: Array, *, positive: bool = False, **style: object) -> None:
    """One curve; values that have no place on the axes are left out, few points get markers."""
    valid = time.shown & np.isfinite(y)
    y = np.where(valid & ((y > 0) | (not positive)), y, np.nan)
    marker = {"marker": "o", "markersize": 3.5} if valid.sum() < 3 else {}
    ax.plot(time.x[valid], y[valid], **marker, **style)  # type: ignore[arg-type]


def _changes(gap: Array, x: Array) -> tuple[float, float]:
    """The first time at which the gap has left its start, and the last before it is at its end."""
    with np.errstate(divide="ignore"):
        logs = np.clip(np.log(gap), -1e3, 1e3)
    left = np.flatnonzero(np.abs(logs - logs[0]) > _CHANGE)
    arrived = np.flatnonzero(np.abs(logs - logs[-1]) > _CHANGE)
    first = float(x[left[0]]) if left.size else 0.0
    last = float(x[min(arrived[-1] + 1, len(x) - 1)]) if arrived.size else 0.0
    return first, last


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"${mantissa}\times 10^{{{int(exponent)}}}$"
