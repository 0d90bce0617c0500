"""The bars of a network, in the order in which they are drawn (theory §10)."""

from dataclasses import dataclass

from deeplinear._core.errors import ArgumentTypeError
from deeplinear.geometry import Barcode
from deeplinear.geometry import barcode as barcode_of
from deeplinear.network import LinearNetwork

_GROUP = 0.6  # rows between groups


@dataclass(frozen=True)
class Bar:
    """One interval of node layers.

    Attributes
    ----------
    born, last : its ends, both included.
    multiplicity : how many directions it stands for.
    row : its height, in rows from the top.
    full : whether it reaches from the inputs to the outputs.
    """

    born: int
    last: int
    multiplicity: int
    row: float
    full: bool


@dataclass(frozen=True)
class Bars:
    """All bars of a barcode, from the top down: full ones, then by birth and by length.

    Attributes
    ----------
    bars : one for each interval.
    widths : of the node layers; the depth is one less than their number.
    rank : of the map.
    gap : narrowest ratio of singular values by which a rank was decided; None if no rank was.
    gap_layers : from which layer to which that was; None if the gap is infinite, or there is none.
    certain : whether all ranks are.
    """

    bars: tuple[Bar, ...]
    widths: tuple[int, ...]
    rank: int
    gap: float | None
    gap_layers: tuple[int, int] | None
    certain: bool


def barcode(barcode_or_network: Barcode | LinearNetwork) -> Bars:
    """Return the bars of a barcode, or of a network, with their places.

    Raises
    ------
    ArgumentTypeError
        It is neither a barcode nor a network.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> found = data.barcode(dl.LinearNetwork([np.diag([1.0, 0.0]), np.diag([1.0, 1.0])]))
    >>> [(bar.born, bar.last, bar.multiplicity, bar.full) for bar in found.bars]
    [(0, 2, 1, True), (0, 0, 1, False), (1, 2, 1, False)]
    """
    bars = barcode_or_network
    if isinstance(bars, LinearNetwork):
        bars = barcode_of(bars)
    if not isinstance(bars, Barcode):
        raise ArgumentTypeError(
            f"Argument `barcode_or_network` must be a Barcode or a LinearNetwork, but it is of "
            f"type {type(bars).__name__}. Make one with deeplinear.geometry.barcode(net)."
        )
    whole = (0, bars.depth)
    gap, layers = None, None
    if bars.tol is not None:
        layers, gap = min(bars.gaps.items(), key=lambda item: item[1])
    return Bars(
        bars=_placed(bars, whole),
        widths=bars.widths,
        rank=bars.get(whole, 0),
        gap=gap,
        gap_layers=None if gap == float("inf") else layers,
        certain=bars.tol is None or bars.certain,
    )


def _placed(bars: Barcode, whole: tuple[int, int]) -> tuple[Bar, ...]:
    order = sorted(bars, key=lambda bar: (bar != whole, bar[0], -bar[1]))
    found, row = [], 0.0
    for n, bar in enumerate(order):
        if n:
            before = order[n - 1]
            row += 1.0 + _GROUP * (before == whole or before[0] != bar[0])
        found.append(Bar(*bar, bars[bar], row, bar == whole))
    return tuple(found)
