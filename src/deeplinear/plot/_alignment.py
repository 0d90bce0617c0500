"""When each mode becomes a singular pair of the map, as a heat map over time (theory §3)."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear import analysis
from deeplinear._core.checks import Array
from deeplinear.plot._style import axes_for, color_scale, mode_style, note
from deeplinear.plot._time import TimeAxis, require_run, time_axis
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OPERATIONS = 1e9  # spent on singular vectors for one figure, at most
_MOST_NAMES = 12  # modes named on the axis


def alignment(traj: Trajectory, *, ax: "Axes | None" = None, colorbar: bool = True) -> "Axes":
    """Draw the overlap of each mode with a singular pair of the map: one row a mode, over time.

    The color is |u_k^T u(P)| |v_k^T v(P)| with the singular pair of P that fits best
    (`analysis.alignment`): 1 once the mode is a singular pair of the learned map. For large maps
    only some of the saved times are used.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    colorbar
        Whether to draw one.

    References
    ----------
    theory §3, §5; Arora, Cohen, Hu, Luo, arXiv 1905.13655.
    """
    require_run(traj)
    ax, time = axes_for(ax), time_axis(traj)
    problem = traj.problem
    cost = 20.0 * problem.d_out * problem.d_in * min(problem.d_out, problem.d_in)
    times, overlap = analysis.alignment(traj, n_times=max(2, int(_OPERATIONS / cost)))
    m = overlap.shape[1]
    time.draw(ax, shared=False)
    ax.set_ylabel("mode")
    if m == 0:
        note(ax, "the target is zero: there is no mode to align with")
        ax.set_yticks([])
        return ax
    x = np.abs(times)
    drawn = x > 0 if time.log else x >= 0
    mesh = ax.pcolormesh(
        _edges(x[drawn], time),
        np.arange(m + 1) - 0.5,
        overlap[drawn].T,
        cmap="viridis",
        vmin=0.0,
        vmax=1.0,
        rasterized=True,
    )
    ax.set_xlim(time.limits)
    ax.set_ylim(m - 0.5, -0.5)
    names = range(0, m, -(-m // _MOST_NAMES))
    ax.set_yticks(list(names))
    for tick, k in zip(ax.get_yticklabels(), names, strict=True):
        tick.set_color(mode_style(k)["color"])
        tick.set_fontweight("bold")
    if colorbar:
        color_scale(mesh, ax, r"alignment $|u_k^T u|\,|v_k^T v|$")
    return ax


def _edges(x: Array, time: TimeAxis) -> Array:
    """Cell edges between the times; a single time fills the axis."""
    if len(x) == 1:
        return np.array(time.limits)
    middle = np.sqrt(x[1:] * x[:-1]) if time.log else (x[1:] + x[:-1]) / 2
    return np.concatenate([x[:1], middle, x[-1:]])
