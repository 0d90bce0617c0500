"""When each mode becomes a singular pair of the map, as a heat map over time (theory §3)."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear.plot import data
from deeplinear.plot._style import axes_for, color_scale, note
from deeplinear.plot._time import draw_time
from deeplinear.plot.data import mode_style
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    found = data.alignment(traj)
    ax = axes_for(ax)
    m = found.overlap.shape[1]
    draw_time(ax, found.time)
    ax.set_ylabel("mode")
    if m == 0:
        note(ax, "the target is zero: there is no mode to align with")
        ax.set_yticks([])
        return ax
    mesh = ax.pcolormesh(
        found.edges,
        np.arange(m + 1) - 0.5,
        found.overlap.T,
        cmap="viridis",
        vmin=0.0,
        vmax=1.0,
        rasterized=True,
    )
    ax.set_xlim(found.time.limits)
    ax.set_ylim(m - 0.5, -0.5)
    names = range(0, m, -(-m // _MOST_NAMES))
    ax.set_yticks(list(names))
    for tick, k in zip(ax.get_yticklabels(), names, strict=True):
        tick.set_color(mode_style(k)["color"])
        tick.set_fontweight("bold")
    if colorbar:
        color_scale(mesh, ax, r"alignment $|u_k^T u|\,|v_k^T v|$")
    return ax
