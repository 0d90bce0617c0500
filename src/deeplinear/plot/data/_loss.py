"""The loss and its gradient against time, with critical values and visits (theory §8, §11)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear.analysis import Itinerary, set_name
from deeplinear.flow import vector_field
from deeplinear.landscape import ModeSet
from deeplinear.plot.data._time import TimeAxis, require_run, time_axis
from deeplinear.plot.data._visits import VisitMark, visit_marks
from deeplinear.solve import Trajectory

_SEEN = 2 / 3  # of the width of the time axis, over which the loss is in view
_DECADES = 1e-16  # gradients below this fraction of the largest are not drawn


@dataclass(frozen=True)
class CriticalLine:
    """The value of one class of critical points, as a level of the loss.

    Attributes
    ----------
    modes : the learned modes; label : their name.
    value, gap : the loss of its points, and that above the optimum, > 0.
    visited : whether the run had learned exactly these modes at a saved time.
    """

    modes: ModeSet
    label: str
    value: float
    gap: float
    visited: bool


@dataclass(frozen=True)
class LossCurve:
    """The loss of a run above the optimum.

    Attributes
    ----------
    time : the time axis.
    gap : ``(k,)`` loss minus optimum at the saved times.
    optimum : the smallest loss that these widths can reach.
    critical : the levels that matter for this run, by descending value.
    visits : marks at the height of the gap; empty without an itinerary.
    limits : of the logarithmic height; None if the loss is at the optimum at every saved time.
    """

    time: TimeAxis
    gap: Array
    optimum: float
    critical: tuple[CriticalLine, ...]
    visits: tuple[VisitMark, ...]
    limits: tuple[float, float] | None


@dataclass(frozen=True)
class GradientNormCurve:
    """The norm of the gradient along a run.

    Attributes
    ----------
    time : the time axis.
    norm : ``(k,)``; 0 where it is below 1e-16 of the largest, or overflows.
    visits : marks at the height of the norm; empty without an itinerary.
    limits : of the logarithmic height; None if there is nothing to show.
    """

    time: TimeAxis
    norm: Array
    visits: tuple[VisitMark, ...]
    limits: tuple[float, float] | None


def loss(
    traj: Trajectory, itinerary: Itinerary | None = None, *, classes: bool = True
) -> LossCurve:
    """Return the loss above the optimum, with critical values (if `classes`) and visits.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory, or `itinerary` no itinerary.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2, 2), scale=1e-3, seed=0))
    >>> picture = data.loss(traj, dl.itinerary(traj))
    >>> [(line.label, line.value, line.visited) for line in picture.critical]
    [('none', 8.5, True), ('0', 0.5, True)]
    >>> [(visit.label, visit.plateau, visit.kind) for visit in picture.visits]
    [('none', True, 'non-strict saddle'), ('0', True, 'non-strict saddle'),
     ('0, 1', True, 'global minimum')]
    """
    time = time_axis(traj)
    optimum = float(traj.problem.optimum(min(traj.widths)))
    critical = _critical_lines(traj, optimum) if classes else ()
    return LossCurve(
        time=time,
        gap=traj.gap,
        optimum=optimum,
        critical=critical,
        visits=visit_marks(itinerary, lambda visit: visit.loss - optimum),
        limits=_gap_limits(time, traj.gap, [line.gap for line in critical]),
    )


def gradient_norm(traj: Trajectory, itinerary: Itinerary | None = None) -> GradientNormCurve:
    """Return the norm of the gradient at the saved times, with the visits of a run.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory, or `itinerary` no itinerary.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.6]], [[0.6]]]))
    >>> round(float(data.gradient_norm(traj).norm[0]), 6)  # sqrt(2) * 0.6 * (1 - 0.36)
    0.543058
    """
    require_run(traj)
    field, _ = vector_field(traj.problem, traj.widths)
    with np.errstate(all="ignore"):
        norm = np.array([np.linalg.norm(field(0.0, net.to_vector())) for net in traj])
    largest = float(norm[np.isfinite(norm)].max(initial=0.0))
    norm = np.where(np.isfinite(norm) & (norm > _DECADES * largest), norm, 0.0)
    time = time_axis(traj)
    shown = norm[time.shown & (norm > 0)]
    limits = (float(shown.min()) / 2, 2 * float(shown.max())) if shown.size else None
    return GradientNormCurve(
        time, norm, visit_marks(itinerary, lambda visit: visit.gradient_norm), limits
    )


def _critical_lines(traj: Trajectory, optimum: float) -> tuple[CriticalLine, ...]:
    """The neighboring classes above the optimum."""
    scale = max(float(np.sum(traj.problem.modes.s**2)), optimum)
    visited = {analysis.learned_modes(traj, k) for k in range(len(traj))}
    return tuple(
        CriticalLine(modes, set_name(modes), value, value - optimum, modes in visited)
        for modes, value in analysis.neighboring_values(traj)
        if value - optimum > 1e-12 * scale
    )


def _gap_limits(
    time: TimeAxis, gap: Array, critical: Sequence[float]
) -> tuple[float, float] | None:
    """From a tenth of the lowest critical value, so that the plateaus fill the figure; lower where
    the run does not go far below, so that its end is seen, or stays below for much of the width.
    """
    seen = gap[np.isfinite(gap) & (gap > 0)]
    if seen.size == 0:
        return None
    bottom = float(seen.min())
    if critical:
        lowest = min(critical) / 10
        bottom = bottom if bottom > lowest / 100 else min(lowest, _late(time, gap, lowest))
    top = max(float(seen.max()), *critical, bottom)
    return bottom / 1.2, top * 1.4


def _late(time: TimeAxis, gap: Array, lowest: float) -> float:
    """The gap where two thirds of the width of the time axis have passed; `lowest` if unknown."""
    low, high = time.limits
    at = low ** (1 - _SEEN) * high**_SEEN if time.log else low + _SEEN * (high - low)
    before = time.shown & (time.x <= at) & np.isfinite(gap) & (gap > 0)
    return float(gap[before][-1]) if before.any() else lowest
