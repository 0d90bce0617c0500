"""The adjacency matrix of a network as a heat map (theory §1)."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._style import axes_for, color_scale
from deeplinear.plot.data import MUTED
from deeplinear.plot.data._adjacency import PIXELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORMAP = "RdBu_r"

_SIZE = (4.4, 3.2)
_CRISP = PIXELS // 2  # images up to this size are enlarged with sharp cells
_ROOM_ACROSS, _ROOM_DOWN = (38.0, 17.0), (23.0, 12.0)  # points for the names at ends, between


def adjacency(
    net: LinearNetwork,
    *,
    ax: "Axes | None" = None,
    limit: float | None = None,
    colorbar: bool = True,
) -> "Axes":
    """Draw the adjacency matrix A: row u, column v is the weight of the edge v -> u.

    Layers are separated by thin lines and named by their numbers of nodes, inputs first; layers
    narrower than 6 % of the figure are drawn that wide. Colors are symmetric about 0, which is
    white. Above 600 nodes, a pixel shows the largest weight among those that it covers.

    Parameters
    ----------
    net
        A network.
    ax
        Axes to draw on. None: new ones.
    limit
        The weight at the ends of the color scale, > 0. None: the largest of this network.
    colorbar
        Whether to draw one.

    References
    ----------
    theory §1; Wendin, Altafini, arXiv 2511.10362, section 2.
    """
    found = data.adjacency(net, limit)
    ax = axes_for(ax, _SIZE, layout="compressed")
    edges, size = found.edges, int(found.edges[-1])
    image = ax.imshow(
        found.image,
        cmap=COLORMAP,
        vmin=-found.limit,
        vmax=found.limit,
        extent=(0, size, size, 0),
        interpolation="nearest" if size <= _CRISP else "antialiased",
    )
    for edge in edges[1:-1]:
        ax.axhline(edge, color=MUTED, lw=0.4)
        ax.axvline(edge, color=MUTED, lw=0.4)
    _name_layers(ax, found.widths, edges)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.5)
    ax.set_xlabel("from layer")
    ax.set_ylabel("to layer")
    if colorbar:
        color_scale(image, ax, "weight")
    return ax


def _name_layers(ax: "Axes", widths: tuple[int, ...], edges: np.ndarray) -> None:
    """Name the layers by their widths at their centers: both ends, then the hidden that fit."""
    centers = (edges[1:] + edges[:-1]) / 2
    names = [f"inputs\n{widths[0]}", *map(str, widths[1:-1]), f"outputs\n{widths[-1]}"]
    box = ax.get_position()
    side = min(box.width * ax.figure.bbox.width, box.height * ax.figure.bbox.height)
    points = float(side / ax.figure.dpi * 72)
    for axis, (end, hidden) in ((ax.xaxis, _ROOM_ACROSS), (ax.yaxis, _ROOM_DOWN)):
        room = np.array([end, *[hidden] * (len(widths) - 2), end]) * edges[-1] / points
        named = [0, len(widths) - 1]
        for i in range(1, len(widths) - 1):
            if all(abs(centers[i] - centers[j]) >= (room[i] + room[j]) / 2 for j in named):
                named.append(i)
        axis.set_ticks([centers[i] for i in sorted(named)], [names[i] for i in sorted(named)])
