"""The time axis that all figures of one run share: logarithmic, over the times that matter."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.solve import Trajectory

_CHANGE = 0.01  # relative change of the gap that counts as something happening
_LEAD, _TAIL = 5.0, 10.0  # factors in time shown before the first and after the last change

_MARGIN = 0.03  # share of the axis left free after the end


@dataclass(frozen=True)
class TimeAxis:
    """What is drawn on the x-axis of a run.

    Attributes
    ----------
    x : ``(k,)`` time since the start, forward or backward, >= 0.
    shown : ``(k,)`` whether a saved time can be drawn (0 has no logarithm).
    limits : of the axis.
    log : whether it is logarithmic.
    backward : whether the run goes backward in time, so that x is -t.
    constant_until : the end of the run, if the axis ends before it because nothing happens any
        more; else None.
    """

    x: Array
    shown: np.ndarray
    limits: tuple[float, float]
    log: bool
    backward: bool
    constant_until: float | None = None

    def points(self, y: Array, *, positive: bool = False) -> tuple[Array, Array]:
        """The times and values of a curve that can be drawn.

        With `positive`, for logarithmic heights, values that are not above 0 are NaN: gaps.
        """
        valid = self.shown & np.isfinite(y)
        y = np.where(valid & ((y > 0) | (not positive)), y, np.nan)
        return self.x[valid], y[valid]

    def at(self, chosen: np.ndarray) -> Self:
        """The same axis with some of the times."""
        return replace(self, x=self.x[chosen], shown=self.shown[chosen])


def time_axis(traj: Trajectory) -> TimeAxis:
    """Return the time axis of a run.

    Logarithmic from a fifth of the time of the first change to ten times that of the last;
    linear when that is less than a factor of five, or for fewer than three times.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
    >>> axis = data.time_axis(traj)
    >>> axis.log, axis.backward, axis.constant_until
    (True, False, None)
    """
    require_run(traj)
    x = np.abs(traj.t)
    backward = traj.t_end < 0
    first, last = _changes(traj.gap, x)
    lower, upper = float(np.min(x[x > 0], initial=np.inf)), float(x[-1])
    if first > 0:
        lower = max(lower, first / _LEAD)
    if np.sum(x > 0) < 3 or upper < _LEAD * lower:
        end = upper or 1.0
        return TimeAxis(x, x >= 0, (-_MARGIN * end, (1 + _MARGIN) * end), False, backward)
    if 0 < last * _TAIL < upper:
        return TimeAxis(x, x > 0, (lower, last * _TAIL), True, backward, upper)
    wide = upper * (upper / lower) ** _MARGIN
    return TimeAxis(x, x > 0, (lower, wide), True, backward)


def require_run(traj: object) -> None:
    if not isinstance(traj, Trajectory):
        raise ArgumentTypeError(
            f"Argument `traj` must be a Trajectory, but it is of type {type(traj).__name__}."
        )


def _changes(gap: Array, x: Array) -> tuple[float, float]:
    """The first time at which the gap has left its start, and the last before it is at its end."""
    with np.errstate(divide="ignore"):
        logs = np.clip(np.log(gap), -1e3, 1e3)
    left = np.flatnonzero(np.abs(logs - logs[0]) > _CHANGE)
    arrived = np.flatnonzero(np.abs(logs - logs[-1]) > _CHANGE)
    first = float(x[left[0]]) if left.size else 0.0
    last = float(x[min(arrived[-1] + 1, len(x) - 1)]) if arrived.size else 0.0
    return first, last
