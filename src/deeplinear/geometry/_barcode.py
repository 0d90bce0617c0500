"""The barcode of a network: which signals are born where, and how far they live."""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from deeplinear._core.errors import ArgumentError
from deeplinear.geometry import _text
from deeplinear.geometry._bars import Bar, Bars, checked_bars, codimension_of, ranks_of, widths_of

DOUBT = 10.0
"""A decision that clears the threshold by less than this factor is not certain."""


class Decisions(NamedTuple):
    """How the ranks of a network were decided (see `Barcode`)."""

    gaps: dict[Bar, float]
    margin: float
    agree: bool
    tol: float


class Barcode(dict[Bar, int]):
    r"""Multiplicities ``{(born, last): m}`` of the bars of a network; read-only.

    .. math:: m_{[j, i]} = r_{i, j} - r_{i+1, j} - r_{i, j-1} + r_{i+1, j-1}, \qquad
              r_{i, j} = \operatorname{rank} W_{i-1} \cdots W_j

    (r = 0 outside the range). Node layers count from 0, the inputs, to h, the outputs. Only
    positive multiplicities are stored, in ascending order of (born, last). Bars (0, h) count
    rank P. Two networks of equal widths have the same barcode exactly if changes of the bases
    of all layers, the input and output layer included, carry one into the other.

    Parameters
    ----------
    bars
        ``{(born, last): multiplicity}``; every node layer needs a bar.

    Attributes
    ----------
    widths : the number of bars that are alive at each node layer.
    depth : the number of weight matrices.
    ranks : (h + 1, h + 1) int array; ``ranks[i, j]`` is the rank from node layer j to i >= j,
        0 for i < j.
    orbit_codimension : see `geometry.orbit_codimension`.
    orbit_dimension : the number of weights less the codimension.
    gaps : ``{(j, i): ratio}`` for all j < i, the smallest singular value that was counted as
        non-zero over the largest that was counted as zero, when the rank from node layer j to i
        was decided; inf where nothing was counted as zero, or exact zeros only.
    margin : the smallest factor by which a singular value differs from the threshold.
    tol : the threshold, relative to the norm of a layer; None for a barcode without a network.
    certain : whether the margin is at least 10, and both directions found the same barcode.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `bars` is no mapping of bars to multiplicities, or a node layer has no bar.

    Examples
    --------
    >>> from deeplinear import geometry
    >>> bars = geometry.Barcode({(0, 3): 1, (0, 1): 1, (3, 3): 1})
    >>> bars
    Barcode of widths 2-2-1-2: 3 bars, rank 1
    node  0 1 2 3
       1  o-o
       1  o-o-o-o
       1        o
    orbit   dimension 8 of 8
    >>> bars[0, 3], bars.orbit_codimension
    (1, 0)
    >>> bars.ranks
    array([[2, 0, 0, 0],
           [2, 2, 0, 0],
           [1, 1, 1, 0],
           [1, 1, 1, 2]])

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """

    def __init__(self, bars: Bars, *, _decisions: Decisions | None = None) -> None:
        found = checked_bars(bars)
        if not found:
            raise ArgumentError(
                "Argument `bars` must hold at least one bar, but no multiplicity is positive."
            )
        widths = widths_of(found)
        if len(widths) < 2 or 0 in widths:
            raise ArgumentError(
                "Argument `bars` must cover the node layers 0, ..., h of a network of depth "
                f"h >= 1, but the numbers of bars at the layers are {widths}."
            )
        super().__init__(found)
        self._widths, self._decisions = widths, _decisions

    @classmethod
    def _of(cls, bars: dict[Bar, int], widths: tuple[int, ...]) -> Self:
        """The barcode of positive bars in ascending order that are known to have these widths."""
        made = cls.__new__(cls)
        dict.update(made, bars)
        made._widths, made._decisions = widths, None
        return made

    @property
    def widths(self) -> tuple[int, ...]:
        """The number of bars that are alive at each node layer."""
        return self._widths

    @property
    def depth(self) -> int:
        """The number of weight matrices, h."""
        return len(self._widths) - 1

    @property
    def ranks(self) -> NDArray[np.int64]:
        """``ranks[i, j]``: the rank from node layer j to i >= j; the widths on the diagonal."""
        return ranks_of(self)

    @property
    def orbit_codimension(self) -> int:
        """The codimension of the orbit in the space of all weights."""
        return codimension_of(list(self.items()))

    @property
    def orbit_dimension(self) -> int:
        """The dimension of the orbit."""
        return self._n_params - self.orbit_codimension

    @property
    def gaps(self) -> Mapping[Bar, float]:
        """``{(j, i): ratio}`` for all j < i; inf everywhere for a barcode without a network."""
        if self._decisions is None:
            n = len(self._widths)
            return {(j, i): np.inf for i in range(1, n) for j in range(i)}
        return MappingProxyType(self._decisions.gaps)

    @property
    def margin(self) -> float:
        """The smallest factor between a singular value and the threshold."""
        return np.inf if self._decisions is None else self._decisions.margin

    @property
    def tol(self) -> float | None:
        """The threshold; None for a barcode without a network."""
        return None if self._decisions is None else self._decisions.tol

    @property
    def certain(self) -> bool:
        """Whether no decision is in doubt."""
        return self._decisions is None or (self._decisions.agree and self.margin >= DOUBT)

    @property
    def _n_params(self) -> int:
        return sum(a * b for a, b in pairwise(self._widths))

    def __repr__(self) -> str:
        rank = self.get((0, self.depth), 0)
        lines = [
            f"Barcode of widths {_text.dashed(self._widths)}: {sum(self.values())} bars, "
            f"rank {rank}",
            *_text.picture(self, self.depth),
            f"orbit   dimension {self.orbit_dimension} of {self._n_params}",
        ]
        if self._decisions is not None:
            (j, i), gap = min(self.gaps.items(), key=lambda item: item[1])
            where = "" if gap == np.inf else f" (from node {j} to {i})"
            lines += [
                f"ranks   {self._verdict()}",
                f"gap     {gap:.2g}{where}, margin {self.margin:.2g}, tol {self.tol:g}",
            ]
        return "\n".join(_text.clip(line) for line in lines)

    def _verdict(self) -> str:
        if self.certain:
            return "certain"
        if self._decisions is not None and not self._decisions.agree:
            return "NOT CERTAIN: inputs to outputs and back, they differ. Try another tol."
        return f"NOT CERTAIN: within a factor {DOUBT:g} of the threshold. Try another tol."

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (dict(self), self._decisions)

    def _read_only(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A Barcode is read-only: change dict(barcode) and make a Barcode of it.")

    __setitem__ = _read_only
    __delitem__ = _read_only
    __ior__ = _read_only
    clear = _read_only
    pop = _read_only
    popitem = _read_only
    setdefault = _read_only
    update = _read_only


def _restored(bars: dict[Bar, int], decisions: Decisions | None) -> Barcode:
    return Barcode(bars, _decisions=decisions)
