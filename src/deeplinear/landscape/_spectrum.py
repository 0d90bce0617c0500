"""Eigenvalues of the Hessian, by way of the exact compression (theory §5, §8)."""

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import Compression, compress, hessian
from deeplinear.landscape._canonical_spectrum import balanced_class, closed_form
from deeplinear.landscape._eigenpairs import lowest_eigenpairs
from deeplinear.landscape._modes import natural_curvature
from deeplinear.landscape._normal_form import signals
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

DENSE_LIMIT = 6000
"""Parameters of the compressed network above which its dense Hessian is not diagonalized."""

NEGATIVE = 1e-8
"""Eigenvalues below minus this fraction of the largest modulus, or of s_0^{2 - 2/h}, count as
negative."""


def spectrum(problem: Problem, net: LinearNetwork, k: int | None = None) -> Array:
    r"""Return the eigenvalues of the Hessian, ascending: all n_params of them, or the k smallest.

    Balanced critical points of whitened data have a closed form (`canonical_spectrum`). Others are
    compressed exactly (`flow.compress`), and the dense Hessian of what is left is
    diagonalized. A node without weights adds eigenvalues :math:`\pm\sigma` with the singular values
    of :math:`(W_{h-1} \cdots W_{i+1})^T R (W_{i-2} \cdots W_0)^T`, an unused input or output those
    of the products after or before it. Exact up to round-off of the largest.

    Parameters
    ----------
    problem, net
        Any network. The cost is that of the compressed one, small at canonical points.
    k
        How many. None: all.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem; k is not in 1, ..., n_params; more than 6000
        parameters are left after compression and k is None. A k is then answered by Lanczos
        iteration (`lowest_eigenpairs`, which gives bounds too).

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2), [1])
    >>> dl.landscape.spectrum(problem, saddle)
    array([-4., -3.,  0.,  0.,  0.,  2.,  4.,  5.])

    References
    ----------
    theory §5, §8.
    """
    problem.require_widths(net.widths)
    k = net.n_params if k is None else checks.integer("k", k, minimum=1)
    if k > net.n_params:
        raise ArgumentError(
            f"Argument `k` must be at most {net.n_params}, the number of parameters, but it is {k}."
        )
    modes = balanced_class(problem, net)
    if modes is not None:
        return closed_form(problem, net.widths, modes)[:k]
    if net.depth == 1:
        return np.sort(np.tile(scipy.linalg.eigvalsh(problem.sxx), problem.d_out))[:k]
    small = compress(problem, net)
    n = small.net.n_params
    if n <= DENSE_LIMIT:
        values = np.concatenate(
            [
                scipy.linalg.eigvalsh(hessian(small.problem, small.net)),
                _unused(small, net, problem.rank),
            ]
        )
        padded = np.concatenate([values, np.zeros(net.n_params - len(values))])
        return np.sort(padded)[:k]
    if k > n // 2:
        raise ArgumentError(
            f"Argument `k` must be given and at most {n // 2} for {n} parameters that cannot be "
            f"compressed away (above {DENSE_LIMIT}), but it is {k}."
        )
    return lowest_eigenpairs(problem, net, k).values


def index(problem: Problem, net: LinearNetwork) -> int:
    """Return the number of negative eigenvalues of the Hessian.

    Those below -1e-8 of the largest modulus, or of s_0^{2 - 2/h}, the curvature of the largest mode
    once it is learned: near the saddle at zero all others are round-off.

    Raises
    ------
    ArgumentError
        As `spectrum`.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> dl.landscape.index(problem, dl.landscape.critical_point(problem, (2, 2, 2), [1]))
    2

    References
    ----------
    theory §8.
    """
    values = spectrum(problem, net)
    natural = natural_curvature(problem, net.depth)
    return int(np.sum(values < -NEGATIVE * np.abs(values).max(initial=natural)))


def _unused(small: Compression, net: LinearNetwork, rank: int) -> Array:
    """Eigenvalues that nodes outside the compressed network add, with their multiplicities."""
    before, after = signals(small.problem, small.net)
    residual = small.problem.factor_target - before[-1]
    found = []
    for i, basis in enumerate(small.bases):
        free = net.widths[i] - basis.shape[1]
        if i == 0:
            free = max(rank - basis.shape[1], 0)  # the others have no data
            values = np.linalg.svd(after[1], compute_uv=False) ** 2
        elif i == net.depth:
            values = np.linalg.svd(before[-2], compute_uv=False) ** 2
        else:
            half = np.linalg.svd(after[i + 1].T @ residual @ before[i - 1].T, compute_uv=False)
            values = np.concatenate([half, -half])
        found.append(np.repeat(values, free))
    return np.concatenate(found)
