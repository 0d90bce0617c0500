"""Stabilized explicit Runge-Kutta of order 4(3), of ROCK4 type: many stages, a long reach.

Its stability interval [-reach, 0] grows like 0.35 s^2 with the number of stages s: enough for a
symmetric Jacobian, without solving with it. A step is s - 4 gradient steps with momentum,
d_j = mu_j h f(g_{j-1}) + kappa_j d_{j-1}, g_j = g_{j-1} + d_j, and four stages that make the order.
A. Abdulle, SIAM J. Sci. Comput. 23 (2002) 2041-2054; the coefficients are derived by
scripts/derive_stabilized.py.
"""

from pathlib import Path

import numpy as np
from numba import types

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear.flow._kernels import FIELD_SIGNATURE
from deeplinear.solve._methods._method import ADVANCE_SIGNATURE, Method
from deeplinear.solve._methods._state import (
    ATOL,
    BUDGET,
    CONTINUE,
    FIELD_CALLS,
    FINEST,
    NOT_STIFF,
    NOT_STIFF_BELOW,
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
    USABLE,
    H,
    T,
)
from deeplinear.solve._methods._structure import LONGEST, ORDER, STIFFER, STRETCH

# Entries of the method's memory: the spectral radius (0: unknown), steps since it was estimated,
# the longest formula in use, steps in a row that were not stiff, the last step's error and size,
# stages spent on steps that round-off cuts short.
_RADIUS, _AGE, _LONGEST, _NOT_STIFF, _ERROR, _SIZE, _SPENT = range(7)

_VECTOR = types.float64[::1]
_MATRIX = types.float64[:, ::1]
_RADIUS_SIGNATURE = types.float64(
    types.FunctionType(FIELD_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # copies
    _VECTOR,  # work
    _VECTOR,  # y
    _VECTOR,  # slope at y
    _VECTOR,  # direction: the last one, zero at first
    _VECTOR,  # two scratch vectors
    _VECTOR,
    types.int64[::1],  # counts
)

# Rows of the table; a column is a formula, the shortest first, and an entry of _MU and _KAPPA a
# stage of a formula's recurrence, all formulas one after the other.
_REACHES, _GROWTHS, _BEGINS, _MU, _KAPPA = range(5)
_FINISH, _ESTIMATE, _N_ROWS = 5, 15, 20

_REFRESH_AFTER = 25  # steps for which an estimate of the spectral radius is trusted
_MARGIN = 1.05  # of the spectral radius: the power method approaches it from below
_ROUND_OFF = 0.5 * np.finfo(np.float64).eps
_NOISE = 0.3  # of the tolerance: what round-off may take up
_PATIENCE = 6  # steps that were not stiff before reporting it
_PRICE = 100.0  # stiff steps, whose cost is spent on steps cut short by round-off before trying one


@compiled(_RADIUS_SIGNATURE)
def _spectral_radius(  # type: ignore[no-untyped-def]
    field, widths, target, factor, copies, work, y, slope, direction, moved, image, counts
):
    """Estimate the largest |eigenvalue| of the Jacobian by the power method on field differences.

    The first direction joins the weights (stiff directions scale learned modes) and the slope.
    """
    n = y.size
    size, speed, length = 0.0, 0.0, 0.0
    for p in range(n):
        size += y[p] * y[p]
        speed += slope[p] * slope[p]
        length += direction[p] * direction[p]
    if not (size > 0.0 and np.isfinite(size) and np.isfinite(speed)):
        return 0.0
    size = np.sqrt(size)
    warm = length > 0.0
    if not warm:
        tilt = size / np.sqrt(speed) if speed > 0.0 else 0.0
        for p in range(n):
            direction[p] = y[p] + tilt * slope[p]
            length += direction[p] * direction[p]
        if not length > 0.0:
            return 0.0
    reach = 1e-7 * size
    radius = 0.0
    for iteration in range(60):
        scale = reach / np.sqrt(length)
        for p in range(n):
            moved[p] = y[p] + scale * direction[p]
        field(moved, widths, target, factor, copies, work, image)
        counts[FIELD_CALLS] += 1
        length = 0.0
        for p in range(n):
            direction[p] = (image[p] - slope[p]) / reach
            length += direction[p] * direction[p]
        before, radius = radius, np.sqrt(length)
        if not (radius > 0.0 and np.isfinite(radius)):
            for p in range(n):
                direction[p] = 0.0
            return 0.0
        if iteration >= (1 if warm else 4) and abs(radius - before) <= 0.01 * radius:
            break
    return radius


@compiled(ADVANCE_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, hessian, observe, norm, settle, widths, target, factor, copies, work, y, slope, table,
    vectors, basis, memory, state, counts, memo, rows, keep,
):  # fmt: skip
    """Step until `observe`, the end time or a change of stiffness stops it."""
    n = y.size
    g, d, y_new, error = vectors[0], vectors[1], vectors[2], vectors[3]
    k1, k2, k3, k4, dominant = vectors[4], vectors[5], vectors[6], vectors[7], vectors[8]
    n_formulas = int(table[_BEGINS, table.shape[1] - 1])
    reaches, growths = table[_REACHES], table[_GROWTHS]
    begins, mus, kappas = table[_BEGINS], table[_MU], table[_KAPPA]
    a, v = table[_FINISH:_ESTIMATE], table[_ESTIMATE:_N_ROWS]
    if state[STARTING] > 0.0:
        state[STARTING], state[STIFF_SEEN] = 0.0, 0.0
        if keep.size > 0:
            keep[ORDER], keep[LONGEST] = 4.0, np.inf
        memory[:] = 0.0
        dominant[:] = 0.0
    direction = 1.0 if state[T_LIMIT] >= state[T] else -1.0
    rejected = False
    while True:
        if memory[_RADIUS] <= 0.0 or memory[_AGE] >= _REFRESH_AFTER:
            memory[_RADIUS] = _MARGIN * _spectral_radius(
                field, widths, target, factor, copies, work, y, slope, dominant, g, k1, counts
            )
            memory[_AGE] = 0.0
            # The longest formula whose round-off stays below the tolerance.
            noise = _ROUND_OFF * norm(widths, y, y, y, state[RTOL], state[ATOL], state[FINEST])
            longest = n_formulas - 1
            while longest > 0 and growths[longest] * noise > _NOISE:
                longest -= 1
            memory[_LONGEST] = longest
        radius, last = memory[_RADIUS], int(memory[_LONGEST])
        wanted = abs(state[H]) * radius
        if wanted > reaches[last]:
            state[H] = reaches[last] / radius
        left = abs((state[T_LIMIT] - state[T]) - state[T_CARRY])
        asked = min(abs(state[H]), 1e300)
        landing = asked * 1.000001 >= left
        size = left if landing else min(asked, 0.5 * left)
        h = direction * size
        if not landing and (size <= 4e-16 * abs(state[T]) or size < 1e-300):
            return STEP_UNDERFLOW
        formula = 0
        while formula < last and reaches[formula] < size * radius:
            formula += 1

        begin, end = int(begins[formula]), int(begins[formula + 1])
        a21, a31, a32 = a[0, formula], a[1, formula], a[2, formula]
        a41, a42, a43 = a[3, formula], a[4, formula], a[5, formula]
        b1, b2, b3, b4 = a[6, formula], a[7, formula], a[8, formula], a[9, formula]
        v0, v1, v2, v3, v4 = (
            v[0, formula], v[1, formula], v[2, formula], v[3, formula], v[4, formula],
        )  # fmt: skip
        for p in range(n):
            d[p] = h * mus[begin] * slope[p]
            g[p] = y[p] + d[p]
        for j in range(begin + 1, end):
            mu, kappa = h * mus[j], kappas[j]
            field(g, widths, target, factor, copies, work, k1)
            for p in range(n):
                d[p] = mu * k1[p] + kappa * d[p]
                g[p] += d[p]
        field(g, widths, target, factor, copies, work, k1)
        for p in range(n):
            y_new[p] = g[p] + h * a21 * k1[p]
        field(y_new, widths, target, factor, copies, work, k2)
        pushed, bent = 0.0, 0.0
        for p in range(n):
            pushed += k1[p] * k1[p]
            bent += (k2[p] - k1[p]) ** 2
            y_new[p] = g[p] + h * (a31 * k1[p] + a32 * k2[p])
        field(y_new, widths, target, factor, copies, work, k3)
        for p in range(n):
            y_new[p] = g[p] + h * (a41 * k1[p] + a42 * k2[p] + a43 * k3[p])
        field(y_new, widths, target, factor, copies, work, k4)
        for p in range(n):
            y_new[p] = g[p] + h * (b1 * k1[p] + b2 * k2[p] + b3 * k3[p] + b4 * k4[p])
            error[p] = v0 * (g[p] - y[p]) + h * (v1 * k1[p] + v2 * k2[p] + v3 * k3[p] + v4 * k4[p])
        counts[FIELD_CALLS] += end - begin + 3
        wrong = norm(widths, y, y_new, error, state[RTOL], state[ATOL], state[FINEST])
        # Two states close by, seen anyway: their slopes bound the spectral radius from below.
        exceeded = bent > (size * a21 * radius) ** 2 * pushed
        loss = np.nan
        if wrong <= 1.0:
            loss = field(y_new, widths, target, factor, copies, work, k1)
            counts[FIELD_CALLS] += 1
            if keep.size > 0:
                loss = settle(
                    field, norm, widths, target, factor, copies, work, y, slope, y_new, k1, loss,
                    h, table, 0, vectors, 0, state, counts, memo, keep,
                )  # fmt: skip
                h *= keep[STRETCH]
        if not np.isfinite(loss):
            counts[REJECTED] += 1
            shrink = 0.2
            if np.isfinite(wrong):
                shrink = max(0.2, 0.8 * wrong ** (-0.25)) if wrong > 1.0 else 0.1
            if keep.size > 0 and wrong <= 1.0:
                shrink = keep[STRETCH]
                state[STIFF_SEEN] += keep[STIFFER] if state[STIFF_FROM] < np.inf else 0.0
            state[H] = size * shrink
            if memory[_AGE] > 0.0:
                memory[_AGE] = _REFRESH_AFTER
            rejected = True
            continue

        for p in range(n):
            y[p] = y_new[p]
            slope[p] = k1[p]
        if landing:
            state[T], state[T_CARRY] = state[T_LIMIT], 0.0
        else:  # compensated: after a long plateau round-off of t would shift the next exit
            step = h + state[T_CARRY]
            reached = state[T] + step
            state[T_CARRY] = step - (reached - state[T])
            state[T] = reached
        counts[STEPS] += 1
        memory[_AGE] = _REFRESH_AFTER if exceeded else memory[_AGE] + 1.0
        grow = 5.0
        if wrong > 0.0:
            grow = 0.8 * wrong ** (-0.25)
            if memory[_SIZE] > 0.0:  # predictive: the error goes on changing as it did
                trend = size / memory[_SIZE] * (memory[_ERROR] / wrong) ** 0.25
                grow = min(grow, grow * trend)
            grow = min(5.0, max(0.2, grow))
        memory[_ERROR], memory[_SIZE] = max(wrong, 1e-4), size
        if rejected:
            grow = min(grow, 1.0)
        rejected = False
        # A step cut short to land on a time says little about the next one.
        state[H] = size * grow if 5.0 * size > asked else asked
        if keep.size > 0:
            state[H] = min(state[H], keep[LONGEST])

        code = observe(state[T], y, slope, loss, memo, rows)
        # Where the reach cuts steps short it would take that many more of them.
        if wanted > reaches[last] and wrong > 0.0:
            wanted = max(wanted, 0.8 * wrong ** (-0.25) * size * radius)
        stages = (end - begin + 4) * max(1.0, wanted / reaches[last])
        # An error that is round-off itself tells little.
        cut = 3.0 * wanted > reaches[last] and last < n_formulas - 1
        memory[_SPENT] = memory[_SPENT] + end - begin + 4 if cut else 0.5 * memory[_SPENT]
        state[USABLE] = reaches[last]
        many = stages >= state[STIFF_FROM]
        state[STIFF_SEEN] = state[STIFF_SEEN] + 1.0 if many else max(state[STIFF_SEEN] - 0.25, 0.0)
        few = wanted < state[NOT_STIFF_BELOW]
        memory[_NOT_STIFF] = memory[_NOT_STIFF] + 1.0 if few else 0.0
        if landing and code == CONTINUE:
            return T_STOP
        if code in (CONTINUE, ROWS_FULL, BUDGET):
            spent = memory[_SPENT] > _PRICE * state[STIFF_FROM]
            if spent or state[STIFF_SEEN] >= state[STIFF_AFTER]:
                return STIFF
            if memory[_NOT_STIFF] >= _PATIENCE:
                return NOT_STIFF
        if code != CONTINUE:
            return code


def _load() -> Array:
    """The coefficients that scripts/derive_stabilized.py wrote, as one table."""
    with np.load(Path(__file__).with_name("_stabilized_table.npz")) as stored:
        stages, momentum = stored["stages"], stored["momentum"]
        count = len(stages)
        table = np.zeros((_N_ROWS, momentum.shape[1] + 1))
        table[_REACHES, :count], table[_GROWTHS, :count] = stored["reach"], stored["growth"]
        table[_BEGINS, : count + 1] = np.concatenate([[0], np.cumsum(stages - 4)])
        table[_BEGINS, -1] = count
        table[_MU : _KAPPA + 1, :-1] = momentum
        table[_FINISH:_ESTIMATE, :count] = stored["finish"].T
        table[_ESTIMATE:, :count] = stored["estimate"].T
    return table


STABILIZED = Method("stabilized", 4, _advance, _load(), vectors=9)
"""For stiffness that is mild, or too wide to factorize."""
