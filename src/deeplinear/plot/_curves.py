"""Curves of one run against time: mode strengths, singular values, drift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.exact import Solution
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import GRID, INK, MUTED, log_scale, mode_style, note, set_limits
from deeplinear.plot._time import TimeAxis, begin, curve
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EPS = float(np.finfo(float).eps)
_SIGNIFICANT = 1e-14  # singular values below this fraction of the largest are round-off
_GRID = 400  # times of a closed form
_ENTRIES = 4e6  # of its maps, at most


def mode_strengths(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    modes: Sequence[int] | None = None,
    exact: Solution | None = None,
) -> "Axes":
    """Draw the mode strengths p_k against log time, and s_k as faint lines.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    modes
        Which modes. None: all.
    exact
        A closed form of the flow from ``traj.initial`` (`exact.applicable`), to be laid over as
        dots.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `exact` is given for a run backward in time, or is no closed form.

    References
    ----------
    theory §7, §11; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    ax, time, shared = begin(traj, ax)
    s = traj.problem.modes.s
    chosen = range(len(s)) if modes is None else modes
    for k in chosen:
        style = mode_style(k)
        ax.axhline(s[k], color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        curve(ax, time, traj.mode_strengths[:, k], label=f"mode {k}", **style)
    root = "" if traj.problem.whitened else r" S_{xx}^{1/2}"
    ax.set_ylabel(rf"mode strength $p_k = u_k^T P{root} v_k$")
    ax.axhline(0.0, color=GRID, lw=0.7, zorder=0)
    if len(s) == 0:
        note(ax, "the target is zero: there is no mode to learn")
        return ax
    if exact is not None:
        _overlay(ax, traj, time, exact, chosen)
    p = traj.mode_strengths[:, list(chosen)]
    top = 1.05 * float(np.clip(p.max(initial=s[0]), s[0], 3 * s[0]))
    bottom = float(np.clip(p.min(initial=0.0), -2 * s[0], 0.0)) - 0.03 * top
    set_limits(ax, "y", bottom, top, widen=shared)
    ends = np.clip(p[-1], bottom, top)
    margin_labels(
        ax,
        [Label(float(y), str(k), **mode_style(k)) for k, y in zip(chosen, ends, strict=True)],
        "mode",
    )
    return ax


def singular_values(traj: Trajectory, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the singular values of P against time, on logarithmic axes.

    Faint lines are the singular values of the best map of these widths. Values below 1e-14
    of the largest at the time are round-off and not drawn.

    References
    ----------
    theory §3; Arora, Cohen, Hu, Luo, arXiv 1905.13655.
    """
    ax, time, shared = begin(traj, ax)
    values = traj.singular_values
    rank = values.shape[1]
    best = np.linalg.svd(traj.problem.solution(rank), compute_uv=False)[:rank]
    ax.set_ylabel(r"singular value $\sigma_k$ of $P$")
    drawn = np.where(values > _SIGNIFICANT * values[:, :1], values, 0.0)
    shown = drawn[time.shown][drawn[time.shown] > 0]
    if shown.size == 0:
        note(ax, "the map is zero at every saved time")
        ax.set_yticks([])
        return ax
    labels = []
    for k in range(rank):
        style = mode_style(k)
        if best[k] > _SIGNIFICANT * best[0]:
            ax.axhline(best[k], color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        curve(ax, time, drawn[:, k], label=f"singular value {k}", positive=True, **style)
        if drawn[-1, k] > 0:
            labels.append(Label(float(drawn[-1, k]), str(k), **style))
    log_scale(ax, "y")
    top = 1.5 * max(float(shown.max()), float(best[0]))
    set_limits(ax, "y", float(shown.min()) / 1.5, top, widen=shared)
    margin_labels(ax, labels, r"$k$")
    return ax


def drift(
    traj: Trajectory, *, ax: "Axes | None" = None, color: str = INK, label: str | None = None
) -> "Axes":
    """Draw the relative drift of the conservation laws against time, on logarithmic axes.

    Drift is max_i ||C_i(t) - C_i(0)||_F / max_i ||W_i||_F^2; exact zeros are not drawn. Thin lines
    mark double precision and the run's tolerance.

    References
    ----------
    theory §4.
    """
    ax, time, shared = begin(traj, ax)
    values = np.where(time.x > 0, traj.drift, 0.0)
    curve(ax, time, values, color=color, label=label, positive=True)
    ax.set_ylabel("drift of the conservation laws")
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size == 0:
        hidden = len(traj.widths) > 2
        reason = "the laws hold exactly at every saved time" if hidden else "depth 1: no law"
        note(ax, reason)
        ax.set_yticks([])
        return ax
    references = [Label(_EPS, "round-off", MUTED, "-", 0.6)]
    rtol = float(traj.options.get("rtol") or 0.0)
    if rtol > 0:
        references.append(Label(rtol, "rtol", MUTED, "-", 0.6))
    for reference in references:
        ax.axhline(reference.y, color=MUTED, lw=0.6, zorder=1)
    log_scale(ax, "y")
    heights = [*positive, *(reference.y for reference in references)]
    set_limits(ax, "y", min(heights) / 3, 3 * max(heights), widen=shared)
    margin_labels(ax, references, "", leaders=True)
    return ax


def strengths(problem: Problem, products: Array) -> Array:
    """p_k = u_k^T P Sxx^{1/2} v_k of maps ``(n, d_out, d_in)``, as ``(n, m)``."""
    modes = problem.modes
    maps = products if problem.factor is None else products @ problem.sqrt_sxx
    return np.asarray(np.einsum("tik,ik->tk", maps @ modes.v, modes.u))


def _overlay(
    ax: "Axes", traj: Trajectory, time: TimeAxis, exact: Solution, chosen: Sequence[int]
) -> None:
    """The closed form, on a grid of its own: finer than the saved times."""
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
    p = strengths(traj.problem, exact.products(np.clip(x - start, 0.0, None)))
    for k in chosen:
        ax.plot(x, p[:, k], color=INK, lw=1.0, ls=(0, (1, 2.6)), zorder=3, label="_exact")
