"""Gradient descent with a fixed step: explicit Euler on the flow, no error control."""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear.flow import _kernels
from deeplinear.flow._kernels import FIELD_SIGNATURE
from deeplinear.solve import _monitor
from deeplinear.solve import _state as st
from deeplinear.solve._monitor import OBSERVE_SIGNATURE
from deeplinear.solve._state import (
    CONTINUE,
    FIELD_CALLS,
    STEPS,
    T_LIMIT,
    T_STOP,
    H,
    MethodData,
    State,
    T,
)

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]
_SIGNATURE = types.int64(
    types.FunctionType(FIELD_SIGNATURE),
    types.FunctionType(OBSERVE_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # work
    _VECTOR,  # y
    _VECTOR,  # slope
    _VECTOR,  # state
    types.int64[::1],  # counts
    _VECTOR,  # memo
    _MATRIX,  # rows
)


@compiled(_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, observe, widths, target, factor, work, y, slope, state, counts, memo, rows
):
    y_new = np.empty(y.size)
    new_slope = np.empty(y.size)
    while True:
        for p in range(y.size):
            y_new[p] = y[p] + state[H] * slope[p]
        loss = field(y_new, widths, target, factor, work, new_slope)
        if not np.isfinite(loss):
            return st.NORM_CAP  # the last finite state stays
        y[:] = y_new
        slope[:] = new_slope
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


class Descent:
    """W <- W - step_size * dL/dW."""

    name = "gradient descent"
    order = 1
    stiffest_rate = 0.0

    def __init__(self, data: MethodData) -> None:
        self._data = data

    def start(self, state: State) -> None:
        """Nothing to prepare."""

    def advance(self, state: State) -> int:
        """Step until something needs the driver; returns its code (see `_monitor`)."""
        d, o = self._data, self._data.operands
        return int(
            _advance(
                _kernels.field,
                _monitor.observe,
                o.widths,
                o.target,
                o.factor,
                d.work,
                state.y,
                state.slope,
                state.values,
                state.counts,
                state.memo,
                state.rows,
            )
        )
