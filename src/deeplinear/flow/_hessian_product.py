"""Compiled products of the Hessian with vectors, for networks of small layers (theory §3, §8).

A chain of weights is followed through thin matrices of k columns: from the inputs with k = q, or,
where there are fewer outputs, from the outputs along the transposed weights. With Z_0 = F,
Z_{i+1} = W_i Z_i, B_h = S Z_h - G and B_i = W_i^T B_{i+1}, layer i of the gradient is
B_{i+1} Z_i^T, and its change along V is dB_{i+1} Z_i^T + B_{i+1} dZ_i^T. From the inputs S = I and
G = T; from the outputs F = I, S = Sxx, G = (T F^T)^T.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import LANES, address, integer_at, number_at, padded, put, square
from deeplinear._core.memory import aligned_zeros
from deeplinear._core.products import multiply

SMALL = 40_000
"""Multiply-adds of the largest product, up to which this beats calls into BLAS."""

_VECTOR = types.float64[::1]

# Places in the work array: of the weights, the direction, dZ_i, dZ_{i+1}, spare space, S (0:
# identity); then for every i of Z_i, of A_i = [dB_i, B_i], of C_i = [Z_i^T; dZ_i^T].
_W, _V, _NOW, _NEXT, _SPARE, _S, _LISTS = range(7)


@compiled(types.void(types.int64[::1], types.intp, types.int64[::1], _VECTOR, _VECTOR, _VECTOR))
def _apply(widths, k, places, work, x, out):  # type: ignore[no-untyped-def]
    """Write the product with x to out, both in the chain's own order."""
    h = widths.size - 1
    base, at = address(work), address(places)
    zs, a_s, cs = at + 8 * _LISTS, at + 8 * (_LISTS + h + 1), at + 8 * (_LISTS + 2 * h + 2)
    row = padded(k)
    now, following = base + 8 * places[_NOW], base + 8 * places[_NEXT]
    spare, w = base + 8 * places[_SPARE], base + 8 * places[_W]
    v = base + 8 * places[_V]
    for p in range(x.size):
        put(v, p, x[p])
    for i in range(h):
        rows, columns = widths[i + 1], widths[i]
        z = base + 8 * integer_at(zs, i)
        multiply(v, columns, 1, z, row, rows, columns, k, following, row)
        if i > 0:
            multiply(w, columns, 1, now, row, rows, columns, k, spare, row)
            turned = base + 8 * integer_at(cs, i) + 8 * k * padded(columns)
            for r in range(columns):
                for c in range(k):
                    put(turned, c * padded(columns) + r, number_at(now, r * row + c))
            for p in range(rows * row):
                put(following, p, number_at(following, p) + number_at(spare, p))
        now, following = following, now
        w, v = w + 8 * rows * columns, v + 8 * rows * columns
    last = widths[h]
    a = base + 8 * integer_at(a_s, h)
    if places[_S] > 0:
        multiply(base + 8 * places[_S], last, 1, now, row, last, last, k, a, 2 * k)
    else:
        for r in range(last):
            for c in range(k):
                put(a, r * 2 * k + c, number_at(now, r * row + c))
    end = address(out) + 8 * x.size
    for i in range(h - 1, -1, -1):
        rows, columns = widths[i + 1], widths[i]
        size = 8 * rows * columns
        w, v, end = w - size, v - size, end - size
        a = base + 8 * integer_at(a_s, i + 1)
        c_at = base + 8 * integer_at(cs, i)
        inner = 2 * k if i > 0 else k
        multiply(a, 2 * k, 1, c_at, padded(columns), rows, inner, columns, end, columns)
        if i > 0:
            before = base + 8 * integer_at(a_s, i)
            multiply(v, 1, columns, a + 8 * k, 2 * k, columns, rows, k, before, 2 * k)
            multiply(w, 1, columns, a, 2 * k, columns, rows, k, spare, row)
            for r in range(columns):
                for c in range(k):
                    value = number_at(before, r * 2 * k + c) + number_at(spare, r * row + c)
                    put(before, r * 2 * k + c, value)


@compiled(
    types.void(
        types.int64[::1], types.intp, types.int64[::1], _VECTOR, _VECTOR,
        types.float64, types.float64, types.intp, _VECTOR, types.float64[:, ::1],
    )
)  # fmt: skip
def _least_squares(widths, k, places, work, g, mu, accuracy, iterations, x, space):  # type: ignore[no-untyped-def]
    """Conjugate gradients for the least squares of `SmallProduct.least_squares`."""
    residual, slope, search, image = space[0], space[1], space[2], space[3]
    n = g.size
    for p in range(n):
        x[p], residual[p] = 0.0, -g[p]
    goal = accuracy * np.sqrt(square(address(g), n))
    _apply(widths, k, places, work, residual, slope)
    steep, size = 0.0, 0.0
    for p in range(n):
        search[p] = slope[p]
        steep += slope[p] * slope[p]
    for _ in range(iterations):
        _apply(widths, k, places, work, search, image)
        bent, length = square(address(image), n), square(address(search), n)
        if not (length > 0.0 and bent + mu * length > 0.0):
            break
        size = max(size, bent / length)  # of ||H||^2, from below
        step = steep / (bent + mu * length)
        for p in range(n):
            x[p] += step * search[p]
            residual[p] -= step * image[p]
        left = np.sqrt(square(address(residual), n) + mu * square(address(x), n))
        if not left > goal:
            break
        _apply(widths, k, places, work, residual, slope)
        before, steep = steep, 0.0
        for p in range(n):
            slope[p] -= mu * x[p]
            steep += slope[p] * slope[p]
        if not steep > size * (accuracy * left) ** 2:
            break
        for p in range(n):
            search[p] = slope[p] + steep / before * search[p]


class SmallProduct:
    """v -> H v at one network, for weight vectors, where every layer is small."""

    def __init__(self, weights: Sequence[Array], factor: Array | None, target: Array) -> None:
        self._turned = len(target) < target.shape[1]
        s: Array | None = None
        if self._turned:
            weights = [w.T for w in weights[::-1]]
            start = np.eye(len(target))
            aim = target.T if factor is None else factor @ target.T
            s = None if factor is None else factor @ factor.T
        else:
            start = np.eye(weights[0].shape[1]) if factor is None else factor
            aim = target
        self._shapes = [w.shape for w in weights]
        z = list(itertools.accumulate(weights, lambda z, w: w @ z, initial=start))
        b = [(z[-1] if s is None else s @ z[-1]) - aim]
        for w in weights[:0:-1]:
            b.append(w.T @ b[-1])
        self._lay_out(weights, z, b[::-1], s)

    def _lay_out(
        self, weights: Sequence[Array], z: list[Array], b: list[Array], s: Array | None
    ) -> None:
        """Fill the work array; b begins with B_1."""
        h, k = len(weights), z[0].shape[1]
        row, n = padded(k), sum(w.size for w in weights)
        nodes = [len(m) for m in z]
        sizes = [n, n, *[max(nodes) * row] * 3, 0 if s is None else s.size]
        sizes += [d * row for d in nodes]
        sizes += [d * 2 * k for d in nodes]
        sizes += [2 * k * padded(d) for d in nodes]
        ends = np.cumsum([LANES, *(padded(size + LANES) for size in sizes)])
        self._k, self._places = k, np.array(ends[:-1], dtype=np.int64)
        self._widths = np.array(nodes, dtype=np.int64)
        self._work = work = aligned_zeros(int(ends[-1]))
        self._n = n
        work[ends[_W] : ends[_W] + n] = np.concatenate([w.ravel() for w in weights])
        if s is None:
            self._places[_S] = 0
        else:
            work[ends[_S] : ends[_S] + s.size] = s.ravel()
        for i, m in enumerate(z):
            at = ends[_LISTS + i]
            work[at : at + m.shape[0] * row].reshape(-1, row)[:, :k] = m
            at, stride = ends[_LISTS + 2 * (h + 1) + i], padded(len(m))
            work[at : at + k * stride].reshape(k, stride)[:, : len(m)] = m.T
        for i, m in enumerate(b, start=1):
            at = ends[_LISTS + h + 1 + i]
            work[at : at + len(m) * 2 * k].reshape(-1, 2 * k)[:, k:] = m

    def __call__(self, x: Array) -> Array:
        """Return H x."""
        out = np.empty(self._n)
        flat = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
        _apply(self._widths, self._k, self._places, self._work, self._given(flat), out)
        return self._taken(out)

    def least_squares(self, g: Array, mu: float, accuracy: float, iterations: int) -> Array:
        """The x of the smallest ||H x + g||^2 + mu ||x||^2, by conjugate gradients.

        They end when its gradient is small against ||H|| ||H x + g||, or H x + g against g.
        """
        x, space = np.empty(self._n), np.empty((4, self._n))
        _least_squares(
            self._widths, self._k, self._places, self._work, self._given(g), mu, accuracy,
            iterations, x, space,
        )  # fmt: skip
        return self._taken(x)

    def _given(self, x: Array) -> Array:
        """A weight vector in the chain's own order."""
        if not self._turned:
            return x
        return _turned(x, [shape[::-1] for shape in self._shapes[::-1]])

    def _taken(self, x: Array) -> Array:
        """A weight vector of the chain in the network's order."""
        return _turned(x, self._shapes) if self._turned else x


def _turned(x: Array, shapes: Sequence[tuple[int, ...]]) -> Array:
    """Layers of these shapes in the opposite order, transposed."""
    ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
    layers = [part.reshape(shape) for part, shape in zip(np.split(x, ends), shapes, strict=True)]
    return np.concatenate([layer.T.ravel() for layer in layers[::-1]])
