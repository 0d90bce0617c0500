"""Curves of one run against time: mode strengths, singular values, drift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deeplinear.exact import Solution
from deeplinear.plot import data
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import axes_for, log_scale, note, set_limits
from deeplinear.plot._time import curve, draw_time
from deeplinear.plot.data import GRID, INK, MUTED, ExactCurves, mode_style
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A mode is none of the problem; `exact` is given for a run backward in time, or is no closed
        form.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact, plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=0)
    >>> start = dl.init.decoupled(problem, (3, 3, 3), 0.1)
    >>> traj = dl.gradient_flow(problem, start)
    >>> ax = plot.mode_strengths(traj, exact=exact.applicable(problem, traj.initial)[0])
    >>> ax.get_ylabel()
    'mode strength $p_k = u_k^T P v_k$'

    References
    ----------
    theory §7, §11; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    found = data.mode_strengths(traj, modes, exact)
    ax = axes_for(ax)
    shared = ax.has_data()
    draw_time(ax, found.time, shared=shared)
    for j, k in enumerate(found.modes):
        style = mode_style(k)
        ax.axhline(found.targets[j], color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        curve(ax, found.time, found.strengths[:, j], label=f"mode {k}", **style)
    root = "" if found.whitened else r" S_{xx}^{1/2}"
    ax.set_ylabel(rf"mode strength $p_k = u_k^T P{root} v_k$")
    ax.axhline(0.0, color=GRID, lw=0.7, zorder=0)
    if found.limits is None:
        note(ax, "the target is zero: there is no mode to learn")
        ax.set_yticks([])
        return ax
    _overlay(ax, found.exact)
    set_limits(ax, "y", *found.limits, widen=shared)
    ends = np.clip(found.strengths[-1], *found.limits)
    margin_labels(
        ax,
        [Label(float(y), str(k), **mode_style(k)) for k, y in zip(found.modes, ends, strict=True)],
        "mode",
    )
    return ax


def singular_values(
    traj: Trajectory, *, ax: "Axes | None" = None, exact: Solution | None = None
) -> "Axes":
    """Draw the singular values of P against time, on logarithmic axes.

    Faint lines are the singular values of the best map of these widths. Values below 1e-14
    of the largest at the time are round-off and not drawn.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    exact
        A closed form of the flow from ``traj.initial`` (`exact.applicable`), to be laid over as
        dots.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `exact` is given for a run backward in time, or is no closed form.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear import exact, plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=4, seed=0)
    >>> start = dl.init.lambda_balanced((4, 3, 3), lam=0.1, scale=0.01, seed=0)
    >>> times = np.linspace(0.0, 6.0, 300)
    >>> traj = dl.gradient_flow(problem, start, t_end=6.0, save=times)
    >>> ax = plot.singular_values(traj, exact=exact.applicable(problem, traj.initial)[0])
    >>> ax.get_yscale()
    'log'

    References
    ----------
    theory §3; Arora, Cohen, Hu, Luo, arXiv 1905.13655.
    """
    found = data.singular_values(traj, exact)
    ax = axes_for(ax)
    shared = ax.has_data()
    draw_time(ax, found.time, shared=shared)
    ax.set_ylabel(r"singular value $\sigma_k$ of $P$")
    if found.limits is None:
        note(ax, "the map is zero at every saved time")
        ax.set_yticks([])
        return ax
    labels = []
    for k, (values, best) in enumerate(zip(found.values.T, found.targets, strict=True)):
        style = mode_style(k)
        if best > 0:
            ax.axhline(best, color=style["color"], lw=0.7, ls=":", alpha=0.7, zorder=1)
        curve(ax, found.time, values, label=f"singular value {k}", positive=True, **style)
        if values[-1] > 0:
            labels.append(Label(float(values[-1]), str(k), **style))
    _overlay(ax, found.exact)
    log_scale(ax, "y")
    set_limits(ax, "y", *found.limits, widen=shared)
    margin_labels(ax, labels, r"$k$")
    return ax


def drift(
    traj: Trajectory, *, ax: "Axes | None" = None, color: str = INK, label: str | None = None
) -> "Axes":
    """Draw the relative drift of the conservation laws against time, on logarithmic axes.

    Drift is max_i ||C_i(t) - C_i(0)||_F / max_i ||W_i||_F^2; exact zeros are not drawn. Thin lines
    mark double precision and the run's tolerance.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    color, label
        Of the curve, for several runs on the same axes.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentTypeError
        `traj` is no run.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> start = dl.init.gaussian((3, 3, 3, 3), scale=0.1, seed=0)
    >>> ax = plot.drift(dl.gradient_flow(problem, start), label="explicit")
    >>> gauss = dl.gradient_flow(problem, start, structure="laws")
    >>> ax = plot.drift(gauss, ax=ax, color="#0072b2", label="Gauss")
    >>> legend = ax.legend(loc=(0.03, 0.68), frameon=False)

    References
    ----------
    theory §4.
    """
    found = data.drift(traj)
    ax = axes_for(ax)
    shared = ax.has_data()
    draw_time(ax, found.time, shared=shared)
    curve(ax, found.time, found.drift, color=color, label=label, positive=True)
    ax.set_ylabel("drift of the conservation laws")
    if found.limits is None:
        reason = "the laws hold exactly at every saved time" if found.laws else "depth 1: no law"
        note(ax, reason)
        ax.set_yticks([])
        return ax
    references = [Label(found.round_off, "round-off", MUTED, "-", 0.6)]
    if found.rtol > 0:
        references.append(Label(found.rtol, "rtol", MUTED, "-", 0.6))
    for reference in references:
        ax.axhline(reference.y, color=MUTED, lw=0.6, zorder=1)
    log_scale(ax, "y")
    set_limits(ax, "y", *found.limits, widen=shared)
    margin_labels(ax, references, "", leaders=True)
    return ax


def _overlay(ax: "Axes", exact: ExactCurves | None) -> None:
    """The closed form, as dots."""
    if exact is not None:
        for y in np.where(exact.y != 0, exact.y, np.nan).T:
            ax.plot(exact.x, y, color=INK, lw=1.0, ls=(0, (1, 2.6)), zorder=3, label="_exact")
