"""Classes of critical points: sets of learned modes, and their values in order (theory §8)."""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.problem import Problem


class CriticalValue(NamedTuple):
    """A class of critical points: the modes that they have learned, and their loss."""

    modes: ModeSet
    value: float


class CriticalValues:
    """The classes of critical points in ascending order of their value, made one by one.

    Iterating takes time and memory for what is taken only. `count` is the number of all.
    """

    def __init__(self, problem: Problem, widths: tuple[int, ...]) -> None:
        self._s, self._floor = problem.modes.s, problem.floor
        self._groups = mode_groups(self._s)
        self.rank = min(len(self._s), *widths)
        self._convex = len(widths) == 2

    @property
    def count(self) -> int:
        """The number of classes: 2^m for m distinct modes and layers of at least that width."""
        if self._convex:
            return 1
        sizes = [1] + [0] * self.rank  # sizes[r]: classes with r learned modes
        for group in self._groups:
            sizes = [
                sum(sizes[r - n] for n in range(min(len(group), r) + 1))
                for r in range(self.rank + 1)
            ]
        return sum(sizes)

    def __iter__(self) -> Iterator[CriticalValue]:
        if self._convex:
            yield CriticalValue(tuple(range(len(self._s))), self._floor)
            return
        # Every class fills `rank` places: with modes, or with blanks that stand after all groups.
        capacity = [len(group) for group in self._groups] + [self.rank]
        top = [g for g, n in enumerate(capacity) for _ in range(n)][: self.rank]
        heap = [(*self._entry(top), top, self.rank)]
        while heap:
            value, modes, places, lowest = heapq.heappop(heap)
            yield CriticalValue(modes, value)
            # Places move on by one group each, the last place first: every class has one parent.
            for i in range(min(lowest, self.rank - 1), -1, -1):
                moved = places[i] + 1
                limit = places[i + 1] if i + 1 < self.rank else len(capacity) - 1
                if moved <= limit and places[i + 1 :].count(moved) < capacity[moved]:
                    child = [*places[:i], moved, *places[i + 1 :]]
                    heapq.heappush(heap, (*self._entry(child), child, i))

    def _entry(self, places: list[int]) -> tuple[float, ModeSet]:
        modes = tuple(k for g, group in enumerate(self._groups) for k in group[: places.count(g)])
        return self._floor + 0.5 * _sum_of_squares(self._s, modes), modes

    def __repr__(self) -> str:
        return f"CriticalValues({self.count} classes, at most {self.rank} learned modes)"


def critical_values(problem: Problem, widths: Sequence[int]) -> CriticalValues:
    r"""Return the classes of critical points with their values, lowest first, lazily.

    .. math:: L_S = L_0 + \tfrac12 \sum_{k \notin S} s_k^2, \qquad |S| \le \min_i d_i

    with the floor L_0 of the problem. Every set S of modes that fits occurs as the set of modes
    that a critical point has learned, and nothing else does. Classes are counted by S, not by
    value. Modes that differ by less than 1e-8 of the largest form a group, in which the number
    of learned modes makes the class; its first ones are named. Depth 1 is convex and has one.

    Parameters
    ----------
    problem
        Whitened or not: critical sets are those of P Sxx^{1/2}.
    widths
        From ``problem.d_in`` to ``problem.d_out``.

    Returns
    -------
    CriticalValues
        An iterable of ``(modes, value)``, with the number of all as ``count``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths are no widths, or do not fit the problem.

    Examples
    --------
    >>> from itertools import islice
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([5.0, 4.0, 2.0])
    >>> for modes, value in islice(dl.landscape.critical_values(problem, (3, 2, 3)), 4):
    ...     print(modes, round(value, 9))
    (0, 1) 2.0
    (0, 2) 8.0
    (0,) 10.0
    (1, 2) 12.5
    >>> dl.landscape.critical_values(problem, (3, 2, 3)).count
    7

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    widths = checks.widths(widths)
    problem.require_widths(widths)
    return CriticalValues(problem, widths)


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
    >>> round(dl.landscape.critical_value(dl.Problem.from_modes([5.0, 4.0, 3.0]), (0, 1)), 9)
    4.5

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    return problem.floor + 0.5 * _sum_of_squares(problem.modes.s, checked_modes(problem, modes))


def checked_modes(problem: Problem, modes: Iterable[int]) -> ModeSet:
    """Return the modes as an ascending tuple, each once."""
    m, found = len(problem.modes), set()
    for mode in modes:
        k = checks.integer("modes", mode, minimum=0)
        if k >= m:
            raise ArgumentError(
                f"Argument `modes` must hold indices below {m}, the number of modes of the "
                f"problem, but it holds {k}."
            )
        found.add(k)
    return tuple(sorted(found))


def checked_class(problem: Problem, widths: tuple[int, ...], modes: Iterable[int]) -> ModeSet:
    """Return the modes of a class of these widths: not too many, and all of them at depth 1."""
    problem.require_widths(widths)
    chosen = checked_modes(problem, modes)
    if len(chosen) > min(widths):
        raise ArgumentError(
            f"Argument `modes` must hold at most {min(widths)} modes, the smallest width, but it "
            f"holds {len(chosen)}."
        )
    if len(widths) == 2 and len(chosen) < len(problem.modes):
        raise ArgumentError(
            f"Argument `modes` must hold all {len(problem.modes)} modes at depth 1, where the "
            f"loss is convex, but it holds {len(chosen)}."
        )
    return chosen


def unlearned_larger(s: Array, modes: ModeSet) -> int:
    """Return the number of pairs of a learned mode and a larger one that is not (theory §8)."""
    groups = mode_groups(s)
    count = missing = 0
    for group in groups:  # descending
        held = sum(k in modes for k in group)
        count += held * missing
        missing += len(group) - held
    return count


def _sum_of_squares(s: Array, without: ModeSet) -> float:
    missing = np.ones(len(s), dtype=bool)
    missing[list(without)] = False
    return math.fsum(float(value) ** 2 for value in s[missing])
