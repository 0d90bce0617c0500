"""What a run has learned of each mode against time, with closed forms (theory §3, §7)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.exact import Solution
from deeplinear.plot.data._time import TimeAxis, time_axis
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

SIGNIFICANT = 1e-14
"""Singular values below this fraction of the largest are round-off."""

_GRID = 400  # times of a closed form
_ENTRIES = 4e6  # of its maps, at most


@dataclass(frozen=True)
class ExactCurves:
    """A closed form on a grid of its own: ``x (g,)`` times since the start, ``y (g, n)``."""

    x: Array
    y: Array


@dataclass(frozen=True)
class ModeCurves:
    """The strengths p_k = u_k^T P Sxx^{1/2} v_k of modes along a run.

    Attributes
    ----------
    time : the time axis.
    modes : which, n of them.
    strengths : ``(k, n)`` at the saved times; targets : ``(n,)`` their singular values s_k.
    exact : the closed form, or None.
    limits : of the height; None if the target is zero, so that there is no mode.
    whitened : whether Sxx is the identity.
    """

    time: TimeAxis
    modes: tuple[int, ...]
    strengths: Array
    targets: Array
    exact: ExactCurves | None
    limits: tuple[float, float] | None
    whitened: bool


@dataclass(frozen=True)
class SingularValueCurves:
    """The singular values of the map P along a run.

    Attributes
    ----------
    time : the time axis.
    values : ``(k, r)`` at the saved times, descending; 0 where they are round-off.
    targets : ``(r,)`` those of the best map of these widths; 0 where they are round-off.
    exact : the closed form, or None.
    limits : of the logarithmic height; None if the map is zero at every saved time.
    """

    time: TimeAxis
    values: Array
    targets: Array
    exact: ExactCurves | None
    limits: tuple[float, float] | None


def mode_strengths(
    traj: Trajectory, modes: Sequence[int] | None = None, exact: Solution | None = None
) -> ModeCurves:
    """Return the strengths of modes (None: all) along a run, and their closed form, if given.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no trajectory, a mode is none of the problem; `exact` is given for a run backward
        in time, or is no closed form.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
    >>> form = exact.applicable(problem, traj.initial)[0]
    >>> picture = data.mode_strengths(traj, exact=form)
    >>> picture.modes, picture.targets, picture.exact.y.shape
    ((0, 1), array([2., 1.]), (400, 2))
    """
    time = time_axis(traj)
    s = traj.problem.modes.s
    chosen = tuple(range(len(s))) if modes is None else _checked(modes, len(s))
    p = traj.mode_strengths[:, list(chosen)]
    curves, limits = None, None
    if len(s):
        if exact is not None:
            x, products = _on_grid(traj, time, exact)
            curves = ExactCurves(x, strengths(traj.problem, products)[:, list(chosen)])
        top = 1.05 * float(np.clip(p.max(initial=s[0]), s[0], 3 * s[0]))
        limits = float(np.clip(p.min(initial=0.0), -2 * s[0], 0.0)) - 0.03 * top, top
    return ModeCurves(time, chosen, p, s[list(chosen)], curves, limits, traj.problem.whitened)


def singular_values(traj: Trajectory, exact: Solution | None = None) -> SingularValueCurves:
    """Return the singular values of the map along a run, and their closed form, if given.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no trajectory; `exact` is given for a run backward in time, or is no closed form.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
    >>> picture = data.singular_values(traj)
    >>> picture.values[0].round(6), picture.targets
    (array([0.01, 0.01]), array([2., 1.]))
    """
    time = time_axis(traj)
    values = _significant(traj.singular_values)
    rank = values.shape[1]
    best = np.linalg.svd(traj.problem.solution(rank), compute_uv=False)[:rank]
    best = _significant(best[None])[0]
    shown = values[time.shown]
    shown = shown[shown > 0]
    curves, limits = None, None
    if shown.size:
        if exact is not None:
            x, products = _on_grid(traj, time, exact)
            found = np.linalg.svd(products, compute_uv=False)[:, :rank]
            curves = ExactCurves(x, _significant(found))
        limits = float(shown.min()) / 1.5, 1.5 * max(float(shown.max()), float(best[0]))
    return SingularValueCurves(time, values, best, curves, limits)


def strengths(problem: Problem, products: Array) -> Array:
    """p_k = u_k^T P Sxx^{1/2} v_k of maps ``(n, d_out, d_in)``, as ``(n, m)``."""
    modes = problem.modes
    maps = products if problem.factor is None else products @ problem.sqrt_sxx
    return np.asarray(np.einsum("tik,ik->tk", maps @ modes.v, modes.u))


def _significant(values: np.ndarray) -> Array:
    """Singular values ``(n, r)``, descending, with those that are round-off set to zero."""
    return np.asarray(np.where(values > SIGNIFICANT * values[:, :1], values, 0.0))


def _checked(modes: Sequence[int], m: int) -> tuple[int, ...]:
    chosen = tuple(checks.integer("modes", k, minimum=0) for k in modes)
    if chosen and max(chosen) >= m:
        raise ArgumentError(
            f"Argument `modes` must hold modes below {m}, the number of modes of the problem, but "
            f"it holds {max(chosen)}."
        )
    return chosen


def _on_grid(traj: Trajectory, time: TimeAxis, exact: Solution) -> tuple[Array, Array]:
    """Times and maps of a closed form, on a grid finer than the saved times."""
    if not hasattr(exact, "products"):
        raise ArgumentTypeError(
            f"Argument `exact` must be a closed form or None, but it is of type "
            f"{type(exact).__name__}. Take one from exact.applicable(traj.problem, traj.initial)."
        )
    if traj.t_end < traj.t[0]:
        raise ArgumentError(
            "Argument `exact` must be None for a run backward in time: closed forms may not exist "
            "there."
        )
    start, end = float(time.x[0]), min(time.limits[1], float(time.x[-1]))
    low = max(time.limits[0], start)
    n = int(np.clip(_ENTRIES / (traj.problem.d_in * traj.problem.d_out), 50, _GRID))
    x = np.geomspace(low, end, n) if time.log else np.linspace(low, end, n)
    return x, exact.products(np.clip(x - start, 0.0, None))
