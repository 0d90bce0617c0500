"""Eight float64 numbers at a time in compiled kernels: access by address, and sums of squares.

Arrays are addresses of float64 numbers: passing arrays would count references, which takes longer
than a small product. The disk cache of a calling kernel does not notice edits of this file: delete
it after one.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable
from numba.np import arrayobj

LANES = 8
"""Numbers in one vector."""

NUMBER = ir.DoubleType()
INTEGER = ir.IntType(64)
VECTOR = ir.VectorType(NUMBER, LANES)
_FIRST = ir.Constant(ir.IntType(32), 0)


@register_jitable
def padded(n):  # type: ignore[no-untyped-def]
    """The next multiple of LANES; in kernels and outside."""
    return (n + LANES - 1) // LANES * LANES


@intrinsic
def address(typing_context, array):  # type: ignore[no-untyped-def]
    """Return where the array's numbers begin. The caller keeps the array alive."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.ptrtoint(data, INTEGER)

    return types.intp(array), generate


@intrinsic
def number_at(typing_context, start, k):  # type: ignore[no-untyped-def]
    """Return the float64 at position k after the address `start`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, k = arguments
        return builder.load(builder.gep(builder.inttoptr(start, NUMBER.as_pointer()), [k]))

    return types.float64(types.intp, types.intp), generate


@intrinsic
def integer_at(typing_context, start, k):  # type: ignore[no-untyped-def]
    """Return the int64 at position k after the address `start`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, k = arguments
        return builder.load(builder.gep(builder.inttoptr(start, INTEGER.as_pointer()), [k]))

    return types.intp(types.intp, types.intp), generate


@intrinsic
def put(typing_context, start, k, value):  # type: ignore[no-untyped-def]
    """Write a float64 at position k after the address `start`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, k, value = arguments
        place = builder.gep(builder.inttoptr(start, NUMBER.as_pointer()), [k])
        builder.store(value, place)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.float64), generate


@intrinsic
def matrix_at(typing_context, start, rows, columns):  # type: ignore[no-untyped-def]
    """Return the (rows, columns) matrix of float64 at the address `start`, as a view."""
    matrix = types.float64[:, ::1]

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, rows, columns = arguments
        array = context.make_array(matrix)(context, builder)
        eight = ir.Constant(INTEGER, 8)
        arrayobj.populate_array(
            array,
            data=builder.inttoptr(start, NUMBER.as_pointer()),
            shape=[rows, columns],
            strides=[builder.mul(columns, eight), eight],
            itemsize=eight,
            meminfo=None,
        )
        return array._getvalue()

    return matrix(types.intp, types.intp, types.intp), generate


def spread(builder: Any, value: Any, vector: Any) -> Any:
    """A vector with the value in each lane."""
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, value, _FIRST)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, undefined, everywhere)


def mask_of(builder: Any, count: Any) -> Any:
    """The first `count` lanes."""
    integers = ir.VectorType(INTEGER, LANES)
    numbers = ir.Constant(integers, list(range(LANES)))
    return builder.icmp_signed("<", numbers, spread(builder, count, integers))


def _load(builder: Any, start: Any, position: Any, mask: Any | None) -> Any:
    """LANES numbers at a position, zero where masked out."""
    pointer = builder.inttoptr(start, NUMBER.as_pointer())
    place = builder.bitcast(builder.gep(pointer, [position]), VECTOR.as_pointer())
    if mask is None:
        return builder.load(place, align=8)
    masked_load = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(VECTOR, [VECTOR.as_pointer(), ir.IntType(32), mask.type, VECTOR]),
        f"llvm.masked.load.v{LANES}f64.p0",
    )
    zero = ir.Constant(VECTOR, [0.0] * LANES)
    return builder.call(masked_load, [place, ir.Constant(ir.IntType(32), 8), mask, zero])


def _store(builder: Any, vector: Any, start: Any, position: Any, mask: Any | None) -> None:
    """LANES numbers to a position, but for those that are masked out."""
    pointer = builder.inttoptr(start, NUMBER.as_pointer())
    place = builder.bitcast(builder.gep(pointer, [position]), VECTOR.as_pointer())
    if mask is None:
        builder.store(vector, place, align=8)
        return
    masked_store = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [VECTOR, VECTOR.as_pointer(), ir.IntType(32), mask.type]),
        f"llvm.masked.store.v{LANES}f64.p0",
    )
    builder.call(masked_store, [vector, place, ir.Constant(ir.IntType(32), 8), mask])


def fused(builder: Any) -> Any:
    """The function a * b + c of vectors."""
    return cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(VECTOR, [VECTOR] * 3), f"llvm.fmuladd.v{LANES}f64"
    )


def _sum_of_squares(builder: Any, n: Any, entries: Callable[[Any, Any | None], Any]) -> Any:
    """Add up the squares of n entries, which `entries(position, mask)` loads LANES at a time."""
    fma = fused(builder)
    total = cgutils.alloca_once_value(builder, ir.Constant(VECTOR, [0.0] * LANES))

    def add(vector: Any) -> None:
        builder.store(builder.call(fma, [vector, vector, builder.load(total)]), total)

    blocks = builder.sdiv(n, ir.Constant(INTEGER, LANES))
    with cgutils.for_range(builder, blocks) as loop:
        add(entries(builder.mul(loop.index, ir.Constant(INTEGER, LANES)), None))
    done = builder.mul(blocks, ir.Constant(INTEGER, LANES))
    rest = builder.sub(n, done)
    with builder.if_then(builder.icmp_signed(">", rest, ir.Constant(INTEGER, 0))):
        add(entries(done, mask_of(builder, rest)))
    reduce = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(NUMBER, [NUMBER, VECTOR]),
        f"llvm.vector.reduce.fadd.v{LANES}f64",
    )
    arguments = [ir.Constant(NUMBER, 0.0), builder.load(total)]
    return builder.call(reduce, arguments, fastmath=("reassoc",))


@intrinsic
def square(typing_context, start, n):  # type: ignore[no-untyped-def]
    """Return the sum of the squares of n numbers."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, n = arguments
        return _sum_of_squares(builder, n, lambda at, mask: _load(builder, start, at, mask))

    return types.float64(types.intp, types.intp), generate


@intrinsic
def square_of_difference(typing_context, a, b, n):  # type: ignore[no-untyped-def]
    """Return the sum of the squares of n differences a - b."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        a, b, n = arguments

        def entries(at: Any, mask: Any | None) -> Any:
            return builder.fsub(_load(builder, a, at, mask), _load(builder, b, at, mask))

        return _sum_of_squares(builder, n, entries)

    return types.float64(types.intp, types.intp, types.intp), generate


@intrinsic
def subtract(typing_context, a, b, n, out):  # type: ignore[no-untyped-def]
    """Out = a - b, for n numbers; returns the sum of their squares."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        a, b, n, out = arguments

        def entries(at: Any, mask: Any | None) -> Any:
            vector = builder.fsub(_load(builder, a, at, mask), _load(builder, b, at, mask))
            _store(builder, vector, out, at, mask)
            return vector

        return _sum_of_squares(builder, n, entries)

    return types.float64(*[types.intp] * 4), generate
