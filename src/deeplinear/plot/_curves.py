"""Curves of one run against time: loss, mode strengths, singular values, drift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import (
    GRID,
    INK,
    MUTED,
    axes_for,
    log_scale,
    mode_style,
    note,
    set_limits,
)
from deeplinear.plot._time import TimeAxis, require_run, time_axis
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EPS = float(np.finfo(float).eps)
_SIGNIFICANT = 1e-14  # singular values below this fraction of the largest are round-off


def loss(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    classes: bool = True,
    color: str = INK,
    label: str | None = None,
) -> "Axes":
    """Draw loss minus optimum against time, on logarithmic axes.

    The optimum L_min is the smallest loss that these widths can reach, so that plateaus lie at
    half the sum of the unlearned s_k^2, whatever the floor of the data. Thin lines mark the
    critical values of the classes that matter for this run (`analysis.neighboring_values`),
    labelled by their learned modes: solid if the run had learned exactly these, dotted if not.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    classes
        Whether to draw the critical values.
    color, label
        Of the curve, for several runs on the same axes.

    Returns
    -------
    Axes

    References
    ----------
    theory §8.
    """
    ax, time, shared = _begin(traj, ax)
    optimum = traj.problem.optimum(min(traj.widths))
    values = _critical_gaps(traj, optimum) if classes else []
    _curve(ax, time, traj.gap, color=color, label=label, positive=True)
    limits = _gap_limits(traj.gap, [gap for _, gap in values])
    if limits is None:
        note(ax, "the loss is at the optimum at every saved time")
        ax.set_yticks([])
    else:
        log_scale(ax, "y")
        set_limits(ax, "y", *limits, widen=shared)
    ax.set_ylabel(
        rf"loss above the optimum, $L - {_number(optimum)}$" if optimum else "loss (optimum 0)"
    )
    labels = []
    visited = {analysis.learned_modes(traj, k) for k in range(len(traj))}
    for modes, gap in values:
        seen = modes in visited
        style = "-" if seen else ":"
        ax.axhline(gap, color=MUTED, lw=0.6, ls=style, zorder=1)
        labels.append(Label(gap, analysis.set_name(modes), MUTED, style, 0.6, keep=seen))
    if limits is not None:
        margin_labels(ax, labels, "learned", leaders=True)
    return ax


def mode_strengths(
    traj: Trajectory, *, ax: "Axes | None" = None, modes: Sequence[int] | None = None
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

    References
    ----------
    theory §11; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    ax, time, shared = _begin(traj, ax)
    s = traj.problem.modes.s
    chosen = range(len(s)) if modes is None else modes
    for k in chosen:
        style = mode_style(k)
        ax.axhline(s[k], color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        _curve(ax, time, traj.mode_strengths[:, k], label=f"mode {k}", **style)
    root = "" if traj.problem.whitened else r" S_{xx}^{1/2}"
    ax.set_ylabel(rf"mode strength $p_k = u_k^T P{root} v_k$")
    ax.axhline(0.0, color=GRID, lw=0.7, zorder=0)
    if len(s) == 0:
        note(ax, "the target is zero: there is no mode to learn")
        return ax
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
    ax, time, shared = _begin(traj, ax)
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
        _curve(ax, time, drawn[:, k], label=f"singular value {k}", positive=True, **style)
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
    ax, time, shared = _begin(traj, ax)
    values = np.where(time.x > 0, traj.drift, 0.0)
    _curve(ax, time, values, color=color, label=label, positive=True)
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


def _begin(traj: Trajectory, ax: "Axes | None") -> "tuple[Axes, TimeAxis, bool]":
    """The axes with their time axis set up, and whether other runs are drawn on them already."""
    require_run(traj)
    ax, time = axes_for(ax), time_axis(traj)
    shared = ax.has_data()
    time.draw(ax, shared=shared)
    return ax, time, shared


def _curve(
    ax: "Axes", time: TimeAxis, y: Array, *, positive: bool = False, **style: object
) -> None:
    """One curve; values that have no place on the axes are left out, few points get markers."""
    valid = time.shown & np.isfinite(y)
    y = np.where(valid & ((y > 0) | (not positive)), y, np.nan)
    marker = {"marker": "o", "markersize": 3.5} if valid.sum() < 3 else {}
    ax.plot(time.x[valid], y[valid], **marker, **style)  # type: ignore[arg-type]


def _critical_gaps(traj: Trajectory, optimum: float) -> list[tuple[tuple[int, ...], float]]:
    """The neighboring classes above the optimum, with their distances from it."""
    scale = max(float(np.sum(traj.problem.modes.s**2)), optimum)
    pairs = [(modes, value - optimum) for modes, value in analysis.neighboring_values(traj)]
    return [(modes, gap) for modes, gap in pairs if gap > 1e-12 * scale]


def _gap_limits(gap: Array, critical: Sequence[float]) -> tuple[float, float] | None:
    """From a tenth of the lowest critical value, so that the plateaus fill the figure."""
    seen = gap[np.isfinite(gap) & (gap > 0)]
    if seen.size == 0:
        return None
    bottom = float(seen.min())
    if critical:
        bottom = max(bottom, min(critical) / 10)
    top = max(float(seen.max()), *critical, bottom)
    return bottom / 1.2, top * 1.4


def _number(value: float) -> str:
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa}\times 10^{{{int(exponent)}}}"
    return text
