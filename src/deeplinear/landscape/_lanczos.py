"""The lowest Hessian eigenvalues of large networks, without a matrix, with error bounds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import hessian_operator
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_TOLERANCE = 1e-10
"""Of the Lanczos iteration, relative to the largest eigenvalue."""

_ROUNDS = 8
"""Searches for eigenvalues that an earlier one has missed, at most."""


@dataclass(frozen=True)
class Eigenpairs:
    """The lowest eigenvalues of a Hessian, with directions and bounds.

    Attributes
    ----------
    values : ``(k,)``, ascending.
    directions : k directions, each a tuple of arrays shaped as the weights, of norm 1.
    bounds : ``(k,)`` residuals ||H v - value v||: within so much of each value there is an
        eigenvalue.
    largest : the largest eigenvalue, to which the accuracy is relative.
    """

    values: Array
    directions: tuple[tuple[Array, ...], ...]
    bounds: Array
    largest: float


def lowest_eigenpairs(problem: Problem, net: LinearNetwork, k: int = 6) -> Eigenpairs:
    """Return the k lowest eigenvalues of the Hessian with their directions, matrix-free.

    Lanczos iteration on Hessian products. One start vector sees one direction of every
    eigenspace, so the search is repeated, what was found taken out, until nothing lower turns up.

    Parameters
    ----------
    problem, net
        Any network.
    k
        How many, at most half of the parameters.

    Returns
    -------
    Eigenpairs

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, k is too large.

    Notes
    -----
    A bound says that there is an eigenvalue near, not that none was missed: that is made unlikely
    by the repeated search, and is no theorem. Where the Hessian is zero, all is zero.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2), [1])
    >>> found = dl.landscape.lowest_eigenpairs(problem, saddle, k=2)
    >>> found.values.round(8), bool(found.bounds.max() < 1e-8)
    (array([-4., -3.]), True)

    References
    ----------
    theory §8; Parlett, The Symmetric Eigenvalue Problem, 1998.
    """
    problem.require_widths(net.widths)
    n = net.n_params
    k = checks.integer("k", k, minimum=1)
    if k > max(n // 2, 1):
        raise ArgumentError(
            f"Argument `k` must be at most {max(n // 2, 1)}, half of the {n} parameters, but it "
            f"is {k}. Use deeplinear.landscape.spectrum for all of them."
        )
    apply = hessian_operator(problem, net)
    rng = np.random.default_rng(0)
    largest = _largest(apply, n, rng)
    if largest == 0.0:
        vectors = np.eye(n, k)
    else:
        vectors = _lowest(apply, n, k, largest, rng)
    images = np.column_stack([apply(v) for v in vectors.T])
    values = np.sum(vectors * images, axis=0)
    order = np.argsort(values, kind="stable")
    values, vectors, images = values[order], vectors[:, order], images[:, order]
    bounds = np.linalg.norm(images - vectors * values, axis=0)
    directions = tuple(LinearNetwork.from_vector(v, net.widths).weights for v in vectors.T)
    return Eigenpairs(values + 0.0, directions, bounds, largest)


def _largest(apply: Any, n: int, rng: np.random.Generator) -> float:
    """The largest modulus of an eigenvalue."""
    start = rng.standard_normal(n)
    if not np.any(apply(start)):
        return 0.0
    if n <= 3:
        return float(np.abs(np.linalg.eigvalsh(np.array([apply(e) for e in np.eye(n)]))).max())
    from scipy.sparse.linalg import LinearOperator, eigsh

    operator = LinearOperator((n, n), matvec=apply, dtype=np.float64)
    value = eigsh(operator, k=1, which="LM", v0=start, tol=1e-3, return_eigenvectors=False)
    return float(abs(value[0]))


def _lowest(apply: Any, n: int, k: int, largest: float, rng: np.random.Generator) -> Array:
    """Orthonormal vectors of the k lowest eigenvalues."""
    if n <= max(3 * k, 40):
        h = np.array([apply(e) for e in np.eye(n)])
        return np.asarray(np.linalg.eigh((h + h.T) / 2)[1][:, :k])
    from scipy.sparse.linalg import LinearOperator, eigsh

    found, values = np.zeros((n, 0)), np.zeros(0)
    for _ in range(_ROUNDS):
        basis = found

        def raised(v: Array, basis: Array = basis) -> Array:
            """H - largest, with what was found moved out of the way, to zero and above."""
            v = np.ravel(v)
            c = basis.T @ v
            image = apply(v - basis @ c)
            return image - basis @ (basis.T @ image) - largest * (v - basis @ c)

        operator = LinearOperator((n, n), matvec=raised, dtype=np.float64)
        shifted, vectors = eigsh(
            operator, k=k, which="SA", v0=rng.standard_normal(n), tol=_TOLERANCE
        )
        new = shifted + largest
        bar = np.sort(values)[k - 1] if len(values) >= k else np.inf
        lower = new < bar - 10 * _TOLERANCE * largest
        if not lower.any():
            break
        found = np.linalg.qr(np.column_stack([found, vectors[:, lower]]))[0]
        small = found.T @ np.column_stack([apply(v) for v in found.T])
        values, turn = np.linalg.eigh((small + small.T) / 2)
        found = found @ turn
    return np.asarray(found[:, :k])
