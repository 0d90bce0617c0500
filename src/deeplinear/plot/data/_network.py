"""A network as a layered graph: nodes in columns, edges with weights (theory §1)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork
from deeplinear.plot.data._adjacency import largest_weight, require_network

NODES, EDGES = 16, 200
"""Nodes of a layer and edges in all that are drawn at most, unless it is asked for more."""

_FAINT = 0.01  # edges below this share of the limit are too thin to be seen


@dataclass(frozen=True)
class NetworkGraph:
    """The nodes and edges of a network that are drawn, with what is left out.

    Attributes
    ----------
    widths : of the node layers, inputs first.
    layer, index : ``(n,)`` of every drawn node: its column, and which node of its layer it is.
    y : ``(n,)`` its height, from -1/2 to 1/2, the first node on top.
    source, target : ``(e,)`` places in these arrays, of every drawn edge.
    weight : ``(e,)``, by ascending modulus.
    limit : the modulus that is drawn as thick as can be.
    left_out : ``(h + 1,)`` nodes of every layer that are not drawn: those of the smallest norm.
    n_edges : of the network, without those of weight zero.
    largest_left_out : modulus of the largest weight that is not drawn; 0 if there is none.
    share : of the sum of all squared weights that is drawn; 1 for a network of zeros.
    """

    widths: tuple[int, ...]
    layer: np.ndarray
    index: np.ndarray
    y: Array
    source: np.ndarray
    target: np.ndarray
    weight: Array
    limit: float
    left_out: np.ndarray
    n_edges: int
    largest_left_out: float
    share: float


def network(
    net: LinearNetwork, limit: float | None = None, *, nodes: int = NODES, edges: int = EDGES
) -> NetworkGraph:
    """Return the nodes and edges of a layered graph, at most so many.

    Of a wider layer the nodes of the largest norm of all weights in and out are kept; of the edges
    between nodes that are kept, the largest, without those below 1 % of `limit`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `net` is no network, the limit is not positive, or a number is no integer >= 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> graph = data.network(dl.LinearNetwork([[[2.0, -1.0]], [[0.5], [0.0]]]))
    >>> graph.layer, graph.y
    (array([0, 0, 1, 2, 2]), array([ 0.25, -0.25,  0.  ,  0.25, -0.25]))
    >>> graph.source, graph.target, graph.weight
    (array([2, 1, 0]), array([3, 2, 2]), array([ 0.5, -1. ,  2. ]))
    """
    require_network(net)
    nodes = checks.integer("nodes", nodes, minimum=1)
    edges = checks.integer("edges", edges, minimum=1)
    scale = largest_weight(net)  # whose squares neither overflow nor vanish
    if limit is not None:
        limit = checks.number("limit", limit, minimum=0.0, exclusive=True)
    limit = limit or scale
    kept = [_largest(norms, nodes) for norms in _norms(net, scale)]
    first = np.concatenate([[0], np.cumsum([len(k) for k in kept])])
    source, target, weight = [], [], []
    for i, w in enumerate(net.weights):
        block = w[np.ix_(kept[i + 1], kept[i])]
        rows, columns = np.nonzero((block != 0) & (np.abs(block) >= _FAINT * limit))
        source.append(first[i] + columns)
        target.append(first[i + 1] + rows)
        weight.append(block[rows, columns])
    all_weights = np.concatenate(weight)
    order = np.argsort(np.abs(all_weights), kind="stable")[-edges:]
    drawn = all_weights[order]
    moduli = np.sort(np.abs(np.concatenate([w.ravel() for w in net.weights])))[::-1]
    total = float(np.sum((moduli / scale) ** 2))
    return NetworkGraph(
        widths=net.widths,
        layer=np.repeat(np.arange(len(kept)), [len(k) for k in kept]),
        index=np.concatenate(kept),
        y=_heights([len(k) for k in kept]),
        source=np.concatenate(source)[order],
        target=np.concatenate(target)[order],
        weight=drawn,
        limit=limit,
        left_out=np.array(net.widths) - [len(k) for k in kept],
        n_edges=int(np.count_nonzero(moduli)),
        largest_left_out=_first_missing(moduli, np.sort(np.abs(drawn))[::-1]),
        share=float(np.sum((drawn / scale) ** 2)) / total if total else 1.0,
    )


def _norms(net: LinearNetwork, scale: float) -> list[Array]:
    """The norm of all weights in and out of every node, in units of the scale."""
    squares = [np.zeros(d) for d in net.widths]
    for i, w in enumerate(net.weights):
        squares[i] += np.sum((w / scale) ** 2, axis=0)
        squares[i + 1] += np.sum((w / scale) ** 2, axis=1)
    return [np.sqrt(s) for s in squares]


def _largest(norms: Array, n: int) -> np.ndarray:
    """Which n nodes are the largest, in their own order."""
    return np.sort(np.argsort(-norms, kind="stable")[:n])


def _heights(counts: list[int]) -> Array:
    """Equal steps in all layers if there is room, centered."""
    step = 1.0 / max(counts)
    return np.concatenate([step * ((n - 1) / 2 - np.arange(n)) for n in counts])


def _first_missing(everything: Array, drawn: Array) -> float:
    """The largest of all moduli, descending, that is not among the drawn ones, descending."""
    padded = np.concatenate([drawn, np.full(len(everything) - len(drawn), -1.0)])
    differ = np.flatnonzero(everything != padded)
    return float(everything[differ[0]]) if differ.size else 0.0
