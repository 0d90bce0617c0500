"""What an integrator is: one compiled function of this signature, its coefficients, its space."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import address_of
from deeplinear._core.memory import aligned_zeros
from deeplinear.flow._kernels import FIELD_SIGNATURE, HESSIAN_SIGNATURE
from deeplinear.solve._methods._monitor import NORM_SIGNATURE, OBSERVE_SIGNATURE
from deeplinear.solve._methods._structure import SETTLE_SIGNATURE

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]

ADVANCE_SIGNATURE = types.int64(
    types.FunctionType(FIELD_SIGNATURE),
    types.FunctionType(HESSIAN_SIGNATURE),
    types.FunctionType(OBSERVE_SIGNATURE),
    types.FunctionType(NORM_SIGNATURE),
    types.FunctionType(SETTLE_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # copies
    _VECTOR,  # work
    _VECTOR,  # y
    _VECTOR,  # slope
    _MATRIX,  # table: the method's coefficients
    _MATRIX,  # vectors: at least `Method.vectors` rows of at least n numbers, and one row more
    _MATRIX,  # basis: (n, n) for a method that forms the Hessian, (0, 0) if it must not
    _VECTOR,  # memory, of MEMORY_SIZE: what a method remembers from step to step
    _VECTOR,  # state
    types.int64[::1],  # counts
    _VECTOR,  # memo
    _MATRIX,  # rows
    _VECTOR,  # keep: the memory of `settle`, which is called unless it is empty
)
"""code = advance(...): step until the driver must look; codes and entries are in `_state`.

Where state[STARTING] is positive the method has not run from this y yet: it forgets `memory` and
`vectors`, and sets the entry to zero. `slope` is -grad L at y, before and after.
"""

MEMORY_SIZE = 8


@dataclass(frozen=True)
class Method:
    """An integrator: its name, order, compiled `advance`, coefficients, vectors it needs.

    dense : it forms the Hessian where that is small enough.
    """

    name: str
    order: int
    advance: Callable[..., int]
    table: Array
    vectors: int
    dense: bool = False

    @cached_property
    def address(self) -> int:
        """Where `advance` begins."""
        return address_of(self.advance)


def row_length(n: int) -> int:
    """The length of a row of `vectors`: whole cache lines, so that rows do not share any."""
    return -(-n // 8) * 8


def vectors_for(methods: tuple[Method, ...], n: int) -> Array:
    """Space for any of these methods, one at a time."""
    return aligned_zeros(max(m.vectors for m in methods) + 1, row_length(n))
