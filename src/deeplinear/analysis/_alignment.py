"""How well the singular frames of P match the data's modes (theory §3, §5)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape import mode_groups
from deeplinear.solve import Trajectory

_RANK_TOLERANCE = 1e-12  # singular values of P below this fraction of the largest have no frame


@dataclass(frozen=True)
class ModeAlignment:
    """How well a mode, or a group of equal modes, agrees with the learned map's singular vectors.

    Attributes
    ----------
    modes : the group's learned modes; one, unless singular values of the target coincide.
    left, right : |u_k^T u(P)| and |v_k^T v(P)|; for a group, the cosine of the largest principal
        angle between the spans. 1: aligned.
    """

    modes: tuple[int, ...]
    left: float
    right: float


def alignment(traj: Trajectory, *, n_times: int | None = None) -> tuple[Array, Array]:
    """Return times ``(j,)`` and overlaps ``(j, m)`` of the modes with singular pairs of P.

    The overlap of mode k is the largest |u_k^T u_r| |v_k^T v_r| over the singular pairs
    (u_r, v_r) of P Sxx^{1/2}: 1 once the mode is a singular pair of the learned map. In a group of
    equal modes, u_k and v_k are replaced by projections onto the group's spans, and the members
    get the group's largest overlaps in turn. Exact up to round-off, where the singular
    values of P are distinct.

    Parameters
    ----------
    n_times
        Use at most so many of the saved times, evenly chosen. None: all.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import alignment
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]], [[0.1, 0.1], [0.0, 0.1]]])
    >>> t, overlap = alignment(dl.gradient_flow(problem, start))
    >>> overlap[-1].round(3)
    array([1., 1.])

    References
    ----------
    theory §3; Arora, Cohen, Hu, Luo, arXiv 1905.13655.
    """
    count = len(traj) if n_times is None else min(n_times, len(traj))
    chosen = np.unique(np.linspace(0, len(traj) - 1, count).round().astype(int))
    u, kept, v = _frames(_effective(traj, traj.products[chosen]))
    modes = traj.problem.modes
    result = np.zeros((len(chosen), len(modes)))
    for group in mode_groups(modes.s):
        members = list(group)
        score = kept * _shares(u, modes.u[:, members]) * _shares(v, modes.v[:, members])
        best = np.sort(score, axis=1)[:, ::-1][:, : len(members)]
        result[:, members[: best.shape[1]]] = best
    return traj.t[chosen], np.clip(result, 0.0, 1.0)


def final_alignment(traj: Trajectory, learned: tuple[int, ...]) -> tuple[ModeAlignment, ...]:
    """Return the alignment of each group of learned modes at the end of the run."""
    modes = traj.problem.modes
    frames = _frames(_effective(traj, traj.products[-1:]))
    u, kept, v = (part[0] for part in frames)
    result = []
    for group in mode_groups(modes.s):
        members = tuple(k for k in group if k in learned)
        if not members:
            continue
        left, right = modes.u[:, list(group)], modes.v[:, list(group)]
        score = kept * _shares(u, left) * _shares(v, right)
        best = np.argsort(-score, kind="stable")[: len(members)]
        result.append(
            ModeAlignment(members, _cosine(left.T @ u[:, best]), _cosine(right.T @ v[:, best]))
        )
    return tuple(result)


def _effective(traj: Trajectory, products: Array) -> Array:
    problem = traj.problem
    return products if problem.factor is None else products @ problem.sqrt_sxx


def _frames(maps: Array) -> tuple[Array, Array, Array]:
    """Left vectors, which singular values are above round-off, right vectors (columns)."""
    u, s, vt = np.linalg.svd(maps, full_matrices=False)
    kept = (s > _RANK_TOLERANCE * s[..., :1]).astype(np.float64)
    return u, kept, np.swapaxes(vt, -1, -2)


def _shares(frame: Array, span: Array) -> Array:
    """The norm of each column of `frame` projected onto the columns of `span`."""
    return np.linalg.norm(span.T @ frame, axis=-2)


def _cosine(overlaps: Array) -> float:
    """The cosine of the largest principal angle."""
    return float(min(np.linalg.svd(overlaps, compute_uv=False).min(), 1.0))
