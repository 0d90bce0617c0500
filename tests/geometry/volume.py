"""The small volume {||W_{h-1} ... W_0|| < eps} of Gaussian weights, by linear programming.

Write the singular values of W_{i-1} ... W_0 as exp(-t mu), mu_1 <= mu_2 <= ..., for t large;
lambda is the mu of one layer, mu of the next. Let W be an m x n Gaussian matrix, D a diagonal
one with entries exp(-t lambda_j), k = min(m, n). The density of the singular values of W D
follows from that of the matrix in polar coordinates,

    det(D)^-m exp(-|W D D^-1|^2 / 2),   prod_a sigma_a^|m-n|, prod |sigma_a^2 - sigma_b^2|, frames.

It is not exponentially small only where the frame has |U_ja| <= exp(-t (lambda_j - mu_a)) for
all j, a; with mu_a >= lambda_a the widest such set lies around U = identity and has the volume
exp(-t sum_{a <= k, a < j <= n} max(lambda_j - mu_a, 0)). So the density of mu is exp(-t cost),

    cost = sum_a mu_a (|m-n| + 1 + 2 (k - a)) - m sum_j lambda_j
           + sum_{a <= k, a < j <= n} max(lambda_j - mu_a, 0),      mu_a >= lambda_a,

to leading order: an argument of large deviations, no proof. The costs of all layers add up to a
convex, piecewise linear function. The volume behaves like exp(-c t) t^f with c its minimum
where all of the last layer's mu are at least 1, and f the dimension of the face on which it is
attained: lambda = c / 2 and theta = f + 1 for eps^2 = exp(-2 t). Nothing here uses barcodes,
fibers or blow-ups.
"""

import numpy as np
from scipy.optimize import linprog


def exponents(widths):
    """Return (lambda, theta) for the zero map."""
    costs, rows, last = _program(widths)
    n = len(costs)
    a = np.zeros((len(rows), n))
    for row, terms in enumerate(rows):
        for variable, factor in terms:
            a[row, variable] += factor
    goal = np.zeros((1, n))
    goal[0, last] = 1.0
    best = linprog(
        costs, A_ub=-a, b_ub=np.zeros(len(a)), A_eq=goal, b_eq=[1.0], bounds=(None, None)
    )
    least = round(best.fun)
    assert abs(least - best.fun) < 1e-6
    # On the cone of all optima some inequalities are equalities, and all others are strict at
    # the point that has the most of them strict.
    m = len(a)
    level = costs - least * goal[0]
    strict = linprog(
        np.concatenate([np.zeros(n), -np.ones(m)]),
        A_ub=np.block([[-a, np.eye(m)], [-goal, np.zeros((1, m))]]),
        b_ub=np.concatenate([np.zeros(m), [-1.0]]),
        A_eq=np.concatenate([level, np.zeros(m)])[None],
        b_eq=[0.0],
        bounds=[(None, None)] * n + [(0.0, 1.0)] * m,
    ).x[n:]
    assert np.minimum(strict, 1 - strict).max() < 1e-6
    equalities = np.vstack([a[strict < 0.5], level])
    return least / 2, n - int(np.linalg.matrix_rank(equalities))


def _program(widths):
    """The costs of all variables, the rows of A x >= 0 as pairs, and the last layer's mu_1."""
    costs, rows = [], []
    before = [None] * widths[0]  # None: the constant 0, all singular values of the identity

    def variable(cost):
        costs.append(float(cost))
        return len(costs) - 1

    def row(*terms):
        rows.append([(v, factor) for v, factor in terms if v is not None])

    for m in widths[1:]:
        n = len(before)
        k = min(m, n)
        mu = [variable(abs(m - n) + 1 + 2 * (k - a)) for a in range(1, k + 1)]
        for v in before:
            if v is not None:
                costs[v] -= m
        for a in range(k):
            row((mu[a], 1), (before[a], -1))
            if a > 0:
                row((mu[a], 1), (mu[a - 1], -1))
            for j in range(a + 1, n):
                if before[j] is not None:
                    excess = variable(1)
                    row((excess, 1))
                    row((excess, 1), (mu[a], 1), (before[j], -1))
        before = mu
    return np.array(costs), rows, before[0]
