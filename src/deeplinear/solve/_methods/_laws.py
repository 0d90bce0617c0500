"""Bring an accepted step back onto the conservation laws, by the smallest move (theory §4).

C_i = W_{i-1} W_{i-1}^T - W_i^T W_i of hidden layer i, of width d_i. To first order a move X changes
it by (J X)_i = S + S^T with S = X_{i-1} W_{i-1}^T - W_i^T X_i. The smallest move with J X = R is
J^T of symmetric multipliers: X_j = M_{j+1} W_j - W_j M_j (without M_0 and M_h). Conjugate gradients
find them. They are stopped where R is round-off and where directions are so weak that they could
only amplify it: parts that are not learned yet stay as they are, and layers without full rank do
no harm. A step is a Newton iteration, of which one or two are enough.

Wide layers make that dear: it multiplies matrices of their width, the field thin ones. There steps
are kept so short that the order of the method keeps the laws. A few random vectors tell: for
independent signs v, E ||(C - C(0)) v||^2 = ||C - C(0)||_F^2 (Hutchinson 1990).
"""

import itertools
from typing import TYPE_CHECKING

import numba
import numpy as np
from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import (
    LANES,
    address,
    integer_at,
    matrix_at,
    number_at,
    put,
    square,
    square_of_difference,
)
from deeplinear._core.products import multiply
from deeplinear.solve._methods._state import FIELD_CALLS
from deeplinear.solve._methods._structure import LONGEST, ORDER, OWN, SETTLE_SIGNATURE, STRETCH

if TYPE_CHECKING:
    from deeplinear.flow import Operands

# Entries of the memory: the largest ||W_i||^2 so far, what the laws are off, whether the products
# with the probes are known; then, one after the other, the laws at the start, their residual, a
# search direction and its image, and in the layout of the weights the transposed weights, the move
# and its increment, and two matrices of the widest hidden layer. Then eight probes for each law,
# the products of the laws with them at the start, at the last step and now, and two of those.
_LARGEST, _OFF, _KNOWN, _HEADER = range(OWN, OWN + 4)

_ALLOWED = 1e-14  # of the largest ||W_i||^2: what a law may be off
_GOAL = 7e-15  # the same, to which a correction brings it
_BROKEN = 1.6e-14  # the same, beyond which a step is tried shorter
_QUADRATIC = 1.0  # of ||move||^2: the same
_WEAK = 1e-13  # of the same: squared gain of a direction below which it is left alone
_MAX_NEWTON, _MAX_CONJUGATE = 4, 100
_SHARE, _FAR, _SEEN = 5e-15, 4.0, 0.06  # the same of one watched step; of it: too far; not noise
DEAR = 2.0  # explicit steps: steps whose correction costs more are watched
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


@compiled(types.float64(*[types.intp] * 3, types.float64))
def _largest(widths, h, y, largest):  # type: ignore[no-untyped-def]
    """The larger one of `largest` and every ||W_i||^2."""
    for i in range(h):
        size = integer_at(widths, i) * integer_at(widths, i + 1)
        largest = max(largest, square(y, size))
        y += 8 * size
    return largest


@compiled(types.float64(types.intp, types.intp, types.float64[::1], types.float64[::1]))
def _correct(widths, h, y, keep):  # type: ignore[no-untyped-def]
    """Move y onto the laws of the start as far as round-off allows; return what they are off.

    Negative if y was not moved.
    """
    n, m = y.size, 0
    for i in range(1, h):
        m += integer_at(widths, i) ** 2
    weights, laws, largest = address(y), address(keep) + 8 * _HEADER, keep[_LARGEST]
    residual = laws + 8 * m
    turned = residual + 24 * m
    move, spare = turned + 8 * n, turned + 24 * n
    off, moved = _residual(widths, h, weights, laws, residual, turned, spare), False
    for _ in range(_MAX_NEWTON):
        if not off > _ALLOWED * largest:
            break
        size = _solve(widths, h, weights, residual, turned, _GOAL * largest, _WEAK * largest, n, m)
        if not (size > 0.0 and np.isfinite(size)):
            break
        for p in range(n):
            y[p] += number_at(move, p)
        before, moved = off, True
        off = _residual(widths, h, weights, laws, residual, turned, spare)
        if not off < 0.5 * before:
            break
    return off if moved else -off


@compiled(SETTLE_SIGNATURE)
def project(  # type: ignore[no-untyped-def]
    field, norm, widths, target, factor, copies, work, y, slope, y_new, slope_new, loss, h, table,
    row, slopes, stages, state, counts, memo, keep,
):  # fmt: skip
    """Move y_new back onto the laws of the start, and evaluate the field there if it moved.

    NaN, for a shorter step, where that leaves them broken.
    """
    keep[STRETCH] = 0.5
    if not np.isfinite(loss):
        return loss
    at, depth = address(widths), widths.size - 1
    keep[_LARGEST] = _largest(at, depth, address(y_new), keep[_LARGEST])
    off = _correct(at, depth, y_new, keep)
    if abs(off) > max(_BROKEN * keep[_LARGEST], keep[_OFF]):
        return np.nan
    keep[STRETCH], keep[_OFF], keep[_KNOWN] = 1.0, abs(off), 0.0
    if off <= 0.0:
        return loss
    counts[FIELD_CALLS] += 1
    return field(y_new, widths, target, factor, copies, work, slope_new)


@compiled(types.intp(types.int64[::1]))
def _spare_size(widths):  # type: ignore[no-untyped-def]
    """Numbers that `_probe` needs beside its results, at the end of the memory."""
    return 2 * LANES * np.max(widths) + LANES


@compiled(types.void(*[types.intp] * 6))
def _probe(widths, h, y, probes, out, spare):  # type: ignore[no-untyped-def]
    """The products of every C_i(y) with its probes."""
    for i in range(1, h):
        d, before = integer_at(widths, i), integer_at(widths, i - 1)
        after, w = integer_at(widths, i + 1), y + 8 * d * before
        thin, second = spare, spare + 8 * LANES * max(before, after)
        multiply(y, 1, before, probes, LANES, before, d, LANES, thin, LANES)
        multiply(y, before, 1, thin, LANES, d, before, LANES, out, LANES)
        multiply(w, d, 1, probes, LANES, after, d, LANES, thin, LANES)
        multiply(w, 1, d, thin, LANES, d, after, LANES, second, LANES)
        for k in range(LANES * d):
            put(out, k, number_at(out, k) - number_at(second, k))
        y, probes, out = w, probes + 8 * LANES * d, out + 8 * LANES * d


@compiled(types.float64(*[types.intp] * 4))
def _distance(widths, h, a, b):  # type: ignore[no-untyped-def]
    """The largest distance between two laws, by their products with the probes."""
    worst = 0.0
    for i in range(1, h):
        size = LANES * integer_at(widths, i)
        worst = max(worst, square_of_difference(a, b, size))
        a, b = a + 8 * size, b + 8 * size
    return np.sqrt(worst / LANES)


@compiled(SETTLE_SIGNATURE)
def watch(  # type: ignore[no-untyped-def]
    field, norm, widths, target, factor, copies, work, y, slope, y_new, slope_new, loss, h, table,
    row, slopes, stages, state, counts, memo, keep,
):  # fmt: skip
    """Let a step add little to what the laws are off, or else try it shorter; correct rarely."""
    keep[STRETCH] = 0.5
    if not np.isfinite(loss):
        return loss
    at, depth, hidden = address(widths), widths.size - 1, 0
    for i in range(1, depth):
        hidden += widths[i]
    spare = address(keep) + 8 * (keep.size - _spare_size(widths))
    now = spare - 8 * LANES * hidden
    seen, start, probes = (
        now - 8 * LANES * hidden,
        now - 16 * LANES * hidden,
        now - 24 * LANES * hidden,
    )
    weights = address(y_new)
    if keep[_KNOWN] == 0.0:
        _probe(at, depth, address(y), probes, seen, spare)
        keep[_KNOWN] = 1.0
    _probe(at, depth, weights, probes, now, spare)
    keep[_LARGEST] = _largest(at, depth, weights, keep[_LARGEST])
    share, size = _SHARE * keep[_LARGEST], abs(h)
    added = _distance(at, depth, now, seen)
    part = 0.9 * (share / max(added, 1e-3 * share)) ** (1.0 / (keep[ORDER] + 1.0))
    if added > _FAR * share:
        keep[STRETCH] = max(part, 0.1)
        return np.nan
    seen_at_all = added > _SEEN * share
    keep[LONGEST] = part * size if seen_at_all else max(keep[LONGEST], 1.5 * size)
    keep[STRETCH] = 1.0
    off = _distance(at, depth, now, start)
    if off > max(_ALLOWED * keep[_LARGEST], 1.1 * keep[_OFF]):
        off = _correct(at, depth, y_new, keep)
        keep[_OFF] = abs(off)
        if off > 0.0:
            counts[FIELD_CALLS] += 1
            loss = field(y_new, widths, target, factor, copies, work, slope_new)
            _probe(at, depth, weights, probes, now, spare)
    for k in range(LANES * hidden):
        put(seen, k, number_at(now, k))
    return loss


def projection_cost(operands: "Operands") -> float:
    """What correcting a step costs, in explicit steps, counted in multiply-adds.

    Conjugate gradients take about a quarter of the iterations that end them in any case.
    """
    widths = operands.widths
    inner, beside = widths[1:-1], widths[:-2] + widths[2:]
    iterations = min(float(np.sum(inner**2)), _MAX_CONJUGATE) / 4
    field = 3.0 * min(operands.target.shape) * operands.n_params
    return iterations * float(np.sum(2 * inner**2 * beside)) / (13 * field)


def memory(widths: np.ndarray, start: Array) -> Array:
    """What `project` and `watch` remember, for a run from this start."""
    sizes = widths[1:] * widths[:-1]
    m, n, widest = int(np.sum(widths[1:-1] ** 2)), len(start), int(np.max(widths))
    seen = LANES * int(np.sum(widths[1:-1]))
    keep = np.zeros(_HEADER + 4 * m + 3 * n + 2 * widest**2 + 4 * seen + _spare_size(widths))
    blocks = np.split(start, np.cumsum(sizes)[:-1])
    layers = [
        block.reshape(rows, columns)
        for block, rows, columns in zip(blocks, widths[1:], widths[:-1], strict=True)
    ]
    with np.errstate(over="ignore", invalid="ignore"):
        keep[_LARGEST] = max(float(np.vdot(w, w)) for w in layers)
        laws = [w @ w.T - v.T @ v for w, v in itertools.pairwise(layers)]
    keep[_HEADER : _HEADER + m] = np.concatenate([law.ravel() for law in laws])
    keep[LONGEST] = np.inf
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=seen)
    at = len(keep) - _spare_size(widths) - 4 * seen
    keep[at : at + seen] = signs
    probes = np.split(signs.reshape(-1, LANES), np.cumsum(widths[1:-2]))
    keep[at + seen : at + 2 * seen] = np.concatenate(
        [(law @ probe).ravel() for law, probe in zip(laws, probes, strict=True)]
    )
    return keep
