"""The loss on a plane through chosen networks, with the run projected on it (theory §3, §8)."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import unknown_name
from deeplinear.network import LinearNetwork
from deeplinear.plot import data
from deeplinear.plot._marks import text_width
from deeplinear.plot._style import axes_for, color_scale, note
from deeplinear.plot.data import INK, MUTED
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (5.0, 4.2)
_LABEL_SIZE = 7.5
_SHARE = 0.85  # of the figure, for a label of an axis
_CHARACTER = 0.55  # width, in units of the size
_NAME = 0.42  # half the width of a name, which has few wide letters
_LINES = 15  # of names, over the height of the axes
_NARROW = 4.5  # inches, below which the key is written in two lines
_LIGHT = (0.42, 1.0)  # the part of the color map on which black lines show
_TOP = 1.5  # levels reach this many times the largest loss among the points and the run
_DEEP = 1e-4  # and, on the logarithmic scale, down to this fraction of it
_LEVELS = 24
_WIDTHS = (2.6, 0.7)  # of the run in the plane, and at its largest distance from it


def loss_slice(
    problem: Problem,
    points: LinearNetwork | Sequence[LinearNetwork],
    directions: Sequence[Any] | None = None,
    *,
    ax: "Axes | None" = None,
    trajectory: Trajectory | None = None,
    names: Sequence[str] | None = None,
    reach: float | None = None,
    scale: Literal["log", "linear"] = "log",
    resolution: int = 201,
    colorbar: bool = True,
) -> "Axes":
    r"""Draw the loss on a plane of weight space: through three networks, or one and two directions.

    The plane is W + x E_1 + y E_2 with orthonormal E_1, E_2: lengths and angles in the picture are
    those of weight space. On it the loss is a polynomial of degree 2h, evaluated exactly. Colors
    are loss minus optimum; thin lines are the levels of the marked points. Open circles are
    saddles, dots minima, diamonds other networks.

    A run is projected orthogonally on the plane: its line is thinner the farther it is from it, and
    what the colors say holds for the run only where the line is thick.

    Parameters
    ----------
    problem
        Whose loss is drawn; that of test data works too.
    points
        Three networks of the same widths, not on one line: for example the start, a saddle that
        the run visits (``visit.network`` of an itinerary) and the end. Or one, with `directions`.
    directions
        Two of: one array a layer; an `EscapeDirection`; an `EscapeRay`. The first is the x-axis,
        the second is made orthogonal to it; gray lines show both.
    ax
        Axes to draw on. None: new ones.
    trajectory
        A run to be projected.
    names
        Of the points. None: the modes of critical points, "start" and "end" of the run.
    reach
        What is shown around the points and the run, in distances of weight space, > 0. None:
        0.3 of the extent of the points; around one point, 1.25 times the norm of a network that
        has learned one mode.
    scale
        "log": levels evenly in log(loss - optimum). "linear": evenly in the loss.
    resolution
        Grid points along each axis, at least 2.
    colorbar
        Whether to draw one.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The points lie on one line, the directions are parallel or zero, widths differ or do not
        fit the problem, the scale is unknown.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=1e-2, seed=0))
    >>> saddles = [visit.network for visit in dl.itinerary(traj)]
    >>> ax = plot.loss_slice(problem, saddles, trajectory=traj)
    >>> ax.get_xlabel()
    'distance toward “saddle of mode 0”'

    References
    ----------
    theory §3, §8; Li et al., arXiv 1712.09913.
    """
    if scale not in ("log", "linear"):
        raise unknown_name("scale", scale, ("log", "linear"))
    shown = data.loss_slice(
        problem, points, directions, trajectory=trajectory, names=names, reach=reach,
        resolution=resolution,
    )  # fmt: skip
    ax = axes_for(ax, _SIZE)
    ax.set_xlim(shown.x[0], shown.x[-1])
    ax.set_ylim(shown.y[0], shown.y[-1])
    ax.set_aspect("equal")
    character = _CHARACTER * float(ax.xaxis.label.get_fontsize())
    inches = np.array([ax.figure.bbox.width, ax.figure.bbox.height]) / ax.figure.dpi
    across, up = (_SHARE * 72 * inches / character).astype(int)
    ax.set_xlabel(textwrap.fill(shown.labels[0], across))
    ax.set_ylabel(textwrap.fill(shown.labels[1], up))
    levels = _levels(shown, scale)
    if levels is None:
        note(ax, "the loss is at the optimum everywhere on this plane")
        return ax
    _contours(ax, shown, levels, scale, colorbar)
    for along in shown.directions:
        ax.axline(tuple(shown.points[0]), tuple(shown.points[0] + along), color=MUTED, lw=0.6,
                  ls=(0, (5, 3)), zorder=2, label="_direction")  # fmt: skip
    _draw_path(ax, shown)
    _draw_points(ax, shown)
    return ax


def _levels(shown: data.LossSlice, scale: str) -> Array | None:
    """Between the lowest and the highest loss that matter; walls around them are one color."""
    inside = (shown.path >= [shown.x[0], shown.y[0]]) & (shown.path <= [shown.x[-1], shown.y[-1]])
    on_path = shown.path[inside.all(axis=1)]
    ix = np.searchsorted(shown.x, on_path[:, 0]).clip(0, len(shown.x) - 1)
    iy = np.searchsorted(shown.y, on_path[:, 1]).clip(0, len(shown.y) - 1)
    top = _TOP * float(np.max([*shown.point_gaps, *shown.gap[iy, ix]]))
    finite = shown.gap[np.isfinite(shown.gap)]
    if finite.size == 0 or finite.max() <= 0:
        return None
    if top <= 1e-12 * float(np.median(finite)):  # only minima are marked
        top = float(np.median(finite))
    if scale == "linear":
        return np.linspace(0.0, top, _LEVELS + 1)
    bottom = max(float(finite.min()), _DEEP * top)
    return np.geomspace(min(bottom, top / 10), top, _LEVELS + 1)


def _contours(ax: "Axes", shown: data.LossSlice, levels: Array, scale: str, colorbar: bool) -> None:
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap, LogNorm, Normalize
    from matplotlib.ticker import MaxNLocator

    light = ListedColormap(mpl.colormaps["viridis"](np.linspace(*_LIGHT, 256)))
    ends = float(levels[0]), float(levels[-1])
    gap = np.clip(np.nan_to_num(shown.gap, nan=np.inf), 0.5 * ends[0], 2.0 * ends[1])
    filled = ax.contourf(
        shown.x, shown.y, gap, levels=levels, cmap=light, zorder=0,
        norm=LogNorm(*ends) if scale == "log" else Normalize(*ends),
        extend="both" if scale == "log" else "max",
    )  # fmt: skip
    filled.set_edgecolor("face")  # no seams between the levels in vector formats
    filled.set_linewidth(0.3)
    marked = np.unique(shown.point_gaps[shown.point_gaps > max(ends[0], 1e-9 * ends[1])])
    marked = marked[np.concatenate([[True], np.diff(marked) > 1e-6 * ends[1]])[: len(marked)]]
    if marked.size:
        ax.contour(shown.x, shown.y, gap, levels=marked, colors=INK, linewidths=0.6, zorder=1)
    if colorbar:
        optimum = shown.optimum
        name = f"loss above the optimum, $L - {optimum:.4g}$" if optimum else "loss (optimum 0)"
        color_scale(filled, ax, name)
        bar = ax.figure.axes[-1]
        if scale == "log":
            _decades(bar, *ends)
        else:
            bar.set_yticks(MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(*ends))
            bar.set_ylim(*ends)


def _decades(bar: "Axes", low: float, high: float) -> None:
    """Ticks at powers of ten, or at 1, 2, 5 where these are few."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1,) if np.log10(high / low) > 2.5 else (1, 2, 5)
    ticks = [m * 10.0**d for d in decades for m in steps]
    ticks = [tick for tick in ticks if low <= tick <= high]
    names = [f"{t:g}" if 1e-4 < t < 1e4 else f"$10^{{{np.log10(t):.0f}}}$" for t in ticks]
    bar.set_yticks(ticks, names)
    bar.set_yticks([], minor=True)


def _draw_path(ax: "Axes", shown: data.LossSlice) -> None:
    """The projected run, thinner with its distance from the plane, and what the widths mean."""
    from matplotlib.collections import LineCollection
    from matplotlib.lines import Line2D

    if len(shown.path) == 0:
        return
    if len(shown.path) == 1:
        ax.plot(*shown.path.T, "x", color=INK, ms=4.0, zorder=4, label="_path")
        return
    farthest = float(shown.distance.max())
    flat = farthest < 1e-6 * float(np.abs(shown.x).max())
    middle = (shown.distance[1:] + shown.distance[:-1]) / 2
    share = np.zeros_like(middle) if flat else middle / farthest
    widths = _WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * share
    segments = list(np.stack([shown.path[:-1], shown.path[1:]], axis=1))
    for color, extra, z in (("white", 1.2, 3), (INK, 0.0, 4)):  # light around dark
        ax.add_collection(
            LineCollection(
                segments, linewidths=widths + extra, colors=color, capstyle="round", zorder=z,
                label="_path" if extra else "_halo",
            ),
            autolim=False,
        )  # fmt: skip
    _heads(ax, shown.path)
    near, far = (Line2D([], [], color=INK, lw=width) for width in _WIDTHS)
    columns = 1 if ax.figure.bbox.width / ax.figure.dpi < _NARROW else 2
    handles = [near] if flat else [near, far]
    names = ["run"] if flat else ["run, in the plane", f"run, at distance {farthest:.2g} from it"]
    ax.legend(
        handles, names, fontsize=_LABEL_SIZE, frameon=False, ncols=columns, loc="lower left",
        bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, handlelength=1.8,
    )  # fmt: skip


def _heads(ax: "Axes", path: Array) -> None:
    """Arrow heads at a third and two thirds of the length, in the direction of time."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    extent = float(np.hypot(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())))
    if length[-1] < 0.1 * extent:
        return
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9.0, "color": INK, "lw": 0.0,
                            "shrinkA": 0.0, "shrinkB": 0.0}  # fmt: skip
    for share in (1 / 3, 2 / 3):
        at = [share * length[-1] + d * 1e-3 * extent for d in (-1.0, 1.0)]
        tail, head = np.column_stack([np.interp(at, length, path[:, k]) for k in (0, 1)])
        if np.hypot(*(head - tail)) > 1e-4 * extent:
            arrow = ax.annotate("", xy=tuple(head), xytext=tuple(tail), arrowprops=look, zorder=5)
            arrow.set_clip_on(True)


def _draw_points(ax: "Axes", shown: data.LossSlice) -> None:
    """Saddles as open circles, minima as dots, others as diamonds; names away from the middle."""
    from matplotlib.patheffects import withStroke

    middle = float(shown.points[:, 1].mean())
    written: list[tuple[float, float, float]] = []  # left and right, and a height in lines of text
    for (x, y), name, kind in zip(shown.points, shown.names, shown.kinds, strict=True):
        saddle, minimum = "saddle" in kind, "minimum" in kind
        marker, size = ("o", 6.0) if saddle or minimum else ("D", 4.5)
        face = INK if minimum else "white"
        ax.plot([x], [y], marker, mfc=face, mec=INK, mew=1.1, ms=size, zorder=6, label="_point")
        up = 1 if y > middle else -1
        place, half = (x - shown.x[0]) / np.ptp(shown.x), _NAME * text_width(ax, name)
        side = "left" if place < half else "right" if 1 - place < half else "center"
        left = place - half * {"left": 0, "center": 1, "right": 2}[side]
        line = round(up + (y - shown.y[0]) / np.ptp(shown.y) * _LINES)
        away = 0  # lines farther from the point, where another name is in the way
        while any(left < b and a < left + 2 * half and line + up * away == at
                  for a, b, at in written):  # fmt: skip
            away += 1
        written.append((left, left + 2 * half, line + up * away))
        offset = (0.0, (7.0 + 1.3 * _LABEL_SIZE * away) * up)
        text = ax.annotate(
            name, xy=(x, y), xytext=offset, textcoords="offset points", ha=side,
            va="bottom" if up > 0 else "top", fontsize=_LABEL_SIZE, color=INK, zorder=7,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=2.2, foreground="white")])
