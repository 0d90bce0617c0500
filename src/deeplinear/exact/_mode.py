"""One balanced mode: its time, its amplitude, its strength (theory §7.2, §7.3)."""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import power_of_two, times
from deeplinear.exact._chain import in_units, motion
from deeplinear.exact._passage import Passage

_LINEAR = 1e-100
"""Strengths below this fraction of s grow as if s - a^h were s; their powers may underflow."""


def mode_time(s: float, depth: int, a0: float, a: ArrayLike) -> float | Array:
    r"""The time that a balanced mode takes from layer amplitude a0 to a.

    .. math:: \dot a = a^{h-1} (s - a^h), \qquad t = T(a) - T(a_0), \qquad
        T(a) = \frac{a^{2-h}}{s (2-h)}\, {}_2F_1(1, \tfrac{2-h}{h}; \tfrac{2}{h}; \tfrac{a^h}{s})

    for h >= 3 and a below s^{1/h}; above it and for s < 0 another branch (theory §7.3). The
    difference of two such terms loses digits, so for all depths and signs the integral between
    a0 and a is taken instead, as a sum of positive terms: the relative error is about 1e-15.

    Parameters
    ----------
    s
        The singular value; negative if the product of the chain has the wrong sign; or 0.
    depth
        The number of layers h >= 1.
    a0, a
        Positive layer amplitudes at the start and at the end; `a` may be an array. The strength
        of the mode is a^h.

    Returns
    -------
    float, or an array of a's shape. The equilibrium s^{1/h} itself takes infinite time, and so does
    what is beyond the largest double.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `a` is not reached from a0: it lies behind, or beyond the equilibrium.

    Examples
    --------
    >>> from deeplinear import exact
    >>> exact.mode_time(2.0, 3, 0.05, 1.8 ** (1 / 3))
    9.986705912874...

    References
    ----------
    theory §7.2, §7.3; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    s, depth = checks.number("s", s), checks.integer("depth", depth, minimum=1)
    a0 = checks.number("a0", a0, minimum=0.0, exclusive=True)
    shape = np.shape(a)
    end = checks.real_array("a", np.atleast_1d(np.asarray(a)).ravel(), ndim=1, shape_text="(n,)")
    if end.size and end.min() <= 0:
        raise ArgumentError(
            f"Argument `a` must be greater than 0, but its smallest entry is {end.min():g}: a "
            "balanced mode keeps its sign."
        )
    small = (_LINEAR * s) ** (1 / depth) if s > 0 and depth > 1 else 0.0
    if a0 < small and (not end.size or end.min() >= a0):
        t = _while_small(s, depth, a0, np.minimum(end, small))
        late = end > small
        if late.any():
            t[late] += mode_time(s, depth, small, end[late])
        return t.reshape(shape) if shape else float(t[0])
    unit = power_of_two(max(a0, abs(s) ** (1 / depth)))
    residual = np.array([_residual(s, depth, x, unit) for x in (a0, *end)])
    _require_reached(s, depth, a0, end, residual)
    target, clock = in_units(s, depth, np.ones(1), unit)
    y = math.copysign(1.0, s) * np.array([a0, *end]) / unit
    star = abs(target) ** (1 / depth)
    # y*^h - y^h is known exactly; its other factors are sums of positive terms.
    cofactor = sum(star**k * y ** (depth - 1 - k) for k in range(depth))
    gap = residual / cofactor if s > 0 else star - y
    passage = Passage(abs(target), y[0], np.zeros(depth - 1), gap[0])
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        t = np.where(end == a0, 0.0, passage.time(y[1:], gap[1:]) / clock)
    return t.reshape(shape) if shape else float(t[0])


def mode_amplitude(s: float, depth: int, a0: float, t: ArrayLike) -> Array:
    """The layer amplitude a(t) of a balanced mode that starts at a0: the inverse of `mode_time`.

    Parameters
    ----------
    s
        The singular value; negative if the product of the chain has the wrong sign; or 0.
    depth
        The number of layers, at least 1.
    a0
        The amplitude at time 0, at least 0.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n,)``, with a relative error of about 1e-14, and what round-off in t itself moves.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        a0 or a time is negative or not finite.

    Examples
    --------
    >>> from deeplinear import exact
    >>> (exact.mode_amplitude(2.0, 3, 0.05, [0.0, 9.98670591287463, 1e8]) ** 3).round(6)
    array([1.25e-04, 1.80e+00, 2.00e+00])

    References
    ----------
    theory §7.2, §7.3.
    """
    s, depth = checks.number("s", s), checks.integer("depth", depth, minimum=1)
    a0 = checks.number("a0", a0, minimum=0.0)
    return motion(s, np.full(depth, a0))(times(t))[:, 0]


def mode_strength(s: float, depth: int, u0: float, t: ArrayLike) -> Array:
    r"""The strength u = a^h of a balanced mode, of either sign.

    .. math:: \dot u = h |u|^{2-2/h} (s - u)

    Depth 1 and 2 in closed form; deeper ones through `chain`. From depth 2 on, u never changes
    sign, and u0 = 0 stays 0.

    Parameters
    ----------
    s
        The singular value, of any sign, or 0.
    depth
        The number of layers, at least 1.
    u0
        The strength at time 0.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n,)``, with a relative error of about 1e-14, and what round-off in t itself moves.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Arguments that are not finite, negative times.

    Examples
    --------
    >>> from deeplinear import exact
    >>> exact.mode_strength(3.0, 2, 1e-3, [0.0, 1.0, 1e6]).round(4)
    array([1.000e-03, 3.557e-01, 3.000e+00])

    References
    ----------
    theory §6, §7.2; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    s, depth = checks.number("s", s), checks.integer("depth", depth, minimum=1)
    u0, t = checks.number("u0", u0), times(t)
    with np.errstate(over="ignore"):
        if depth == 1:
            return u0 - (s - u0) * np.expm1(-t)
        if depth == 2:
            if s == 0:
                return u0 / (1 + 2 * abs(u0) * t)
            size, u = abs(s), math.copysign(u0, u0 * s)
            left, covered = np.exp(-2 * size * t), -np.expm1(-2 * size * t)
            if u == 0:
                return np.zeros_like(t)
            # s e^{2st} / (e^{2st} - 1 + s/u) and its mirror image, free of overflow
            grown = u / (u * covered + size * left) if u > 0 else u * left / (size - u * covered)
            return s * grown
    a = np.full(depth, abs(u0) ** (1 / depth))
    a[0] = math.copysign(a[0], u0)
    return np.prod(motion(s, a)(t), axis=1)


def _while_small(s: float, depth: int, a0: float, a: Array) -> Array:
    """The time from a0 to a while a^h is round-off of s: da/dt = s a^{h-1}."""
    k = depth - 2
    with np.errstate(over="ignore", invalid="ignore"):
        grown = np.where(a < 2 * a0, np.log1p((a - a0) / a0), np.log(a / a0))
        if k == 0:
            return grown / s
        return np.where(grown > 0, -np.expm1(-k * grown) * np.power(a0, -float(k)) / (k * s), 0.0)


def _residual(s: float, depth: int, a: float, unit: float) -> float:
    """Return (s - a^h) / unit^h, rounded once: a may be a rounding error from equilibrium."""
    return float(Fraction(s) / Fraction(unit) ** depth - (Fraction(a) / Fraction(unit)) ** depth)


def _require_reached(s: float, depth: int, a0: float, end: Array, residual: Array) -> None:
    rises = residual[0] > 0
    behind = end < a0 if rises else end > a0
    beyond = residual[1:] < 0 if rises else residual[1:] > 0
    stuck = (residual[0] == 0) & (end != a0)
    wrong = behind | beyond | stuck
    if not wrong.any():
        return
    a, where = float(end[wrong][0]), "behind a0" if behind[wrong][0] else "beyond the equilibrium"
    if residual[0] == 0:
        where = "not at the equilibrium a0, which is never left"
    limit = s ** (1 / depth) if s > 0 else 0.0
    verb = "rises" if rises else "falls"
    raise ArgumentError(
        f"Argument `a` must lie between a0 = {a0:.6g} and the equilibrium {limit:.6g}, to which "
        f"the amplitude {verb}, but it is {a:.6g}, {where}."
    )
