"""Modes and groups of equal modes, and what a map has learned of them (theory §8, §11)."""

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

EQUAL_MODES = 1e-8
"""Modes whose values differ by less than this fraction of the largest form one group: only their
span is determined by the data."""

ModeSet = tuple[int, ...]
"""A set of modes: ascending, from 0. In a group of equal modes, the first ones stand for any."""


def mode_groups(s: Array) -> list[ModeSet]:
    """Return the indices of the modes, equal values together.

    Values are equal if neighbors differ by less than 1e-8 of the largest.

    Examples
    --------
    >>> from deeplinear.landscape import mode_groups
    >>> mode_groups([3.0, 2.0, 2.0, 1.0])
    [(0,), (1, 2), (3,)]
    """
    groups: list[ModeSet] = []
    for k, value in enumerate(s):
        if groups and s[groups[-1][-1]] - value <= EQUAL_MODES * s[0]:
            groups[-1] += (k,)
        else:
            groups.append((k,))
    return groups


def natural_weight(problem: Problem, depth: int) -> float:
    """Return s_0^{1/h}, the weight of the largest mode in a balanced network; 1 without modes.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.landscape.natural_weight(dl.Problem.from_modes([4.0, 1.0]), 2)
    2.0

    References
    ----------
    theory §8.
    """
    s = problem.modes.s
    return float(s[0]) ** (1 / depth) if len(s) else 1.0


def natural_curvature(problem: Problem, depth: int) -> float:
    """Return s_0^{2 - 2/h}, the curvature of the largest mode once it is learned; 0 without modes.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.landscape.natural_curvature(dl.Problem.from_modes([4.0, 1.0]), 2)
    4.0

    References
    ----------
    theory §8.
    """
    s = problem.modes.s
    return float(s[0]) ** (2 - 2 / depth) if len(s) else 0.0


def group_strengths(problem: Problem, products: Array) -> Array:
    """Return how much of each mode maps P ``(..., d_out, d_in)`` have learned, ``(..., m)``.

    For a single mode p_k = u_k^T P Sxx^{1/2} v_k. In a group of equal modes the frames are
    arbitrary: its strengths are the eigenvalues of the symmetric part of U^T P Sxx^{1/2} V,
    descending, which no choice of frames changes.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 2.0])
    >>> half = [[1.0, 1.0], [1.0, 1.0]]  # learned along the diagonal, wherever the frames point
    >>> abs(dl.landscape.group_strengths(problem, half)).round(12)
    array([2., 0.])

    References
    ----------
    theory §8, §11.
    """
    modes = problem.modes
    v = modes.v if problem.factor is None else problem.sqrt_sxx @ modes.v
    projected = np.asarray(products) @ v
    result = np.einsum("...ik,ik->...k", projected, modes.u)
    for group in mode_groups(modes.s):
        if len(group) > 1:
            k = list(group)
            block = modes.u[:, k].T @ projected[..., k]
            symmetric = (block + np.swapaxes(block, -1, -2)) / 2
            result[..., k] = np.linalg.eigvalsh(symmetric)[..., ::-1]
    return result


def learned_modes(problem: Problem, net: LinearNetwork) -> ModeSet:
    """Return the modes with strength above s / 2; of a group of equal modes, the first ones.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> dl.landscape.learned_modes(problem, dl.LinearNetwork([[[0.9, 0.0], [0.0, 0.6]]]))
    (1,)

    References
    ----------
    theory §11.
    """
    held = group_strengths(problem, net.product()) > problem.modes.s / 2
    groups = mode_groups(problem.modes.s)
    return tuple(k for g in groups for k in g[: int(held[list(g)].sum())])
