"""When each mode becomes a singular pair of the map (theory §3)."""

from dataclasses import dataclass

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear.plot.data._time import TimeAxis, time_axis
from deeplinear.solve import Trajectory

_OPERATIONS = 1e9  # spent on singular vectors for one figure, at most


@dataclass(frozen=True)
class AlignmentMap:
    """The overlap of every mode with a singular pair of the map, over time.

    Attributes
    ----------
    time : the time axis.
    x : ``(j,)`` times since the start, those that can be drawn.
    edges : ``(j + 1,)`` of the cells around them.
    overlap : ``(j, m)`` from 0 to 1.
    """

    time: TimeAxis
    x: Array
    edges: Array
    overlap: Array


def alignment(traj: Trajectory) -> AlignmentMap:
    """Return the overlap |u_k^T u(P)| |v_k^T v(P)| of each mode with the pair that fits best.

    For large maps only some of the saved times are used.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=0.1, seed=0))
    >>> data.alignment(traj).overlap[-1].round(3)
    array([1., 1.])
    """
    time, problem = time_axis(traj), traj.problem
    cost = 20.0 * problem.d_out * problem.d_in * min(problem.d_out, problem.d_in)
    times, overlap = analysis.alignment(traj, n_times=max(2, int(_OPERATIONS / cost)))
    x = np.abs(times)
    drawn = x > 0 if time.log else x >= 0
    return AlignmentMap(time, x[drawn], _edges(x[drawn], time), overlap[drawn])


def _edges(x: Array, time: TimeAxis) -> Array:
    """Cell edges between the times; a single time fills the axis."""
    if len(x) == 1:
        return np.array(time.limits)
    middle = np.sqrt(x[1:] * x[:-1]) if time.log else (x[1:] + x[:-1]) / 2
    return np.concatenate([x[:1], middle, x[-1:]])
