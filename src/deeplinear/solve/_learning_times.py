"""When each mode is learned along saved states (theory §11)."""

import itertools

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.problem import Problem


def mode_strengths(problem: Problem, widths: tuple[int, ...], vectors: Array) -> Array:
    """As `Trajectory.mode_strengths`, without a network for each state: u^T P F w (k, m)."""
    modes = problem.modes
    target = problem.factor_target
    state = np.broadcast_to(
        (target.T @ modes.u) / modes.s if len(modes) else np.zeros((target.shape[1], 0)),
        (len(vectors), target.shape[1], len(modes)),
    )
    with np.errstate(over="ignore", invalid="ignore"):
        if problem.factor is not None:
            state = problem.factor @ state
        at = 0
        for columns, rows in itertools.pairwise(widths):
            layer = vectors[:, at : at + rows * columns].reshape(-1, rows, columns)
            state = layer @ state
            at += rows * columns
        return np.einsum("tik,ik->tk", state, modes.u)


def learning_times(values: Array, t: Array, strengths: Array) -> Array:
    """Return the first times at which p_k passes s_k / 2; NaN for modes that never do.

    values (m,) : the s_k; strengths (k, m) : the p_k at times t. Between saved states by a straight
    line in log(p / (s - p)), in which a mode of a balanced network moves evenly.
    """
    result = np.full(len(values), np.nan)
    for k, s in enumerate(values):
        above = np.flatnonzero(strengths[:, k] > s / 2)
        if above.size == 0:
            continue
        j = int(above[0])
        if j == 0:
            result[k] = t[0]
            continue
        ends = strengths[j - 1 : j + 1, k] / s
        if ends[0] > 0.0 and ends[1] < 1.0:
            low, high = np.log(ends / (1.0 - ends))
            share = -low / (high - low)
        else:
            share = (0.5 - ends[0]) / (ends[1] - ends[0])
        result[k] = t[j - 1] + share * (t[j] - t[j - 1])
    return result
