"""The residual pattern of the largest dimension in a class, by exchanges of bars (theory §10)."""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deeplinear.landscape._dimension import residual_dimension
from deeplinear.landscape._pattern import ResidualPattern, coverage, cyclic_bars, homomorphisms

_KICKS = 2000
"""Random changes at most."""

Integers = np.ndarray


@lru_cache(maxsize=4096)
def largest_pattern(widths: tuple[int, ...], n_modes: int) -> ResidualPattern:
    """Return a pattern of the largest dimension.

    A steepest descent on dim End over exchanges of one or two bars for one or two others, from
    several greedy starts and then from random changes of the best, until it has the dimension that
    `residual_dimension` gives.
    """
    search, wanted = _search(len(widths) - 1), residual_dimension(widths, n_modes)
    x, value = min((search.descended(x) for x in _starts(widths, n_modes)), key=lambda f: f[1])
    rng = np.random.default_rng(0)
    for _ in range(_KICKS):
        found = ResidualPattern.from_vector(widths, x)
        if found.dimension >= wanted:
            break
        there, new = search.descended(search.kicked(x, rng))
        if new <= value:
            x, value = there, new
    return found


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

    def kicked(self, x: Integers, rng: np.random.Generator) -> Integers:
        """One to three exchanges at random."""
        for _ in range(int(rng.integers(1, 4))):
            allowed = np.flatnonzero(((self.moves + x) >= 0).all(axis=1))
            if allowed.size:
                x = x + self.moves[rng.choice(allowed)]
        return x


@lru_cache(maxsize=16)
def _search(depth: int) -> _Search:
    hom, moves = homomorphisms(depth), _moves(depth)
    slopes = moves @ (hom + hom.T)
    return _Search(moves, hom, slopes, np.einsum("ij,jk,ik->i", moves, hom, moves))


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
