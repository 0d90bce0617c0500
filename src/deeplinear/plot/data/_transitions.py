"""The exits of plateaus, close up, on linear axes (theory §11)."""

import itertools
from dataclasses import dataclass

import numpy as np

from deeplinear import analysis
from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import Itinerary, Visit, set_name
from deeplinear.plot.data._time import require_run
from deeplinear.solve import Trajectory

MOST = 3
"""Transitions shown unless it is asked for another number."""

_EDGE = 0.01  # a transition begins and ends at this share of the fall between two values
_WIDER = 0.25  # its window is wider than that, on both sides, by this share
_POINTS, _SMALL = 80, 5000  # of a curve, for networks of up to so many parameters


@dataclass(frozen=True)
class Transition:
    """A fall of the loss from one critical value toward the next.

    Attributes
    ----------
    t : when the next set of modes is learned, counted from the start; y : the gap there.
    before, after : names of the learned modes.
    gap_before, gap_after : the two critical values above the optimum.
    x, gap : ``(n,)`` times and loss above the optimum: at the saved times, and, for networks of up
        to 5000 parameters, between them.
    prominence : of the plateau that ends.
    """

    t: float
    y: float
    before: str
    after: str
    gap_before: float
    gap_after: float
    x: Array
    gap: Array
    prominence: float


def transitions(
    traj: Trajectory, itinerary: Itinerary | None = None, *, most: int = MOST
) -> tuple[Transition, ...]:
    """Return the exits of the most prominent plateaus, in order of time.

    The start counts as a plateau if the run waits there. A run that rises, as one backward in
    time, and one that never waits, have none.

    Parameters
    ----------
    itinerary
        The visits of this run. None: computed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no trajectory, `itinerary` no itinerary, `most` no integer >= 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2, 2), scale=1e-3, seed=0))
    >>> [(fall.before, fall.after, fall.gap_before) for fall in data.transitions(traj)]
    [('none', '0', 8.5), ('0', '0, 1', 0.5)]
    """
    require_run(traj)
    most = checks.integer("most", most, minimum=1)
    visits = analysis.itinerary(traj) if itinerary is None else itinerary
    if not isinstance(visits, Itinerary):
        raise ArgumentTypeError(
            f"Argument `itinerary` must be an Itinerary or None, but it is of type "
            f"{type(visits).__name__}. Compute one with deeplinear.itinerary(traj)."
        )
    pairs = [
        (one, after)
        for one, after in itertools.pairwise(visits)
        if one.plateau and one.value > after.value
    ]
    pairs.sort(key=lambda pair: -pair[0].prominence)
    found = [_transition(traj, *pair) for pair in pairs[:most]]
    return tuple(sorted((f for f in found if f is not None), key=lambda f: f.t))


def _transition(traj: Trajectory, one: Visit, after: Visit) -> Transition | None:
    """The fall between two visits; None if fewer than two saved times lie in it."""
    optimum = float(traj.problem.optimum(min(traj.widths)))
    high, low = one.value - optimum, after.value - optimum
    between = (traj.t >= one.t_closest) & (traj.t <= after.t_closest)
    margin = _EDGE * (high - low)
    falling = between & (traj.gap < high - margin) & (traj.gap > low + margin)
    if falling.sum() < 2:
        return None
    first, last = traj.t[falling][[0, -1]]
    pad = _WIDER * (last - first)
    first, last = max(first - pad, traj.t[0]), min(last + pad, traj.t_end)
    t = float(np.clip(one.t_out, first, last))
    inside = traj.t[(traj.t > first) & (traj.t < last)]
    x = np.union1d(inside, [first, t, last])
    if traj.n_params <= _SMALL:
        x = np.union1d(x, np.linspace(first, last, _POINTS))
    gap = _gaps(traj, x, optimum)
    start = float(traj.t[0])
    return Transition(
        t=t - start,
        y=float(gap[np.searchsorted(x, t)]),
        before=set_name(one.modes),
        after=set_name(after.modes),
        gap_before=high,
        gap_after=low,
        x=x - start,
        gap=gap,
        prominence=one.prominence,
    )


def _gaps(traj: Trajectory, t: Array, optimum: float) -> Array:
    """The gap at these times of the run, between saved ones by integrating again."""
    saved = {float(at): float(gap) for at, gap in zip(traj.t, traj.gap, strict=True)}
    between = [
        saved[at] if at in saved else traj.problem.loss(traj(at).product()) - optimum
        for at in t.tolist()
    ]
    return np.maximum(np.array(between), 0.0)
