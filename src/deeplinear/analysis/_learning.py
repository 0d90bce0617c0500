"""Which modes a run learned, when, and the critical values that it passed (theory §8, §11)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow import gradient
from deeplinear.landscape import ModeSet, critical_value, group_strengths
from deeplinear.solve import Trajectory

_BAND = 0.01
"""Hysteresis: strengths this close to s / 2, as a fraction of s, change nothing."""


def learned_modes(traj: Trajectory, k: int = -1) -> ModeSet:
    """Return the modes with strength above s / 2 at saved time k, the end by default.

    In a group of equal modes, whose frames are arbitrary, the first ones stand for as many as are
    learned (`landscape.group_strengths`).
    """
    return _as_set(_strengths(traj, traj.products[k]) > traj.problem.modes.s / 2)


def learning_times(traj: Trajectory) -> Array:
    """Return when each mode was first learned, ``(m,)``; NaN for a mode that never was.

    A mode counts as learned while its strength is above s_k / 2 (`landscape.group_strengths`). The
    crossing is interpolated between saved times by cubics with the flow's own rates; a mode that
    is learned at the start has the start's time.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import learning_times
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2)
    >>> traj = dl.gradient_flow(problem, start)
    >>> learning_times(traj).round(4)  # exactly log(s / p_0 - 1) / (2 s)
    array([1.3233, 2.2976])

    References
    ----------
    theory §11.
    """
    m = len(traj.problem.modes)
    result = np.full(m, np.nan)
    first, events = changes(traj)
    result[list(first)] = traj.t[0]
    for change in events:
        if change.learned and np.isnan(result[change.mode]):
            result[change.mode] = change.t
    return result


@dataclass(frozen=True)
class Change:
    """A mode that was learned, or lost again, at time t."""

    t: float
    mode: int
    learned: bool


def changes(traj: Trajectory) -> tuple[ModeSet, list[Change]]:
    """Return the modes learned at the first saved time, and the changes after it, in order.

    Strengths within 1 % of s_k around s_k / 2 change nothing: they may be noise.
    """
    finite = np.flatnonzero(np.isfinite(traj.products).all(axis=(1, 2)))
    if finite.size == 0:
        return (), []
    shares = _strengths(traj, traj.products[finite]) / traj.problem.modes.s
    if len(shares) == 0:
        return (), []
    found = []
    for k in range(shares.shape[1]):
        held = bool(shares[0, k] > 0.5)
        for j in np.flatnonzero(np.abs(shares[:, k] - 0.5) > _BAND):
            above = shares[: j + 1, k] > 0.5
            if above[-1] != held:
                held = not held
                before = int(finite[np.flatnonzero(above != held)[-1]])
                found.append(Change(_crossing(traj, k, before), k, held))
    return _as_set(shares[0] > 0.5), sorted(found, key=lambda change: abs(change.t - traj.t[0]))


def _crossing(traj: Trajectory, k: int, j: int) -> float:
    """When mode k passes s_k / 2 between the saved times j and j + 1.

    The map in between is the cubic through both maps with both of their rates of change.
    """
    from scipy.optimize import brentq

    length = float(traj.t[j + 1] - traj.t[j])
    ends = traj.products[j : j + 2]
    first, last = (length * _rate(traj, i) for i in (j, j + 1))
    half = traj.problem.modes.s[k] / 2

    def excess(x: float) -> float:
        y = 1.0 - x
        product = (1 + 2 * x) * y**2 * ends[0] + (1 + 2 * y) * x**2 * ends[1]
        product += x * y * (y * first - x * last)
        return float(group_strengths(traj.problem, product)[k] - half)

    return float(traj.t[j] + length * brentq(excess, 0.0, 1.0, xtol=1e-12))


def _rate(traj: Trajectory, j: int) -> Array:
    """dP/dt at saved time j."""
    weights = traj[j].weights
    moves = [-g for g in gradient(traj.problem, traj[j])]
    product, rate = weights[0], moves[0]
    for w, dw in zip(weights[1:], moves[1:], strict=True):
        product, rate = w @ product, w @ rate + dw @ product
    return rate


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
    >>> for modes, value in neighboring_values(dl.gradient_flow(problem, start)):
    ...     print(modes, round(value, 9))
    () 2.5
    (0,) 0.5
    (0, 1) 0.0

    References
    ----------
    theory §8, §11.
    """
    problem = traj.problem
    m, rank = len(problem.modes), min(traj.widths)
    if len(traj.widths) == 2:
        return [(tuple(range(m)), problem.floor)]
    held = _strengths(traj, traj.products) > problem.modes.s / 2
    learned = {_as_set(row) for row in np.unique(held, axis=0)}
    sizes = (len(learned_modes(traj, 0)), len(learned_modes(traj, -1)))
    between = {tuple(range(r)) for r in range(min(sizes), max(sizes) + 1)}
    sets = [modes for modes in learned | between if len(modes) <= rank]
    return sorted(
        ((modes, critical_value(problem, modes)) for modes in sets),
        key=lambda pair: (-pair[1], pair[0]),
    )


def _strengths(traj: Trajectory, products: Array) -> Array:
    finite = np.where(np.isfinite(products), products, 0.0)
    return group_strengths(traj.problem, finite)


def _as_set(row: np.ndarray) -> ModeSet:
    return tuple(int(k) for k in np.flatnonzero(row))
