"""Two lambda-balanced layers: a matrix Riccati equation (theory §7.5)."""

import math

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import TOLERANCE, fitting, times
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_CHUNK = 1_000_000
"""Entries worked on at once: enough to share the overhead of many times, small in memory."""


def two_layer(problem: Problem, net: LinearNetwork, t: ArrayLike) -> Array:
    r"""The product of a two-layer network with W_1^T W_1 - W_0 W_0^T = lambda I.

    With Q = [W_0^T; W_1] and S = Q Q^T, whose lower-left block is P,

    .. math:: \dot S = F S + S F - S^2, \qquad
              F = \begin{pmatrix} -\lambda/2\,I & \Sigma^T \\ \Sigma & \lambda/2\,I \end{pmatrix},

        S(t) = e^{Ft} Q [I + Q^T N Q]^{-1} Q^T e^{Ft},   N = int_0^t e^{2F tau} d tau.

    lambda, of either sign, is measured from the network. The inverse is numerically singular
    once f t passes about 15, f the largest eigenvalue of F. So instead, the columns of
    [I; N^{1/2} Q] are combined by elimination with complete pivoting, exponents kept apart from
    mantissas, until they are well conditioned: no t is too large, and one solve serves each t.
    Only the product is returned: the weights follow up to a rotation of the hidden layer, which
    has no closed form.

    Parameters
    ----------
    problem
        A whitened problem of any rank. On rank-deficient inputs, W_0 must vanish off the range of
        Sxx.
    net
        A lambda-balanced network of depth 2, see `deeplinear.init.lambda_balanced`.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n, d_out, d_in)``: P at these times. Round-off in a part of the start that the flow
    amplifies (a start on a saddle) is amplified here as it would be by any integrator.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Another depth, a problem that is not whitened, negative times, or a start that is not
        lambda-balanced; the text says by how much.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> net = dl.init.lambda_balanced((2, 2, 2), lam=0.5, scale=1e-3, seed=1)
    >>> exact.two_layer(problem, net, [0.5, 1e4]).round(2)
    array([[[1.43, 0.  ],
            [0.  , 0.25]],
    <BLANKLINE>
           [[3.  , 0.  ],
            [0.  , 1.  ]]])

    References
    ----------
    theory §7.5; Fukumizu 1998; Braun, Dominé, Fitzgerald, Saxe, NeurIPS 2022; Dominé et al.,
    arXiv 2409.14623.
    """
    fitting(problem, net)
    if net.depth != 2:
        raise ArgumentError(f"Argument `net` must have two layers, but its depth is {net.depth}.")
    t = times(t)
    lam, violation = imbalance(problem, net)
    if violation > TOLERANCE:
        raise ArgumentError(
            "Argument `net` must be lambda-balanced, W_1^T W_1 - W_0 W_0^T = lambda I (and W_0 "
            f"zero off the range of Sxx), but with lambda = {lam:.6g} it is off by "
            f"{violation:.2e} relative to the squared weights, more than {TOLERANCE:g}. Use "
            '`gradient_flow(problem, net, method="explicit")`, or start from '
            "`init.lambda_balanced`."
        )
    return riccati(problem, net, lam, t)


def imbalance(problem: Problem, net: LinearNetwork) -> tuple[float, float]:
    """Return (lambda, violation) of a two-layer network, the violation relative to ||W||^2."""
    w0, w1 = net.weights
    inner = w0 if problem.factor is None else w0 @ problem.factor
    size = float(scipy.linalg.norm(w0)) + float(scipy.linalg.norm(w1)) or 1.0
    below, above = inner / size, w1 / size
    conserved = above.T @ above - below @ below.T
    lam = float(np.trace(conserved)) / len(conserved)
    violation = float(scipy.linalg.norm(conserved - lam * np.eye(len(conserved))))
    if problem.factor is not None:
        outside = w0 / size - below @ problem.factor.T
        violation = max(violation, float(scipy.linalg.norm(outside)))
    return lam * size * size, violation


def riccati(problem: Problem, net: LinearNetwork, lam: float, t: Array) -> Array:
    """Return the products of a lambda-balanced network."""
    f, into, out = _eigenbasis(problem, lam)
    w0, w1 = net.weights
    basis = np.eye(problem.d_in) if problem.factor is None else problem.factor
    start = into.T @ (w0 @ basis).T + out.T @ w1
    product = np.empty((len(t), problem.d_out, problem.d_in))
    product[t == 0] = net.product()
    moving = np.flatnonzero(t > 0)
    chunk = max(1, _CHUNK // ((len(f) + start.shape[1]) * start.shape[1]))
    for k in range(0, len(moving), chunk):
        some = moving[k : k + chunk]
        q = _evolved(f, start, t[some])
        product[some] = (out @ q) @ (basis @ into @ q).swapaxes(1, 2)
    return product


def _eigenbasis(problem: Problem, lam: float) -> tuple[Array, Array, Array]:
    """Return (f, X_in, X_out), F [X_in; X_out] = [X_in; X_out] diag(f), exact on repeated s."""
    modes = problem.modes
    s = modes.s.copy()
    # Repeated values differ by round-off, which a large t would amplify.
    for group in np.split(np.arange(len(s)), np.flatnonzero(-np.diff(s) > 1e-13 * s[:-1]) + 1):
        s[group] = s[group].mean() if len(group) else 0.0
    v = modes.v if problem.factor is None else problem.factor.T @ modes.v
    v_null, u_null = scipy.linalg.null_space(v.T), scipy.linalg.null_space(modes.u.T)
    half = lam / 2
    angle = np.arctan2(s, half) / 2
    size = np.hypot(s, half)
    f = np.concatenate(
        [size, -size, np.full(v_null.shape[1], -half), np.full(u_null.shape[1], half)]
    )
    zero = np.zeros((len(v), u_null.shape[1])), np.zeros((len(modes.u), v_null.shape[1]))
    into = np.hstack([v * np.sin(angle), v * np.cos(angle), v_null, zero[0]])
    out = np.hstack([modes.u * np.cos(angle), -modes.u * np.sin(angle), zero[1], u_null])
    return f, into, out


def _evolved(f: Array, start: Array, t: Array) -> Array:
    """Return Q(t) up to a rotation of its columns, (len(t), n, k), in the eigenbasis; t > 0.

    Q(t) = D^{1/2} U, where U is the lower part of an orthonormal basis of the columns of
    [I; N^{1/2} Q] and D = e^{2Ft} / N = 2f / (1 - e^{-2ft}).
    """
    k = start.shape[1]
    x = 2 * f * t[:, None]
    size = np.abs(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        shrunk = np.where(size > 0, -np.expm1(-size) / size, 1.0)
        logs = (np.maximum(x, 0) + np.log(shrunk) + np.log(t[:, None])) / 2
        decay = np.exp(np.minimum(x, 0)) / (shrunk * t[:, None])
        logs = np.concatenate([np.zeros((len(t), k)), logs], axis=1)
        columns = np.tile(np.vstack([np.eye(k), start]), (len(t), 1, 1))
        pivots = _eliminate(columns, logs)
        scaled = np.exp(logs[:, :, None] - pivots[:, None, :] + np.log(np.abs(columns)))
    scaled = np.copysign(scaled, columns)
    triangle = np.linalg.cholesky(scaled.swapaxes(1, 2) @ scaled)
    lower = np.sqrt(decay)[:, :, None] * scaled[:, k:]
    return np.linalg.solve(triangle, lower.swapaxes(1, 2)).swapaxes(1, 2)


def _eliminate(columns: Array, logs: Array) -> Array:
    """Reduce the columns of diag(e^logs) columns to unit pivots, in place; return their logs.

    Gauss-Jordan elimination with complete pivoting, for every time at once: rows may differ in
    size by any power of e, and no entry of the scaled result is large.
    """
    every = np.arange(len(columns))
    pivots = np.empty((columns.shape[0], columns.shape[2]))
    free_rows = np.zeros(columns.shape[:2])
    free_columns = np.zeros(pivots.shape)
    for _ in range(pivots.shape[1]):
        height = np.log(np.abs(columns)) + (logs + free_rows)[:, :, None]
        height += free_columns[:, None, :]
        row, column = np.divmod(height.reshape(len(every), -1).argmax(axis=1), pivots.shape[1])
        unit = columns[every, :, column] / columns[every, row, column][:, None]
        others = columns[every, row].copy()
        others[every, column] = 0.0
        columns -= unit[:, :, None] * others[:, None, :]
        columns[every, :, column] = unit
        columns[every, row] = 0.0
        columns[every, row, column] = 1.0
        pivots[every, column] = logs[every, row]
        free_rows[every, row] = free_columns[every, column] = -math.inf
    return pivots
