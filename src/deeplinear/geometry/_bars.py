"""Bars: their checks, the widths and ranks that they make, and the codimension of their orbit."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

Bar = tuple[int, int]
"""An interval of node layers: (born, last), both included, counted from 0."""

Bars = Mapping[Bar, int]
"""Multiplicities of bars."""


def orbit_codimension(bars: Bars) -> int:
    r"""Return the codimension of the orbit of all networks that have these bars.

    .. math:: \sum m_{[i, j]} \, m_{[u, v]} \quad \text{over} \quad i + 1 \le u \le j + 1 \le v

    An orbit is a set of weights that changes of the bases of all layers, the input and the
    output layer included, carry into one another. A pair of bars counts when the second is
    born while the first lives or right after it, and outlives it: then the two can merge. The
    sum is exact, in integers, for weights over the real or the complex numbers.

    Parameters
    ----------
    bars
        ``{(born, last): multiplicity}`` with node layers from 0 and multiplicities >= 0; a
        `Barcode` is one. Layers without a node are allowed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `bars` is no such mapping: an interval that is no pair of integers, starts below 0 or
        ends before it is born, or a multiplicity that is no integer >= 0.

    Examples
    --------
    Two layers of widths 2-2-2 that are zero, and two of rank one with product zero:

    >>> from deeplinear import geometry
    >>> geometry.orbit_codimension({(0, 0): 2, (1, 1): 2, (2, 2): 2})
    8
    >>> geometry.orbit_codimension({(0, 0): 1, (0, 1): 1, (1, 2): 1, (2, 2): 1})
    3

    References
    ----------
    theory §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    return codimension_of(list(checked_bars(bars).items()))


def codimension_of(bars: list[tuple[Bar, int]]) -> int:
    """The same for bars that are known to be bars, in ascending order."""
    total = 0
    for k, ((born, last), m) in enumerate(bars):
        for (later, until), n in bars[k + 1 :]:
            if later > last + 1:
                break
            if born < later and last < until:
                total += m * n
    return total


def checked_bars(bars: Bars, *, name: str = "bars") -> dict[Bar, int]:
    """Return the bars of positive multiplicity in ascending order."""
    if not isinstance(bars, Mapping):
        raise ArgumentTypeError(
            f"Argument `{name}` must be a mapping {{(born, last): multiplicity}}, "
            f"but it is of type {type(bars).__name__}."
        )
    found: dict[Bar, int] = {}
    for key, value in bars.items():
        bar = _checked_bar(name, key)
        multiplicity = checks.integer(f"{name}[{bar}]", value, minimum=0)
        if multiplicity:
            found[bar] = multiplicity
    return dict(sorted(found.items()))


def _checked_bar(name: str, key: Any) -> Bar:
    """Return the key of a mapping of bars as two ints, or raise."""
    if not isinstance(key, tuple) or len(key) != 2:
        raise ArgumentTypeError(
            f"Argument `{name}` must have pairs (born, last) as keys, but it holds {key!r}."
        )
    born = checks.integer(f"{name}: born of {key}", key[0], minimum=0)
    last = checks.integer(f"{name}: last of {key}", key[1], minimum=0)
    if last < born:
        raise ArgumentError(
            f"Argument `{name}` must have keys (born, last) with born <= last, "
            f"but it holds {(born, last)}. Node layers count from 0, inputs first."
        )
    return born, last


def widths_of(bars: Bars) -> tuple[int, ...]:
    """The number of bars that are alive at each node layer, up to the last that has one."""
    change = [0] * (max(last for _, last in bars) + 2)
    for (born, last), multiplicity in bars.items():
        change[born] += multiplicity
        change[last + 1] -= multiplicity
    return tuple(accumulate(change[:-1]))


def ranks_of(bars: Bars) -> NDArray[np.int64]:
    """``ranks[i, j]``, the number of bars that are alive from layer j to layer i; 0 for i < j."""
    n = max(last for _, last in bars) + 1
    ranks = np.zeros((n, n), dtype=np.int64)
    for (born, last), multiplicity in bars.items():
        ranks[born : last + 1, born : last + 1] += multiplicity
    return np.tril(ranks)
