"""The loss and its gradient against time, with the visits of a run marked (theory §8, §11)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear.flow import vector_field
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._marks import mark_visits
from deeplinear.plot._style import INK, MUTED, log_scale, note, set_limits
from deeplinear.plot._time import begin, curve
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DECADES = 1e-16  # gradients below this fraction of the largest are not drawn


def loss(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    classes: bool = True,
    itinerary: analysis.Itinerary | None = None,
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
    itinerary
        The visits of this run, to be marked on the curve where their gradient is smallest:
        plateaus and the end by a dot with their learned modes, sets that were passed by a ring.
    color, label
        Of the curve, for several runs on the same axes.

    Returns
    -------
    Axes

    References
    ----------
    theory §8, §11.
    """
    ax, time, shared = begin(traj, ax)
    optimum = traj.problem.optimum(min(traj.widths))
    values = _critical_gaps(traj, optimum) if classes else []
    curve(ax, time, traj.gap, color=color, label=label, positive=True)
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
        if itinerary is not None:
            heights = [visit.loss - optimum for visit in itinerary]
            mark_visits(
                ax,
                itinerary,
                heights,
                (time.x, traj.gap),
                up=True,
                lines=[gap for _, gap in values],
            )
    return ax


def gradient_norm(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    itinerary: analysis.Itinerary | None = None,
    color: str = INK,
    label: str | None = None,
) -> "Axes":
    """Draw ||grad L||, the speed of the weights, against time, on logarithmic axes.

    A plateau is a deep minimum of this curve. Norms below 1e-16 of the largest are not drawn.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    itinerary
        The visits of this run, to be marked as in `loss`.
    color, label
        Of the curve, for several runs on the same axes.

    References
    ----------
    theory §11.
    """
    ax, time, shared = begin(traj, ax)
    ax.set_ylabel(r"gradient norm $\Vert\nabla L\Vert$")
    field, _ = vector_field(traj.problem, traj.widths)
    with np.errstate(all="ignore"):
        norms = np.array([np.linalg.norm(field(0.0, net.to_vector())) for net in traj])
    largest = float(norms[np.isfinite(norms)].max(initial=0.0))
    norms = np.where(np.isfinite(norms) & (norms > _DECADES * largest), norms, 0.0)
    shown = norms[time.shown & (norms > 0)]
    if shown.size == 0:
        note(ax, "the gradient is zero at every saved time")
        ax.set_yticks([])
        return ax
    curve(ax, time, norms, color=color, label=label, positive=True)
    log_scale(ax, "y")
    set_limits(ax, "y", float(shown.min()) / 2, 2 * float(shown.max()), widen=shared)
    if itinerary is not None:
        heights = [visit.gradient_norm for visit in itinerary]
        mark_visits(ax, itinerary, heights, (time.x, norms), up=False)
    return ax


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
