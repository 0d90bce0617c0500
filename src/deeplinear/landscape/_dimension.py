"""The largest type of a class: the dimension of its critical set (theory §8, §10)."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deeplinear._core import checks
from deeplinear.landscape._classes import checked_class
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.landscape._pattern import ResidualPattern, coverage, cyclic_bars, homomorphisms
from deeplinear.problem import Problem

_PAIRS_UP_TO = 6
"""Depth up to which pairs of exchanges are tried too; their number grows like depth^8."""

_CHUNK = 4096
"""Pairs of exchanges whose feasibility is tested at once."""

Integers = np.ndarray


def critical_dimension(problem: Problem, widths: Sequence[int], modes: Iterable[int]) -> int:
    r"""Return the dimension of the set of critical points that have learned exactly these modes.

    .. math:: \sum_{i=1}^{h-1} \left( d_i^2 - (d_i - r)^2 \right) + \max_{\text{patterns}} \dim
              + \sum_{\text{groups}} q (g - q) + d_1 (d_0 - \mathrm{rank}\, S_{xx})

    with r = |S|: the motions of the learned path, the largest residual pattern, the frames of
    groups of g equal modes with q learned ones, and first layers that no input sees. 0 is
    an isolated point, the set has an open neighborhood in no class.

    Parameters
    ----------
    problem
        Whitened or not, of any rank.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    modes
        Indices from 0, at most min(widths) of them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`.

    Notes
    -----
    The largest pattern is searched for, see `tests/landscape/test_dimension.py` for the cases in
    which it was compared with all patterns, or with the formula of theory §10 (P = Sigma).

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> for modes in ((), (0,), (0, 1), (0, 1, 2)):
    ...     print(modes, dl.landscape.critical_dimension(problem, (3, 3, 3, 3), modes))
    () 13
    (0,) 16
    (0, 1) 17
    (0, 1, 2) 18

    References
    ----------
    theory §8, §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    frozen = widths[1] * (problem.d_in - problem.rank)
    if len(widths) == 2:
        return frozen
    r, m = len(chosen), len(problem.modes)
    residual = (problem.rank - r, *(d - r for d in widths[1:]))
    return (
        gauge_directions(widths, r)
        + largest_pattern(residual, m - r).dimension
        + group_directions(mode_groups(problem.modes.s), chosen)
        + frozen
    )


def gauge_directions(widths: tuple[int, ...], r: int) -> int:
    """Dimension of the choices of r learned directions and their complements in hidden layers."""
    return sum(d * d - (d - r) ** 2 for d in widths[1:-1])


def group_directions(groups: list[ModeSet], modes: ModeSet) -> int:
    """Dimension of the choices of learned directions inside groups of equal modes."""
    held = [sum(k in modes for k in group) for group in groups]
    return sum(q * (len(group) - q) for q, group in zip(held, groups, strict=True))


@lru_cache(maxsize=4096)
def largest_pattern(widths: tuple[int, ...], n_modes: int) -> ResidualPattern:
    """Return a pattern of the largest dimension.

    A steepest descent on dim End over exchanges of one or two bars for one or two others, then
    over pairs of exchanges, from several greedy starts. It found the optimum in all cases where
    that is known (`tests/landscape/test_dimension.py`): by enumeration, or by the formula of
    theory §10 for no modes, with widths up to 200 and depth up to 7.
    """
    depth = len(widths) - 1
    search = _search(depth)
    best = min((search.descended(x) for x in _starts(widths, n_modes)), key=lambda found: found[1])
    return ResidualPattern.from_vector(widths, search.polished(*best)[0])


def _starts(widths: tuple[int, ...], n_modes: int) -> list[Integers]:
    """Long bars first, beginning at each node layer, in both directions."""
    depth = len(widths) - 1
    bars, covered = cyclic_bars(depth), coverage(depth)
    found = []
    for shift, sign in itertools.product(range(depth + 1), (1, -1)):
        rest = np.array([*widths, n_modes], dtype=np.int64)
        x = np.zeros(len(bars), dtype=np.int64)
        order = sorted(
            range(len(bars)),
            key=lambda j: (bars[j][0] - bars[j][1], sign * ((bars[j][0] + shift) % (depth + 1))),
        )
        for j in order:
            used = covered[:, j] > 0
            n = int(rest[used].min())
            if not used[-1]:  # what the modes still need at both ends is kept for them
                kept = [int(rest[i] - rest[-1]) for i in (0, depth) if used[i]]
                n = max(min([n, *kept]), 0)
            x[j] += n
            rest -= n * covered[:, j]
        found.append(x)
    return found


@dataclass(frozen=True)
class _Search:
    """Exchanges (n, bars), dim End as x^T hom x, its slopes and curvatures along them."""

    moves: Integers
    hom: Integers
    slopes: Integers
    curvatures: Integers
    between: Integers | None

    def descended(self, x: Integers) -> tuple[Integers, int]:
        """Take the best exchange, as often as it pays, until none does."""
        value = int(x @ self.hom @ x)
        negative = self.moves < 0
        while True:
            most = np.where(negative, x // np.maximum(-self.moves, 1), np.iinfo(np.int64).max)
            most = most.min(axis=1)
            slope = self.slopes @ x
            bend = np.maximum(self.curvatures, 1)
            vertex = np.where(self.curvatures > 0, -slope // (2 * bend), 0)
            best, chosen = 0, None
            for n in (np.minimum(most, 1), most, vertex.clip(0, most), (vertex + 1).clip(0, most)):
                change = slope * n + self.curvatures * n * n
                k = int(change.argmin())
                if change[k] < best:
                    best, chosen = int(change[k]), n[k] * self.moves[k]
            if chosen is None:
                return x, value
            x, value = x + chosen, value + best

    def polished(self, x: Integers, value: int) -> tuple[Integers, int]:
        """Try pairs of exchanges, neither of which pays alone."""
        if self.between is None:
            return x, value
        while True:
            single = self.slopes @ x + self.curvatures
            change = single[:, None] + single[None, :] + self.between
            first, second = np.nonzero(change < 0)
            order = np.argsort(change[first, second], kind="stable")
            for part in np.split(order, range(_CHUNK, len(order), _CHUNK)):
                there = x + self.moves[first[part]] + self.moves[second[part]]
                allowed = np.flatnonzero((there >= 0).all(axis=1))
                if allowed.size:
                    x, value = self.descended(there[allowed[0]])
                    break
            else:
                return x, value


@lru_cache(maxsize=16)
def _search(depth: int) -> _Search:
    hom, moves = homomorphisms(depth), _moves(depth)
    slopes = moves @ (hom + hom.T)
    curvatures = np.einsum("ij,jk,ik->i", moves, hom, moves)
    between = slopes @ moves.T if depth <= _PAIRS_UP_TO else None
    return _Search(moves, hom, slopes, curvatures, between)


def _moves(depth: int) -> Integers:
    """Exchanges of at most two bars for at most two others that cover the same nodes."""
    covered = coverage(depth)
    n = covered.shape[1]
    groups: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    singles: list[tuple[int, ...]] = [(i,) for i in range(n)]
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    for chosen in [*singles, *pairs]:
        used = tuple(covered[:, list(chosen)].sum(axis=1).tolist())
        groups.setdefault(used, []).append(chosen)
    rows = []
    for group in groups.values():
        for gone, new in itertools.permutations(group, 2):
            if not set(gone) & set(new):
                row = np.zeros(n, dtype=np.int64)
                np.subtract.at(row, list(gone), 1)
                np.add.at(row, list(new), 1)
                rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(-1, n)
