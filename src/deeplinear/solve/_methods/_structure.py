"""What `gradient_flow(structure=...)` keeps: one compiled function that settles an accepted step.

A method hands its step from y to y_new, with loss and slope there, to `settle`, which may move
y_new (and then evaluates field and loss anew) and returns the loss; NaN has the step tried shorter.
`keep[STRETCH]` is then the part of the step's time that was covered, or how long the shorter one
shall be as a part of it; `keep[LONGEST]` is how long the next step may be. A method that starts
tells its order in `keep[ORDER]`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import address_of
from deeplinear.flow._kernels import FIELD_SIGNATURE
from deeplinear.solve._methods._monitor import NORM_SIGNATURE

if TYPE_CHECKING:
    from deeplinear.flow import Operands
    from deeplinear.solve._methods._method import Method

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]

SETTLE_SIGNATURE = types.float64(
    types.FunctionType(FIELD_SIGNATURE),
    types.FunctionType(NORM_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # copies
    _VECTOR,  # work
    _VECTOR,  # y
    _VECTOR,  # slope at y
    _VECTOR,  # y_new, readable up to the next multiple of LANES
    _VECTOR,  # slope at y_new
    types.float64,  # loss at y_new
    types.float64,  # h, with its sign
    _MATRIX,  # table: its row number `row` holds the weights of
    types.intp,  # row
    _MATRIX,  # slopes: those of the method's stages, and
    types.intp,  # how many; none where the step must not be stretched
    _VECTOR,  # state
    types.int64[::1],  # counts
    _VECTOR,  # memo
    _VECTOR,  # keep: what `settle` remembers, and its space
)

STRETCH, LONGEST, ORDER = range(3)
STIFFER = 3  # whether a rejected step speaks for a method that damps more
OWN = 4
"""Entries of `keep` from here on belong to `settle`."""

NOTHING_KEPT = np.empty(0)
"""The memory of a run without a structure."""


def settling(
    structure: str | None, operands: "Operands", y: Array, methods: "Sequence[Method]"
) -> tuple[list[int], Array]:
    """Where the compiled functions begin that keep a structure, one for each method; their memory.

    y is the start. 0 and an empty memory where there is nothing to do.
    """
    if structure == "monotone":
        from deeplinear.solve._methods import _monotone

        return [address_of(_monotone.fall)] * len(methods), _monotone.memory(operands)
    if structure == "laws" and len(operands.widths) > 2:
        from deeplinear.solve._methods import _laws

        dear = _laws.projection_cost(operands) > _laws.DEAR
        # Beside what a step with a dense Hessian costs, a correction is cheap in any case.
        keepers = [_laws.watch if dear and not m.dense else _laws.project for m in methods]
        return [address_of(keeper) for keeper in keepers], _laws.memory(operands.widths, y)
    return [0] * len(methods), NOTHING_KEPT
