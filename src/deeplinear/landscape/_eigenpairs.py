"""The lowest Hessian eigenvalues with their directions and error bounds (theory §5, §8)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import Compression, compress, hessian, hessian_operator
from deeplinear.landscape._modes import natural_curvature
from deeplinear.landscape._normal_form import signals
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_DENSE_UP_TO = 1500
"""Parameters left after compression up to which a dense Hessian is diagonalized."""

_TOLERANCE = 1e-10
"""Of the Lanczos iteration, relative to the largest eigenvalue."""

_GLANCE = 1e-4
"""The same where only the order of magnitude matters."""

_ROUND_OFF = 1e-13
"""Singular values below this fraction of the largest eigenvalue give zeros."""

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
    """Return the k lowest eigenvalues of the Hessian with their directions.

    Exact if at most 1500 parameters are left after compression (`flow.compress`), as at most
    saddles. Otherwise Lanczos iteration on Hessian products, without a matrix: one start vector
    sees one direction of every eigenspace, so the search is repeated, what was found taken out,
    until nothing lower turns up.

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
    A bound says that there is an eigenvalue near, not that none was missed: Lanczos iteration makes
    that unlikely by its repeated search, and proves nothing.

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
    found = _by_compression(problem, net, k)
    if found is None:
        rng = np.random.default_rng(0)
        largest = _largest(apply, n, rng)
        vectors = np.eye(n, k) if largest == 0.0 else _lowest(apply, n, k, largest, rng)
    else:
        vectors, largest = found
    images = np.column_stack([apply(v) for v in vectors.T])
    values = np.sum(vectors * images, axis=0)
    order = np.argsort(values, kind="stable")
    values, vectors, images = values[order], vectors[:, order], images[:, order]
    bounds = np.linalg.norm(images - vectors * values, axis=0)
    directions = tuple(LinearNetwork.from_vector(v, net.widths).weights for v in vectors.T)
    return Eigenpairs(values + 0.0, directions, bounds, largest)


def _by_compression(problem: Problem, net: LinearNetwork, k: int) -> tuple[Array, float] | None:
    """Vectors of the k lowest eigenvalues and the largest, if a small dense Hessian tells them."""
    if net.depth == 1:
        return None
    small = compress(problem, net)
    if small.net.n_params > _DENSE_UP_TO:
        return None
    values, vectors = scipy.linalg.eigh(hessian(small.problem, small.net), driver="evd")
    largest = float(np.abs(values).max())
    inside = [(float(v), _expanded(small, vectors[:, j])) for j, v in enumerate(values[:k])]
    beside = _beside(problem, net, small, k, max(largest, natural_curvature(problem, net.depth)))
    lowest = sorted([*inside, *beside], key=lambda pair: pair[0])[:k]
    covered = small.net.n_params == net.n_params
    if len(lowest) < k or (lowest[-1][0] > 1e-12 * largest and not covered):
        return None  # zeros of unused nodes come first
    largest = max(largest, *(-value for value, _ in beside)) if beside else largest
    return np.column_stack([vector for _, vector in lowest]), largest


def _expanded(small: Compression, vector: Array) -> Array:
    layers = LinearNetwork.from_vector(vector, small.net.widths).weights
    pairs = zip(small.bases[1:], layers, small.bases[:-1], strict=True)
    return np.concatenate([(above @ w @ below.T).ravel() for above, w, below in pairs])


def _beside(
    problem: Problem, net: LinearNetwork, small: Compression, k: int, largest: float
) -> list[tuple[float, Array]]:
    """The negative eigenvalues that nodes without weights add, k for each layer at most."""
    before, after = signals(problem, net)
    residual = problem.factor_target - before[-1]
    found = []
    for i in range(1, net.depth):
        basis = small.bases[i]
        free = np.linalg.qr(basis, mode="complete")[0][:, basis.shape[1] :]
        if free.shape[1] == 0:
            continue
        u, sizes, vt = np.linalg.svd(
            after[i + 1].T @ residual @ before[i - 1].T, full_matrices=False
        )
        sizes[sizes <= _ROUND_OFF * largest] = 0.0
        chosen = [(j, b) for j in range(len(sizes)) for b in free.T if sizes[j] > 0.0][:k]
        for j, b in chosen:
            parts = [np.zeros_like(w) for w in net.weights]
            parts[i - 1] = np.outer(b, vt[j]) / np.sqrt(2)
            parts[i] = np.outer(u[:, j], b) / np.sqrt(2)
            found.append((-float(sizes[j]), np.concatenate([part.ravel() for part in parts])))
    return found


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
        start = rng.standard_normal(n)
        if len(values):  # is there anything lower? That is seen long before it is accurate.
            glance = eigsh(operator, k=1, which="SA", v0=start, tol=_GLANCE)
            if glance[0][0] + largest >= values[k - 1] - 10 * _TOLERANCE * largest:
                break
            start = glance[1][:, 0]
        shifted, vectors = eigsh(operator, k=k, which="SA", v0=start, tol=_TOLERANCE)
        bar = values[k - 1] if len(values) else np.inf
        lower = shifted + largest < bar - 10 * _TOLERANCE * largest
        found = np.linalg.qr(np.column_stack([found, vectors[:, lower]]))[0]
        small = found.T @ np.column_stack([apply(v) for v in found.T])
        values, turn = np.linalg.eigh((small + small.T) / 2)
        found = found @ turn
    return np.asarray(found[:, :k])
