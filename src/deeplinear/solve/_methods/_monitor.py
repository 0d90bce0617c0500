"""What every method does after a step, compiled once and handed to each as a function.

`observe` records the trajectory and decides when the driver must look; `error_norm` measures an
error vector against the tolerance, layer by layer.
"""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import address, square, square_of_difference
from deeplinear.solve._methods._state import (
    BUDGET,
    CONTINUE,
    GAP_REACHED,
    GAP_SAVED,
    GAP_TARGET,
    LOSS_LAST,
    LOSS_RISE,
    N_ROWS,
    NORM_CAP,
    NORM_CAP_SQUARED,
    OPTIMUM,
    QUIET,
    QUIET_BELOW,
    QUIET_SINCE,
    RECORDING,
    RESOLUTION,
    ROWS_FULL,
    STEPS_LEFT,
    T_SAVED,
)

_VECTOR = types.float64[::1]
OBSERVE_SIGNATURE = types.int64(
    types.float64, _VECTOR, _VECTOR, types.float64, _VECTOR, types.float64[:, ::1]
)
NORM_SIGNATURE = types.float64(
    types.int64[::1], _VECTOR, _VECTOR, _VECTOR, types.float64, types.float64, types.float64
)

_ROUND_OFF = 4 * np.finfo(np.float64).eps
LOUD = 100.0  # times QUIET_BELOW: long implicit steps leave more than round-off
LAYER_FLOOR = 1e-3  # a layer's error is judged against at least this fraction of the whole network


@compiled(OBSERVE_SIGNATURE)
def observe(t, y, slope, loss, memo, rows):  # type: ignore[no-untyped-def]
    """Record an accepted step and say whether the driver must look; loss is above the floor.

    A state is recorded once it has moved away from the last recorded one, in the weights, in log
    time or in log gap, by `RESOLUTION` of 2 %, 10 % and 20 %: transitions, plateaus and the
    final decay are all resolved as far as the method's steps do. rows[k] is (t, y...).

    The run is quiet from when the slope is below round-off (`QUIET_BELOW`, set by the driver) until
    it is far above. A plateau ends within a time comparable to its onset; a critical point is quiet
    for ever.
    """
    rise = loss - memo[LOSS_LAST]
    if rise > memo[LOSS_RISE]:
        memo[LOSS_RISE] = rise
    memo[LOSS_LAST] = loss
    gap = max(loss - memo[OPTIMUM], 0.0)
    n = y.size
    norm = square(address(y), n)
    if memo[RECORDING] > 0.0:
        last = rows[int(memo[N_ROWS]) - 1]
        moved = square_of_difference(address(y), address(last) + 8, n)
        distance = np.sqrt(moved / max(norm, 1e-300)) / 0.02
        if t != 0.0 and memo[T_SAVED] != 0.0:
            distance += abs(np.log(abs(t / memo[T_SAVED]))) / 0.1
        else:
            distance += np.inf
        if gap > 0.0 and memo[GAP_SAVED] > 0.0:
            distance += abs(np.log(gap / memo[GAP_SAVED])) / 0.2
        if distance >= memo[RESOLUTION]:
            row = rows[int(memo[N_ROWS])]
            row[0] = t
            for p in range(n):
                row[p + 1] = y[p]
            memo[N_ROWS] += 1.0
            memo[T_SAVED] = t
            memo[GAP_SAVED] = gap
    if gap <= memo[GAP_TARGET]:
        return GAP_REACHED
    if not norm <= memo[NORM_CAP_SQUARED]:
        return NORM_CAP
    still = LOUD if memo[QUIET_SINCE] < np.inf else 1.0
    if np.sqrt(square(address(slope), n)) > still * memo[QUIET_BELOW]:
        memo[QUIET_SINCE] = np.inf
    elif memo[QUIET_SINCE] == np.inf:
        memo[QUIET_SINCE] = abs(t)
    elif abs(t) > 1e6 * memo[QUIET_SINCE]:
        return QUIET
    if int(memo[N_ROWS]) >= rows.shape[0]:
        return ROWS_FULL
    memo[STEPS_LEFT] -= 1.0
    if memo[STEPS_LEFT] <= 0.0:
        return BUDGET
    return CONTINUE


@compiled(NORM_SIGNATURE)
def error_norm(widths, y, y_new, error, rtol, atol, finest):  # type: ignore[no-untyped-def]
    """Return the largest, over layers, of ||error|| / (atol sqrt(size) + rtol min(||W||, finest)).

    Norms of whole layers, not entries: the flow commutes with rotations, and so do the steps.
    `finest` is the size of the smallest part of the start that matters. Modes that are still
    unlearned stay that small while the layers grow, and their errors decide when they leave. No
    tolerance is finer than round-off.
    """
    h = widths.size - 1
    squares = np.empty(h)
    old, new, wrong = address(y), address(y_new), address(error)
    at, total_before, total_after = 0, 0.0, 0.0
    for i in range(h):
        size = widths[i] * widths[i + 1]
        before, after = square(old + at, size), square(new + at, size)
        total_before, total_after = total_before + before, total_after + after
        squares[i] = max(before, after)
        at += 8 * size
    least = LAYER_FLOOR * LAYER_FLOOR * max(total_before, total_after)
    worst = 0.0
    for i in range(h):
        size = widths[i] * widths[i + 1]
        off = square(wrong, size)
        wrong += 8 * size
        scale = np.sqrt(max(squares[i], least))
        allowed = max(rtol * min(scale, finest), _ROUND_OFF * scale)
        ratio = np.sqrt(off) / (atol * np.sqrt(size) + allowed)
        if ratio > worst or np.isnan(ratio):  # a NaN stays
            worst = ratio
    return worst
