"""The ends of the Hessian's spectrum: steepest way down, and bound of a step (theory §8)."""

import numpy as np
import scipy.linalg

from deeplinear._core.checks import Array
from deeplinear.flow import hessian, hessian_operator
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

DENSE_UP_TO = 400
"""Parameters up to which the dense Hessian is diagonalised; Lanczos iteration above."""

TOLERANCE = 1e-8
"""Relative accuracy of the Lanczos iteration."""

_STEPS, _ENTRIES = (20, 300), 5e7  # of the iteration for both ends, and what it may keep


def largest_eigenvalue(problem: Problem, net: LinearNetwork) -> float:
    """Return the largest eigenvalue of the Hessian; NaN if the Hessian overflows.

    Gradient descent with step eta is stable near this network only if eta < 2 / eigenvalue.
    Exact to round-off up to 400 parameters, to a relative 1e-8 above.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import largest_eigenvalue
    >>> problem = dl.Problem.from_target([[4.0]])
    >>> round(largest_eigenvalue(problem, dl.LinearNetwork([[[2.0]], [[2.0]]])), 9)  # h s^(2-2/h)
    8.0

    References
    ----------
    theory §8.
    """
    with np.errstate(all="ignore"):
        if net.n_params <= DENSE_UP_TO:
            return _dense(hessian(problem, net))
        return _lanczos(problem, net)


def extreme_eigenvalues(problem: Problem, net: LinearNetwork) -> tuple[float, float]:
    """Return the smallest and the largest eigenvalue of the Hessian; NaNs if it overflows.

    Exact to round-off up to 400 parameters. Above, Lanczos iteration with full
    reorthogonalization from one random start, until both residuals are below 1e-8 of the larger
    modulus, or for 300 steps (fewer from 2e5 parameters on): then the smallest is an upper and the
    largest a lower bound.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import extreme_eigenvalues
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2), [1])
    >>> low, high = extreme_eigenvalues(problem, saddle)
    >>> round(low, 9), round(high, 9)
    (-4.0, 5.0)

    References
    ----------
    theory §8; Parlett, The Symmetric Eigenvalue Problem, 1998.
    """
    with np.errstate(all="ignore"):
        if net.n_params > DENSE_UP_TO:
            return _both_ends(problem, net)
        matrix = hessian(problem, net)
        if not np.isfinite(matrix).all():
            return float("nan"), float("nan")
        values = scipy.linalg.eigvalsh(matrix)
    return float(values[0]), float(values[-1])


def _both_ends(problem: Problem, net: LinearNetwork) -> tuple[float, float]:
    apply = hessian_operator(problem, net)
    start = np.random.default_rng(0).standard_normal(net.n_params)
    steps = int(np.clip(_ENTRIES / net.n_params, *_STEPS))
    basis = np.empty((steps, net.n_params))
    basis[0] = start / np.linalg.norm(start)
    diagonal, beside = np.zeros(steps), np.zeros(steps)
    values = np.zeros(1)
    for j in range(steps):
        image = np.asarray(apply(basis[j]))
        diagonal[j] = image @ basis[j]
        if not np.isfinite(image).all():
            return float("nan"), float("nan")
        for _ in range(2):  # twice is enough
            image = image - basis[: j + 1].T @ (basis[: j + 1] @ image)
        beside[j] = scipy.linalg.norm(image)
        values, vectors = scipy.linalg.eigh_tridiagonal(diagonal[: j + 1], beside[:j])
        residual = beside[j] * np.abs(vectors[-1, [0, -1]]).max()
        if residual <= TOLERANCE * np.abs(values).max() or j + 1 == steps:
            break
        basis[j + 1] = image / beside[j]
    return float(values[0]), float(values[-1])


def _dense(matrix: Array) -> float:
    if not np.isfinite(matrix).all():
        return float("nan")
    top = len(matrix) - 1
    return float(scipy.linalg.eigvalsh(matrix, subset_by_index=(top, top))[0])


def _lanczos(problem: Problem, net: LinearNetwork) -> float:
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    apply = hessian_operator(problem, net)
    start = np.random.default_rng(0).standard_normal(net.n_params)
    if not np.isfinite(apply(start)).all():
        return float("nan")
    operator = LinearOperator((net.n_params,) * 2, matvec=apply, dtype=np.float64)
    try:
        values = eigsh(
            operator, k=1, which="LA", v0=start, tol=TOLERANCE, return_eigenvectors=False
        )
    except ArpackError:  # a zero Hessian, or no convergence
        return 0.0 if not np.any(apply(start)) else float("nan")
    return float(values[0])
