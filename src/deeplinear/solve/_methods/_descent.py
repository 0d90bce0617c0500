"""Gradient descent with a fixed step: explicit Euler on the flow, no error control."""

import numpy as np

from deeplinear._core.compilation import compiled
from deeplinear.solve._methods._method import ADVANCE_SIGNATURE, Method
from deeplinear.solve._methods._state import (
    CONTINUE,
    FIELD_CALLS,
    NORM_CAP,
    STEPS,
    T_LIMIT,
    T_STOP,
    H,
    T,
)


@compiled(ADVANCE_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, hessian, observe, norm, settle, widths, target, factor, copies, work, y, slope, table,
    vectors, basis, memory, state, counts, memo, rows, keep,
):  # fmt: skip
    """W <- W - step_size * dL/dW until `observe` or the end stops it."""
    n, y_new, new_slope = y.size, vectors[0], vectors[1]
    while True:
        for p in range(n):
            y_new[p] = y[p] + state[H] * slope[p]
        loss = field(y_new, widths, target, factor, copies, work, new_slope)
        if not np.isfinite(loss):
            return NORM_CAP  # the last finite state stays
        for p in range(n):
            y[p], slope[p] = y_new[p], new_slope[p]
        counts[FIELD_CALLS] += 1
        counts[STEPS] += 1
        # Counted, not summed: the time of step k is k times the step size, exactly.
        state[T] = counts[STEPS] * state[H]
        landing = state[T] >= state[T_LIMIT] - 0.5 * state[H]
        if landing:
            state[T] = state[T_LIMIT]
        code = observe(state[T], y, slope, loss, memo, rows)
        if code != CONTINUE:
            return code
        if landing:
            return T_STOP


DESCENT = Method("gradient descent", 1, _advance, np.zeros((1, 1)), vectors=2)
"""Without error control: its step is fixed."""
