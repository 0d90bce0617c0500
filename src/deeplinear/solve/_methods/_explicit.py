"""Explicit Runge-Kutta of order 8(5,3) with step control and stiffness detection (DOP853).

Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, section II.5.
"""

import numpy as np

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import address, square_of_difference
from deeplinear._core.products import combine, multiply
from deeplinear.solve._methods import _dop853
from deeplinear.solve._methods._method import ADVANCE_SIGNATURE, Method
from deeplinear.solve._methods._state import (
    ATOL,
    BUDGET,
    CONTINUE,
    FIELD_CALLS,
    FINEST,
    REJECTED,
    ROWS_FULL,
    RTOL,
    STARTING,
    STEP_UNDERFLOW,
    STEPS,
    STIFF,
    STIFF_AFTER,
    STIFF_FROM,
    STIFF_SEEN,
    T_CARRY,
    T_LIMIT,
    T_STOP,
    H,
    T,
)
from deeplinear.solve._methods._structure import LONGEST, ORDER, STRETCH

_STAGES = _dop853.N_STAGES
# Where the slope of each stage lies: the first one beside the fourth, so that no stage needs to
# read what it does not use; and where each stage begins to read.
_SLOT = (2, 0, 1, *range(3, _STAGES))
_FIRST = (2, 2, 0, 1, 1, *[2] * (_STAGES - 5))
# Entries of memory: the previous step, 0 if none, and its error.
_SIZE, _ERROR = 0, 1

_REACH = 6.1  # the method is stable up to h |lambda| of about this on the negative real axis


@compiled(ADVANCE_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, hessian, observe, norm, settle, widths, target, factor, copies, work, y, slope, table,
    vectors, basis, memory, state, counts, memo, rows, keep,
):  # fmt: skip
    """Step until `observe`, the end time or stiffness stops it; vectors[j] is the slope of stage j.

    table[i] holds the coefficients of stage i, then come the weights B, E5, E3.
    """
    n, row = y.size, vectors.shape[1]
    y_new, error5, error3 = vectors[_STAGES], vectors[_STAGES + 1], vectors[_STAGES + 2]
    last_state, last_slope = vectors[_STAGES + 3], vectors[_STAGES - 1]
    new_slope = error5  # once the error is known
    stages, new, coefficients = address(vectors), address(y_new), address(table)
    one = 8 * table.shape[1]
    if state[STARTING] > 0.0:
        state[STARTING], state[STIFF_SEEN] = 0.0, 0.0
        memory[_SIZE] = 0.0
        if keep.size > 0:
            keep[ORDER], keep[LONGEST] = 8.0, np.inf
    start_slope = vectors[_SLOT[0]]
    for p in range(n):
        start_slope[p] = slope[p]
    direction = 1.0 if state[T_LIMIT] >= state[T] else -1.0
    rejected = False
    code = CONTINUE
    while code == CONTINUE:
        left = abs((state[T_LIMIT] - state[T]) - state[T_CARRY])
        wanted = min(abs(state[H]), 1e300)
        landing = wanted * 1.000001 >= left
        size = left if landing else min(wanted, 0.5 * left)
        h = direction * size
        if not landing and (size <= 4e-16 * abs(state[T]) or size < 1e-300):
            code = STEP_UNDERFLOW
            break
        for i in range(1, _STAGES):
            first = _FIRST[i]
            point = last_state if i == _STAGES - 1 else y_new
            combine(
                coefficients + i * one + 8 * first, max(i, 3) - first, stages + 8 * first * row,
                row, n, address(y), h, address(point),
            )  # fmt: skip
            field(point, widths, target, factor, copies, work, vectors[_SLOT[i]])
        # B, and the errors of order 5 and 3.
        multiply(
            coefficients + _STAGES * one + 16, table.shape[1], 1, stages + 16 * row, row,
            3, _STAGES - 2, n, new, row,
        )  # fmt: skip
        for p in range(n):
            y_new[p] = y[p] + h * y_new[p]
        counts[FIELD_CALLS] += _STAGES - 1
        fifth = size * norm(widths, y, y_new, error5, state[RTOL], state[ATOL], state[FINEST])
        third = size * norm(widths, y, y_new, error3, state[RTOL], state[ATOL], state[FINEST])
        error = 0.0
        if fifth > 0.0:
            error = fifth * (fifth / np.hypot(fifth, 0.1 * third))
        if not error <= 1.0:
            counts[REJECTED] += 1
            shrink = 0.2
            if np.isfinite(error):
                shrink = max(0.2, 0.9 * error ** (-0.125))
            state[H] = size * shrink
            state[STIFF_SEEN] += 0.5  # at the limits of round-off stiffness shows in this alone
            rejected = True
            continue

        loss = field(y_new, widths, target, factor, copies, work, new_slope)
        counts[FIELD_CALLS] += 1
        change = square_of_difference(address(new_slope), address(last_slope), n)
        distance = square_of_difference(new, address(last_state), n)
        if keep.size > 0:
            loss = settle(
                field, norm, widths, target, factor, copies, work, y, slope, y_new, new_slope,
                loss, h, table, _STAGES, vectors, 0 if landing else _STAGES, state, counts, memo,
                keep,
            )  # fmt: skip
            h *= keep[STRETCH]
        if not np.isfinite(loss):
            # The end point overflowed although the stages did not, or the loss must not rise.
            counts[REJECTED] += 1
            state[H] = size * (0.1 if keep.size == 0 else keep[STRETCH])
            rejected = True
            continue
        for p in range(n):
            y[p] = y_new[p]
            slope[p] = start_slope[p] = new_slope[p]
        if landing:
            state[T], state[T_CARRY] = state[T_LIMIT], 0.0
        else:  # compensated: after a long plateau round-off of t would shift the next exit
            step = h + state[T_CARRY]
            reached = state[T] + step
            state[T_CARRY] = step - (reached - state[T])
            state[T] = reached
        counts[STEPS] += 1
        allowed = 0.9 * max(error, 1e-12) ** (-0.125)
        grow = allowed
        if memory[_SIZE] > 0.0:  # the error goes on changing as it did
            grow *= min(1.0, size / memory[_SIZE] * (memory[_ERROR] / max(error, 1e-12)) ** 0.125)
        memory[_SIZE], memory[_ERROR] = size, max(error, 1e-4)
        grow = min(6.0, max(0.333, grow))
        if rejected:
            grow = min(grow, 1.0)
        rejected = False
        # A step cut short to land on a time says little about the next one.
        state[H] = size * grow if 6.0 * size > wanted else wanted
        if keep.size > 0:
            state[H] = min(state[H], keep[LONGEST])

        code = observe(state[T], y, slope, loss, memo, rows)
        # Steps at the stability limit leave noise of the size of the tolerance: stay inside.
        reach = size * np.sqrt(change / distance) if distance > 0.0 else 0.0
        if reach > 0.85 * _REACH:
            state[H] = min(state[H], 0.8 * _REACH / reach * size)
        seen = 1.0 if reach > state[STIFF_FROM] else -0.25
        state[STIFF_SEEN] = max(state[STIFF_SEEN] + seen, 0.0)
        if code == CONTINUE and landing:
            code = T_STOP
        if code in (CONTINUE, ROWS_FULL, BUDGET) and state[STIFF_SEEN] >= state[STIFF_AFTER]:
            code = STIFF
    return code


EXPLICIT = Method(
    name="explicit",
    order=8,
    advance=_advance,
    table=np.ascontiguousarray(
        np.vstack([_dop853.A, _dop853.B, _dop853.E5, _dop853.E3])[:, np.argsort(_SLOT)]
    ),
    vectors=_STAGES + 4,
)
"""Cheapest while steps are limited by accuracy."""
