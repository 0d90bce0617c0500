"""Which modes a run learned, when, and the critical values that it passed (theory §8, §11)."""

from collections.abc import Iterable

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

ModeSet = tuple[int, ...]
"""A set of modes: ascending, from 0."""


def learned_modes(traj: Trajectory, k: int = -1) -> ModeSet:
    """Return the modes with p > s / 2 at saved time k, the end by default."""
    return _as_set(traj.mode_strengths[k] > traj.problem.modes.s / 2)


def learning_times(traj: Trajectory) -> Array:
    """Return when each mode was first learned, ``(m,)``; NaN for a mode that never was.

    A mode counts as learned while p_k > s_k / 2. The crossing is interpolated linearly between
    saved times, so it is as exact as these are dense; a mode that is learned at the start has
    the start's time.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import learning_times
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2)
    >>> traj = dl.gradient_flow(problem, start)
    >>> learning_times(traj).round(1)  # exactly log(s / p_0 - 1) / (2 s)
    array([1.3, 2.3])

    References
    ----------
    theory §11.
    """
    half = traj.problem.modes.s / 2
    p, t = traj.mode_strengths, traj.t
    result = np.full(len(half), np.nan)
    for k in range(len(half)):
        above = np.flatnonzero(p[:, k] > half[k])
        if above.size == 0:
            continue
        j = int(above[0])
        if j == 0:
            result[k] = t[0]
        else:
            fraction = (half[k] - p[j - 1, k]) / (p[j, k] - p[j - 1, k])
            result[k] = t[j - 1] + fraction * (t[j] - t[j - 1])
    return result


def critical_value(problem: Problem, modes: Iterable[int]) -> float:
    r"""Return the loss of the critical points that have learned exactly these modes.

    .. math:: L_S = L_0 + \tfrac12 \sum_{k \notin S} s_k^2

    with the floor L_0 of the problem. Exact for every depth >= 2 whose widths are at least
    the number of modes in S.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An entry is not the index of a mode.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import critical_value
    >>> critical_value(dl.Problem.from_modes([5.0, 4.0, 3.0]), (0, 1))
    4.5

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    s = problem.modes.s
    missing = np.ones(len(s), dtype=bool)
    for mode in modes:
        k = checks.integer("modes", mode, minimum=0)
        if k >= len(s):
            raise ArgumentError(
                f"Argument `modes` must hold indices below {len(s)}, the number of modes of the "
                f"problem, but it holds {k}."
            )
        missing[k] = False
    return problem.floor + 0.5 * float(np.sum(s[missing] ** 2))


def neighboring_values(traj: Trajectory) -> list[tuple[ModeSet, float]]:
    """Return the classes of critical points that matter for this run, as (modes, value).

    These are the learned sets along the run, and the sets of largest modes between the start and
    the end, by descending value. At depth 1 the loss is convex: only the optimum is left.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import neighboring_values
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2)
    >>> neighboring_values(dl.gradient_flow(problem, start))
    [((), 2.5), ((0,), 0.5), ((0, 1), 0.0)]

    References
    ----------
    theory §8, §11.
    """
    problem = traj.problem
    m, rank = len(problem.modes), min(traj.widths)
    if len(traj.widths) == 2:
        return [(tuple(range(m)), problem.floor)]
    learned = {_as_set(row) for row in np.unique(_learned(traj), axis=0)}
    sizes = (len(learned_modes(traj, 0)), len(learned_modes(traj, -1)))
    between = {tuple(range(r)) for r in range(min(sizes), max(sizes) + 1)}
    sets = [modes for modes in learned | between if len(modes) <= rank]
    return sorted(
        ((modes, critical_value(problem, modes)) for modes in sets),
        key=lambda pair: (-pair[1], pair[0]),
    )


def _learned(traj: Trajectory) -> np.ndarray:
    return traj.mode_strengths > traj.problem.modes.s / 2


def _as_set(row: np.ndarray) -> ModeSet:
    return tuple(int(k) for k in np.flatnonzero(row))
