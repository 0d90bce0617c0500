"""Which saved states of a run make its film: evenly spread over what happens (theory §11)."""

from dataclasses import dataclass

import numpy as np

from deeplinear import analysis
from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.analysis import set_name
from deeplinear.plot.data._time import require_run, time_axis
from deeplinear.solve import Trajectory

_WAITING = 0.25  # share of the frames that is spread over the time axis, not over the movement


@dataclass(frozen=True, eq=False)
class Film:
    """The frames of a run.

    Attributes
    ----------
    states : ``(n,)``, indices of saved states, ascending.
    x, gap : ``(n,)``, where the cursor is on the axes of `plot.loss`.
    strengths : ``(n, m)``, of the modes.
    captions : time and learned modes, in words.
    limit : the largest modulus of a weight in these states, or 1.
    """

    states: np.ndarray
    x: Array
    gap: Array
    strengths: Array
    captions: tuple[str, ...]
    limit: float


def film(traj: Trajectory, n_frames: int = 80) -> Film:
    """Return the frames of a run: its first and last saved state, and those in between.

    Three quarters of the frames are spread evenly over the distance that the weights move, one
    quarter over the time axis, so that plateaus can be seen to last. States that overflowed are
    left out.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=1e-2, seed=0))
    >>> found = data.film(traj, 3)
    >>> len(found.states), found.captions[-1].split(",")[1]
    (3, ' learned modes: 0')
    """
    require_run(traj)
    n_frames = checks.integer("n_frames", n_frames, minimum=1)
    time = time_axis(traj)
    vectors = traj.reduced_vectors
    finite = np.flatnonzero(np.isfinite(vectors).all(axis=1) & np.isfinite(traj.gap))
    if finite.size == 0:
        raise ArgumentError("Argument `traj` must hold a state of finite loss, but it holds none.")
    low, high = time.limits
    x = np.clip(time.x[finite], low, high)
    with np.errstate(over="ignore", invalid="ignore"):
        moved = np.linalg.norm(np.diff(vectors[finite], axis=0), axis=1)
    waited = np.diff(np.log(x) if time.log else x)
    position = (1 - _WAITING) * _progress(moved) + _WAITING * _progress(waited)
    wanted = np.linspace(position[0], position[-1], n_frames)[::-1]
    nearest = np.abs(position[None] - wanted[:, None]).argmin(axis=1)
    last = len(finite) - 1
    chosen = np.unique([*nearest, last] if n_frames == 1 else [0, *nearest[1:-1], last])
    states = finite[chosen[-n_frames:]]
    captions = tuple(
        f"$t$ = {traj.t[k]:.4g}, learned modes: {set_name(analysis.learned_modes(traj, int(k)))}"
        for k in states
    )
    limit = max(float(np.abs(w).max()) for k in states for w in traj[int(k)].weights)
    return Film(
        states, np.clip(time.x[states], low, high), traj.gap[states], traj.mode_strengths[states],
        captions, limit or 1.0,
    )  # fmt: skip


def _progress(steps: Array) -> Array:
    """From 0 to 1 along steps of these lengths; evenly where nothing moves, or beyond range."""
    length = np.concatenate([[0.0], np.cumsum(np.nan_to_num(steps, posinf=1e300))])
    if not 0 < length[-1] < np.inf:
        return np.linspace(0.0, 1.0, len(length))
    return np.asarray(length / length[-1])
