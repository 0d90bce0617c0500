"""Any scalar chain: one quadrature (theory §7.4)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import power_of_two, times
from deeplinear.exact._passage import Passage


def chain(s: float, amplitudes: ArrayLike, t: ArrayLike) -> Array:
    r"""The amplitudes of a scalar chain, of any signs and any conserved values.

    .. math:: \dot a_i = \Bigl(\prod_{j \ne i} a_j\Bigr) \Bigl(s - \prod_j a_j\Bigr)

    All amplitudes follow from the one of smallest modulus, x: a_j = sign_j sqrt(x^2 + c_j), with
    c_j >= 0 conserved, and x from one quadrature, inverted to round-off. x may cross zero.

    Parameters
    ----------
    s
        The mode's singular value, of any sign, or 0.
    amplitudes
        ``(depth,)`` a_i at time 0. One zero amplitude is lifted by the others; with two or more
        the chain is frozen.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n, depth)``: a_i at these times, exact to about 1e-14 of the largest amplitude, and to what
    round-off in t itself moves: 1e-16 t times the speed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        No amplitudes, entries that are not finite, negative times.

    Examples
    --------
    >>> from deeplinear import exact
    >>> exact.chain(2.0, [0.1, -0.1, 0.5], [0.0, 5.0, 100.0]).round(4)
    array([[ 0.1   , -0.1   ,  0.5   ],
           [ 0.0007, -0.0007,  0.4899],
           [ 0.    , -0.    ,  0.4899]])

    References
    ----------
    theory §7.4; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    s = checks.number("s", s)
    a = checks.real_array("amplitudes", amplitudes, ndim=1, shape_text="(depth,)")
    if not a.size:
        raise ArgumentError("Argument `amplitudes` must hold at least one number, but it is empty.")
    return motion(s, a)(times(t))


def motion(s: float, a: Array) -> Callable[[Array], Array]:
    """Return `chain` of checked arguments as a function of t; its quadrature is done once."""
    depth = len(a)
    if depth > 1 and np.sum(a == 0) >= 2:
        return lambda t: np.tile(a, (len(t), 1))
    q = int(np.argmin(np.abs(a)))
    others = np.delete(a, q)
    unit = power_of_two(max(float(np.abs(a).max()), abs(s) ** (1 / depth)))
    target, _ = in_units(s, depth, np.zeros(1), unit)
    x = a[q] / unit
    # With these signs all others and s are positive, which leaves one case.
    sign = float(np.prod(np.sign(others))) * (-1.0 if target < 0 else 1.0)
    if target == 0 and x * sign < 0:
        sign = -sign
    c = (np.abs(others) - abs(a[q])) / unit * ((np.abs(others) + abs(a[q])) / unit)
    passage = Passage(abs(target), sign * x, c)
    rest = np.arange(depth) != q

    def at(t: Array) -> Array:
        y = passage.at(in_units(s, depth, t, unit)[1])
        path = np.empty((len(t), depth))
        path[:, q] = sign * unit * y
        path[:, rest] = np.sign(others) * unit * np.hypot(y[:, None], np.sqrt(c))
        path[t == 0] = a
        return path

    return at


def in_units(s: float, depth: int, t: Array, unit: float) -> tuple[float, Array]:
    """Return s and t for amplitudes divided by `unit`; never infinite."""
    with np.errstate(over="ignore", under="ignore"):
        strength, rate = np.power(unit, [float(depth), 2.0 * depth - 2.0])
        return float(s / max(strength, 1e-300)), np.clip(t * min(rate, 1e300), -1e300, 1e300)
