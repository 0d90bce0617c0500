"""Levenberg-Marquardt steps of symmetric matrices, for many dampings (theory §13)."""

import math

import numpy as np
from scipy.linalg import lapack, solve_banded

from deeplinear._core.checks import Array

_FLOOR = 1e-13
"""Eigenvalues below this fraction of the largest are round-off and must not decide."""


class DampedSolver:
    r"""The steps -(H^2 + mu I)^{-1} H g of one symmetric H and one g.

    H = Q T Q^T is brought to tridiagonal form once, a third of the work that its eigenvectors are.
    The step is the real part of a solution without H^2, whose condition would be squared:

    .. math:: (H^2 + \mu I)^{-1} H = \operatorname{Re} (H + i \sqrt{\mu} I)^{-1} .

    References
    ----------
    theory §13; Golub, Van Loan, Matrix Computations, section 8.3.1.
    """

    def __init__(self, matrix: Array, g: Array) -> None:
        n = len(g)
        work = int(lapack.dsytrd_lwork(n, lower=1)[0])
        self._packed, diagonal, beside, self._tau, _ = lapack.dsytrd(matrix.T, lower=1, lwork=work)
        self._turned = self._turn(g, "T").astype(np.complex128)
        self._bands = np.zeros((3, n), np.complex128)
        self._bands[0, 1:] = self._bands[2, :-1] = beside
        self._bands[1] = diagonal
        # Between the spectral norm and sqrt(3) times it.
        sizes = np.abs(self._bands)
        self._floor = _FLOOR * float(sizes.sum(axis=0).max(initial=0.0))

    def step(self, mu: float) -> Array:
        """Return the step with damping `mu`."""
        bands = self._bands.copy()
        bands[1] += 1j * max(math.sqrt(mu), self._floor, 1e-150)
        found = solve_banded((1, 1), bands, self._turned, overwrite_ab=True, check_finite=False)
        return -self._turn(found.real, "N")

    def _turn(self, x: Array, trans: str) -> Array:
        """Q x, or Q^T x; its reflections leave the first entry alone."""
        result = np.array(x, dtype=np.float64)
        if len(x) > 1:
            below = self._packed[1:, :-1]
            turned = lapack.dormqr("L", trans, below, self._tau, result[1:, None], lwork=len(x))[0]
            result[1:] = turned[:, 0]
        return result
