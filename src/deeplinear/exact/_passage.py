"""The motion of one scalar chain, as a quadrature of time against its smallest amplitude."""

import math

import numpy as np
from numpy.typing import NDArray

from deeplinear._core.checks import Array

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_NEGLIGIBLE = 1e-17

Indices = NDArray[np.intp]


class Passage:
    """The solution of y' = p(y) (s - y p(y)), p(y) = prod_j sqrt(y^2 + c_j), s >= 0, c_j >= 0.

    y is the amplitude of smallest modulus. Its limit is the root y* of y p(y) = s, or 0 where p
    vanishes there and y starts below it. A point is a pair (y, gap = y* - y): whichever is small
    keeps its relative accuracy, and all sums are of positive terms.

    The panels shrink towards the singularities of the integrand 1/y'. These are y*, the zeros
    +-i sqrt(c_j) of p, and the roots of y^2 prod_j (y^2 + c_j) = s^2, for which |y| >= y* and
    |arg +-y| >= pi/h: no root has to be computed. Beyond the last panel only the leading term of
    y' is left, a power r of the distance to the limit, and the solution is elementary.
    """

    def __init__(self, s: float, y: float, c: Array, gap: float | None = None) -> None:
        """Lay the panels from y on; give `gap` if it is known better than y* - y."""
        self._s, self._c = s, c
        self._sine = math.sin(math.pi / (len(c) + 1)) if len(c) else 1.0
        self.equilibrium = _equilibrium(s, c)
        # y^2 p^2 - s^2 = (y^2 - y*^2) total: the prefixes of y*^2 prod_j (y*^2 + c_j)
        self._prefixes = self.equilibrium**2 * np.cumprod(
            np.concatenate([[1.0], self.equilibrium**2 + c])[: len(c)]
        )
        zeros = int(np.sum(c == 0))
        self._dies = s == 0 or (y <= 0 and zeros > 0)
        self._power = 1 if not self._dies else 2 * zeros + 1 if s == 0 else zeros
        # Panel length over the distance to a singularity: 16 nodes converge like 4^-32 for a simple
        # pole; p vanishes to higher order in deeper chains.
        self._step = 2 / (3 + (len(c) + 1) / 6)
        knots = self._march(y, self.equilibrium - y if gap is None else gap)
        self._y, self._gap = np.array(knots).T
        # A panel runs in the coordinate that is small at its start: both keep their accuracy.
        self._by_gap = (np.abs(self._gap) < np.abs(self._y)) & (not self._dies)
        self._low = np.where(self._by_gap[:-1], self._gap[:-1], self._y[:-1])
        self._width = np.where(self._by_gap[:-1], np.diff(self._gap), np.diff(self._y))
        panels = np.arange(len(self._low))
        durations = self._elapsed(panels, np.ones(len(panels)))
        with np.errstate(over="ignore"):
            self._times = np.concatenate([[0.0], np.cumsum(durations)])
        self._last = abs(float(self._y[-1] if self._dies else self._gap[-1]))
        speed = float(self._speed(self._y[-1:], self._gap[-1:])[0])
        self._rate = speed / self._last if speed > 0 else 0.0

    def at(self, t: Array) -> Array:
        """Return y at times t >= 0."""
        y = np.empty_like(t)
        late = t >= self._times[-1]
        y[late] = self._tail(t[late] - self._times[-1])
        early = t[~late]
        panel = np.searchsorted(self._times, early, side="right") - 1
        y[~late] = self._points(panel, self._inverse(panel, early - self._times[panel]))[0]
        return y

    def time(self, y: Array, gap: Array) -> Array:
        """Return the times at which the points (y, gap) of the path are reached."""
        t = np.empty_like(y)
        up = math.copysign(1.0, self._y[-1] - self._y[0])
        near = (np.abs(gap) < np.abs(y)) & (not self._dies)
        panel = np.where(
            near,
            np.searchsorted(-up * self._gap, -up * gap, side="right"),
            np.searchsorted(up * self._y, up * y, side="right"),
        )
        panel = np.maximum(panel - 1, 0)
        late = panel >= len(self._low)
        t[late] = self._times[-1] + self._tail_time(np.abs(y if self._dies else gap)[late])
        k = panel[~late]
        covered = np.where(self._by_gap[k], gap[~late], y[~late]) - self._low[k]
        # Close to the start the difference of the amplitudes themselves is exact.
        start = np.where(self._by_gap[k], -1.0, 1.0) * (y[~late] - self._y[0])
        x = np.where(k == 0, start, covered) / self._width[k]
        t[~late] = self._times[k] + self._elapsed(k, x)
        return t

    def _march(self, y: float, gap: float) -> list[tuple[float, float]]:
        c, s, star = self._c, self._s, self.equilibrium
        smallest = float(c.min(initial=math.inf))
        positive = float(c[c > 0].min(initial=math.inf))
        knots = [(y, gap)]
        while True:
            if self._dies:
                p = math.prod(math.hypot(y, math.sqrt(k)) for k in c)
                done = y * y <= _NEGLIGIBLE * positive and abs(y) * p <= _NEGLIGIBLE * (s or 1e99)
            else:
                done = abs(gap) <= _NEGLIGIBLE * self._sine * star
            if done:
                return knots
            step = abs(gap)
            if len(c):
                step = min(step, math.hypot(y, math.sqrt(smallest)))
            if len(c) and s > 0:
                step = min(step, max(abs(y) * self._sine, star - abs(y)))
            step = math.copysign(self._step * step, -y if self._dies else gap)
            if self._dies or abs(y) <= abs(gap):
                y += step
                gap = star - y
            else:
                gap -= step
                y = star - gap
            knots.append((y, gap))

    def _speed(self, y: Array, gap: Array) -> Array:
        """Return |y'|."""
        p, z, total = np.ones_like(y), y * y, np.ones_like(y)
        for c, prefix in zip(self._c, self._prefixes, strict=True):
            p = p * np.hypot(y, math.sqrt(c))
            total = total * (z + c) + prefix
        if self._s == 0:
            return np.abs(y) * p * p
        below = np.abs(gap) * (self.equilibrium + y) * total / (self._s + np.abs(y) * p)
        return p * np.where(y > 0, below, self._s - y * p)

    def _points(self, panel: Indices, x: Array) -> tuple[Array, Array]:
        """Return (y, gap) at the fractions x (n,) or (n, nodes) of the panels (n,)."""
        panel = panel.reshape(panel.shape + (1,) * (x.ndim - 1))
        coordinate = self._low[panel] + self._width[panel] * x
        other = self.equilibrium - coordinate
        by_gap = self._by_gap[panel]
        return np.where(by_gap, other, coordinate), np.where(by_gap, coordinate, other)

    def _elapsed(self, panel: Indices, x: Array) -> Array:
        """Return the time from the start of each panel to the fraction x of it."""
        with np.errstate(divide="ignore", over="ignore"):
            slowness = np.minimum(1 / self._speed(*self._points(panel, x[:, None] * _NODES)), 1e300)
            return np.abs(self._width[panel]) * x * (slowness @ _WEIGHTS)

    def _inverse(self, panel: Indices, wait: Array) -> Array:
        """Return the fraction of each panel that is covered in the time `wait`: safe Newton."""
        low, high = np.zeros_like(wait), np.ones_like(wait)
        x = np.full_like(wait, 0.5)
        for _ in range(100):
            excess = self._elapsed(panel, x) - wait
            low, high = np.where(excess > 0, low, x), np.where(excess > 0, x, high)
            with np.errstate(invalid="ignore"):
                slope = self._speed(*self._points(panel, x)) / np.abs(self._width[panel])
                new = x - excess * slope
            new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
            moved = np.abs(new - x)
            x = new
            if moved.max(initial=0.0) <= 1e-13:  # quadratic: the next step would be round-off
                break
        return x

    def _tail(self, wait: Array) -> Array:
        r = self._power - 1
        with np.errstate(over="ignore"):
            passed = self._rate * wait
            left = self._last * (np.exp(-passed) if r == 0 else (1 + r * passed) ** (-1.0 / r))
        if self._dies:
            return math.copysign(1.0, self._y[-1]) * left
        return self.equilibrium - math.copysign(1.0, self._gap[-1]) * left

    def _tail_time(self, left: Array) -> Array:
        r = self._power - 1
        ratio = left / self._last
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log = np.where(ratio > 0.5, np.log1p((left - self._last) / self._last), np.log(ratio))
            if r == 0:
                return -log / self._rate
            return np.where(ratio > 0.5, np.expm1(-r * log), ratio**-r - 1) / (r * self._rate)


def _equilibrium(s: float, c: Array) -> float:
    """Return the root of y prod_j sqrt(y^2 + c_j) = s: Newton in log y, convex, from above."""
    if s == 0 or not len(c):
        return s
    largest = np.sort(c)[::-1]
    with np.errstate(divide="ignore"):
        halves = np.concatenate([[0.0], np.cumsum(np.log(largest)) / 2])
    x = float(np.min((math.log(s) - halves) / np.arange(len(halves), 0, -1)))
    for _ in range(100):
        y = math.exp(x)
        z = y * y
        slope = 1 + float(np.sum(z / (z + c)))
        excess = x + float(np.sum(np.log(np.hypot(y, np.sqrt(c))))) - math.log(s)
        x -= excess / slope
        if excess <= 1e-13 * abs(x):
            break
    y = math.exp(x)
    p = float(np.prod(np.hypot(y, np.sqrt(c))))
    return y - (y * p - s) / (p * slope)
