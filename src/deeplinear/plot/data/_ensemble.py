"""Ensembles: when the modes are learned, and in which orders (theory §11)."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis import Itinerary, mode_groups, set_name
from deeplinear.problem import Problem
from deeplinear.solve import Ensemble, Trajectory

UNFINISHED = ("step limit", "interrupted", "failed")
"""Statuses of members that did not come to where they were to go."""

_Z = 1.959964  # of a normal distribution, for intervals that hold 95 times in 100


@dataclass(frozen=True, eq=False)
class LearningTimes:
    """When the modes of an ensemble's members were learned.

    Attributes
    ----------
    times : ``(members, modes)``, from 0; inf where a mode was not learned by the end. In a group of
        equal modes, whose frames are arbitrary, the first one is the one learned first.
    statuses : ``(members,)``, how each member ended.
    """

    times: Array
    statuses: np.ndarray

    def share(self, mode: int, t: float = math.inf) -> float:
        """The share of all members, failed ones too, that had learned the mode by time t."""
        learned = self.times[:, mode] <= t
        return float(np.mean(learned & np.isfinite(self.times[:, mode])))

    @property
    def counts(self) -> dict[str, int]:
        """How many members ended in each status, most first."""
        return dict(Counter(map(str, self.statuses)).most_common())


def learning_times(members: Ensemble | Sequence[Trajectory]) -> LearningTimes:
    """Return the learning times of all members; from a store, nothing else is read.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> starts = [dl.init.gaussian((2, 2, 2), scale=1e-2, seed=k) for k in range(4)]
    >>> found = data.learning_times(dl.ensemble(problem, starts))
    >>> found.times.shape, found.counts, found.share(1)
    ((4, 2), {'converged': 4}, 1.0)
    """
    problem = require_members(members)
    if isinstance(members, Ensemble):
        times, statuses = members.learning_times, members.statistic("status")
    else:
        times = np.array([analysis.learning_times(traj) - traj.t[0] for traj in members])
        statuses = np.array([str(traj.status) for traj in members], dtype=object)
    times = np.abs(np.where(np.isnan(times), np.inf, times))
    for group in mode_groups(problem.modes.s):
        if len(group) > 1:
            times[:, list(group)] = np.sort(times[:, list(group)], axis=1)
    return LearningTimes(times, statuses)


@dataclass(frozen=True)
class Order:
    """Members that learned their modes in the same order.

    Attributes
    ----------
    name : the modes in the order in which they were learned; braces: at once, or at the start.
    status : None, or why its members ended before they were to.
    count, share : how many, and of all members.
    interval : of the share, 95 % (Wilson).
    """

    name: str
    status: str | None
    count: int
    share: float
    interval: tuple[float, float]


def itineraries(
    members: Ensemble | Sequence[Trajectory] | Sequence[Itinerary],
) -> list[Order]:
    """Return the orders in which members learned their modes, the most frequent first.

    Members that failed, were interrupted, or ran out of steps are counted by themselves.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> starts = [dl.init.gaussian((2, 2, 2), scale=1e-2, seed=k) for k in range(4)]
    >>> [(order.name, order.count) for order in data.itineraries(dl.ensemble(problem, starts))]
    [('0 → 1', 4)]
    """
    counts: Counter[tuple[str, str | None]] = Counter()
    if _are(members, Itinerary):
        counts.update((_path(one), None) for one in members)  # type: ignore[arg-type]
    else:
        found = learning_times(members)  # type: ignore[arg-type]
        unfinished = np.isin(found.statuses, UNFINISHED)
        for status in (None, *UNFINISHED):
            chosen = found.statuses == status if status else ~unfinished
            for ranks, count in zip(*_ranks(found.times[chosen]), strict=True):
                counts[_order(ranks), status] += int(count)
    n = counts.total()
    rows = [
        Order(name, status, count, count / n, wilson(count, n))
        for (name, status), count in counts.items()
    ]
    return sorted(rows, key=lambda row: (row.status is not None, -row.count, row.name))


def wilson(count: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of which `count` of n were counted (Wilson 1927).

    Examples
    --------
    >>> from deeplinear.plot.data import wilson
    >>> [round(end, 3) for end in wilson(0, 10)], [round(end, 3) for end in wilson(5, 10)]
    ([0.0, 0.278], [0.237, 0.763])
    """
    share, z2 = count / n, _Z**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _ranks(times: Array) -> tuple[np.ndarray, np.ndarray]:
    """Each order once, with its count: ranks from 1, 0 at the start, -1 for never."""
    if times.shape[1] == 0:
        return np.zeros((min(len(times), 1), 0), dtype=int), np.array([len(times)])[: len(times)]
    order = np.argsort(times, axis=1, kind="stable")
    ascending = np.take_along_axis(times, order, axis=1)
    with np.errstate(invalid="ignore"):  # inf - inf
        later = np.diff(ascending, axis=1, prepend=0.0) > 0
    ranks = np.empty(times.shape, dtype=np.int32)
    np.put_along_axis(ranks, order, np.cumsum(later, axis=1, dtype=np.int32), axis=1)
    ranks[np.isinf(times)] = -1
    return np.unique(ranks, axis=0, return_counts=True)


def _order(ranks: np.ndarray) -> str:
    """The modes by rank, in words."""
    steps = []
    for rank in range(ranks.max(initial=-1) + 1):
        modes = np.flatnonzero(ranks == rank).tolist()
        if modes:
            several = rank == 0 or len(modes) > 1
            steps.append(f"{{{set_name(modes)}}}" if several else str(modes[0]))
    return " → ".join(steps) or "none"


def _path(itinerary: Itinerary) -> str:
    """The modes as they come, in words; those that are lost again with a minus sign."""
    before = set(itinerary[0].modes)
    steps = [f"{{{set_name(sorted(before))}}}"] if before else []
    for visit in itinerary[1:]:
        now = set(visit.modes)
        steps += [f"−{k}" for k in sorted(before - now)]
        new = sorted(now - before)
        steps += [f"{{{set_name(new)}}}"] if len(new) > 1 else [str(k) for k in new]
        before = now
    return " → ".join(steps) or "none"


def _are(members: object, kind: type) -> bool:
    return (
        isinstance(members, Sequence)
        and len(members) > 0
        and all(isinstance(one, kind) for one in members)
    )


def require_members(members: object) -> Problem:
    """The members' problem, once they are known to be an ensemble or trajectories."""
    if not isinstance(members, Ensemble) and not (
        isinstance(members, Sequence) and all(isinstance(one, Trajectory) for one in members)
    ):
        raise ArgumentTypeError(
            "Argument `members` must be an Ensemble or a list of trajectories, but it is of type "
            f"{type(members).__name__}. Compute one with dl.ensemble(problem, starts)."
        )
    if len(members) == 0:
        raise ArgumentError("Argument `members` must hold at least one member, but it is empty.")
    if isinstance(members, Ensemble):
        return members.problem
    if len({len(one.problem.modes) for one in members}) > 1:
        raise ArgumentError(
            "Argument `members` must hold runs of one problem, but their numbers of modes differ."
        )
    return members[0].problem
