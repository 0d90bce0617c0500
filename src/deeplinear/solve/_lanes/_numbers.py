"""Eight float64 numbers as one value of compiled kernels, one for each of eight members.

A kernel written with them reads like one for a single member, and runs for eight side by side:
LLVM turns each operation into vector instructions. No operation mixes lanes, so that no lane's
result depends on what the others hold. In memory the eight stand together: number k of a vector
lies at LANES k, LANES k + 1, ...

The disk cache of a calling kernel does not notice edits of this file: delete it after one.
"""

import operator
from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import register_default
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import intrinsic, overload

from deeplinear._core.lanes import LANES

_NUMBER = ir.DoubleType()
_INT = ir.IntType(64)
_VECTOR = ir.VectorType(_NUMBER, LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
_BYTES = 8 * LANES


class Lanes(types.Type):
    """The type of eight numbers."""


class Mask(types.Type):
    """The type of eight truth values."""


lanes, mask = Lanes("lanes"), Mask("mask")


@register_default(Lanes)
class _LanesModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


@register_default(Mask)
class _MaskModel(PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BITS)


def _place(builder: Any, start: Any, k: Any) -> Any:
    at = builder.add(start, builder.mul(k, ir.Constant(_INT, _BYTES)))
    return builder.inttoptr(at, _VECTOR.as_pointer())


@intrinsic
def load(typing_context, start, k):  # type: ignore[no-untyped-def]
    """Return the eight numbers at position k after the address `start`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.load(_place(builder, *arguments), align=8)

    return lanes(types.intp, types.intp), generate


@intrinsic
def store(typing_context, start, k, value):  # type: ignore[no-untyped-def]
    """Write eight numbers at position k after the address `start`."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        start, k, value = arguments
        builder.store(value, _place(builder, start, k), align=8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, lanes), generate


@intrinsic
def spread(typing_context, value):  # type: ignore[no-untyped-def]
    """Return the number in every lane."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        single = builder.insert_element(undefined, arguments[0], ir.Constant(ir.IntType(32), 0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(single, undefined, everywhere)

    return lanes(types.float64), generate


@intrinsic
def fma(typing_context, a, b, c):  # type: ignore[no-untyped-def]
    """Return a b + c."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        name = f"llvm.fmuladd.v{LANES}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)

    return lanes(lanes, lanes, lanes), generate


def _unary(name: str) -> Any:
    @intrinsic
    def function(typing_context, value):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            kind = ir.FunctionType(_VECTOR, [_VECTOR])
            full = f"llvm.{name}.v{LANES}f64"
            return builder.call(
                cgutils.get_or_insert_function(builder.module, kind, full), arguments
            )

        return lanes(lanes), generate

    return function


root, size = _unary("sqrt"), _unary("fabs")


@intrinsic
def where(typing_context, condition, yes, no):  # type: ignore[no-untyped-def]
    """Return `yes` in the lanes where the mask holds, `no` elsewhere."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.select(*arguments)

    return lanes(mask, lanes, lanes), generate


@intrinsic
def any_of(typing_context, condition):  # type: ignore[no-untyped-def]
    """Whether the mask holds in some lane: for control flow only."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits = builder.bitcast(arguments[0], ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(mask), generate


def _binary(kind: Any, emit: Callable[..., Any]) -> Any:
    @intrinsic
    def function(typing_context, a, b):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return emit(builder, *arguments)

        return kind(a, b), generate

    return function


def _overload(symbol: Any, function: Any) -> None:
    """Let the operator take eight numbers, and a single one on one side."""

    def typed(a, b):  # type: ignore[no-untyped-def]
        if isinstance(a, Lanes) and isinstance(b, Lanes):
            return lambda a, b: function(a, b)
        if isinstance(a, Lanes) and isinstance(b, types.Number):
            return lambda a, b: function(a, spread(float(b)))
        if isinstance(a, types.Number) and isinstance(b, Lanes):
            return lambda a, b: function(spread(float(a)), b)
        return None

    overload(symbol)(typed)


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _overload(
        _symbol,
        _binary(lanes, lambda builder, a, b, name=_instruction: getattr(builder, name)(a, b)),
    )

for _symbol, _relation in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
):
    _overload(
        _symbol,
        _binary(mask, lambda builder, a, b, r=_relation: builder.fcmp_ordered(r, a, b)),
    )


def _combine_masks(symbol: Any, name: str) -> None:
    function = _binary(mask, lambda builder, a, b: getattr(builder, name)(a, b))

    def typed(a, b):  # type: ignore[no-untyped-def]
        if isinstance(a, Mask) and isinstance(b, Mask):
            return lambda a, b: function(a, b)
        return None

    overload(symbol)(typed)


_combine_masks(operator.and_, "and_")
_combine_masks(operator.or_, "or_")


@intrinsic
def _not(typing_context, a):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.not_(arguments[0])

    return mask(mask), generate


@overload(operator.invert)
def _invert(a):  # type: ignore[no-untyped-def]
    if isinstance(a, Mask):
        return lambda a: _not(a)
    return None


@numba.njit(error_model="numpy")
def least(a, b):  # type: ignore[no-untyped-def]
    """Return the smaller one in each lane; b where one of them is not a number."""
    return where(a < b, a, b)


@numba.njit(error_model="numpy")
def most(a, b):  # type: ignore[no-untyped-def]
    """Return the larger one in each lane; b where one of them is not a number."""
    return where(a > b, a, b)
