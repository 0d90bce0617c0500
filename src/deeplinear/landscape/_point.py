"""The canonical critical point of a set of modes (theory §8)."""

from collections.abc import Iterable, Sequence

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._classes import checked_modes
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def critical_point(problem: Problem, widths: Sequence[int], modes: Iterable[int]) -> LinearNetwork:
    r"""Return the canonical critical point that has learned exactly these modes.

    It is balanced, and its end-to-end map is

    .. math:: P_S = \sum_{k \in S} s_k u_k v_k^T (S_{xx}^{1/2})^+ .

    Whitened: the q-th mode k of S runs from v_k through slot q of every hidden layer to u_k,
    with weight s_k^{1/h} in each layer. In general: the same with the singular triples of P_S. All
    else is zero. Exact up to round-off.

    Parameters
    ----------
    problem
        Whitened or not.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    modes
        Indices from 0, at most min(widths) of them. Depth 1 has one critical map: all modes.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, an entry is no mode, too many modes.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([8.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2, 2), [1])
    >>> saddle.product()
    array([[0., 0.],
           [0., 1.]])
    >>> dl.landscape.classify(problem, saddle).kind
    'strict saddle'

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    widths = checks.widths(widths)
    problem.require_widths(widths)
    chosen = list(checked_modes(problem, modes))
    r, depth = len(chosen), len(widths) - 1
    if r > min(widths):
        raise ArgumentError(
            f"Argument `modes` must hold at most {min(widths)} modes, the smallest width, but it "
            f"holds {r}."
        )
    if depth == 1:
        if r < len(problem.modes):
            raise ArgumentError(
                f"Argument `modes` must hold all {len(problem.modes)} modes at depth 1, where the "
                f"loss is convex, but it holds {r}."
            )
        return LinearNetwork([problem.solution()])
    u, s, v = problem.modes.u[:, chosen], problem.modes.s[chosen], problem.modes.v[:, chosen]
    if not problem.whitened:
        left, values, right = np.linalg.svd(u @ (u.T @ problem.solution()), full_matrices=False)
        u, s, v = left[:, :r], values[:r], right[:r].T
    frames = [v, *(np.eye(d, r) for d in widths[1:-1]), u]
    amplitudes = s ** (1.0 / depth)
    return LinearNetwork([(frames[i + 1] * amplitudes) @ frames[i].T for i in range(depth)])
