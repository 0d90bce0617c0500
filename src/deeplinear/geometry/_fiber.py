"""The fiber of an end-to-end map: its dimension and its number of components (theory §10)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from deeplinear._core import checks
from deeplinear.geometry import _text
from deeplinear.geometry._enumerate import checked_rank


@dataclass(frozen=True, repr=False)
class Fiber:
    """All weights with one end-to-end map, as a variety; `fiber` makes it.

    Attributes
    ----------
    widths : (d_0, ..., d_h).
    rank : the rank of the end-to-end map.
    codimension : in the space of all weights.
    dimension : the number of weights less the codimension.
    components : the number of irreducible components of that dimension.
    connected_components : the number of pieces that no path joins (`fiber_path`), 2^b with b hidden
        layers of exactly `rank` nodes, rank >= 1 (Trager, Kohn, Bruna, arXiv 1910.01671).
    """

    widths: tuple[int, ...]
    rank: int
    codimension: int
    dimension: int
    components: int

    @property
    def connected_components(self) -> int:
        """The number of pieces that no path joins."""
        full = sum(d == self.rank for d in self.widths[1:-1]) if self.rank else 0
        return int(2**full)

    def __repr__(self) -> str:
        n = self.codimension + self.dimension
        return _text.aligned(
            [
                ("Fiber", f"widths {_text.dashed(self.widths)}, end-to-end rank {self.rank}"),
                ("dimension", f"{self.dimension} of {n}"),
                ("codimension", self.codimension),
                ("components", f"{self.components} of that dimension"),
            ]
        )


def fiber(widths: Sequence[int], rank: int) -> Fiber:
    r"""Return dimension and number of components of the set of weights with product P.

    For P of rank r let :math:`D_0 \le \dots \le D_h` be the reduced widths d_i - r in order,

    .. math:: m = \max \{ l \in 1..h : D_0 + \dots + D_l \ge l D_l \}, \qquad
              T = D_0 + \dots + D_m = p m + q, \quad 0 \le q < m.

    Then the fiber :math:`\{W : W_{h-1} \cdots W_0 = P\}` has the codimension

    .. math:: r (d_0 + d_h - r) + \sum_{0 \le i < j \le m} D_i D_j
              + \frac{q (m - q) - (m - 1) T^2}{2 m}

    and :math:`\binom{m}{q}` irreducible components of that codimension. Both depend on
    P only through its rank.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    rank
        The rank of P, from 0 to the smallest width.

    Returns
    -------
    Fiber

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `widths` is not a sequence of at least two positive integers, or `rank` is not an
        integer from 0 to the smallest width.

    Notes
    -----
    Exact, in integers. Components are those of the variety over the complex numbers; each is
    the closure of the networks of one barcode and has real points of the same dimension, which
    need not be connected. Components of lower dimension are not counted. Depth 1: the fiber is
    one point.

    Examples
    --------
    The products zero of two 3 x 3 matrices: the ranks of the factors are 2, 1 or 1, 2.

    >>> from deeplinear import geometry
    >>> geometry.fiber((3, 3, 3), 0)
    Fiber        widths 3-3-3, end-to-end rank 0
    dimension    11 of 18
    codimension  7
    components   2 of that dimension
    >>> min(bars.orbit_codimension for bars in geometry.barcodes((3, 3, 3), rank=0))
    7

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920 (with m from the reduced widths).
    """
    d = checks.widths(widths)
    r = checked_rank(rank, d)
    reduced = reduction(d, r)
    codimension = r * (d[0] + d[-1] - r) + reduced.codimension
    n_params = sum(a * b for a, b in pairwise(d))
    return Fiber(d, r, codimension, n_params - codimension, math.comb(reduced.m, reduced.q))


class Reduction(NamedTuple):
    """The widths that decide: m of them share a sum T = p m + q, 0 <= q < m, after reduction."""

    m: int
    q: int
    codimension: int
    """Of the fiber of the zero map of the reduced widths."""


def reduction(d: tuple[int, ...], r: int) -> Reduction:
    """Find m and q of `fiber`, and the codimension without the part of the rank."""
    ordered = sorted(width - r for width in d)
    sums = [ordered[0]]
    for width in ordered[1:]:
        sums.append(sums[-1] + width)
    m = max(k for k in range(1, len(d)) if sums[k] >= k * ordered[k])
    total = sums[m]
    q = total % m
    pairs = total * total - sum(width * width for width in ordered[: m + 1])  # twice their sum
    whole = pairs * m + q * (m - q) - (m - 1) * total * total
    return Reduction(m, q, whole // (2 * m))  # without remainder
