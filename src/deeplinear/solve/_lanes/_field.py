"""The field of eight members at once (theory §3), for any widths, through the thin side.

Every array is an address; entry k of a weight vector stands for eight numbers, see `_numbers`.
Matrices are row-major with strides counted in entries, so that transposes cost nothing. Widths,
target and factor are the same for all members, single numbers, as in `flow._kernels`.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import LANES, integer_at, number_at
from deeplinear.solve._lanes._numbers import load, spread, store

_INTS = types.intp

FIELD_SIGNATURE = types.void(*[_INTS] * 9)
"""field(theta, widths, h, target, p, q, factor, work, out); out is -grad L, and work begins with
the excess loss and the product P F (p, q). factor is 0 when Sxx is the identity."""

PRODUCT_SIGNATURE = types.void(*[_INTS] * 8)
"""product(theta, widths, h, p, q, factor, work, out): out is P F (p, q)."""

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_BYTES = 8 * LANES


def _tile_of(rows: int, columns: int) -> Any:
    """The tile out[r, c] = sum over k of a[r, k] b[k, c], kept in vector registers."""

    @intrinsic
    def tile(typing_context, a, a_row, a_col, b, b_row, b_col, inner, out, out_row, out_col):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            a, a_row, a_col, b, b_row, b_col, inner, out, out_row, out_col = arguments
            integer = ir.IntType(64)

            def place(start: Any, *steps: tuple[Any, Any]) -> Any:
                at = start
                for stride, count in steps:
                    count = ir.Constant(integer, count) if isinstance(count, int) else count
                    offset = builder.mul(builder.mul(stride, count), ir.Constant(integer, _BYTES))
                    at = builder.add(at, offset)
                return builder.inttoptr(at, _VECTOR.as_pointer())

            fma = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fmuladd.v{LANES}f64"
            )
            zero = ir.Constant(_VECTOR, [0.0] * LANES)
            sums = [
                [cgutils.alloca_once_value(builder, zero) for _ in range(columns)]
                for _ in range(rows)
            ]
            with cgutils.for_range(builder, inner) as loop:
                k = loop.index
                left = [
                    builder.load(place(a, (a_row, r), (a_col, k)), align=8) for r in range(rows)
                ]
                right = [
                    builder.load(place(b, (b_row, k), (b_col, c)), align=8) for c in range(columns)
                ]
                for r in range(rows):
                    for c in range(columns):
                        total = builder.load(sums[r][c])
                        builder.store(builder.call(fma, [left[r], right[c], total]), sums[r][c])
            for r in range(rows):
                for c in range(columns):
                    at = place(out, (out_row, r), (out_col, c))
                    builder.store(builder.load(sums[r][c]), at, align=8)
            return context.get_dummy_value()

        return types.void(*[types.intp] * 10), generate

    return tile


_tile11, _tile12, _tile13 = (_tile_of(1, c) for c in (1, 2, 3))
_tile21, _tile22, _tile23 = (_tile_of(2, c) for c in (1, 2, 3))
_tile31, _tile32, _tile33 = (_tile_of(3, c) for c in (1, 2, 3))


@compiled(types.intp(types.intp))
def _part(left):  # type: ignore[no-untyped-def]
    """Rows or columns of the next tile, of so many that are left."""
    if left == 2 or left == 4:
        return 2
    return min(left, 3)


@compiled(types.void(*[_INTS] * 12))
def _multiply(a, a_row, a_col, b, b_row, b_col, rows, inner, columns, out, out_row, out_col):  # type: ignore[no-untyped-def]
    """Out (rows, columns) = a (rows, inner) @ b (inner, columns), each with its strides."""
    r = 0
    while r < rows:
        high = _part(rows - r)
        c = 0
        x = a + 64 * r * a_row
        while c < columns:
            wide = _part(columns - c)
            y, z = b + 64 * c * b_col, out + 64 * (r * out_row + c * out_col)
            if high == 3:
                if wide == 3:
                    _tile33(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
                elif wide == 2:
                    _tile32(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
                else:
                    _tile31(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
            elif high == 2:
                if wide == 3:
                    _tile23(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
                elif wide == 2:
                    _tile22(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
                else:
                    _tile21(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
            elif wide == 3:
                _tile13(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
            elif wide == 2:
                _tile12(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
            else:
                _tile11(x, a_row, a_col, y, b_row, b_col, inner, z, out_row, out_col)
            c += wide
        r += high


@compiled(types.void(_INTS, _INTS, _INTS))
def _expand(numbers, count, out):  # type: ignore[no-untyped-def]
    for k in range(count):
        store(out, k, spread(number_at(numbers, k)))


@compiled(types.intp(*[_INTS] * 8))
def _forward(theta, widths, h, p, q, factor, work, out):  # type: ignore[no-untyped-def]
    """Write P F to out; return where in `work` the partial products end.

    From the inputs (q <= p) they are F, then Z_i = W_{i-1} ... W_0 F for i = 1 ... h - 1; from the
    outputs F, then L_i = W_{h-1} ... W_i for i = h - 2 ... 0. Without F, Z_1 and L_0 = P are not
    formed again.
    """
    d_in = integer_at(widths, 0)
    at = work
    if factor != 0:
        _expand(factor, d_in * q, at)
        at += 64 * d_in * q
    if q <= p:
        z, w, columns = theta, theta, d_in
        if factor != 0:
            z = work
        for i in range(h):
            rows = integer_at(widths, i + 1)
            if i > 0 or factor != 0:
                target = out if i == h - 1 else at
                _multiply(w, columns, 1, z, q, 1, rows, columns, q, target, q, 1)
                z = target
                at += 64 * rows * q if i < h - 1 else 0
            w += 64 * rows * columns
            columns = rows
    else:
        w = theta
        for i in range(h - 1):
            w += 64 * integer_at(widths, i) * integer_at(widths, i + 1)
        left = w
        for i in range(h - 2, -1, -1):
            rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
            w -= 64 * rows * columns
            target = out if i == 0 and factor == 0 else at
            _multiply(left, rows, 1, w, columns, 1, p, rows, columns, target, columns, 1)
            left = target
            at += 64 * p * columns if target != out else 0
        if factor != 0:
            _multiply(left, d_in, 1, work, q, 1, p, d_in, q, out, q, 1)
    return at


@compiled(PRODUCT_SIGNATURE)
def product(theta, widths, h, p, q, factor, work, out):  # type: ignore[no-untyped-def]
    """The products P F of eight members, for two layers or more."""
    _forward(theta, widths, h, p, q, factor, work, out)


@compiled(FIELD_SIGNATURE)
def field(theta, widths, h, target, p, q, factor, work, out):  # type: ignore[no-untyped-def]
    """The negative gradients and losses of eight members, for two layers or more."""
    d_in = integer_at(widths, 0)
    effective = work + 64
    partial = effective + 64 * p * q
    end = _forward(theta, widths, h, p, q, factor, partial, effective)
    b = end
    loss = spread(0.0)
    for k in range(p * q):
        value = spread(number_at(target, k)) - load(effective, k)
        store(b, k, value)
        loss = loss + value * value
    store(work, 0, 0.5 * loss)
    widest = max(p, q)
    for i in range(h + 1):
        widest = max(widest, integer_at(widths, i))
    spare = b + 64 * min(p, q) * widest
    if q <= p:
        w = theta
        for i in range(h):
            w += 64 * integer_at(widths, i) * integer_at(widths, i + 1)
        z = end
        for i in range(h - 1, -1, -1):
            rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
            w -= 64 * rows * columns
            gradient = out + (w - theta)
            if i > 1 or (i == 1 and factor != 0):
                z -= 64 * columns * q
            elif i == 1:
                z = theta
            else:
                z = partial
            if i == 0 and factor == 0:
                for k in range(rows * columns):
                    store(gradient, k, load(b, k))
            else:
                _multiply(b, q, 1, z, 1, q, rows, q, columns, gradient, columns, 1)
            if i > 0:
                _multiply(w, 1, columns, b, q, 1, columns, rows, q, spare, q, 1)
                b, spare = spare, b
    else:
        if factor != 0:
            # M_0 = E F^T
            wide = b + 64 * p * q
            spare = wide + 64 * p * widest
            _multiply(b, q, 1, partial, 1, q, p, q, d_in, wide, d_in, 1)
            b = wide
        left, w = end, theta
        if factor != 0:
            left -= 64 * p * d_in
        for i in range(h):
            rows, columns = integer_at(widths, i + 1), integer_at(widths, i)
            gradient = out + (w - theta)
            if i == h - 1:
                for k in range(rows * columns):
                    store(gradient, k, load(b, k))
            else:
                if i == h - 2:
                    left = w + 64 * rows * columns
                else:
                    left -= 64 * p * rows
                _multiply(left, 1, rows, b, columns, 1, rows, p, columns, gradient, columns, 1)
                _multiply(b, columns, 1, w, 1, columns, p, columns, rows, spare, rows, 1)
                b, spare = spare, b
            w += 64 * rows * columns


def work_size(widths: tuple[int, ...], q: int) -> int:
    """Entries, of eight numbers each, of the field's work array."""
    p, widest = widths[-1], max(*widths, q)
    return 1 + 3 * p * q + widths[0] * q + min(p, q) * (sum(widths) + 3 * widest)
