"""The compiled loop over methods: from one look of the driver to the next.

`method="auto"` is a ladder: the explicit method while accuracy limits its steps, the stabilized
one where stability does, the stiff one where that needs too many stages; down again likewise.
"""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled, function_at
from deeplinear.flow._kernels import FIELD_SIGNATURE, HESSIAN_SIGNATURE
from deeplinear.solve._methods._method import ADVANCE_SIGNATURE
from deeplinear.solve._methods._monitor import NORM_SIGNATURE, OBSERVE_SIGNATURE
from deeplinear.solve._methods._state import (
    BUDGET,
    FACTOR_NORM,
    LADDER,
    LONGEST,
    MAX_SEGMENTS,
    METHOD,
    N_ROWS,
    N_SEGMENTS,
    NO_SPACE,
    NOISY,
    NOT_STIFF,
    NOT_STIFF_BELOW,
    PATIENCE,
    QUIET_BELOW,
    REJECTED,
    ROWS_FULL,
    STARTING,
    STEPS,
    STEPS_LEFT,
    STEPS_TO_LOOK,
    STIFF,
    STIFF_AFTER,
    STIFF_FROM,
    STIFF_STAGES,
    STIFF_STEPS_TO_LOOK,
    STOPS,
    T_END,
    T_LIMIT,
    T_STOP,
    TARGET_NORM,
    TIMES_DONE,
    USABLE,
    H,
    T,
)
from deeplinear.solve._methods._structure import SETTLE_SIGNATURE

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]
_SHARED = ADVANCE_SIGNATURE.args

DRIVE_SIGNATURE = types.int64(
    types.int64[::1],  # addresses: methods, field, hessian, observe, norm, settle of each method
    _MATRIX, _MATRIX, _MATRIX,  # tables of the three methods
    *_SHARED[5:12],  # widths ... slope
    *_SHARED[13:],  # vectors ... keep
    _VECTOR,  # policy
    _MATRIX,  # segments
    _VECTOR,  # times to save, beyond the start
    _MATRIX,  # saved
)  # fmt: skip

_advance_at, _field_at, _hessian_at, _observe_at, _norm_at, _settle_at = (
    function_at(signature)
    for signature in (
        ADVANCE_SIGNATURE,
        FIELD_SIGNATURE,
        HESSIAN_SIGNATURE,
        OBSERVE_SIGNATURE,
        NORM_SIGNATURE,
        SETTLE_SIGNATURE,
    )
)

_STEPS_A_CHECK = 64  # after so many steps the size of round-off is judged anew
STEPS_AFTER_A_CHANGE = 128  # of methods, until the driver looks; of stiff ones at any time
_EXPLICIT_PATIENCE, _STABILIZED_PATIENCE = 3.0, 3.0  # stiff steps before a method reports
_SOON, _MOST_PATIENT = 12, 8.0  # steps; times the patience, after ways back that came soon
_EXPLICIT_REACH = 4.0  # h |lambda| from which an explicit step counts as stiff
_NOISY_REACH = 1.5  # the same, where round-off limits it before stability does
_STABILIZED_FROM = 2.5  # h |lambda| from which a stabilized step pays
_BACK = 0.6  # of STIFF_STAGES: down to there the stiff method stays
_ROUND_OFF = 4 * np.finfo(np.float64).eps


@compiled(types.float64(types.int64[::1], _VECTOR, types.float64, types.float64))
def quiet_below(widths, y, target_norm, factor_norm):  # type: ignore[no-untyped-def]
    """Return the slope that round-off alone can make at these weights, or -1 if it overflows.

    Layer i's gradient is bounded by the other layers' norms times the residual, and its
    round-off by that times the unit round-off.
    """
    h = widths.size - 1
    norms = np.empty(h)
    product, start = 1.0, 0
    for i in range(h):
        total = 0.0
        size = widths[i] * widths[i + 1]
        for p in range(start, start + size):
            total += y[p] * y[p]
        norms[i] = np.sqrt(total)
        product *= norms[i]
        start += size
    others = 0.0
    for i in range(h):
        rest = 1.0
        for j in range(h):
            if j != i:
                rest *= norms[j]
        others += rest * rest
    below = _ROUND_OFF * factor_norm * (target_norm + factor_norm * product) * np.sqrt(others)
    return below if np.isfinite(below) else -1.0


@compiled(types.void(_VECTOR, _VECTOR))
def _arm(policy, state):  # type: ignore[no-untyped-def]
    """Start the method in use, and set the limits at which it reports back.

    Each limit is where another method's cost for a stretch of time becomes the smaller one.
    """
    state[STARTING] = 1.0
    state[STIFF_AFTER], state[STIFF_FROM], state[NOT_STIFF_BELOW] = np.inf, np.inf, 0.0
    if policy[LADDER] == 0.0:
        return
    noisy = policy[NOISY] > 0.0
    few = _BACK * policy[STIFF_STAGES]
    if policy[METHOD] == 0.0:
        state[STIFF_AFTER] = _EXPLICIT_PATIENCE * policy[PATIENCE]
        state[STIFF_FROM] = _NOISY_REACH if noisy else _EXPLICIT_REACH
    elif policy[METHOD] == 1.0:
        state[STIFF_AFTER] = _STABILIZED_PATIENCE * policy[PATIENCE + 1]
        state[STIFF_FROM], state[NOT_STIFF_BELOW] = policy[STIFF_STAGES], _STABILIZED_FROM
    elif noisy:
        state[NOT_STIFF_BELOW] = few
    else:
        usable = state[USABLE] if state[USABLE] > 0.0 else np.inf
        longest = np.sqrt(usable / 0.35)
        need = 0.35 * few * few if few < longest else few / longest * usable
        state[NOT_STIFF_BELOW] = need * policy[LONGEST]


@compiled(types.void(_VECTOR, _VECTOR, types.int64, types.int64))
def _change(policy, state, code, steps):  # type: ignore[no-untyped-def]
    """Go up or down the ladder, after so many steps of the method that reported."""
    up = code == STIFF
    if not up:  # whoever sent the run here too early, gets more patient
        sender = PATIENCE if policy[METHOD] == 1.0 or policy[NOISY] > 0.0 else PATIENCE + 1
        soon = steps < _SOON
        policy[sender] = min(2.0 * policy[sender], _MOST_PATIENT) if soon else 1.0
    if policy[NOISY] > 0.0:
        policy[METHOD] = 2.0 if up else 0.0
    else:
        if policy[METHOD] == 2.0:
            state[H] /= policy[LONGEST]
        policy[METHOD] += 1.0 if up else -1.0
        if policy[METHOD] == 2.0:
            state[H] *= 0.5 * policy[LONGEST]
    _arm(policy, state)


@compiled(DRIVE_SIGNATURE)
def drive(  # type: ignore[no-untyped-def]
    addresses, explicit_table, stabilized_table, stiff_table, widths, target, factor, copies,
    work, y, slope, vectors, basis, memory, state, counts, memo, rows, keep, policy, segments,
    times, saved,
):  # fmt: skip
    """Advance, changing methods and saving at `times`, until the driver must look."""
    explicit, stabilized = _advance_at(addresses[0]), _advance_at(addresses[1])
    stiff = _advance_at(addresses[2])
    field, hessian = _field_at(addresses[3]), _hessian_at(addresses[4])
    observe, norm = _observe_at(addresses[5]), _norm_at(addresses[6])
    budget = policy[STEPS_TO_LOOK]
    if policy[METHOD] == 2.0:
        budget = min(budget, policy[STIFF_STEPS_TO_LOOK])
    if policy[N_SEGMENTS] == 0.0:
        segments[0, 0], segments[0, 1] = policy[METHOD], state[T]
        segments[0, 2], segments[0, 3] = counts[STEPS], 0.0
        policy[N_SEGMENTS] = 1.0
        _arm(policy, state)
    while True:
        done = int(policy[TIMES_DONE])
        state[T_LIMIT] = times[done] if done < times.size else policy[T_END]
        memo[STEPS_LEFT] = min(budget, _STEPS_A_CHECK)
        memo[QUIET_BELOW] = -1.0
        if policy[STOPS] > 0.0:
            memo[QUIET_BELOW] = quiet_below(widths, y, policy[TARGET_NORM], policy[FACTOR_NORM])
        before = counts[STEPS] + counts[REJECTED]
        settle = _settle_at(addresses[7 + int(policy[METHOD])])
        if policy[METHOD] == 0.0:
            code = explicit(
                field, hessian, observe, norm, settle, widths, target, factor, copies, work, y,
                slope, explicit_table, vectors, basis, memory, state, counts, memo, rows, keep,
            )  # fmt: skip
        elif policy[METHOD] == 1.0:
            code = stabilized(
                field, hessian, observe, norm, settle, widths, target, factor, copies, work, y,
                slope, stabilized_table, vectors, basis, memory, state, counts, memo, rows, keep,
            )  # fmt: skip
        elif policy[LADDER] > 0.0 and basis.shape[0] == 0:
            policy[STEPS_TO_LOOK] = budget
            return NO_SPACE
        else:
            code = stiff(
                field, hessian, observe, norm, settle, widths, target, factor, copies, work, y,
                slope, stiff_table, vectors, basis, memory, state, counts, memo, rows, keep,
            )  # fmt: skip
        budget -= counts[STEPS] + counts[REJECTED] - before
        landed = state[T] == state[T_LIMIT]
        if landed and done < times.size:
            saved[done, : y.size] = y
            policy[TIMES_DONE] += 1.0
        if landed and code in (T_STOP, BUDGET):
            if state[T] == policy[T_END]:
                return T_STOP
            if code == T_STOP and budget > 0.0:
                continue
        if code in (STIFF, NOT_STIFF):
            count = int(policy[N_SEGMENTS])
            steps = counts[STEPS] - segments[min(count, MAX_SEGMENTS) - 1, 2]
            _change(policy, state, code, int(steps))
            few = policy[STIFF_STEPS_TO_LOOK] if policy[METHOD] == 2.0 else STEPS_AFTER_A_CHANGE
            budget = min(budget, few)  # they may take far longer
            if count < MAX_SEGMENTS:
                segments[count, 0], segments[count, 1] = policy[METHOD], state[T]
                segments[count, 2], segments[count, 3] = counts[STEPS], code
                policy[N_SEGMENTS] += 1.0
            code = ROWS_FULL if memo[N_ROWS] >= rows.shape[0] else BUDGET
        if code not in (BUDGET, T_STOP):
            return code
        if budget <= 0.0:
            return BUDGET
