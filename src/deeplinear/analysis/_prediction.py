"""Predicted against observed learning times of every mode (theory §7.3, §11)."""

import math
from dataclasses import dataclass

import numpy as np

from deeplinear.analysis._learning import learning_times
from deeplinear.exact import mode_time
from deeplinear.landscape import group_strengths
from deeplinear.solve import Trajectory


@dataclass(frozen=True)
class Learning:
    """When one mode was learned, and when a balanced mode of its initial strength would be.

    Attributes
    ----------
    mode, s : the mode and its singular value.
    initial_strength : p_k at the start; negative if the start has the wrong sign there.
    predicted : time at which a balanced scalar mode that starts at |p_k| (depth 1: at p_k) passes
        s_k / 2; 0 if it starts there, infinite for p_k = 0, NaN if the data are not
        whitened, or the strength overflows.
    observed : time since the start at which it was first learned; NaN: never.
    """

    mode: int
    s: float
    initial_strength: float
    predicted: float
    observed: float


def learning(traj: Trajectory) -> tuple[Learning, ...]:
    """Compare the learning time of every mode with that of a balanced mode of its strength.

    The prediction is exact for a balanced, decoupled start with p_k > 0. For others it tells the
    order of magnitude: it knows the modulus of u_k^T P v_k at the start and nothing else, while a
    random start first turns towards its fastest direction. A decoupled mode of the wrong sign is
    never learned, whatever is predicted from its modulus. Depth 1 is exact for all starts.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import learning
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
    >>> [(k.mode, round(k.predicted, 2), round(k.observed, 2)) for k in learning(traj)]
    [(0, 1.32, 1.32), (1, 2.3, 2.3)]

    References
    ----------
    theory §7.3, §11; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    strengths = group_strengths(traj.problem, traj.products[0])
    observed = np.abs(learning_times(traj) - traj.t[0])
    return tuple(
        Learning(k, float(s), float(p), _predicted(traj, float(s), float(p)), float(t))
        for k, (s, p, t) in enumerate(zip(traj.problem.modes.s, strengths, observed, strict=True))
    )


def _predicted(traj: Trajectory, s: float, strength: float) -> float:
    depth = len(traj.widths) - 1
    if not (traj.problem.whitened and math.isfinite(strength)):
        return math.nan
    if depth == 1:
        return max(math.log((s - strength) / (s / 2)), 0.0) if strength < s else 0.0
    size = abs(strength)
    if size >= s / 2:
        return 0.0
    if size == 0.0:
        return math.inf
    return float(mode_time(s, depth, size ** (1 / depth), (s / 2) ** (1 / depth)))
