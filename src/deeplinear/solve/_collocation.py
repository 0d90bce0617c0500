"""Implicit collocation with the exact Hessian: Radau IIA (stiff) and Gauss (keeps every C_i).

The Jacobian is minus the Hessian, symmetric: one eigendecomposition turns every stage system of
the simplified Newton iteration into n independent real s x s systems, for any step size.
Hairer, Wanner, Solving Ordinary Differential Equations II, sections IV.5, IV.8;
Hairer, Lubich, Wanner, Geometric Numerical Integration, section IV.2 (quadratic invariants).
"""

from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.polynomial import legendre

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear.flow import _kernels
from deeplinear.flow._kernels import FIELD_SIGNATURE, HESSIAN_SIGNATURE
from deeplinear.solve import _monitor
from deeplinear.solve._monitor import NORM_SIGNATURE, OBSERVE_SIGNATURE
from deeplinear.solve._state import (
    ATOL,
    CONTINUE,
    DENSE_LIMIT,
    FACTORIZATIONS,
    FIELD_CALLS,
    FINEST,
    HESSIANS,
    ITERATIONS,
    NOT_STIFF,
    RATIO_STIFF,
    REJECTED,
    RTOL,
    STEP_UNDERFLOW,
    STEPS,
    T_CARRY,
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
    types.FunctionType(HESSIAN_SIGNATURE),
    types.FunctionType(OBSERVE_SIGNATURE),
    types.FunctionType(NORM_SIGNATURE),
    types.int64[::1],  # widths
    _MATRIX,  # target
    _MATRIX,  # factor
    _VECTOR,  # work
    _VECTOR,  # y
    _VECTOR,  # slope
    _MATRIX,  # collocation matrix A
    _MATRIX,  # nodes c, end weights, error weights e, and (gamma0, exact, order, dense)
    _MATRIX,  # stages: increments Z, slopes F, Newton steps D, previous Z; then four vectors
    _VECTOR,  # eigenvalues of the Jacobian
    _MATRIX,  # its eigenvectors, as columns
    _VECTOR,  # memory: age of the Jacobian (-1: none), previous step, steps that were not stiff
    _VECTOR,  # state
    types.int64[::1],  # counts
    _VECTOR,  # memo
    _MATRIX,  # rows
)

_MAX_ITERATIONS = 20
_NEWTON_TOLERANCE = 1e-3  # of the step's error tolerance
_REFRESH_AFTER = 6  # iterations: then the next step takes a fresh Jacobian
_REACH = 6.1  # stability reach of the explicit method, see `_explicit`


@compiled(types.void(_MATRIX, _VECTOR, types.float64, _MATRIX))
def _solve_stages(a, eigenvalues, h, right):  # type: ignore[no-untyped-def]
    """Solve (I - h lambda_p A) x = right[:, p] for every p, in place, by elimination."""
    s = a.shape[0]
    m = np.empty((s, s))
    for p in range(eigenvalues.size):
        for i in range(s):
            for j in range(s):
                m[i, j] = -h * eigenvalues[p] * a[i, j]
            m[i, i] += 1.0
        for k in range(s):
            pivot = k
            for i in range(k + 1, s):
                if abs(m[i, k]) > abs(m[pivot, k]):
                    pivot = i
            if pivot != k:
                for j in range(s):
                    m[k, j], m[pivot, j] = m[pivot, j], m[k, j]
                right[k, p], right[pivot, p] = right[pivot, p], right[k, p]
            for i in range(k + 1, s):
                ratio = m[i, k] / m[k, k]
                for j in range(k + 1, s):
                    m[i, j] -= ratio * m[k, j]
                right[i, p] -= ratio * right[k, p]
        for k in range(s - 1, -1, -1):
            for j in range(k + 1, s):
                right[k, p] -= m[k, j] * right[j, p]
            right[k, p] /= m[k, k]


@compiled(types.void(_VECTOR, _MATRIX, types.float64, _MATRIX))
def _extrapolate(nodes, previous, ratio, z):  # type: ignore[no-untyped-def]
    """Start Newton from the previous step's polynomial; ratio is the new step over the old one."""
    s = nodes.size
    n = z.shape[1]
    for i in range(s + 1):
        x = 1.0 + ratio * nodes[i] if i < s else 1.0
        for p in range(n):
            if i < s:
                z[i, p] = 0.0
        for j in range(s):
            basis = x / nodes[j]
            for k in range(s):
                if k != j:
                    basis *= (x - nodes[k]) / (nodes[j] - nodes[k])
            if i < s:
                for p in range(n):
                    z[i, p] += basis * previous[j, p]
            else:
                for r in range(s):
                    for p in range(n):
                        z[r, p] -= basis * previous[j, p]


@compiled(_SIGNATURE)
def _advance(  # type: ignore[no-untyped-def]
    field, hessian, observe, norm, widths, target, factor, work, y, slope, a, tables, stages,
    eigenvalues, vectors, memory, state, counts, memo, rows,
):  # fmt: skip
    """Step until `observe`, the end time or a loss of stiffness stops it."""
    n, s = y.size, a.shape[0]
    nodes, end, e = tables[0, :s], tables[1, :s], tables[2, :s]
    gamma0, exact, order, dense = tables[3, 0], tables[3, 1] > 0, tables[3, 2], tables[3, 3] > 0
    z, f, d, previous = stages[:s], stages[s : 2 * s], stages[2 * s : 3 * s], stages[3 * s : 4 * s]
    y_new, error, carry, turned = (
        stages[4 * s],
        stages[4 * s + 1],
        stages[4 * s + 2],
        stages[4 * s + 3],
    )
    direction = 1.0 if state[T_LIMIT] >= state[T] else -1.0
    rejected = False
    while True:
        left = abs((state[T_LIMIT] - state[T]) - state[T_CARRY])
        landing = abs(state[H]) * 1.000001 >= left
        size = left if landing else abs(state[H])
        h = direction * size
        if size <= 4e-16 * abs(state[T]) or size < 1e-300:
            return STEP_UNDERFLOW
        if dense and memory[0] < 0.0:
            jacobian = np.empty((n, n))
            hessian(y, widths, target, factor, jacobian)
            values, columns = np.linalg.eigh(-jacobian)
            eigenvalues[:] = values
            vectors[:, :] = columns
            memory[0] = 0.0
            counts[HESSIANS] += 1
            counts[FACTORIZATIONS] += 1

        if memory[1] > 0.0:
            _extrapolate(nodes, previous, size / memory[1], z)
        else:
            for i in range(s):
                for p in range(n):
                    z[i, p] = h * nodes[i] * slope[p]
        converged = False
        before, iterations = np.inf, 0
        for iteration in range(_MAX_ITERATIONS if dense else 60):
            finite = True
            for i in range(s):
                for p in range(n):
                    y_new[p] = y[p] + z[i, p]
                finite &= np.isfinite(field(y_new, widths, target, factor, work, f[i]))
            counts[FIELD_CALLS] += s
            if not finite:
                break
            for i in range(s):
                for p in range(n):
                    total = 0.0
                    for j in range(s):
                        total += a[i, j] * f[j, p]
                    d[i, p] = h * total - z[i, p]
            if dense:
                turned_stages = np.dot(d, vectors)
                _solve_stages(a, eigenvalues, h, turned_stages)
                np.dot(turned_stages, vectors.T, d)
            distance = 0.0
            for i in range(s):
                for p in range(n):
                    z[i, p] += d[i, p]
                rtol = 1.0 if exact else state[RTOL]
                atol = 0.0 if exact else state[ATOL]
                finest = np.inf if exact else state[FINEST]
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
                    break
                elif theta / (1.0 - theta) * distance <= _NEWTON_TOLERANCE:
                    converged = True
                    break
        if not converged:
            counts[REJECTED] += 1
            memory[1] = 0.0
            if dense and memory[0] > 0.0:
                memory[0] = -1.0
            else:
                state[H] = size * 0.3
            rejected = True
            continue

        # The end point from the increments, not from slopes times h: the slopes' round-off is
        # multiplied by h, the increments' has been damped by the Newton iteration.
        for p in range(n):
            total = 0.0
            for i in range(s):
                total += end[i] * z[i, p]
            d[0, p] = total
        for p in range(n):
            total = h * gamma0 * slope[p]
            for i in range(s):
                total += e[i] * z[i, p]
            error[p] = total
            y_new[p] = y[p] + d[0, p]
        if dense:
            for q in range(n):
                turned[q] = 0.0
            for p in range(n):
                for q in range(n):
                    turned[q] += error[p] * vectors[p, q]
            for q in range(n):
                turned[q] /= 1.0 + size * gamma0 * abs(eigenvalues[q])
            for p in range(n):
                total = 0.0
                for q in range(n):
                    total += vectors[p, q] * turned[q]
                error[p] = total
        wrong = norm(widths, y, y_new, error, state[RTOL], state[ATOL], state[FINEST])
        factor_h = 5.0 if wrong == 0.0 else min(5.0, max(0.2, 0.9 * wrong ** (-1.0 / order)))
        if not wrong <= 1.0:
            counts[REJECTED] += 1
            state[H] = size * (factor_h if np.isfinite(wrong) else 0.2)
            memory[1] = 0.0
            rejected = True
            continue

        for p in range(n):  # compensated: round-off must not pile up in the C_i
            increment = d[0, p] + carry[p]
            value = y[p] + increment
            carry[p] = increment - (value - y[p])
            y[p] = value
        loss = field(y, widths, target, factor, work, slope)
        counts[FIELD_CALLS] += 1
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
        memory[1] = size
        if dense:
            memory[0] = -1.0 if iterations > _REFRESH_AFTER else memory[0] + 1.0
        if rejected:
            factor_h = min(factor_h, 1.0)
        rejected = False
        state[H] = max(size * factor_h, abs(state[H])) if landing else size * factor_h

        code = observe(state[T], y, slope, loss, memo, rows)
        if code != CONTINUE:
            return code
        if landing:
            return T_STOP
        if dense and state[RATIO_STIFF] > 0.0:
            reach = max(abs(eigenvalues[0]), abs(eigenvalues[n - 1])) / _REACH
            memory[2] = memory[2] + 1.0 if size * reach < state[RATIO_STIFF] else 0.0
            if memory[2] >= 12.0:
                memory[2] = 0.0
                return NOT_STIFF


@dataclass(frozen=True)
class Tableau:
    """A collocation method: nodes c, matrix A, end weights and error weights e on increments."""

    c: Array
    a: Array
    end: Array
    e: Array
    gamma0: float

    @classmethod
    def of(cls, nodes: Array, gamma0: float) -> "Tableau":
        """The method that collocates at these nodes in (0, 1].

        Its error estimate compares b with the quadrature that gives the slope at 0 the weight
        gamma0 and is exact up to degree s - 1: err = h gamma0 f(y) + sum_i e_i Z_i.
        """
        s = len(nodes)
        x = 2 * nodes - 1
        values = legendre.legvander(x, s - 1)
        integrals, ends = np.empty((s, s)), np.empty(s)
        for k in range(s):
            primitive = legendre.legint(np.eye(s)[k], lbnd=-1)
            integrals[:, k] = legendre.legval(x, primitive) / 2
            ends[k] = legendre.legval(1.0, primitive) / 2
        a = np.linalg.solve(values.T, integrals.T).T
        b = np.linalg.solve(values.T, ends)
        at_zero = legendre.legvander(np.array([-1.0]), s - 1)[0]
        difference = np.linalg.solve(values.T, -gamma0 * at_zero)
        end = np.asarray(np.linalg.solve(a.T, b), dtype=np.float64)
        return cls(nodes, np.ascontiguousarray(a), end, np.linalg.solve(a.T, difference), gamma0)


def gauss_nodes(s: int) -> Array:
    """The roots of the Legendre polynomial P_s on (0, 1): order 2s."""
    return (legendre.leggauss(s)[0] + 1) / 2


def radau_nodes(s: int) -> Array:
    """The roots of P_s - P_{s-1} on (0, 1], the last one 1: order 2s - 1."""
    difference = np.zeros(s + 1)
    difference[s], difference[s - 1] = 1.0, -1.0
    roots = np.sort(legendre.legroots(difference).real)
    slope = legendre.legder(difference)
    for _ in range(3):
        roots -= legendre.legval(roots, difference) / legendre.legval(roots, slope)
    roots[-1] = 1.0
    return (roots + 1) / 2


class _Collocation:
    name: str
    order: int
    _tableau: Tableau
    _exact: bool

    def __init__(self, data: MethodData) -> None:
        # Above the limit the stages are found by fixed-point iteration, without a Hessian.
        dense = data.operands.n_params <= DENSE_LIMIT
        n, s = data.operands.n_params, len(self._tableau.c)
        self._data = data
        self._tables = np.zeros((4, max(s, 4)))
        self._tables[0, :s], self._tables[1, :s] = self._tableau.c, self._tableau.end
        self._tables[2, :s] = self._tableau.e
        self._tables[3, :4] = self._tableau.gamma0, self._exact, s + 1, dense
        self._stages = np.zeros((4 * s + 4, n))
        self._eigenvalues = np.zeros(n)
        self._vectors = np.zeros((n, n)) if dense else np.zeros((0, 0))
        self._memory = np.zeros(3)

    def start(self, state: State) -> None:
        """Prepare to continue from `state`: no Jacobian yet, no previous step."""
        self._memory[:] = -1.0, 0.0, 0.0
        self._stages[4 * len(self._tableau.c) + 2] = 0.0

    @property
    def stiffest_rate(self) -> float:
        """The largest |eigenvalue| of the Jacobian in use."""
        return float(np.abs(self._eigenvalues).max())

    def advance(self, state: State) -> int:
        """Step until something needs the driver; returns its code (see `_monitor`)."""
        d, o = self._data, self._data.operands
        return int(
            _advance(
                _kernels.field,
                _kernels.hessian,
                _monitor.observe,
                _monitor.error_norm,
                o.widths,
                o.target,
                o.factor,
                d.work,
                state.y,
                state.slope,
                self._tableau.a,
                self._tables,
                self._stages,
                self._eigenvalues,
                self._vectors,
                self._memory,
                state.values,
                state.counts,
                state.memo,
                state.rows,
            )
        )


class Stiff(_Collocation):
    """Radau IIA with 4 stages: order 7, L-stable; steps limited by accuracy alone."""

    name = "stiff"
    order = 7
    _tableau = Tableau.of(radau_nodes(4), gamma0=0.1)
    _exact = False


class Gauss(_Collocation):
    """Gauss with 3 stages: order 6; stages solved to round-off, so every C_i is kept."""

    name = "gauss"
    order = 6
    _tableau = Tableau.of(gauss_nodes(3), gamma0=0.1)
    _exact = True
