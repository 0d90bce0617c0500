"""The escape order of a saddle: the fewest layers through which the loss can fall (theory §8)."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape._normal_form import NormalForm, partial_products

_NO_LAYERS = (0.0, ())


@dataclass(frozen=True)
class Opening:
    """Which layers open the way down.

    order, highest : the escape order, if numbers in the zone of doubt count as not zero, and if
    they count as zero; layers : an open choice of the lower order; margin : the factor by which the
    numbers behind the order clear the threshold; blocked : whether theory §8's exception holds.
    """

    order: int
    highest: int
    layers: tuple[int, ...]
    margin: float
    blocked: bool


def opening(form: NormalForm, scales: Sequence[float], tol: float, doubt: float) -> Opening:
    """Return the escape order of a saddle whose learned modes are the largest.

    A residual product over layers a, ..., b - 1 is zero if its norm is below tol times the
    product of their `scales`, and in doubt up to `doubt` times that.
    """
    clearance = _Clearance(form, scales, tol)
    found = {p: clearance.widest(p) for p in range(2, len(form.z) + 1)}
    order = next(p for p, (width, _) in found.items() if width > 1.0)
    highest = next(p for p, (width, _) in found.items() if width >= doubt)
    width, layers = found[highest][0], found[order][1]
    closed = max((found[p][0] for p in range(2, highest)), default=0.0)
    margin = min(width, 1.0 / closed if closed > 0.0 else math.inf)
    m = np.linalg.matrix_rank(form.target)
    if order == highest == 3 and m < min(form.target.shape) and clearance.all_blocked():
        if 4 in found and found[4][0] >= doubt:
            layers = found[4][1]
        return Opening(4, 4, layers, margin, blocked=True)
    return Opening(order, highest, layers, margin, blocked=False)


class _Clearance:
    """How far residual products lie above the threshold: norm / (tol x scales)."""

    def __init__(self, form: NormalForm, scales: Sequence[float], tol: float) -> None:
        self._depth, self._tol = len(form.z), tol
        self._scales = scales
        self._products = partial_products(form.z)
        self._rest = form.rest / max(float(np.linalg.norm(form.rest, 2)), 1e-300)

    def _threshold(self, *layers: int) -> float:
        return self._tol * math.prod(self._scales[i] for i in layers)

    def inner(self, i: int, j: int) -> float:
        """Of the layers between layers i < j; infinite between neighbors with a free node."""
        product = self._products[i + 1, j]
        if product.size == 0:
            return 0.0
        if j == i + 1:
            return math.inf
        return _norm(product) / self._threshold(*range(i + 1, j))

    def outer(self, i: int, j: int) -> float:
        """Of the residual target seen through the layers before i and those after j."""
        through = self._products[j + 1, self._depth].T @ self._rest @ self._products[0, i].T
        return _norm(through) / self._threshold(*range(i), *range(j + 1, self._depth))

    def of(self, layers: Sequence[int]) -> float:
        """Of a choice of layers: the smallest of its complementary blocks."""
        inner = [self.inner(i, j) for i, j in itertools.pairwise(layers)]
        return min(self.outer(layers[0], layers[-1]), *inner)

    def widest(self, p: int) -> tuple[float, tuple[int, ...]]:
        """The choice of p layers of the largest clearance."""
        best: tuple[float, tuple[int, ...]] = _NO_LAYERS
        for first in range(self._depth):
            # reach[j]: the best choice so far that begins at `first` and ends at j
            reach: dict[int, tuple[float, tuple[int, ...]]] = {first: (math.inf, (first,))}
            for _ in range(p - 1):
                reach = {
                    j: max(
                        (min(width, self.inner(i, j)), (*path, j))
                        for i, (width, path) in reach.items()
                        if i < j
                    )
                    for j in range(min(reach, default=self._depth) + 1, self._depth)
                }
            for j, (width, path) in reach.items():
                best = max(best, (min(width, self.outer(first, j)), path), key=lambda c: c[0])
        return best

    def all_blocked(self) -> bool:
        """Whether every open choice of three layers is blocked (theory §8)."""
        triples = itertools.combinations(range(self._depth), 3)
        return all(self._blocked(*t) for t in triples if self.of(t) > 1.0)

    def _blocked(self, i: int, j: int, k: int) -> bool:
        before = self._rank(0, j) == self._rank(i + 1, j)
        after = self._rank(j + 1, self._depth) == self._rank(j + 1, k)
        return before and after

    def _rank(self, a: int, b: int) -> int:
        product = self._products[a, b]
        if product.size == 0:
            return 0
        values = np.linalg.svd(product, compute_uv=False)
        return int(np.sum(values > self._threshold(*range(a, b))))


def _norm(matrix: Array) -> float:
    return float(np.linalg.norm(matrix, 2)) if matrix.size else 0.0
