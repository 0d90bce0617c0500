"""Products of small matrices of any size, eight columns at a time, for compiled kernels.

Plain loops over run-time widths compile to scalar code; BLAS costs more to call than a small
product takes. Here a tile of up to eight rows and eight columns stays in vector registers, as one
short LLVM loop. Matrices are addresses, see `lanes`, with strides counted in numbers.
"""

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import (
    INTEGER,
    LANES,
    NUMBER,
    VECTOR,
    fused,
    mask_of,
    number_at,
    put,
    spread,
)

_STRIP = 4  # tiles side by side where there is one row only


def _tile_of(rows: int) -> Any:
    """The tile of `rows` rows: out[r, :columns] = sum over k of a[r, k] b[k, :columns]."""

    @intrinsic
    def tile(typing_context, a, a_row, a_col, b, b_row, inner, out, out_row, columns):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            a, a_row, a_col, b, b_row, inner, out, out_row, columns = arguments
            pointer = NUMBER.as_pointer()
            a, b, out = (builder.inttoptr(x, pointer) for x in (a, b, out))
            zero = ir.Constant(VECTOR, [0.0] * LANES)
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
            fma = fused(builder)
            with cgutils.for_range(builder, inner) as loop:
                at = builder.gep(b, [builder.mul(loop.index, b_row)])
                right = builder.load(builder.bitcast(at, VECTOR.as_pointer()), align=8)
                column = builder.mul(loop.index, a_col)
                for r, total in enumerate(sums):
                    row = builder.mul(a_row, ir.Constant(INTEGER, r))
                    left = builder.load(builder.gep(a, [builder.add(column, row)]))
                    left = spread(builder, left, VECTOR)
                    builder.store(builder.call(fma, [left, right, builder.load(total)]), total)
            places = [
                builder.bitcast(
                    builder.gep(out, [builder.mul(out_row, ir.Constant(INTEGER, r))]),
                    VECTOR.as_pointer(),
                )
                for r in range(rows)
            ]
            full = builder.icmp_signed(">=", columns, ir.Constant(INTEGER, LANES))
            with builder.if_else(full) as (whole, part):
                with whole:
                    for place, total in zip(places, sums, strict=True):
                        builder.store(builder.load(total), place, align=8)
                with part:
                    mask = mask_of(builder, columns)
                    masked_store = cgutils.get_or_insert_function(
                        builder.module,
                        ir.FunctionType(
                            ir.VoidType(),
                            [VECTOR, VECTOR.as_pointer(), ir.IntType(32), mask.type],
                        ),
                        f"llvm.masked.store.v{LANES}f64.p0",
                    )
                    alignment = ir.Constant(ir.IntType(32), 8)
                    for place, total in zip(places, sums, strict=True):
                        builder.call(masked_store, [builder.load(total), place, alignment, mask])
            return context.get_dummy_value()

        return types.void(*[types.intp] * 9), generate

    return tile


_tile1, _tile2, _tile3, _tile4 = (_tile_of(rows) for rows in (1, 2, 3, 4))
_tile5, _tile6, _tile7, _tile8 = (_tile_of(rows) for rows in (5, 6, 7, 8))


@numba.njit(error_model="numpy", forceinline=True)
def _strip_of_rows(a, a_row, a_col, b, b_row, rows, inner, columns, out, out_row):  # type: ignore[no-untyped-def]
    """`multiply` for at most eight rows and one tile's columns."""
    if rows > 4:
        if rows > 6:
            if rows > 7:
                _tile8(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
            else:
                _tile7(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
        elif rows > 5:
            _tile6(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
        else:
            _tile5(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
    elif rows > 2:
        if rows > 3:
            _tile4(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
        else:
            _tile3(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
    elif rows > 1:
        _tile2(a, a_row, a_col, b, b_row, inner, out, out_row, columns)
    else:
        _tile1(a, a_row, a_col, b, b_row, inner, out, out_row, columns)


@compiled(types.void(*[types.intp] * 10))
def _multiply_large(a, a_row, a_col, b, b_row, rows, inner, columns, out, out_row):  # type: ignore[no-untyped-def]
    # Strips of about equal heights: few rows at a time would wait for one another's sums.
    strips = (rows + 7) // 8
    height = (rows + strips - 1) // strips
    c = 0
    while c < columns:
        left = columns - c
        b_at = b + 8 * c
        r = 0
        while r < rows:
            a_at = a + 8 * r * a_row
            at = out + 8 * (r * out_row + c)
            more = min(rows - r, height)
            _strip_of_rows(a_at, a_row, a_col, b_at, b_row, more, inner, left, at, out_row)
            r += height
        c += 8


@numba.njit(error_model="numpy", forceinline=True)
def multiply(a, a_row, a_col, b, b_row, rows, inner, columns, out, out_row):  # type: ignore[no-untyped-def]
    """Out (rows, columns) = a (rows, inner) @ b (inner, columns).

    Entry (i, k) of a lies at a + i a_row + k a_col, so that a may be a transpose; rows of b and out
    are contiguous. b is read, and its surplus columns ignored, up to the next multiple of LANES.
    """
    if rows <= 8 and columns <= LANES:
        _strip_of_rows(a, a_row, a_col, b, b_row, rows, inner, columns, out, out_row)
    else:
        _multiply_large(a, a_row, a_col, b, b_row, rows, inner, columns, out, out_row)


@numba.njit(error_model="numpy", forceinline=True)
def copy(a, a_row, a_col, rows, columns, out, out_row):  # type: ignore[no-untyped-def]
    """Out (rows, columns) = a, which may be a transpose, as in `multiply`."""
    for r in range(rows):
        if a_col == 1:
            for c in range(columns):
                put(out, r * out_row + c, number_at(a, r * a_row + c))
        else:
            for c in range(columns):
                put(out, r * out_row + c, number_at(a, r * a_row + c * a_col))


@intrinsic
def _strip(typing_context, coefficients, count, vectors, row, base, scale, out):  # type: ignore[no-untyped-def]
    """Out = base + scale * sum over k of coefficients[k] vectors[k], for _STRIP LANES numbers."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        coefficients, count, vectors, row, base, scale, out = arguments
        pointer = NUMBER.as_pointer()
        coefficients, vectors, base, out = (
            builder.inttoptr(x, pointer) for x in (coefficients, vectors, base, out)
        )

        def place(start: Any, k: int) -> Any:
            at = builder.gep(start, [ir.Constant(INTEGER, k * LANES)])
            return builder.bitcast(at, VECTOR.as_pointer())

        fma = fused(builder)
        zero = ir.Constant(VECTOR, [0.0] * LANES)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(_STRIP)]
        with cgutils.for_range(builder, count) as loop:
            factor = spread(builder, builder.load(builder.gep(coefficients, [loop.index])), VECTOR)
            start = builder.gep(vectors, [builder.mul(loop.index, row)])
            for k, total in enumerate(sums):
                numbers = builder.load(place(start, k), align=8)
                builder.store(builder.call(fma, [factor, numbers, builder.load(total)]), total)
        scales = spread(builder, scale, VECTOR)
        for k, total in enumerate(sums):
            onto = builder.load(place(base, k), align=8)
            result = builder.call(fma, [scales, builder.load(total), onto])
            builder.store(result, place(out, k), align=8)
        return context.get_dummy_value()

    integers = [types.intp] * 5
    return types.void(*integers, types.float64, types.intp), generate


@numba.njit(error_model="numpy", forceinline=True)
def combine(coefficients, count, vectors, row, n, base, scale, out):  # type: ignore[no-untyped-def]
    """Out (n,) = base + scale * sum over k < count of coefficients[k] vectors[k], in one pass.

    Rows of `vectors` must be readable up to the next multiple of LANES.
    """
    p = 0
    while p + _STRIP * LANES <= n:
        at = 8 * p
        _strip(coefficients, count, vectors + at, row, base + at, scale, out + at)
        p += _STRIP * LANES
    start = p
    while p < n:
        _tile1(coefficients, 0, 1, vectors + 8 * p, row, count, out + 8 * p, 0, n - p)
        p += LANES
    for p in range(start, n):
        put(out, p, number_at(base, p) + scale * number_at(out, p))
