"""All barcodes of given widths, and a network for each (theory §10)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError
from deeplinear.geometry._barcode import Barcode
from deeplinear.geometry._bars import Bar, Bars
from deeplinear.network import LinearNetwork


def barcodes(widths: Sequence[int], rank: int | None = None) -> Iterator[Barcode]:
    r"""Return all barcodes of networks of these widths, one by one.

    They are the solutions in integers :math:`m \ge 0` of

    .. math:: \sum_{j \le k \le i} m_{[j, i]} = d_k, \qquad k = 0, \dots, h,

    one for each orbit. Their number grows fast (35, 294, 2695 for widths 4 and depth 2, 3, 4):
    they are made when they are asked for, in time and memory for what is taken.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    rank
        Only barcodes with this rank of the end-to-end map: this number of bars (0, h).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `widths` is not a sequence of at least two positive integers, or `rank` is not an
        integer from 0 to the smallest width.

    Examples
    --------
    >>> from deeplinear import geometry
    >>> for bars in geometry.barcodes((2, 1, 2), rank=0):
    ...     print(dict(bars), bars.orbit_codimension)
    {(0, 0): 2, (1, 1): 1, (2, 2): 2} 4
    {(0, 0): 2, (1, 2): 1, (2, 2): 1} 2
    {(0, 0): 1, (0, 1): 1, (2, 2): 2} 2

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    d = checks.widths(widths)
    return _barcodes(d, None if rank is None else checked_rank(rank, d))


def _barcodes(d: tuple[int, ...], rank: int | None) -> Iterator[Barcode]:
    for bars in _extended([], (d[0],), d, rank):
        yield Barcode._of(dict(sorted(bars)), d)


def _extended(
    dead: list[tuple[Bar, int]], alive: tuple[int, ...], d: tuple[int, ...], rank: int | None
) -> Iterator[list[tuple[Bar, int]]]:
    """All ways to go on from a node layer where ``alive[j]`` bars born at j are alive."""
    node = len(alive) - 1
    if node == len(d) - 1:
        if rank is None or alive[0] == rank:
            yield [*dead, *(((j, node), m) for j, m in enumerate(alive) if m)]
        return
    if rank is not None and alive[0] < rank:
        return
    for survive in _at_most(alive, d[node + 1]):
        ended = (((j, node), m - n) for j, (m, n) in enumerate(zip(alive, survive, strict=True)))
        born = d[node + 1] - sum(survive)
        yield from _extended([*dead, *(bar for bar in ended if bar[1])], (*survive, born), d, rank)


def _at_most(limits: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
    """All tuples of integers from 0 to these limits whose sum is at most `total`."""
    if not limits:
        yield ()
        return
    for n in range(min(limits[0], total) + 1):
        for rest in _at_most(limits[1:], total - n):
            yield (n, *rest)


def checked_rank(rank: int, d: tuple[int, ...]) -> int:
    """Return a rank that an end-to-end map of these widths can have."""
    r = checks.integer("rank", rank, minimum=0)
    if r > min(d):
        raise ArgumentError(
            f"Argument `rank` must be at most {min(d)}, the smallest of the widths {d}, "
            f"but it is {r}."
        )
    return r


def representative(barcode: Bars) -> LinearNetwork:
    r"""Return a network of zeros and ones with this barcode.

    .. math:: (W_k)_{b a} = 1 \ \text{if one bar lives at slot } a \text{ of node layer } k
              \text{ and at slot } b \text{ of } k + 1, \quad 0 \ \text{otherwise}

    The bars that are alive at a layer take its slots in order, the earliest born first and
    among those the longest first. Every network with this barcode is the representative in
    other bases. Exact.

    Parameters
    ----------
    barcode
        A `Barcode`, or a mapping ``{(born, last): multiplicity}`` that covers all layers.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `barcode` is no mapping of bars to multiplicities, or a node layer has no bar.

    Examples
    --------
    >>> from deeplinear import geometry
    >>> net = geometry.representative({(0, 2): 1, (0, 0): 1, (1, 2): 1})
    >>> for weight in net.weights:
    ...     print(weight)
    [[1. 0.]
     [0. 0.]]
    [[1. 0.]
     [0. 1.]]
    >>> geometry.barcode(net) == {(0, 2): 1, (0, 0): 1, (1, 2): 1}
    True

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    bars = Barcode(barcode)
    weights = [np.zeros((b, a)) for a, b in pairwise(bars.widths)]
    taken = [0] * len(bars.widths)
    for (born, last), multiplicity in sorted(bars.items(), key=lambda bar: (bar[0][0], -bar[0][1])):
        for node in range(born, last):
            copies = np.arange(multiplicity)
            weights[node][taken[node + 1] + copies, taken[node] + copies] = 1.0
        for node in range(born, last + 1):
            taken[node] += multiplicity
    return LinearNetwork(weights)
