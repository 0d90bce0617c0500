"""The Hessian eigenvalues along a run (theory §5, §8)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear.analysis import Itinerary, extreme_eigenvalues
from deeplinear.landscape import natural_weight
from deeplinear.landscape import spectrum as eigenvalues
from deeplinear.network import LinearNetwork
from deeplinear.plot.data._spectrum import ZERO
from deeplinear.plot.data._time import TimeAxis, time_axis
from deeplinear.plot.data._visits import VisitMark, visit_marks
from deeplinear.solve import Trajectory

WHOLE = 400
"""Parameters up to which all eigenvalues are computed."""

_OPERATIONS = {True: 1e11, False: 4e9}  # spent on one figure, about: on all or on the extreme ones
_TIMES = (12, 120)  # at least and at most
_TOLERANCE = 1e-4  # of the extreme eigenvalues, relative to the larger modulus
_LARGEST = 1e100  # weights above overflow in products


@dataclass(frozen=True)
class HessianSpectra:
    """The eigenvalues of the Hessian at some of the saved times.

    Attributes
    ----------
    time : the time axis, with the j times at which they are computed.
    values : ``(j, n)``, ascending; NaN where they overflow.
    whole : whether these are all eigenvalues; else the smallest and the largest one.
    negative : ``(j,)`` how many are below `-zero`: of all, the index.
    zero : eigenvalues up to this modulus are zero: 1e-6 of the largest one.
    visits : marks at height 0; empty without an itinerary.
    limits : of the height; None if all overflow.
    """

    time: TimeAxis
    values: Array
    whole: bool
    negative: np.ndarray
    zero: float
    visits: tuple[VisitMark, ...]
    limits: tuple[float, float] | None


def hessian(
    traj: Trajectory, itinerary: Itinerary | None = None, *, n_times: int | None = None
) -> HessianSpectra:
    """Return the Hessian spectrum along a run: all of it for up to 400 parameters.

    Parameters
    ----------
    itinerary
        The visits of this run.
    n_times
        At how many of the saved times, evenly chosen among those in view, the last one included.
        None: as many as take a few seconds, from 12 to 120.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no trajectory, `itinerary` no itinerary, or `n_times` no integer >= 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=1e-3, seed=0))
    >>> found = data.hessian(traj)
    >>> found.values[-1, 4:].round(3), int(found.negative[0])
    (array([2., 3., 3., 4.]), 4)
    """
    time = time_axis(traj)
    inside = np.flatnonzero(time.shown & (time.x >= time.limits[0]) & (time.x <= time.limits[1]))
    if inside.size == 0:
        inside = np.array([len(traj) - 1])
    whole = traj.n_params <= WHOLE
    if n_times is None:
        cost = 10.0 * float(min(traj.n_params, WHOLE)) ** 3 + 1e3 * traj.n_params
        n_times = int(np.clip(_OPERATIONS[whole] / cost, *_TIMES))
    else:
        n_times = checks.integer("n_times", n_times, minimum=1)
    places = np.linspace(len(inside) - 1, 0, min(n_times, len(inside))).round().astype(int)
    chosen = inside[np.unique(places)]
    rows = [_row(traj, traj[int(k)], whole) for k in chosen]
    n = max(len(row) for row in rows)
    values = np.array([row if len(row) else np.full(n, np.nan) for row in rows])
    natural = natural_weight(traj.problem, len(traj.widths) - 1) ** (2 * len(traj.widths) - 4)
    finite = values[np.isfinite(values)]
    zero = ZERO * float(np.abs(finite).max(initial=natural))
    limits = None
    if finite.size:
        low, high = min(float(finite.min()), 0.0), max(float(finite.max()), 0.0)
        pad = 0.1 * (high - low) or 1.0
        limits = (low - pad, high + pad)
    negative = np.asarray(np.sum(values < -zero, axis=1))
    marks = visit_marks(itinerary, lambda _: 0.0)
    return HessianSpectra(time.at(chosen), values, whole, negative, zero, marks, limits)


def _row(traj: Trajectory, net: LinearNetwork, whole: bool) -> Array:
    """The eigenvalues of one network, or none if they overflow."""
    if max(float(np.abs(w).max()) for w in net.weights) > _LARGEST ** (1 / net.depth):
        return np.zeros(0)
    if whole:
        return eigenvalues(traj.problem, net)
    return np.array(extreme_eigenvalues(traj.problem, net, tol=_TOLERANCE))
