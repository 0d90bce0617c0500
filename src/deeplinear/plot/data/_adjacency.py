"""The adjacency matrix of a network as an image of bounded size (theory §1)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.network import LinearNetwork

PIXELS = 600
"""Rows and columns of the image at most."""

_NARROWEST = 0.06  # share of the figure that a layer gets at least


@dataclass(frozen=True)
class AdjacencyImage:
    """The adjacency matrix A, from column to row, as pixels.

    Attributes
    ----------
    image : ``(size, size)`` weights; a pixel that covers several shows the largest modulus.
    edges : ``(h + 2,)`` where layers begin and end, in pixels.
    widths : of the node layers.
    limit : the weight at the ends of a color scale that is symmetric about 0.
    """

    image: Array
    edges: np.ndarray
    widths: tuple[int, ...]
    limit: float


def adjacency(net: LinearNetwork, limit: float | None = None) -> AdjacencyImage:
    """Return the adjacency matrix as an image of at most 600 x 600 pixels.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `net` is no network, or the limit is not positive.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> data.adjacency(dl.LinearNetwork([[[2.0, -1.0]]])).image
    array([[ 0.,  0.,  0.],
           [ 0.,  0.,  0.],
           [ 2., -1.,  0.]])
    """
    require_network(net)
    if limit is None:
        limit = largest_weight(net)
    else:
        limit = checks.number("limit", limit, minimum=0.0, exclusive=True)
    extents = layer_pixels(net.widths)
    edges = np.concatenate([[0], np.cumsum(extents)])
    return AdjacencyImage(_raster(net, extents, edges), edges, net.widths, limit)


def require_network(net: object) -> None:
    if not isinstance(net, LinearNetwork):
        raise ArgumentTypeError(
            f"Argument `net` must be a LinearNetwork, but it is of type {type(net).__name__}. "
            "For a run, use traj.initial or traj.final."
        )


def largest_weight(net: LinearNetwork) -> float:
    """Return the largest modulus of a weight; 1 for a network of zeros."""
    return max(float(np.abs(w).max()) for w in net.weights) or 1.0


def layer_pixels(widths: tuple[int, ...]) -> list[int]:
    """Return how many pixels each layer gets: one a node, unless that is too few or too many.

    Examples
    --------
    >>> from deeplinear.plot.data._adjacency import layer_pixels
    >>> layer_pixels((5, 3, 4)), layer_pixels((988, 10, 2))
    ([5, 3, 4], [535, 32, 32])
    """
    n = sum(widths)
    least = min(_NARROWEST, 0.5 / len(widths))
    if n <= PIXELS and min(widths) >= least * n:
        return list(widths)
    shares = np.maximum(np.array(widths) / n, least)
    return [max(int(PIXELS * share), 1) for share in shares / shares.sum()]


def _raster(net: LinearNetwork, extents: list[int], edges: np.ndarray) -> Array:
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
    >>> from deeplinear.plot.data._adjacency import resampled
    >>> resampled(np.array([[1.0, -2.0], [0.0, 1.0], [3.0, 0.0]]), 2)
    array([[ 1., -2.],
           [ 3.,  0.]])
    """
    if n >= len(a):
        return a[np.arange(n) * len(a) // n]
    starts = -(-np.arange(n) * len(a) // n)
    largest, smallest = np.maximum.reduceat(a, starts), np.minimum.reduceat(a, starts)
    return np.where(largest >= -smallest, largest, smallest)
