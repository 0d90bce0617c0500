"""The adjacency matrix of a network as a heat map (theory §1)."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.network import LinearNetwork
from deeplinear.plot._style import MUTED, axes_for, color_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PIXELS = 600
"""Rows and columns of the raster at most."""

COLORMAP = "RdBu_r"

_SIZE = (4.4, 3.2)
_NARROWEST = 0.06  # share of the figure that a layer gets at least
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
    if not isinstance(net, LinearNetwork):
        raise ArgumentTypeError(
            f"Argument `net` must be a LinearNetwork, but it is of type {type(net).__name__}. "
            "For a run, use traj.initial or traj.final."
        )
    if limit is None:
        limit = max(float(np.abs(w).max()) for w in net.weights) or 1.0
    else:
        limit = checks.number("limit", limit, minimum=0.0, exclusive=True)
    ax = axes_for(ax, _SIZE, layout="compressed")
    extents = layer_pixels(net.widths)
    edges = np.concatenate([[0], np.cumsum(extents)])
    size = int(edges[-1])
    image = ax.imshow(
        _raster(net, extents, edges),
        cmap=COLORMAP,
        vmin=-limit,
        vmax=limit,
        extent=(0, size, size, 0),
        interpolation="nearest" if size <= _CRISP else "antialiased",
    )
    for edge in edges[1:-1]:
        ax.axhline(edge, color=MUTED, lw=0.4)
        ax.axvline(edge, color=MUTED, lw=0.4)
    _name_layers(ax, net.widths, edges)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.5)
    ax.set_xlabel("from layer")
    ax.set_ylabel("to layer")
    if colorbar:
        color_scale(image, ax, "weight")
    return ax


def layer_pixels(widths: tuple[int, ...]) -> list[int]:
    """Return how many pixels each layer gets: one a node, unless that is too few or too many.

    Examples
    --------
    >>> from deeplinear.plot._heatmap import layer_pixels
    >>> layer_pixels((5, 3, 4)), layer_pixels((988, 10, 2))
    ([5, 3, 4], [535, 32, 32])
    """
    n = sum(widths)
    least = min(_NARROWEST, 0.5 / len(widths))
    if n <= PIXELS and min(widths) >= least * n:
        return list(widths)
    shares = np.maximum(np.array(widths) / n, least)
    return [max(int(PIXELS * share), 1) for share in shares / shares.sum()]


def _raster(net: LinearNetwork, extents: list[int], edges: Array) -> Array:
    """The image, block by block: the adjacency matrix itself is never formed."""
    image = np.zeros((int(edges[-1]),) * 2)
    for i, w in enumerate(net.weights):
        rows = slice(int(edges[i + 1]), int(edges[i + 2]))
        columns = slice(int(edges[i]), int(edges[i + 1]))
        image[rows, columns] = resampled(resampled(w, extents[i + 1]).T, extents[i]).T
    return image


def resampled(a: Array, n: int) -> Array:
    """Return `a` with n rows: rows repeated, or the entries of largest modulus of merged rows.

    Examples
    --------
    >>> import numpy as np
    >>> from deeplinear.plot._heatmap import resampled
    >>> resampled(np.array([[1.0, -2.0], [0.0, 1.0], [3.0, 0.0]]), 2)
    array([[ 1., -2.],
           [ 3.,  0.]])
    """
    if n >= len(a):
        return a[np.arange(n) * len(a) // n]
    starts = -(-np.arange(n) * len(a) // n)
    largest, smallest = np.maximum.reduceat(a, starts), np.minimum.reduceat(a, starts)
    return np.where(largest >= -smallest, largest, smallest)


def _name_layers(ax: "Axes", widths: tuple[int, ...], edges: Array) -> None:
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
