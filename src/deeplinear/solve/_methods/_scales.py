"""The sizes that errors are measured against: of a solution, of a start, of its smallest part."""

import math

import numpy as np
from numba import types
from scipy.linalg.blas import dnrm2

from deeplinear._core.compilation import compiled
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_CARRIES = 1e-10  # of a layer's largest singular value: below is round-off
_TELLS = 1e-8  # of the largest eigenvalue of W W^T: below, half of the digits are round-off


def natural_scale(problem: Problem, net: LinearNetwork) -> float:
    """The size of a balanced layer at the solution: ||Sigma||^{1/h}, or 1 without a target."""
    size = float(dnrm2(problem.modes.s)) if len(problem.modes) else 0.0
    return size ** (1.0 / net.depth) if size > 0 else 1.0


def smallest_scale(net: LinearNetwork, natural: float) -> float:
    """A thousandth of a typical weight, at the start or at the solution, whichever is smaller."""
    start = float(dnrm2(net.to_vector())) / math.sqrt(net.n_params)
    typical = natural / math.sqrt(max(net.widths))
    return 1e-3 * (min(start, typical) if start > 0 else typical)


@compiled(types.float64(types.float64[::1], types.int64[::1]))
def finest_scale(y, widths):  # type: ignore[no-untyped-def]
    """Return the smallest singular value, over layers, that carries signal; inf without one.

    From the eigenvalues of W W^T, which are quicker, where they are not too far apart.
    """
    rank = widths.min()
    finest = np.inf
    start = 0
    for i in range(widths.size - 1):
        rows, columns = widths[i + 1], widths[i]
        w = y[start : start + rows * columns].reshape(rows, columns)
        start += rows * columns
        size = np.abs(w).max()
        if size == 0.0:
            continue
        w = w / size
        squares = np.linalg.eigvalsh(w @ w.T if rows <= columns else w.T @ w)
        top = squares.size - 1
        if squares[top - rank + 1] > _TELLS * squares[top]:
            finest = min(finest, size * np.sqrt(squares[top - rank + 1]))
            continue
        values = np.linalg.svd(w, False)[1][:rank]
        for value in values:
            if value > _CARRIES * values[0]:
                finest = min(finest, size * value)
    return finest
