"""Implicit collocation with the exact Hessian: Radau IIA (stiff) and Gauss (keeps every C_i).

The Jacobian is minus the Hessian, symmetric: one eigendecomposition turns every stage system of
the simplified Newton iteration into n independent systems of the size of a complex number, for any
step size. Hairer, Wanner, Solving Ordinary Differential Equations II, sections IV.5, IV.8;
Hairer, Lubich, Wanner, Geometric Numerical Integration, section IV.2 (quadratic invariants).
"""

import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import address
from deeplinear._core.products import multiply
from deeplinear.solve._methods._method import ADVANCE_SIGNATURE, Method
from deeplinear.solve._methods._state import (
    ATOL,
    BUDGET,
    CONTINUE,
    FACTORIZATIONS,
    FIELD_CALLS,
    FINEST,
    HESSIANS,
    ITERATIONS,
    NOT_STIFF,
    NOT_STIFF_BELOW,
    REJECTED,
    ROWS_FULL,
    RTOL,
    STARTING,
    STEP_UNDERFLOW,
    STEPS,
    STEPS_LEFT,
    T_CARRY,
    T_LIMIT,
    T_STOP,
    H,
    T,
)
from deeplinear.solve._methods._structure import LONGEST, ORDER, STRETCH
from deeplinear.solve._methods._tableau import (
    END,
    ERROR,
    IMAGINARY,
    NODES,
    NUMBERS,
    REAL,
    Tableau,
    gauss_nodes,
    radau_nodes,
)

# Entries of memory: steps since the Jacobian was formed (-1: none), the previous step (0: none),
# steps in a row that were not stiff, the largest |eigenvalue|, the previous step's error, whether
# the last try was rejected.
_AGE, _PREVIOUS, _NOT_STIFF, _RADIUS, _ERROR, _AGAIN = range(6)

_MAX_ITERATIONS = 20
_MAX_FIXED_POINT = 60
_NEWTON_TOLERANCE = 1e-3  # of the step's error tolerance
_REFRESH_AFTER = 11  # iterations: then the next step takes a fresh Jacobian
_GROWTH = 5.0  # a step by the one before, at most
_PATIENCE = 4  # steps that were not stiff before reporting it

_MATRIX = types.float64[:, ::1]


@compiled(types.void(_MATRIX, types.intp, types.float64[::1], types.float64, types.intp, _MATRIX))
def _solve(table, s, eigenvalues, h, n, right):  # type: ignore[no-untyped-def]
    """Solve (I - h lambda_p B) x = right[:s, p] for every p, in place, with A = T B T^{-1}."""
    real, imaginary = table[3 * s + REAL], table[3 * s + IMAGINARY]
    i = 0
    while i < s:
        if imaginary[i] == 0.0:
            for p in range(n):
                right[i, p] /= 1.0 - h * eigenvalues[p] * real[i]
            i += 1
        else:
            for p in range(n):
                z = h * eigenvalues[p]
                straight, turned = 1.0 - z * real[i], z * imaginary[i]
                scale = 1.0 / (straight * straight + turned * turned)
                u, v = right[i, p], right[i + 1, p]
                right[i, p] = (straight * u + turned * v) * scale
                right[i + 1, p] = (straight * v - turned * u) * scale
            i += 2


@compiled(types.void(types.float64[::1], types.intp, types.float64, _MATRIX))
def _extrapolation(nodes, s, ratio, out):  # type: ignore[no-untyped-def]
    """Increments of the next step, ratio times as long, as combinations of the previous ones."""
    for i in range(s):
        for j in range(s):
            at_node, at_end = (1.0 + ratio * nodes[i]) / nodes[j], 1.0 / nodes[j]
            for k in range(s):
                if k != j:
                    at_node *= (1.0 + ratio * nodes[i] - nodes[k]) / (nodes[j] - nodes[k])
                    at_end *= (1.0 - nodes[k]) / (nodes[j] - nodes[k])
            out[i, j] = at_node - at_end


@compiled(types.Tuple((types.float64[::1], types.float64[::1, :]))(_MATRIX))
def _eigenpairs(hessian):  # type: ignore[no-untyped-def]
    """Eigenpairs of minus the Hessian; LAPACK may fail to converge, but not on a neighbor too."""
    try:
        return np.linalg.eigh(-hessian)
    except Exception:
        tilt = 1e-15 * np.abs(hessian).max() / hessian.shape[0]
        for p in range(hessian.shape[0]):
            hessian[p, p] += tilt * p
    return np.linalg.eigh(-hessian)


@compiled(ADVANCE_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, hessian, observe, norm, settle, widths, target, factor, copies, work, y, slope, table,
    vectors, basis, memory, state, counts, memo, rows, keep,
):  # fmt: skip
    """Step until `observe`, the end time or a loss of stiffness stops it."""
    n, row = y.size, vectors.shape[1]
    s = (table.shape[0] - 6) // 3
    nodes, numbers = table[3 * s + NODES], table[3 * s + NUMBERS]
    gamma0, exact, order = numbers[0], numbers[1] > 0.0, numbers[2]
    # Without space for the Hessian the stages are found by fixed-point iteration.
    dense = basis.shape[0] > 0
    z, f, d = vectors[:s], vectors[s : 2 * s], vectors[2 * s : 3 * s]
    previous, turned = vectors[3 * s : 4 * s], vectors[4 * s : 5 * s]
    y_new, error, carry, eigenvalues = (
        vectors[5 * s], vectors[5 * s + 1], vectors[5 * s + 2], vectors[5 * s + 3],
    )  # fmt: skip
    coefficients, wide = address(table), table.shape[1]
    inverse = coefficients + 16 * s * wide
    end, e = coefficients + 8 * (3 * s + END) * wide, coefficients + 8 * (3 * s + ERROR) * wide
    guess = np.empty((s, s))
    if state[STARTING] > 0.0:
        state[STARTING] = 0.0
        if keep.size > 0:
            keep[ORDER], keep[LONGEST] = 2 * nodes.size - 1, np.inf
        memory[_AGE], memory[_PREVIOUS], memory[_NOT_STIFF] = -1.0, 0.0, 0.0
        memory[_AGAIN] = 0.0
        carry[:] = 0.0
    direction = 1.0 if state[T_LIMIT] >= state[T] else -1.0
    tried = False
    while True:
        if tried:  # in vain, and each try may take seconds
            memo[STEPS_LEFT] -= 1.0
            if memo[STEPS_LEFT] <= 0.0:
                return BUDGET
        tried = True
        left = abs((state[T_LIMIT] - state[T]) - state[T_CARRY])
        wanted = min(abs(state[H]), 1e300)
        landing = wanted * 1.000001 >= left
        size = left if landing else min(wanted, 0.5 * left)
        h = direction * size
        if not landing and (size <= 4e-16 * abs(state[T]) or size < 1e-300):
            return STEP_UNDERFLOW
        if dense and memory[_AGE] < 0.0:
            jacobian = np.empty((n, n))
            hessian(y, widths, target, factor, jacobian)
            values, columns = _eigenpairs(jacobian)
            for p in range(n):
                eigenvalues[p] = values[p]
                for q in range(n):
                    basis[p, q] = columns[p, q]
                    basis[n + q, p] = columns[p, q]
            memory[_AGE] = 0.0
            memory[_RADIUS] = max(abs(values[0]), abs(values[n - 1]))
            counts[HESSIANS] += 1
            counts[FACTORIZATIONS] += 1

        if memory[_PREVIOUS] > 0.0:
            _extrapolation(nodes, s, size / memory[_PREVIOUS], guess)
            multiply(address(guess), s, 1, address(previous), row, s, s, n, address(z), row)
        else:
            for i in range(s):
                for p in range(n):
                    z[i, p] = h * nodes[i] * slope[p]
        converged = False
        before, iterations = np.inf, 0
        rtol = 1.0 if exact else state[RTOL]
        atol = 0.0 if exact else state[ATOL]
        finest = np.inf if exact else state[FINEST]
        for iteration in range(_MAX_ITERATIONS if dense else _MAX_FIXED_POINT):
            finite = True
            for i in range(s):
                for p in range(n):
                    y_new[p] = y[p] + z[i, p]
                finite &= np.isfinite(field(y_new, widths, target, factor, copies, work, f[i]))
            counts[FIELD_CALLS] += s
            if not finite:
                break
            multiply(coefficients, wide, 1, address(f), row, s, s, n, address(d), row)
            for i in range(s):
                for p in range(n):
                    d[i, p] = h * d[i, p] - z[i, p]
            if dense:
                multiply(inverse, wide, 1, address(d), row, s, s, n, address(turned), row)
                multiply(
                    address(turned), row, 1, address(basis), basis.shape[1],
                    s, n, n, address(d), row,
                )  # fmt: skip
                _solve(table, s, eigenvalues, h, n, d)
                multiply(
                    address(d), row, 1, address(basis) + 8 * n * basis.shape[1], basis.shape[1],
                    s, n, n, address(turned), row,
                )  # fmt: skip
                multiply(
                    coefficients + 8 * s * wide, wide, 1, address(turned), row,
                    s, s, n, address(d), row,
                )  # fmt: skip
            distance = 0.0
            for i in range(s):
                for p in range(n):
                    z[i, p] += d[i, p]
                distance = max(distance, norm(widths, y, y, d[i], rtol, atol, finest))
            iterations = iteration + 1
            counts[ITERATIONS] += 1
            theta = distance / before
            before = distance
            if exact:
                # To round-off: until the Newton steps stop shrinking.
                if distance <= 2e-16 or (distance <= 4e-15 and theta > 0.5):
                    converged = True
                    break
                if not (theta < 1.0 or distance <= 1e-13):
                    break
            else:
                if iteration == 0:
                    if distance <= 0.1 * _NEWTON_TOLERANCE:
                        converged = True
                        break
                elif not theta < 1.0:
                    # Done if what is left is round-off, which no iteration makes smaller.
                    noise = 0.0
                    for i in range(s):
                        noise = max(noise, norm(widths, y, y, d[i], 0.0, 0.0, np.inf))
                    converged = noise <= 1.0
                    break
                elif theta / (1.0 - theta) * distance <= _NEWTON_TOLERANCE:
                    converged = True
                    break
        if not converged:
            counts[REJECTED] += 1
            memory[_PREVIOUS] = 0.0
            if dense and memory[_AGE] > 0.0:
                memory[_AGE] = -1.0
            else:
                state[H] = size * 0.3
            memory[_AGAIN] = 1.0
            continue

        # The end point from the increments, not from slopes times h: the slopes' round-off is
        # multiplied by h, the increments' has been damped by the Newton iteration.
        multiply(end, s, 1, address(z), row, 1, s, n, address(d), row)
        multiply(e, s, 1, address(z), row, 1, s, n, address(error), row)
        for p in range(n):
            error[p] += h * gamma0 * slope[p]
            y_new[p] = y[p] + d[0, p]
        if dense:
            wide_basis = basis.shape[1]
            multiply(
                address(error), n, 1, address(basis), wide_basis, 1, n, n, address(turned), row
            )  # fmt: skip
            for q in range(n):
                turned[0, q] /= 1.0 + size * gamma0 * abs(eigenvalues[q])
            multiply(
                address(turned), n, 1, address(basis) + 8 * n * wide_basis, wide_basis,
                1, n, n, address(error), row,
            )  # fmt: skip
        wrong = norm(widths, y, y_new, error, state[RTOL], state[ATOL], state[FINEST])
        factor_h = _GROWTH if wrong == 0.0 else 0.9 * wrong ** (-1.0 / order)
        factor_h = min(_GROWTH, max(0.2, factor_h))
        if not wrong <= 1.0:
            counts[REJECTED] += 1
            state[H] = size * (factor_h if np.isfinite(wrong) else 0.2)
            memory[_AGAIN] = 1.0
            continue

        new_slope, new_carry = turned[0], error  # neither is needed any more
        for p in range(n):  # compensated: round-off must not pile up in the C_i
            increment = d[0, p] + carry[p]
            y_new[p] = y[p] + increment
            new_carry[p] = increment - (y_new[p] - y[p])
        loss = field(y_new, widths, target, factor, copies, work, new_slope)
        counts[FIELD_CALLS] += 1
        if keep.size > 0:
            # Row s - 1 holds the weights of Radau, not those of Gauss.
            stages = s if nodes[s - 1] == 1.0 and not landing else 0
            loss = settle(
                field, norm, widths, target, factor, copies, work, y, slope, y_new, new_slope,
                loss, h, table, s - 1, f, stages, state, counts, memo, keep,
            )  # fmt: skip
            h *= keep[STRETCH]
        if not np.isfinite(loss):  # it overflows, or must not rise
            counts[REJECTED] += 1
            state[H] = size * (0.1 if keep.size == 0 else keep[STRETCH])
            memory[_PREVIOUS] = 0.0
            memory[_AGAIN] = 1.0
            continue
        for p in range(n):
            y[p], slope[p], carry[p] = y_new[p], new_slope[p], new_carry[p]
        counts[STEPS] += 1
        if landing:
            state[T], state[T_CARRY] = state[T_LIMIT], 0.0
        else:  # compensated: after a long plateau round-off of t would shift the next exit
            step = h + state[T_CARRY]
            reached = state[T] + step
            state[T_CARRY] = step - (reached - state[T])
            state[T] = reached
        for i in range(s):
            for p in range(n):
                previous[i, p] = z[i, p]
        if memory[_PREVIOUS] > 0.0 and wrong > 0.0:  # the error goes on changing as it did
            trend = size / memory[_PREVIOUS] * (memory[_ERROR] / wrong) ** (1.0 / order)
            factor_h = max(0.2, min(factor_h, factor_h * trend))
        memory[_PREVIOUS], memory[_ERROR] = size, max(wrong, 1e-2)
        if dense:
            memory[_AGE] = -1.0 if iterations > _REFRESH_AFTER else memory[_AGE] + 1.0
        if memory[_AGAIN] > 0.0:
            factor_h = min(factor_h, 1.0)
        memory[_AGAIN] = 0.0
        # A step cut short to land on a time says little about the next one.
        state[H] = size * factor_h if _GROWTH * size > wanted else wanted
        if keep.size > 0:
            state[H] = min(state[H], keep[LONGEST])

        code = observe(state[T], y, slope, loss, memo, rows)
        if landing and code == CONTINUE:
            return T_STOP
        # While steps grow as fast as they may, it is not known how long they will be.
        few = wanted * memory[_RADIUS] < state[NOT_STIFF_BELOW] and factor_h < 0.8 * _GROWTH
        memory[_NOT_STIFF] = memory[_NOT_STIFF] + 1.0 if few else 0.0
        if code in (CONTINUE, ROWS_FULL, BUDGET) and memory[_NOT_STIFF] >= _PATIENCE:
            return NOT_STIFF
        if code != CONTINUE:
            return code
        tried = False


def _method(name: str, order: int, tableau: Tableau, *, exact: bool) -> Method:
    vectors = 5 * len(tableau.c) + 4
    return Method(name, order, _advance, tableau.table(exact=exact), vectors, dense=True)


RADAU = _method("stiff", 11, Tableau.of(radau_nodes(6), gamma0=0.1), exact=False)
"""Radau IIA with 6 stages: L-stable; steps limited by accuracy alone."""

GAUSS = _method("gauss", 6, Tableau.of(gauss_nodes(3), gamma0=0.1), exact=True)
"""Gauss with 3 stages, solved to round-off, so that every C_i is kept."""
