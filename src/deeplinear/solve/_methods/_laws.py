"""Bring an accepted step back onto the conservation laws, by the smallest move (theory §4).

C_i = W_{i-1} W_{i-1}^T - W_i^T W_i of hidden layer i, of width d_i. To first order a move X changes
it by (J X)_i = S + S^T with S = X_{i-1} W_{i-1}^T - W_i^T X_i. The smallest move with J X = R is
J^T of symmetric multipliers: X_j = M_{j+1} W_j - W_j M_j (without M_0 and M_h). Conjugate gradients
find them. They are stopped where R is round-off and where directions are so weak that they could
only amplify it: parts that are not learned yet stay as they are, and layers without full rank do
no harm. A step is a Newton iteration, of which one or two are enough.
"""

import itertools

import numba
import numpy as np
from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import LANES, address, integer_at, matrix_at, number_at, put, square
from deeplinear._core.products import multiply
from deeplinear.solve._methods._state import FIELD_CALLS
from deeplinear.solve._methods._structure import SETTLE_SIGNATURE, STRETCH

# Entries of the memory: the largest ||W_i||^2 so far; then, one after the other, the laws at the
# start, their residual, a search direction and its image, and in the layout of the weights the
# transposed weights, the move and its increment, and two matrices of the widest hidden layer.
_LARGEST, _HEADER = 1, 8

_ALLOWED = 1e-14  # of the largest ||W_i||^2: what a law may be off
_GOAL = 7e-15  # the same, to which a correction brings it
_QUADRATIC = 1.0  # of ||move||^2: the same
_WEAK = 1e-13  # of the same: squared gain of a direction below which it is left alone
_MAX_NEWTON, _MAX_CONJUGATE = 4, 100
_BLAS_FROM = 40_000  # multiply-adds of a product; below, lanes beat the call into BLAS


@numba.njit(error_model="numpy", forceinline=True)
def _product(a, b, rows, inner, columns, out):  # type: ignore[no-untyped-def]
    """Out = a @ b."""
    if rows * inner * columns < _BLAS_FROM:
        multiply(a, inner, 1, b, columns, rows, inner, columns, out, columns)
    else:
        new = matrix_at(out, rows, columns)
        np.dot(matrix_at(a, rows, inner), matrix_at(b, inner, columns), new)


@numba.njit(error_model="numpy", forceinline=True)
def _product_of_transpose(a, b, rows, inner, columns, out):  # type: ignore[no-untyped-def]
    """Out = a^T @ b; a has `inner` rows."""
    if rows * inner * columns < _BLAS_FROM:
        multiply(a, 1, rows, b, columns, rows, inner, columns, out, columns)
    else:
        new = matrix_at(out, rows, columns)
        np.dot(matrix_at(a, inner, rows).T, matrix_at(b, inner, columns), new)


@compiled(types.float64(*[types.intp] * 7))
def _residual(widths, h, y, laws, residual, turned, spare):  # type: ignore[no-untyped-def]
    """Residual = laws - C(y), and the transposed weights; returns the largest ||residual_i||."""
    w, w_turned = y, turned
    for j in range(h):
        rows, columns = integer_at(widths, j + 1), integer_at(widths, j)
        for r in range(rows):
            for c in range(columns):
                put(w_turned, c * rows + r, number_at(w, r * columns + c))
        w, w_turned = w + 8 * rows * columns, w_turned + 8 * rows * columns
    worst = 0.0
    for i in range(1, h):
        d, before = integer_at(widths, i), integer_at(widths, i - 1)
        after = integer_at(widths, i + 1)
        _product(y, turned, d, before, d, residual)
        y, turned = y + 8 * d * before, turned + 8 * d * before
        _product(turned, y, d, after, d, spare)
        for k in range(d * d):
            off = number_at(residual, k) - number_at(spare, k)
            put(residual, k, number_at(laws, k) - off)
        worst = max(worst, square(residual, d * d))
        laws, residual = laws + 8 * d * d, residual + 8 * d * d
    return np.sqrt(worst)


@compiled(types.float64(*[types.intp] * 9))
def _apply(widths, h, y, turned, n, multipliers, move, image, spare):  # type: ignore[no-untyped-def]
    """Move X = J^T of the multipliers, and image = J X; returns ||X||^2."""
    w, x, m = y, move, multipliers
    for j in range(h):
        rows, columns = integer_at(widths, j + 1), integer_at(widths, j)
        m_next = m + 8 * columns * columns if j > 0 else m
        if j + 1 < h:
            _product(m_next, w, rows, rows, columns, x)
        else:
            for k in range(rows * columns):
                put(x, k, 0.0)
        if j > 0:
            _product(w, m, rows, columns, columns, spare)
            for k in range(rows * columns):
                put(x, k, number_at(x, k) - number_at(spare, k))
        m = m_next
        w, x = w + 8 * rows * columns, x + 8 * rows * columns
    w, x, w_turned, out = y, move, turned, image
    for i in range(1, h):
        d, before = integer_at(widths, i), integer_at(widths, i - 1)
        after = integer_at(widths, i + 1)
        second = spare + 8 * d * d
        _product(x, w_turned, d, before, d, spare)
        size = 8 * d * before
        w, x, w_turned = w + size, x + size, w_turned + size
        _product_of_transpose(w, x, d, after, d, second)
        for r in range(d):
            for c in range(r + 1):
                value = (
                    number_at(spare, r * d + c) - number_at(second, r * d + c)
                    + number_at(spare, c * d + r) - number_at(second, c * d + r)
                )  # fmt: skip
                put(out, r * d + c, value)
                put(out, c * d + r, value)
        out += 8 * d * d
    return square(move, n)


@compiled(types.float64(*[types.intp] * 5, *[types.float64] * 2, *[types.intp] * 2))
def _solve(widths, h, y, residual, turned, goal, weak, n, m):  # type: ignore[no-untyped-def]
    """Find the smallest move that removes the residual, down to `goal`; returns its norm.

    The move comes after the transposed weights, see `memory`. The residual is overwritten.
    """
    search, image = residual + 8 * m, residual + 16 * m
    move, increment, spare = turned + 8 * n, turned + 16 * n, turned + 24 * n
    for k in range(m):
        put(search, k, number_at(residual, k))
    for p in range(n):
        put(move, p, 0.0)
    left = square(residual, m)
    for _ in range(min(m, _MAX_CONJUGATE)):
        gain = _apply(widths, h, y, turned, n, search, increment, image, spare)
        if not gain > weak * square(search, m):
            break
        step = left / (2.0 * gain)
        for p in range(n):
            put(move, p, number_at(move, p) + step * number_at(increment, p))
        for k in range(m):
            put(residual, k, number_at(residual, k) - step * number_at(image, k))
        before, left = left, square(residual, m)
        # Laws are quadratic: what the square of the move leaves is for the next iteration.
        enough = max(goal, _QUADRATIC * square(move, n))
        if not left > enough * enough:
            break
        turn = left / before
        for k in range(m):
            put(search, k, number_at(residual, k) + turn * number_at(search, k))
    return np.sqrt(square(move, n))


@compiled(SETTLE_SIGNATURE)
def project(  # type: ignore[no-untyped-def]
    field, norm, widths, target, factor, copies, work, y, slope, y_new, slope_new, loss, h, table,
    row, slopes, stages, state, counts, memo, keep,
):  # fmt: skip
    """Move y_new back onto the laws of the start, and evaluate the field there if it moved."""
    keep[STRETCH] = 1.0
    if not np.isfinite(loss):
        return loss
    depth, n, m = widths.size - 1, y.size, 0
    at, w = address(widths), address(y_new)
    largest = keep[_LARGEST]
    for i in range(depth):
        size = widths[i] * widths[i + 1]
        largest = max(largest, square(w, size))
        w += 8 * size
        m += widths[i] * widths[i] if i > 0 else 0
    keep[_LARGEST] = largest
    weights, laws = address(y_new), address(keep) + 8 * _HEADER
    residual = laws + 8 * m
    turned = residual + 24 * m
    move, spare = turned + 8 * n, turned + 24 * n
    moved, before = False, np.inf
    for _ in range(_MAX_NEWTON):
        off = _residual(at, depth, weights, laws, residual, turned, spare)
        if not (off > _ALLOWED * largest and off < 0.5 * before):
            break
        before = off
        size = _solve(
            at, depth, weights, residual, turned, _GOAL * largest, _WEAK * largest, n, m
        )  # fmt: skip
        if not (size > 0.0 and np.isfinite(size)):
            break
        for p in range(n):
            y_new[p] += number_at(move, p)
        moved = True
    if not moved:
        return loss
    counts[FIELD_CALLS] += 1
    return field(y_new, widths, target, factor, copies, work, slope_new)


def memory(widths: np.ndarray, start: Array) -> Array:
    """What `project` remembers, for a run from this start."""
    sizes = widths[1:] * widths[:-1]
    m, n, widest = int(np.sum(widths[1:-1] ** 2)), len(start), int(np.max(widths))
    keep = np.zeros(_HEADER + 4 * m + 3 * n + 2 * widest**2 + LANES)
    blocks = np.split(start, np.cumsum(sizes)[:-1])
    layers = [
        block.reshape(rows, columns)
        for block, rows, columns in zip(blocks, widths[1:], widths[:-1], strict=True)
    ]
    with np.errstate(over="ignore", invalid="ignore"):
        keep[_LARGEST] = max(float(np.vdot(w, w)) for w in layers)
        laws = [w @ w.T - v.T @ v for w, v in itertools.pairwise(layers)]
    keep[_HEADER : _HEADER + m] = np.concatenate([law.ravel() for law in laws])
    return keep
