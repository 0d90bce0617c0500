"""Compiled field and Hessian of the flow (theory §3), for any widths, through the thin side.

A network is its weight vector `theta` (row-major layers, in order) with `widths`. The problem is a
target T (d_out, q) and a factor F (d_in, q) of Sxx = F F^T, empty when Sxx is the identity; the
residual is E = T - P F, so the loss above the floor is 1/2 ||E||^2 without cancellation. Row i of
the residual counts `copies[i]` times in the loss, for the copies that a reduction left out.
Layers count from 0: W_i has shape (d_{i+1}, d_i); Z_i = W_{i-1} ... W_0 F, L_i = W_{h-1} ... W_i.
"""

import numba
import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import (
    LANES,
    address,
    integer_at,
    matrix_at,
    number_at,
    padded,
    put,
    subtract,
)
from deeplinear._core.products import copy, multiply

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]

FIELD_SIGNATURE = types.float64(
    _VECTOR, types.int64[::1], _MATRIX, _MATRIX, _VECTOR, _VECTOR, _VECTOR
)
"""excess loss = field(theta, widths, target, factor, copies, work, out); out is -grad L."""

HESSIAN_SIGNATURE = types.void(_VECTOR, types.int64[::1], _MATRIX, _MATRIX, _MATRIX)
"""hessian(theta, widths, target, factor, out); out receives the Hessian of L."""

# theta, widths, h, target, p, q, factor, copies, work, out; arrays as addresses, without references
# to count; factor is 0 when Sxx is the identity.
_ADDRESSED = types.float64(*[types.intp] * 10)

_BLAS_FROM = 40_000  # multiply-adds of the largest product; below, lanes beat the call into BLAS


@numba.njit(error_model="numpy")
def _residual(target, p, q, product, copies, out):  # type: ignore[no-untyped-def]
    """Out = target - product; returns half its squared norm, rows counted with their copies."""
    loss = 0.0
    for i in range(p):
        total = 0.0
        for j in range(q):
            value = number_at(target, i * q + j) - product[i, j]
            out[i, j] = value
            total += value * value
        loss += number_at(copies, i) * total
    return 0.5 * loss


@compiled(_ADDRESSED)
def _field_by_lanes(theta, widths, h, target, p, q, factor, copies, work, out):  # type: ignore[no-untyped-def]
    """The field of small layers, as one chain A_{h-1} ... A_0 seen from its thin end.

    From the inputs A_j is W_j; from the outputs it is the transpose of W_{h-1-j}. Forward:
    Z_{j+1} = A_j Z_j with q columns (d_out of them from the outputs); backward:
    B_j = A_j^T B_{j+1}; the gradient of A_j is B_{j+1} Z_j^T. Every array is its address, so that
    no references are counted; factor is 0 when Sxx is the identity.
    """
    flipped = q > p
    thin = p if flipped else q
    stride = padded(thin)
    d_in, d_out, widest, n = integer_at(widths, 0), integer_at(widths, h), q, 0
    for i in range(h + 1):
        widest = max(widest, integer_at(widths, i))
        n += integer_at(widths, i) * integer_at(widths, i + 1) if i < h else 0
    plain = flipped or factor == 0  # Z_0 is the identity
    # Then Z_1 is W_0 where it lies, and B_1 its gradient; transposed, they are copied.
    in_place = plain and not flipped and h > 1

    # Z_0, ..., Z_h one after the other, then two B, then a spare matrix.
    w, z = theta, work
    before = d_in
    if flipped:
        w, before = theta + 8 * n, d_out
    if not plain:
        copy(factor, q, 1, d_in, q, z, stride)
    for j in range(h):
        rows = integer_at(widths, h - 1 - j) if flipped else integer_at(widths, j + 1)
        a_row, a_col = before, 1
        if flipped:
            w -= 8 * rows * before
            a_row, a_col = 1, rows
        z_next = z + 8 * before * stride
        if j == 1 and in_place:
            multiply(w, a_row, a_col, theta, q, rows, before, q, z_next, stride)
        elif j > 0 or not plain:
            multiply(w, a_row, a_col, z, stride, rows, before, stride, z_next, stride)
        elif not in_place:
            copy(w, a_row, a_col, rows, before, z_next, stride)
        if not flipped:
            w += 8 * rows * before
        z, before = z_next, rows
    b = z + 8 * before * stride
    b_next = b + 8 * widest * stride
    spare = b_next + 8 * widest * stride

    # The residual E, or its transpose; its factor, if any, comes last from the outputs.
    product, residual = z, b
    if flipped and factor != 0:
        product, residual = spare, b_next
        multiply(factor, 1, q, z, stride, q, d_in, stride, product, stride)
    loss = 0.0
    for i in range(p):
        total = 0.0
        if flipped:
            for c in range(q):
                at = i + c * stride
                value = number_at(target, i * q + c) - number_at(product, at)
                put(residual, at, value)
                total += value * value
        else:
            at = 8 * i * stride
            total = subtract(target + 8 * i * q, product + at, q, residual + at)
        loss += number_at(copies, i) * total
    if flipped and factor != 0:
        multiply(factor, q, 1, residual, stride, d_in, q, stride, b, stride)

    for j in range(h - 1, -1, -1):
        rows, columns = before, integer_at(widths, h - j if flipped else j)
        size = 8 * rows * columns
        z -= 8 * columns * stride
        gradient = out + (w - theta) if flipped else out + (w - theta) - size
        if not flipped:
            w -= size
        if j > 0 or not plain:
            left, right, high, long = b, z, rows, columns
            if flipped:  # the gradient of W_i is that of A_j, transposed
                left, right, high, long = z, b, columns, rows
            if j == 1 and in_place:
                copy(theta, 1, q, q, long, spare, padded(long))
            else:
                copy(right, 1, stride, thin, long, spare, padded(long))
            multiply(left, stride, 1, spare, padded(long), high, thin, long, gradient, long)
        elif flipped:
            copy(b, 1, stride, columns, rows, gradient, rows)
        elif not in_place:
            copy(b, stride, 1, rows, columns, gradient, columns)
        if j == 1 and in_place:
            multiply(w, 1, columns, b, stride, columns, rows, q, out, q)
        elif j > 0:
            a_row, a_col = 1, columns
            if flipped:
                a_row, a_col = rows, 1
            multiply(w, a_row, a_col, b, stride, columns, rows, stride, b_next, stride)
            b, b_next = b_next, b
        if flipped:
            w += size
        before = columns
    return 0.5 * loss


@compiled(_ADDRESSED)
def _field_from_inputs(theta, widths, h, target, p, q, factor, copies, work, out):  # type: ignore[no-untyped-def]
    """The field through thin matrices with q columns: Z_i forward, B_i = L_i^T E backward.

    Thin matrices are transposed first where the product of a matrix and a transposed one would be
    asked of BLAS, which takes twice as long for it.
    """
    w, z_next = theta, work
    z = matrix_at(theta, integer_at(widths, 1), q)  # W_0, when Sxx is the identity
    z_at, widest = 0, 0
    for i in range(h):
        rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
        widest = max(widest, rows)
        if i == 0 and factor != 0:
            z = matrix_at(factor, columns, q)
        if i > 0 or factor != 0:
            new = matrix_at(z_next, rows, q)
            np.dot(matrix_at(w, rows, columns), z, new)
            z, z_at = new, z_next
            z_next += 8 * rows * q
        w += 8 * rows * columns
    b_at, b_other = z_next, z_next + 8 * widest * q
    spare = b_other + 8 * widest * q
    b = matrix_at(b_at, p, q)
    loss = _residual(target, p, q, z, copies, b)
    gradient_at = out + (w - theta)
    for i in range(h - 1, -1, -1):
        rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
        w -= 8 * rows * columns
        gradient_at -= 8 * rows * columns
        gradient = matrix_at(gradient_at, rows, columns)
        if i > 0:
            z_at -= 8 * columns * q
            before = matrix_at(theta if i == 1 and factor == 0 else z_at, columns, q)
        elif factor != 0:
            before = matrix_at(factor, columns, q)
        else:
            gradient[:, :] = b
            break
        flat = matrix_at(spare, q, columns)
        flat[:, :] = before.T
        np.dot(b, flat, gradient)
        if i > 0:
            new = matrix_at(b_other, columns, q)
            np.dot(matrix_at(w, rows, columns).T, b, new)
            b = new
            b_at, b_other = b_other, b_at
    return loss


@compiled(_ADDRESSED)
def _field_from_outputs(theta, widths, h, target, p, q, factor, copies, work, out):  # type: ignore[no-untyped-def]
    """The field through thin matrices with p rows: L_i backward, M_i = E Z_i^T forward.

    M_i is kept transposed as well, for the same reason as in `_field_from_inputs`.
    """
    w, l_next, widest = theta, work, 0
    for i in range(h):
        w += 8 * integer_at(widths, i + 1) * integer_at(widths, i)
        widest = max(widest, integer_at(widths, i))
    left = matrix_at(theta, p, integer_at(widths, h - 1))  # replaced
    for i in range(h - 1, -1, -1):
        rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
        w -= 8 * rows * columns
        if i == h - 1:
            left = matrix_at(w, rows, columns)
        else:
            new = matrix_at(l_next, p, columns)
            np.dot(left, matrix_at(w, rows, columns), new)
            left = new
            l_next += 8 * p * columns
    l_at = l_next
    m = matrix_at(l_next, p, integer_at(widths, 0))
    tall_at, tall_other = l_next + 8 * p * widest, l_next + 16 * p * widest
    if factor == 0:
        loss = _residual(target, p, q, left, copies, m)
        tall = matrix_at(tall_at, q, p)  # m transposed
        tall[:, :] = m.T
    else:
        f = matrix_at(factor, integer_at(widths, 0), q)
        product = matrix_at(tall_other + 8 * p * widest, p, q)
        residual = matrix_at(tall_other + 8 * p * (widest + q), p, q)
        np.dot(left, f, product)
        loss = _residual(target, p, q, product, copies, residual)
        flat = matrix_at(tall_other + 8 * p * widest, q, p)
        flat[:, :] = residual.T
        tall = matrix_at(tall_at, integer_at(widths, 0), p)
        np.dot(f, flat, tall)
        m[:, :] = tall.T
    if h > 1:
        l_at -= 8 * p * integer_at(widths, 0)
    for i in range(h):
        rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
        gradient = matrix_at(out + (w - theta), rows, columns)
        if i == h - 1:
            gradient[:, :] = m
        else:
            if i == h - 2:
                left = matrix_at(w + 8 * rows * columns, p, rows)
            else:
                l_at -= 8 * p * rows
                left = matrix_at(l_at, p, rows)
            np.dot(left.T, m, gradient)
            new = matrix_at(tall_other, rows, p)
            np.dot(matrix_at(w, rows, columns), tall, new)
            m = matrix_at(l_next, p, rows)
            m[:, :] = new.T
            tall = new
            tall_at, tall_other = tall_other, tall_at
        w += 8 * rows * columns
    return loss


@compiled(_ADDRESSED)
def _field(theta, widths, h, target, p, q, factor, copies, work, out):  # type: ignore[no-untyped-def]
    """The field, by lanes or by BLAS, associated through the thinner of inputs and outputs."""
    largest = 0
    for i in range(h):
        largest = max(largest, integer_at(widths, i) * integer_at(widths, i + 1))
    if largest * min(p, q) < _BLAS_FROM:
        return _field_by_lanes(theta, widths, h, target, p, q, factor, copies, work, out)
    if q <= p:
        return _field_from_inputs(theta, widths, h, target, p, q, factor, copies, work, out)
    return _field_from_outputs(theta, widths, h, target, p, q, factor, copies, work, out)


@compiled(FIELD_SIGNATURE)
def field(theta, widths, target, factor, copies, work, out):  # type: ignore[no-untyped-def]
    """Write -grad L to out and return the loss above the floor."""
    p, q = target.shape
    return _field(
        address(theta), address(widths), widths.size - 1, address(target), p, q,
        address(factor) if factor.size > 0 else 0, address(copies), address(work), address(out),
    )  # fmt: skip


def work_size(widths: tuple[int, ...], q: int) -> int:
    """The length of `field`'s work array."""
    thin, widest = min(q, widths[-1]), max(*widths, q)
    stride, width = padded(thin), padded(widest)
    lanes = stride * (sum(widths) + 3 * widest) + thin * width + LANES
    return max(lanes, thin * (sum(widths) + 3 * max(widths)) + 2 * widths[-1] * q)


@compiled(HESSIAN_SIGNATURE)
def hessian(theta, widths, target, factor, out):  # type: ignore[no-untyped-def]
    """Write the Hessian of L to out: Gauss-Newton part minus residual part, block by block.

    Block (i, j), entry ((a, b), (c, d)): (L_{i+1}^T L_{j+1})[a, c] (Z_i Z_j^T)[b, d], and for j < i
    minus (W_{i-1} ... W_{j+1})[b, c] (L_{i+1}^T E Z_j^T)[a, d].
    """
    h = widths.size - 1
    p, q = target.shape
    widest = max(p, q)
    for i in range(h + 1):
        widest = max(widest, widths[i])
    s = padded(widest)  # the row length of every matrix here
    block = s * s
    work = np.zeros((4 * h + 10) * block)
    base = address(work)
    # In blocks: Z_0 ... Z_h, their transposes, L_0 ... L_h, the weights, then single matrices.
    zs, z_ts, ls, ws = 0, (h + 1) * block, 2 * (h + 1) * block, 3 * (h + 1) * block
    residual = ws + h * block
    left_residual, outer, inner = residual + block, residual + 2 * block, residual + 3 * block
    curvature, between, spare = residual + 4 * block, residual + 5 * block, residual + 6 * block

    offsets = np.zeros(h + 1, np.int64)
    for i in range(h):
        at = ws + i * block
        for r in range(widths[i + 1]):
            for c in range(widths[i]):
                work[at + r * s + c] = theta[offsets[i] + r * widths[i] + c]
        offsets[i + 1] = offsets[i] + widths[i + 1] * widths[i]
    for r in range(widths[0]):
        if factor.shape[0] == 0:
            work[zs + r * s + r] = 1.0
        else:
            for c in range(q):
                work[zs + r * s + c] = factor[r, c]
    for i in range(h):
        multiply(
            base + 8 * (ws + i * block), s, 1, base + 8 * (zs + i * block), s,
            widths[i + 1], widths[i], q, base + 8 * (zs + (i + 1) * block), s,
        )  # fmt: skip
    for i in range(h):
        for r in range(widths[i]):
            for c in range(q):
                work[z_ts + i * block + c * s + r] = work[zs + i * block + r * s + c]
    for r in range(p):
        work[ls + h * block + r * s + r] = 1.0
    for i in range(h - 1, 0, -1):
        multiply(
            base + 8 * (ls + (i + 1) * block), s, 1, base + 8 * (ws + i * block), s,
            p, widths[i + 1], widths[i], base + 8 * (ls + i * block), s,
        )  # fmt: skip
    for r in range(p):
        for c in range(q):
            work[residual + r * s + c] = target[r, c] - work[zs + h * block + r * s + c]

    for i in range(h):
        d_out, d_in = widths[i + 1], widths[i]
        left = base + 8 * (ls + (i + 1) * block)
        multiply(
            left, 1, s, base + 8 * residual, s, d_out, p, q, base + 8 * left_residual, s
        )  # fmt: skip
        for r in range(d_in):
            for c in range(d_in):
                work[between + r * s + c] = 1.0 if r == c else 0.0
        for j in range(i, -1, -1):
            rows, columns = widths[j + 1], widths[j]
            z_t = base + 8 * (z_ts + j * block)
            multiply(
                left, 1, s, base + 8 * (ls + (j + 1) * block), s,
                d_out, p, rows, base + 8 * outer, s,
            )  # fmt: skip
            multiply(
                base + 8 * (zs + i * block), s, 1, z_t, s, d_in, q, columns, base + 8 * inner, s
            )  # fmt: skip
            if j < i:
                multiply(
                    base + 8 * left_residual, s, 1, z_t, s,
                    d_out, q, columns, base + 8 * curvature, s,
                )  # fmt: skip
            for a in range(d_out):
                for b in range(d_in):
                    row = out[offsets[i] + a * d_in + b]
                    for c in range(rows):
                        start = offsets[j] + c * columns
                        gauss_newton = work[outer + a * s + c]
                        if j < i:
                            bend = work[between + b * s + c]
                            for d in range(columns):
                                row[start + d] = (
                                    gauss_newton * work[inner + b * s + d]
                                    - bend * work[curvature + a * s + d]
                                )
                        else:
                            for d in range(columns):
                                row[start + d] = gauss_newton * work[inner + b * s + d]
            if j < i:
                multiply(
                    base + 8 * between, s, 1, base + 8 * (ws + j * block), s,
                    d_in, rows, columns, base + 8 * spare, s,
                )  # fmt: skip
                between, spare = spare, between
    for row in range(offsets[h]):
        for column in range(row):
            out[column, row] = out[row, column]
