"""The eigenvalues of the conserved matrices, along a run or of one network (theory §4)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._style import axes_for, note
from deeplinear.plot._time import curve, draw_time
from deeplinear.plot.data import DASHES, GRID, MUTED, ImbalanceSpectra, TimeAxis
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.4, 2.9)
_DARK = 0.75  # the part of the color map that shows on white
_WIDE = 0.32  # half the width of a tick for an eigenvalue


def imbalance(run_or_network: Trajectory | LinearNetwork, *, ax: "Axes | None" = None) -> "Axes":
    r"""Draw the eigenvalues of every imbalance, along a run or of one network.

    .. math:: C_i = W_i W_i^T - W_{i+1}^T W_{i+1}

    for every hidden layer, i = 0, ..., h - 2. The gradient flow keeps these matrices: along a run
    all lines are flat, up to the drift of the method (`drift` shows it on a logarithmic scale);
    those of gradient descent bend. They are zero for balanced networks, and lambda or -lambda for
    lambda-balanced ones. Layers differ in color and dashes, from dark to light.

    Parameters
    ----------
    run_or_network
        A run: lines against time. A network: a column of ticks for each hidden layer.
    ax
        Axes to draw on. None: new ones.

    Returns
    -------
    Axes
        Of layers wider than 40, 40 eigenvalues are drawn, the largest and the smallest always, as
        a note says.

    Raises
    ------
    ArgumentTypeError
        It is neither a run nor a network.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> start = dl.init.gaussian((3, 3, 3, 3), scale=0.3, seed=0)
    >>> traj = dl.gradient_descent(problem, start, step_size=0.05, n_steps=400)
    >>> ax = plot.imbalance(traj)
    >>> ax.get_ylabel()
    'eigenvalue of the imbalance $C_i$'

    References
    ----------
    theory §4.
    """
    found = data.imbalance(run_or_network)
    ax = axes_for(ax, _SIZE)
    shared = ax.has_data()
    ax.set_ylabel("eigenvalue of the imbalance $C_i$")
    if found.time is not None:
        draw_time(ax, found.time, shared=shared)
    if found.limits is None:
        note(ax, "overflow at every saved time" if found.values else "depth 1: no law")
        ax.set_yticks([])
        return ax
    ax.axhline(0.0, color=GRID, lw=0.7, zorder=0)
    if found.time is None:
        _columns(ax, found)
    else:
        _lines(ax, found.time, found)
    ax.set_ylim(found.limits)
    if found.balanced:
        note(ax, "balanced up to round-off")
    if any(len(v[0]) < d for v, d in zip(found.values, found.widths, strict=True)):
        ax.annotate(
            "not all eigenvalues are drawn", (1.0, 1.0), (0.0, 3.0), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="bottom", fontsize=7.5, color=MUTED,
        )  # fmt: skip
    return ax


def _looks(n: int) -> list[dict[str, Any]]:
    """Colors from dark to light, with dashes in turn."""
    import matplotlib as mpl

    colors = mpl.colormaps["viridis"](np.linspace(0.0, _DARK, n))
    return [
        {"color": mpl.colors.to_hex(color), "linestyle": DASHES[i % len(DASHES)]}
        for i, color in enumerate(colors)
    ]


def _lines(ax: "Axes", time: TimeAxis, found: ImbalanceSpectra) -> None:
    """A line for each eigenvalue, named by its layer where the largest one ends."""
    labels = []
    for i, (values, look) in enumerate(zip(found.values, _looks(len(found.values)), strict=True)):
        for j, y in enumerate(values.T):
            curve(ax, time, y, lw=1.0, label=f"$C_{{{i}}}$" if j == 0 else f"_C{i}", **look)
        ends = values[np.isfinite(values).all(axis=1)][-1]
        labels.append(Label(float(ends[0]), str(i), **look))
    margin_labels(ax, labels, "$i$")


def _columns(ax: "Axes", found: ImbalanceSpectra) -> None:
    """A tick for each eigenvalue in a column for each layer."""
    for i, (values, look) in enumerate(zip(found.values, _looks(len(found.values)), strict=True)):
        ax.hlines(
            values[0], i - _WIDE, i + _WIDE, color=look["color"], lw=1.2, label=f"$C_{{{i}}}$"
        )
    n = len(found.values)
    ax.set_xlim(-0.6, n - 0.4)
    ax.set_xticks(range(0, n, 1 + n // 20))
    ax.set_xlabel("layer $i$")
