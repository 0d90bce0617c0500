"""Leaving the origin along one mode (theory §7.3, §7.6)."""

import math

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import times


def escape(s: float, depth: int, a0: float, t: ArrayLike) -> Array:
    r"""The amplitude a(t) of a balanced mode while it is small: da/dt = s a^{h-1}.

    .. math:: a(t) = (a_0^{-(h-2)} - (h-2)\, s\, t)^{-1/(h-2)}, \qquad a(t) = a_0 e^{st}
              \quad (h = 2)

    The same law holds from the residual origin of any saddle. It neglects a^h against s; for
    h >= 3 and s > 0 it blows up at `escape_time`, and is NaN from then on (a gap in a plot).

    Parameters
    ----------
    s
        The singular value; for s <= 0 the amplitude does not grow.
    depth
        The number of layers, at least 2: one layer has no saddle.
    a0
        The amplitude at time 0, at least 0.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n,)``

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Depth 1, a0 or a time negative.

    Examples
    --------
    >>> from deeplinear import exact
    >>> exact.escape(1.0, 3, 0.01, [0.0, 50.0, 99.0, 100.0]).round(4)
    array([0.01, 0.02, 1.  ,  nan])

    References
    ----------
    theory §7.6, §9.
    """
    s, depth = checks.number("s", s), checks.integer("depth", depth, minimum=2)
    a0, t = checks.number("a0", a0, minimum=0.0), times(t)
    with np.errstate(over="ignore"):
        if depth == 2:
            return a0 * np.exp(s * t)
        k = depth - 2
        left = 1 - k * s * a0**k * t
    return a0 * np.where(left > 0, left, np.nan) ** (-1.0 / k)


def escape_time(s: float, depth: int, a0: float) -> float:
    """The time a balanced mode needs to leave the origin, to leading order in a small a0.

    Depth h >= 3: a0^{-(h-2)} / ((h-2) s), the blow-up time of `escape`. Depth 2: ln(s/a0^2) / (2s),
    when a0^2 e^{2st} reaches s, and the mode itself about s/2. For s = 1 both are those of theory
    §7.3; `mode_time` is exact.

    Parameters
    ----------
    s
        The singular value, positive.
    depth
        The number of layers, at least 2.
    a0
        The amplitude at time 0, positive and below s^{1/depth}.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Depth 1, s or a0 not positive, a0 too large to leave anything.

    Examples
    --------
    >>> from deeplinear import exact
    >>> exact.escape_time(1.0, 3, 0.01), round(float(exact.mode_time(1.0, 3, 0.01, 0.5)), 1)
    (100.0, 98.1)

    References
    ----------
    theory §7.3, §7.6.
    """
    s = checks.number("s", s, minimum=0.0, exclusive=True)
    depth = checks.integer("depth", depth, minimum=2)
    a0 = checks.number("a0", a0, minimum=0.0, exclusive=True)
    if a0 >= s ** (1 / depth):
        raise ArgumentError(
            f"Argument `a0` must be below the equilibrium {s ** (1 / depth):.6g}, but it is "
            f"{a0:.6g}."
        )
    if depth == 2:
        return (math.log(s) - 2 * math.log(a0)) / (2 * s)
    with np.errstate(over="ignore"):
        return float(np.power(a0, 2.0 - depth) / ((depth - 2) * s))
