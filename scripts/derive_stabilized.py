"""Derive the coefficients of the stabilized method of order 4 from its polynomial and its trees.

    python scripts/derive_stabilized.py            write the table in deeplinear/solve/_methods
    python scripts/derive_stabilized.py --check    derive again and compare

The construction is that of ROCK4: A. Abdulle, SIAM J. Sci. Comput. 23 (2002) 2041-2054. For every
number of stages s:

1.  The stability polynomial R(z) = w(z) P(z) has four complex zeros, in w, and s - 4 real ones, in
    P. If P is orthogonal to lower degrees with respect to w(x)^2 / sqrt(1 - x^2), then w P nearly
    equioscillates on -1 <= x <= 1. Four zeros and the two ends of the interval in z (x = -1 at
    z = -reach, x = 1 at z = margin) are found by Newton's method from six equations: R = exp up to
    z^4, and |R| = 0.95 at z = -reach and at the first extreme left of 0.
2.  P's three-term recurrence, normalized to P_j(0) = 1, is that of gradient steps with momentum:
    d_j = mu_j h f(g_{j-1}) + kappa_j d_{j-1},  g_j = g_{j-1} + d_j,  g_0 = y.
3.  Four more stages W, started from g_{s-4}, realize w, and make the whole of order 4 for nonlinear
    problems too: the B-series of the composition must be the exact one at the eight trees of order
    <= 4, and W's ten coefficients are the smallest for which it is.
4.  The error estimate e = v_0 (g_{s-4} - y) + h sum_i v_i f(stage i of W) vanishes at the four
    trees of order <= 3. That leaves one direction for v. Its stability function is bounded on the
    whole interval, however long, since no slope at y enters; it is scaled to a maximum of
    `_ESTIMATE`.

Extended precision carries everything up to the last rounding; the finishing stages are solved for
the recurrence as it is rounded.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

_TABLE = Path(__file__).parents[1] / "src/deeplinear/solve/_methods/_stabilized_table.npz"
_DAMPING = 0.95
_ESTIMATE = 0.5  # maximum of the error estimate's stability function
_LONGEST = 200

Real = np.longdouble
Array = np.ndarray
Slope = Callable[[Array], Array]
_PI = 4 * np.arctan(Real(1))


def ladder() -> list[int]:
    """The tabulated numbers of stages: up to `_LONGEST`, in steps of one or at most 8 percent."""
    stages = [5]
    while stages[-1] < _LONGEST:
        stages.append(min(stages[-1] + max(1, 2 * stages[-1] // 25), _LONGEST))
    return stages


# The method, for whatever stands for h f: values z g on a grid, Taylor series, B-series.


def momentum(mu: Array, kappa: Array, start: Array, slope: Slope) -> list[Array]:
    """g_0, ..., g_{s-4}: gradient steps with momentum."""
    g, d = [start], np.zeros_like(start)
    for m, k in zip(mu, kappa, strict=True):
        d = m * slope(g[-1]) + k * d
        g.append(g[-1] + d)
    return g


def finishing(finish: Array, g: Array, slope: Slope) -> tuple[list[Array], Array]:
    """The four slopes of W and its end, from g = g_{s-4}."""
    a21, a31, a32, a41, a42, a43, b1, b2, b3, b4 = finish
    k1 = slope(g)
    k2 = slope(g + a21 * k1)
    k3 = slope(g + a31 * k1 + a32 * k2)
    k4 = slope(g + a41 * k1 + a42 * k2 + a43 * k3)
    return [k1, k2, k3, k4], g + b1 * k1 + b2 * k2 + b3 * k3 + b4 * k4


def taylor_slope(g: Array) -> Array:
    """The Taylor coefficients of z g(z)."""
    return np.append(Real(0), g[:-1])


def tree_slope(g: Array) -> Array:
    """The B-series of h f(g), at the empty tree and the eight rooted trees up to order 4.

    They are t, [t], [t,t], [[t]], [t,t,t], [t,[t]], [[t,t]], [[[t]]].
    """
    return np.array([0, g[0], g[1], g[1] ** 2, g[2], g[1] ** 3, g[1] * g[2], g[3], g[4]])


EXACT = np.array([1, 1, *(1 / Real(k) for k in (2, 3, 6, 4, 8, 12, 24))])
"""The B-series of the exact solution: 1 / gamma of each tree."""


def one(size: int) -> Array:
    """The series of y itself."""
    return np.append(Real(1), np.zeros(size - 1, Real))


# 1. The stability polynomial. Its parameters are alpha, beta, gamma, delta (the zeros of w are
# alpha +- i beta and gamma +- i delta), margin and reach: all but the last hardly depend on s.


def quartic(parameters: Array) -> Array:
    """The coefficients 1, w_1, ..., w_4 of w."""
    alpha, beta, gamma, delta = parameters[:4]
    w = np.convolve([alpha**2 + beta**2, -2 * alpha, 1], [gamma**2 + delta**2, -2 * gamma, 1])
    return w / w[0]


def recurrence(parameters: Array, degree: int) -> tuple[Array, Array]:
    """Mu and kappa of the orthogonal polynomials P_1, ..., P_degree (discretized Stieltjes).

    With P_j = 1 at z = 0, kappa_{j+1} = b_j / (r_j r_{j-1}) for monic b_j and r_j = p_{j+1}(0) /
    p_j(0); Gauss-Chebyshev nodes integrate products of such polynomials exactly.
    """
    margin, reach = parameters[4:]
    n = 2 * degree + 12
    x = np.cos((np.arange(n, dtype=Real) + Real(0.5)) * _PI / n)
    scale = 2 / (margin + reach)
    x_zero = 1 - margin * scale
    z = (x - x_zero) / scale
    weight = np.polyval(quartic(parameters)[::-1], z) ** 2
    weight /= weight.max()
    mu, kappa = np.zeros(degree, Real), np.zeros(degree, Real)
    p, d = np.ones(n, Real), np.zeros(n, Real)
    norm = norm_before = np.sum(weight)
    ratio = Real(1)
    for j in range(degree):
        center = np.sum(weight * x * p * p) / norm
        pull = ratio * norm / norm_before if j else Real(0)  # b_j / r_{j-1}
        ratio = x_zero - center - pull
        mu[j], kappa[j] = scale / ratio, pull / ratio
        d = mu[j] * z * p + kappa[j] * d
        p = p + d
        norm, norm_before = np.sum(weight * p * p), norm
    return mu, kappa


def polynomial(mu: Array, kappa: Array, z: Array) -> Array:
    """P_{s-4}(z)."""
    return momentum(mu, kappa, np.ones_like(z), lambda g: z * g)[-1]


def first_extreme(mu: Array, kappa: Array, w: Array, reach: Real) -> Real:
    """|R| at its first local maximum left of 0, through a parabola."""
    z = -np.linspace(Real(0.5), min(reach, Real(14)), 1500)
    size = np.abs(polynomial(mu, kappa, z) * np.polyval(w[::-1], z))
    i = next(i for i in range(1, len(z) - 1) if size[i - 1] <= size[i] > size[i + 1])
    slope, bend = (size[i + 1] - size[i - 1]) / 2, size[i + 1] - 2 * size[i] + size[i - 1]
    return size[i] - slope**2 / (2 * bend)


def conditions(parameters: Array, s: int) -> Array:
    """What the six parameters must make zero."""
    mu, kappa = recurrence(parameters, s - 4)
    w, reach = quartic(parameters), parameters[5]
    p = momentum(mu, kappa, one(5), taylor_slope)[-1]
    order = np.convolve(w, p)[1:5] * np.array([1, 2, 6, 24]) - 1
    end = polynomial(mu, kappa, -reach) * np.polyval(w[::-1], -reach)
    damping = [abs(end) - _DAMPING, first_extreme(mu, kappa, w, reach) - _DAMPING]
    return np.concatenate([order, damping])


def newton(parameters: Array, s: int) -> Array:
    """The parameters, from a start close by."""
    residual = conditions(parameters, s)
    for _ in range(60):
        if np.abs(residual).max() < 1e-13:
            return parameters
        jacobian = np.zeros((6, 6))
        for i in range(6):
            moved = parameters.copy()
            moved[i] += Real(1e-6) * max(abs(moved[i]), Real(0.1))
            jacobian[:, i] = (conditions(moved, s) - residual) / (moved[i] - parameters[i])
        step, fraction = -np.linalg.solve(jacobian, residual.astype(float)), Real(1)
        while True:
            moved = parameters + fraction * step
            new = conditions(moved, s)
            if np.abs(new).max() < np.abs(residual).max() or fraction < 1e-3:
                break
            fraction /= 2
        parameters, residual = moved, new
    raise RuntimeError(f"no stability polynomial of degree {s}: residual {np.abs(residual).max()}")


# 3. The finishing stages.


def smallest_finish(mu: Array, kappa: Array, guess: Array) -> Array:
    """W's coefficients a21, a31, a32, a41, a42, a43, b1, ..., b4: the smallest of order 4.

    Each iteration takes the smallest solution of the linearized conditions; the last ones only
    the smallest correction, which keeps all digits.
    """
    start = momentum(mu, kappa, one(9), tree_slope)[-1]

    def defect(finish: Array) -> Array:
        return (finishing(finish, start, tree_slope)[1] - EXACT)[1:]

    finish = guess.astype(Real)
    for iteration in range(400):
        jacobian, residual = np.zeros((8, 10)), defect(finish)
        for i in range(10):
            moved = finish.copy()
            moved[i] += Real(1e-9)
            jacobian[:, i] = (defect(moved) - residual) / Real(1e-9)
        if iteration >= 380:
            right = -residual.astype(float)
            finish = finish + np.linalg.lstsq(jacobian, right, rcond=None)[0]
        else:
            right = jacobian @ finish.astype(float) - residual.astype(float)
            finish = np.linalg.lstsq(jacobian, right, rcond=None)[0].astype(Real)
    return finish


# 4. The error estimates, and numbers about the whole.


def interval(s: int, reach: Real) -> Array:
    """Points of [-reach, 0), dense where polynomials of degree s vary."""
    return reach / 2 * (np.cos((np.arange(40 * s) + Real(0.5)) * _PI / (40 * s)) - 1)


def vanishing(series: Array) -> Array:
    """The combination of k + 1 series that vanishes at all their k trees, the last one with 1."""
    v = one(len(series))[::-1].copy()
    for _ in range(3):
        v[:-1] -= np.linalg.solve(series[:-1].T.astype(float), (v @ series).astype(float))
    return v


def estimate(mu: Array, kappa: Array, finish: Array, z: Array) -> Array:
    """The coefficients v_0, ..., v_4 of the error estimate."""
    g = momentum(mu, kappa, one(9), tree_slope)[-1]
    v = vanishing(np.array([g, *finishing(finish, g, tree_slope)[0]])[:, 1:5])
    p = polynomial(mu, kappa, z)
    response = v @ np.array([p - 1, *finishing(finish, p, lambda g: z * g)[0]])
    return v * _ESTIMATE / np.abs(response).max()


def amplification(mu: Array, kappa: Array, w: Array, z: Array) -> tuple[float, float]:
    """How much round-off of size 1 in every g_j grows: in g_{s-4} at most, and in the new state.

    Independent errors: the root of the sum of squares, by the recurrence's adjoint.
    """
    to_g, to_d = np.ones_like(z), np.zeros_like(z)
    squares, largest = np.ones_like(z), np.ones_like(z)
    for m, k in zip(mu[:0:-1], kappa[:0:-1], strict=True):
        total = to_d + to_g
        to_g, to_d = to_g + m * z * total, k * total
        squares, largest = squares + to_g**2, np.maximum(largest, np.abs(to_g))
    growth = np.sqrt(squares) * np.abs(np.polyval(w[::-1], z))
    return float(largest.max()), float(growth.max())


def derive() -> dict[str, Array]:
    """The table, and a line on each entry."""
    assert np.finfo(Real).eps < 1e-18, "this script needs an extended long double"
    stages = ladder()
    parameters = np.array([-2.0, 1.1, -0.22, 2.85, 0.2, 6.0], dtype=Real)
    finish = np.array([0.28, -0.13, 0.44, -0.08, 0.06, 0.72, 0.03, 0.3, 0.23, 0.11])
    mus, kappas, reaches, growths, finishes, errors = [], [], [], [], [], []
    print("   s     reach  /s^2   order   max|R|  recurrence  round-off  |W|    estimate")
    for s, before in zip(stages, [5, *stages[:-1]], strict=True):
        parameters[5] *= (Real(s) / before) ** 2
        parameters = newton(parameters, s)
        reach = parameters[5]
        mu, kappa = (c.astype(float).astype(Real) for c in recurrence(parameters, s - 4))
        finish = smallest_finish(mu, kappa, finish).astype(float)
        z = interval(s, reach)
        series = momentum(mu, kappa, one(9), tree_slope)[-1]
        order = float(np.abs(finishing(finish, series, tree_slope)[1] - EXACT).max())
        size = np.abs(finishing(finish, polynomial(mu, kappa, z), lambda g: z * g)[1])  # noqa: B023
        damped = float(size[z < -1].max())
        internal, growth = amplification(mu, kappa, quartic(parameters), z)
        v = estimate(mu, kappa, finish, z).astype(float)
        assert order < 1e-14
        assert damped < _DAMPING + 0.003
        assert size.max() < 1
        print(
            f"{s:4d} {float(reach):9.2f} {float(reach) / s**2:.4f} {order:.1e} {damped:.4f} "
            f"{internal:9.2f} {growth:12.1e} {np.linalg.norm(finish):6.3f} {v.round(4)}"
        )
        mus.append(mu.astype(float))
        kappas.append(kappa.astype(float))
        reaches.append(float(reach))
        growths.append(growth)
        finishes.append(finish)
        errors.append(v)
    return {
        "stages": np.array(stages, dtype=np.int64),
        "reach": np.array(reaches),
        "growth": np.array(growths),
        "momentum": np.array([np.concatenate(mus), np.concatenate(kappas)]),
        "finish": np.array(finishes),
        "estimate": np.array(errors),
    }


if __name__ == "__main__":
    table = derive()
    if "--check" in sys.argv:
        with np.load(_TABLE) as stored:
            worst = max(np.abs(stored[name] / table[name] - 1).max() for name in table)
        print(f"largest relative difference from {_TABLE.name}: {worst:.1e}")
        sys.exit(int(worst > 1e-6))
    np.savez(_TABLE, **table)
    print(f"wrote {_TABLE.name}: {_TABLE.stat().st_size} bytes, {len(table['stages'])} entries")
