"""Compiled field and Hessian of the flow (theory §3), for any widths, through the thin side.

A network is its weight vector `theta` (row-major layers, in order) with `widths`. The problem is a
target T (d_out, q) and a factor F (d_in, q) of Sxx = F F^T, empty when Sxx is the identity; the
residual is E = T - P F, so the loss above the floor is 1/2 ||E||^2 without cancellation.
Layers count from 0: W_i has shape (d_{i+1}, d_i); Z_i = W_{i-1} ... W_0 F, L_i = W_{h-1} ... W_i.
"""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]
_PRODUCT = types.void(_MATRIX, _MATRIX, _MATRIX)

FIELD_SIGNATURE = types.float64(_VECTOR, types.int64[::1], _MATRIX, _MATRIX, _VECTOR, _VECTOR)
"""excess loss = field(theta, widths, target, factor, work, out); out receives -grad L."""

HESSIAN_SIGNATURE = types.void(_VECTOR, types.int64[::1], _MATRIX, _MATRIX, _MATRIX)
"""hessian(theta, widths, target, factor, out); out receives the Hessian of L."""

_BLAS_ABOVE = 3000  # multiply-adds; below, plain loops beat the call into BLAS


@compiled(_PRODUCT)
def _multiply(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a @ b."""
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[1]
    if rows * inner * columns > _BLAS_ABOVE:
        np.dot(a, b, out)
        return
    for i in range(rows):
        for j in range(columns):
            out[i, j] = a[i, 0] * b[0, j]
        for k in range(1, inner):
            value = a[i, k]
            for j in range(columns):
                out[i, j] += value * b[k, j]


@compiled(_PRODUCT)
def _multiply_at(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a.T @ b."""
    inner, rows, columns = a.shape[0], a.shape[1], b.shape[1]
    if rows * inner * columns > _BLAS_ABOVE:
        np.dot(a.T, b, out)
        return
    for i in range(rows):
        for j in range(columns):
            out[i, j] = a[0, i] * b[0, j]
    for k in range(1, inner):
        for i in range(rows):
            value = a[k, i]
            for j in range(columns):
                out[i, j] += value * b[k, j]


@compiled(_PRODUCT)
def _multiply_bt(a, b, out):  # type: ignore[no-untyped-def]
    """Out = a @ b.T."""
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[0]
    if rows * inner * columns > _BLAS_ABOVE:
        np.dot(a, b.T, out)
        return
    for i in range(rows):
        for j in range(columns):
            total = 0.0
            for k in range(inner):
                total += a[i, k] * b[j, k]
            out[i, j] = total


@compiled(types.float64(_MATRIX, _MATRIX, _MATRIX))
def _residual(target, product, out):  # type: ignore[no-untyped-def]
    """Out = target - product; returns half its squared norm."""
    total = 0.0
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            value = target[i, j] - product[i, j]
            out[i, j] = value
            total += value * value
    return 0.5 * total


@compiled(FIELD_SIGNATURE)
def _field_from_inputs(theta, widths, target, factor, work, out):  # type: ignore[no-untyped-def]
    """The field through thin matrices with q columns: Z_i forward, B_i = L_i^T E backward."""
    h = widths.size - 1
    q = target.shape[1]
    identity = factor.shape[0] == 0
    z, z_at, z_next, w_at = factor, 0, 0, 0
    for i in range(h):
        rows, columns = widths[i + 1], widths[i]
        w = theta[w_at : w_at + rows * columns].reshape((rows, columns))
        w_at += rows * columns
        new = work[z_next : z_next + rows * q].reshape((rows, q))
        if i == 0 and identity:
            new[:, :] = w
        else:
            _multiply(w, z, new)
        z, z_at = new, z_next
        z_next += rows * q
    widest = 0
    for i in range(1, h + 1):
        widest = max(widest, widths[i])
    b_at, b_other = z_next, z_next + widest * q
    b = work[b_at : b_at + widths[h] * q].reshape((widths[h], q))
    loss = _residual(target, z, b)
    for i in range(h - 1, -1, -1):
        rows, columns = widths[i + 1], widths[i]
        w_at -= rows * columns
        gradient = out[w_at : w_at + rows * columns].reshape((rows, columns))
        if i == 0:
            if identity:
                gradient[:, :] = b
            else:
                _multiply_bt(b, factor, gradient)
        else:
            z_at -= columns * q
            _multiply_bt(b, work[z_at : z_at + columns * q].reshape((columns, q)), gradient)
            w = theta[w_at : w_at + rows * columns].reshape((rows, columns))
            new = work[b_other : b_other + columns * q].reshape((columns, q))
            _multiply_at(w, b, new)
            b = new
            b_at, b_other = b_other, b_at
    return loss


@compiled(FIELD_SIGNATURE)
def _field_from_outputs(theta, widths, target, factor, work, out):  # type: ignore[no-untyped-def]
    """The field through thin matrices with d_out rows: L_i backward, M_i = E Z_i^T forward."""
    h = widths.size - 1
    p = widths[h]
    identity = factor.shape[0] == 0
    w_at, l_next, l_at = theta.size, 0, 0
    left = target  # replaced before it is used
    for i in range(h - 1, -1, -1):
        rows, columns = widths[i + 1], widths[i]
        w_at -= rows * columns
        w = theta[w_at : w_at + rows * columns].reshape((rows, columns))
        new = work[l_next : l_next + p * columns].reshape((p, columns))
        if i == h - 1:
            new[:, :] = w
        else:
            _multiply(left, w, new)
        left, l_at = new, l_next
        l_next += p * columns
    widest = 0
    for i in range(h):
        widest = max(widest, widths[i])
    m_at, m_other = l_next, l_next + p * widest
    m = work[m_at : m_at + p * widths[0]].reshape((p, widths[0]))
    if identity:
        loss = _residual(target, left, m)
    else:
        q = target.shape[1]
        at = l_next + 2 * p * widest
        product = work[at : at + p * q].reshape((p, q))
        residual = work[at + p * q : at + 2 * p * q].reshape((p, q))
        _multiply(left, factor, product)
        loss = _residual(target, product, residual)
        _multiply_bt(residual, factor, m)
    for i in range(h):
        rows, columns = widths[i + 1], widths[i]
        gradient = out[w_at : w_at + rows * columns].reshape((rows, columns))
        if i == h - 1:
            gradient[:, :] = m
        else:
            l_at -= p * rows
            _multiply_at(work[l_at : l_at + p * rows].reshape((p, rows)), m, gradient)
            w = theta[w_at : w_at + rows * columns].reshape((rows, columns))
            new = work[m_other : m_other + p * rows].reshape((p, rows))
            _multiply_bt(m, w, new)
            m = new
            m_at, m_other = m_other, m_at
        w_at += rows * columns
    return loss


@compiled(FIELD_SIGNATURE)
def field(theta, widths, target, factor, work, out):  # type: ignore[no-untyped-def]
    """Write -grad L to out, associated through the thinner of inputs and outputs."""
    if target.shape[1] <= widths[-1]:
        return _field_from_inputs(theta, widths, target, factor, work, out)
    return _field_from_outputs(theta, widths, target, factor, work, out)


def work_size(widths: tuple[int, ...], q: int) -> int:
    """The length of `field`'s work array."""
    thin = min(q, widths[-1])
    return thin * (sum(widths) + 2 * max(widths)) + 2 * widths[-1] * q


@compiled(HESSIAN_SIGNATURE)
def hessian(theta, widths, target, factor, out):  # type: ignore[no-untyped-def]
    """Write the Hessian of L to out: Gauss-Newton part minus residual part, block by block.

    Block (i, j), entry ((a, b), (c, d)): (L_{i+1}^T L_{j+1})[a, c] (Z_i Z_j^T)[b, d], and for j < i
    minus (W_{i-1} ... W_{j+1})[b, c] (L_{i+1}^T E Z_j^T)[a, d].
    """
    h = widths.size - 1
    p, q = widths[h], target.shape[1]
    offsets = np.zeros(h + 1, np.int64)
    for i in range(h):
        offsets[i + 1] = offsets[i] + widths[i + 1] * widths[i]

    z = [factor if factor.shape[0] > 0 else np.eye(widths[0])]
    for i in range(h):
        w = theta[offsets[i] : offsets[i + 1]].reshape((widths[i + 1], widths[i]))
        new = np.empty((widths[i + 1], q))
        _multiply(w, z[i], new)
        z.append(new)
    left = [np.eye(p)]  # in reverse: left[h - i] is L_i
    for i in range(h - 1, -1, -1):
        w = theta[offsets[i] : offsets[i + 1]].reshape((widths[i + 1], widths[i]))
        new = np.empty((p, widths[i]))
        _multiply(left[h - 1 - i], w, new)
        left.append(new)
    residual = np.empty((p, q))
    _residual(target, z[h], residual)

    for i in range(h):
        d_out, d_in = widths[i + 1], widths[i]
        between = np.eye(d_in)  # W_{i-1} ... W_{j+1}
        left_residual = np.empty((d_out, q))
        _multiply_at(left[h - 1 - i], residual, left_residual)
        for j in range(i, -1, -1):
            rows, columns = widths[j + 1], widths[j]
            outer = np.empty((d_out, rows))
            _multiply_at(left[h - 1 - i], left[h - 1 - j], outer)
            inner = np.empty((d_in, columns))
            _multiply_bt(z[i], z[j], inner)
            curvature = np.zeros((d_out, columns))
            if j < i:
                _multiply_bt(left_residual, z[j], curvature)
            for a in range(d_out):
                for b in range(d_in):
                    row = offsets[i] + a * d_in + b
                    for c in range(rows):
                        start = offsets[j] + c * columns
                        gauss_newton = outer[a, c]
                        bend = between[b, c] if j < i else 0.0
                        for d in range(columns):
                            out[row, start + d] = (
                                gauss_newton * inner[b, d] - bend * curvature[a, d]
                            )
            if j < i:
                w = theta[offsets[j] : offsets[j + 1]].reshape((rows, columns))
                new = np.empty((d_in, columns))
                _multiply(between, w, new)
                between = new
    for row in range(offsets[h]):
        for column in range(row):
            out[column, row] = out[row, column]
