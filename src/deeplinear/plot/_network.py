"""A network as a layered graph: an edge's width is its weight, its color the sign (theory §1)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._style import axes_for
from deeplinear.plot.data import COLORS, INK, MUTED, NetworkGraph
from deeplinear.plot.data._network import EDGES, NODES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.6, 3.2)
_TEXT = 7.5
_LINE, _AROUND = 11.0, 45.0  # points: of a line of text; of key, names and note
_THICK, _THIN = 3.4, 0.15  # points of the largest and of the smallest edge
_LARGEST_NODE = 4.6  # radius in points
_FREE = 0.08  # above the highest node and below the lowest, at most
_KEY_WIDTH = 250.0  # points of the key in one row
_SHARES = (1.0, 0.5, 0.1)  # of the limit, in the key
_SIGNS = (("weight > 0", COLORS[1]), ("weight < 0", COLORS[0]))  # warm and cold, as in `adjacency`


def network(
    net: LinearNetwork,
    *,
    ax: "Axes | None" = None,
    limit: float | None = None,
    nodes: int = NODES,
    edges: int = EDGES,
    key: bool = True,
) -> "Axes":
    r"""Draw a network as a graph: a column of nodes for each layer, a line for each weight.

    A line is as thick as its weight is large; positive ones are orange, negative ones blue and
    dashed, so that they differ in gray too. Columns are named by the number of nodes, inputs
    first. Of wide layers only the nodes with the largest weights are drawn, with the number of the
    others below them; a note tells how many edges are drawn, what share of the sum of squared
    weights they hold, and how large the largest of the others is.

    Parameters
    ----------
    net
        A network.
    ax
        Axes to draw on. None: new ones.
    limit
        The weight that is drawn as thick as can be, > 0: the same for networks to be compared.
        None: the largest of this network. Weights below 1 % of it are not drawn.
    nodes, edges
        How many nodes of a layer and how many edges in all are drawn at most.
    key
        Whether to draw what colors and widths mean, above the axes.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `net` is no network, the limit is not positive, or a number is no integer >= 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=5, seed=0)
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((5, 4, 4, 3), scale=0.1, seed=0))
    >>> ax = plot.network(traj.final)
    >>> [tick.get_text() for tick in ax.get_xticklabels()]
    ['inputs\n5', '4', '4', 'outputs\n3']

    References
    ----------
    theory §1; Wendin, Altafini, arXiv 2511.10362, section 2.
    """
    graph = data.network(net, limit, nodes=nodes, edges=edges)
    ax = axes_for(ax, _SIZE)
    step = float(1.0 / np.bincount(graph.layer).max())
    reach = float(np.abs(graph.y).max()) + min(_FREE, 0.6 * step)
    below = max(step, _LINE / _height(ax)) if graph.left_out.any() else 0.0
    low = -reach - below
    ax.set(xlim=(-0.3, len(graph.widths) - 0.7), ylim=(low, reach))
    _draw_edges(ax, graph)
    _draw_nodes(ax, graph, step, below)
    _name_layers(ax, graph)
    _write_note(ax, graph)
    if key and len(graph.weight):
        _draw_key(ax, graph)
    return ax


def _draw_edges(ax: "Axes", graph: NetworkGraph) -> None:
    """All lines, the largest weights on top."""
    from matplotlib.collections import LineCollection

    places = np.column_stack([graph.layer, graph.y])
    ends = np.stack([places[graph.source], places[graph.target]], axis=1)
    widths = _widths(np.abs(graph.weight) / graph.limit)
    positive = graph.weight > 0
    lines = LineCollection(
        list(ends),
        colors=[_SIGNS[0 if up else 1][1] for up in positive],
        linewidths=list(widths),
        linestyles=["-" if up else _dashes(w) for up, w in zip(positive, widths, strict=True)],
        label="_edges",
        capstyle="butt",
        zorder=1,
    )
    ax.add_collection(lines, autolim=False)


def _widths(shares: np.ndarray) -> np.ndarray:
    """Of lines, in points: proportional, but never so thin that they vanish."""
    return np.clip(_THICK * np.minimum(shares, 1.0), _THIN, None)


def _dashes(width: float) -> tuple[Any, ...]:
    """Dashes as long on thin lines as on thick ones, which matplotlib counts in line widths."""
    return (0, ((3.5 + width) / width, (1.6 + 0.6 * width) / width))


def _draw_nodes(ax: "Axes", graph: NetworkGraph, step: float, below: float) -> None:
    radius = min(_LARGEST_NODE, 0.36 * step * _height(ax))
    ax.plot(
        graph.layer, graph.y, "o", ls="none", mfc="white", mec=INK, mew=0.8, ms=2 * radius,
        zorder=3, label="_nodes", clip_on=False,
    )  # fmt: skip
    for i in np.flatnonzero(graph.left_out):
        lowest = float(graph.y[graph.layer == i].min())
        ax.annotate(
            f"+ {graph.left_out[i]}", (i, lowest - below), ha="center", va="center",
            fontsize=_TEXT, color=MUTED,
        )  # fmt: skip


def _height(ax: "Axes") -> float:
    """Points that the axes will be high when key and note have taken theirs."""
    whole = 72 * ax.figure.bbox.height / ax.figure.dpi
    return float(max(ax.get_position().height * whole - _AROUND, 0.2 * whole))


def _name_layers(ax: "Axes", graph: NetworkGraph) -> None:
    first, *hidden, last = map(str, graph.widths)
    ax.set_xticks(range(len(graph.widths)), [f"inputs\n{first}", *hidden, f"outputs\n{last}"])
    ax.set_yticks([])
    ax.tick_params(axis="x", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _write_note(ax: "Axes", graph: NetworkGraph) -> None:
    """What is left out, below the axes."""
    n = len(graph.weight)
    if graph.n_edges == 0:
        words = "all weights are zero"
    elif n == graph.n_edges:
        return
    else:
        share = min(100 * graph.share, 99.9)  # not all of it
        words = (
            f"{n} of {graph.n_edges} edges, {share:.3g} % of the squared weights\n"
            f"not drawn: weights up to {graph.largest_left_out:.2g}"
        )
    ax.annotate(
        words, (0.5, 0.0), (0.0, -27.0), xycoords="axes fraction", textcoords="offset points",
        ha="center", va="top", fontsize=_TEXT, color=MUTED, annotation_clip=False,
    )  # fmt: skip


def _draw_key(ax: "Axes", graph: NetworkGraph) -> None:
    """The signs, and three widths."""
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=color, lw=1.8, ls=_dashes(1.8) if k else "-")
        for k, (_, color) in enumerate(_SIGNS)
    ]
    lines += [
        Line2D([], [], color=INK, lw=float(_widths(np.array([share]))[0])) for share in _SHARES
    ]
    room = 72 * ax.figure.bbox.width / ax.figure.dpi * ax.get_position().width
    columns = len(lines) if room >= _KEY_WIDTH else -(-len(lines) // 2)
    names = [name for name, _ in _SIGNS] + [f"{share * graph.limit:.2g}" for share in _SHARES]
    ax.legend(
        lines, names, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, frameon=False,
        fontsize=_TEXT, handletextpad=0.5, columnspacing=1.0, borderpad=0.0, borderaxespad=0.3,
        labelcolor=INK, handlelength=2.2,
    )  # fmt: skip
