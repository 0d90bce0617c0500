"""The largest eigenvalue of the Hessian, which bounds gradient descent's step (theory §8)."""

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
