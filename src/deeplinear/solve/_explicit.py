"""Explicit Runge-Kutta of order 8(5,3) with step control and stiffness detection (DOP853).

Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.5.
"""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear.flow import _kernels
from deeplinear.flow._kernels import FIELD_SIGNATURE
from deeplinear.solve import _dop853, _monitor
from deeplinear.solve._monitor import NORM_SIGNATURE, OBSERVE_SIGNATURE
from deeplinear.solve._state import (
    ATOL,
    CONTINUE,
    FIELD_CALLS,
    FINEST,
    REJECTED,
    RTOL,
    STEP_UNDERFLOW,
    STEPS,
    STIFF,
    STIFF_AFTER,
    STIFF_SEEN,
    T_CARRY,
    T_LIMIT,
    T_STOP,
    H,
    MethodData,
    State,
    T,
)

_REACH = 6.1  # the method is stable up to h |lambda| of about this on the negative real axis

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]
_SIGNATURE = types.int64(
    types.FunctionType(FIELD_SIGNATURE),
    types.FunctionType(OBSERVE_SIGNATURE),
    types.FunctionType(NORM_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # work
    _VECTOR,  # y
    _MATRIX,  # stages: 12 slopes, the new state, two errors
    _VECTOR,  # state
    types.int64[::1],  # counts
    _VECTOR,  # memo
    _MATRIX,  # rows
    _MATRIX,  # coefficients A
    _MATRIX,  # weights B, E5, E3
)


@compiled(_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field,
    observe,
    norm,
    widths,
    target,
    factor,
    work,
    y,
    stages,
    state,
    counts,
    memo,
    rows,
    a,
    weights,
):
    """Step until `observe`, the end time or stiffness stops it; stages[0] holds the slope at y."""
    n = y.size
    n_stages = a.shape[0]
    y_new = stages[n_stages]
    error5 = stages[n_stages + 1]
    error3 = stages[n_stages + 2]
    last_slope = stages[n_stages + 3]
    direction = 1.0 if state[T_LIMIT] >= state[T] else -1.0
    rejected = False
    while True:
        left = abs((state[T_LIMIT] - state[T]) - state[T_CARRY])
        landing = abs(state[H]) * 1.000001 >= left
        size = left if landing else abs(state[H])
        h = direction * size
        if size <= 4e-16 * abs(state[T]) or size < 1e-300:
            return STEP_UNDERFLOW
        for i in range(1, n_stages):
            for p in range(n):
                y_new[p] = 0.0
            for j in range(i):
                coefficient = a[i, j]
                if coefficient != 0.0:
                    slope = stages[j]
                    for p in range(n):
                        y_new[p] += coefficient * slope[p]
            for p in range(n):
                y_new[p] = y[p] + h * y_new[p]
            field(y_new, widths, target, factor, work, stages[i])
        for p in range(n):
            last_slope[p] = y_new[p]  # the last stage's state, for the stiffness test
            y_new[p] = 0.0
            error5[p] = 0.0
            error3[p] = 0.0
        for j in range(n_stages):
            b, e5, e3 = weights[0, j], weights[1, j], weights[2, j]
            if b != 0.0 or e5 != 0.0 or e3 != 0.0:
                slope = stages[j]
                for p in range(n):
                    y_new[p] += b * slope[p]
                    error5[p] += e5 * slope[p]
                    error3[p] += e3 * slope[p]
        for p in range(n):
            y_new[p] = y[p] + h * y_new[p]
        counts[FIELD_CALLS] += n_stages - 1
        fifth = size * norm(widths, y, y_new, error5, state[RTOL], state[ATOL], state[FINEST])
        third = size * norm(widths, y, y_new, error3, state[RTOL], state[ATOL], state[FINEST])
        error = 0.0
        if fifth > 0.0:
            error = fifth * fifth / np.sqrt(fifth * fifth + 0.01 * third * third)
        if not error <= 1.0:
            counts[REJECTED] += 1
            shrink = 0.2
            if np.isfinite(error):
                shrink = max(0.2, 0.9 * error ** (-0.125))
            state[H] = size * shrink
            rejected = True
            continue

        error3[:] = stages[n_stages - 1]
        loss = field(y_new, widths, target, factor, work, stages[0])
        counts[FIELD_CALLS] += 1
        if not np.isfinite(loss):
            # The end point overflowed although the stages did not.
            counts[REJECTED] += 1
            state[H] = size * 0.1
            field(y, widths, target, factor, work, stages[0])
            rejected = True
            continue
        change, distance = 0.0, 0.0
        for p in range(n):
            change += (stages[0, p] - error3[p]) ** 2
            distance += (y_new[p] - last_slope[p]) ** 2
            y[p] = y_new[p]
        if landing:
            state[T], state[T_CARRY] = state[T_LIMIT], 0.0
        else:  # compensated: after a long plateau round-off of t would shift the next exit
            step = h + state[T_CARRY]
            reached = state[T] + step
            state[T_CARRY] = step - (reached - state[T])
            state[T] = reached
        counts[STEPS] += 1
        grow = 6.0 if error == 0.0 else min(6.0, max(0.333, 0.9 * error ** (-0.125)))
        if rejected:
            grow = min(grow, 1.0)
        rejected = False
        state[H] = max(size * grow, abs(state[H])) if landing else size * grow

        code = observe(state[T], y, stages[0], loss, memo, rows)
        # Steps at the stability limit leave noise of the size of the tolerance: stay inside.
        reach = size * np.sqrt(change / distance) if distance > 0.0 else 0.0
        if reach > 0.85 * _REACH:
            state[STIFF_SEEN] += 1.0
            state[H] = min(state[H], 0.8 * _REACH / reach * size)
        elif state[STIFF_SEEN] > 0.0:
            state[STIFF_SEEN] -= 0.25
        if code != CONTINUE:
            return code
        if landing:
            return T_STOP
        if state[STIFF_SEEN] >= state[STIFF_AFTER]:
            state[STIFF_SEEN] = 0.0
            return STIFF


class Explicit:
    """The explicit method of order 8: cheapest while steps are limited by accuracy."""

    name = "explicit"
    order = 8
    stiffest_rate = 0.0

    def __init__(self, data: MethodData) -> None:
        self._data = data
        self._stages = np.zeros((_dop853.N_STAGES + 4, data.operands.n_params))
        self._weights = np.array([_dop853.B, _dop853.E5, _dop853.E3])

    def start(self, state: State) -> None:
        """Prepare to continue from `state`, whose slope is known."""
        self._stages[0] = state.slope
        state.values[STIFF_SEEN] = 0.0

    def advance(self, state: State) -> int:
        """Step until something needs the driver; returns its code (see `_monitor`)."""
        d, o = self._data, self._data.operands
        code = _advance(
            _kernels.field,
            _monitor.observe,
            _monitor.error_norm,
            o.widths,
            o.target,
            o.factor,
            d.work,
            state.y,
            self._stages,
            state.values,
            state.counts,
            state.memo,
            state.rows,
            _dop853.A,
            self._weights,
        )
        state.slope[:] = self._stages[0]
        return int(code)
