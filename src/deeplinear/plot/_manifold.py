"""Grown curves and surfaces of a saddle in the plane of two mode strengths (theory §9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, unknown_name
from deeplinear.analysis import GrownCurve, GrownSurface, set_name
from deeplinear.plot._style import axes_for, color_scale
from deeplinear.plot.data import GRID, INK, mode_style
from deeplinear.plot.data._modes import strengths
from deeplinear.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Grown = GrownCurve | GrownSurface

_SIZE = (4.4, 3.6)
_LABEL_SIZE = 7.5
_DARK = 0.88  # the part of the color map that is dark enough for lines on white
_LOWEST, _HIGHEST = -1.2, 2.2  # strengths in view, in singular values
_SAME = 0.03  # of the axes: ends nearer to each other get one mark


def manifold(
    grown: Grown | Sequence[Grown],
    *,
    ax: "Axes | None" = None,
    modes: tuple[int, int] = (0, 1),
    color: Literal["limit", "loss"] = "limit",
) -> "Axes":
    """Draw stable or unstable sets as curves in the plane of two mode strengths.

    Every ray is a line with an arrow in the direction of the flow. The saddle is an open circle,
    the critical points at the other ends are dots, named by their modes; faint lines are the
    singular values, at whose crossings the classes lie. A projection: several rays can fall on one
    line, as +V and -V do at depth 2. Strengths below -1.2 s_k or above 2.2 s_k are out of view.

    Parameters
    ----------
    grown
        What `analysis.unstable_curve`, `unstable_surface`, `stable_curve` or `stable_surface`
        returned, or several of these.
    ax
        Axes to draw on. None: new ones.
    modes
        Which two mode strengths p_k = u_k^T P Sxx^{1/2} v_k.
    color
        "limit": by the modes of the critical point at the end of the ray; line styles differ too.
        "loss": by the loss along the ray, with a color bar.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `grown` is something else, the modes are not two modes of the problem, the color is unknown.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear import analysis, plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    >>> rays = [[np.diag([1.0, 0.0])] * 2, [np.diag([0.0, 1.0])] * 2]
    >>> angles = np.linspace(0, np.pi / 2, 7)
    >>> surface = analysis.unstable_surface(problem, origin, rays, angles=angles)
    >>> plot.manifold(surface).get_xlabel()
    'mode strength $p_0$'

    References
    ----------
    theory §9, §11.
    """
    curves = _curves(grown)
    problem = curves[0].problem
    x, y = two_modes(problem, modes)
    if color not in ("limit", "loss"):
        raise unknown_name("color", color, ("limit", "loss"))
    ax = axes_for(ax, _SIZE)
    paths = [strengths(problem, curve.trajectory.products)[:, [x, y]] for curve in curves]
    _references(ax, problem.modes.s[[x, y]], paths)
    if color == "limit":
        _by_limit(ax, curves, paths)
    else:
        _by_loss(ax, curves, paths)
    _draw_marks(ax, problem, curves, (x, y))
    for axis, k in ((ax.xaxis, x), (ax.yaxis, y)):
        axis.set_label_text(f"mode strength $p_{{{k}}}$" if k > 9 else f"mode strength $p_{k}$")
    return ax


def two_modes(problem: Problem, modes: tuple[int, int]) -> tuple[int, int]:
    """Return two different modes of the problem, checked."""
    try:
        x, y = (checks.integer("modes", k, minimum=0) for k in modes)
    except (TypeError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentTypeError(
            f"Argument `modes` must be a pair of integers, but it is {modes!r}."
        ) from None
    m = len(problem.modes)
    if x == y or max(x, y) >= m:
        raise ArgumentError(
            f"Argument `modes` must hold two different modes below {m}, the number of modes of the "
            f"problem, but it is {(x, y)}."
        )
    return x, y


def _curves(grown: Grown | Sequence[Grown]) -> list[GrownCurve]:
    """All rays, of one or of several sets of the same problem."""
    given = [grown] if isinstance(grown, GrownCurve | GrownSurface) else grown
    found: list[GrownCurve] = []
    for entry in given if isinstance(given, list | tuple) else [given]:
        if isinstance(entry, GrownSurface):
            found.extend(entry.curves)
        elif isinstance(entry, GrownCurve):
            found.append(entry)
        else:
            raise ArgumentTypeError(
                "Argument `grown` must be a GrownCurve, a GrownSurface or a list of them, but it "
                f"holds {type(entry).__name__}. Grow one with analysis.unstable_curve."
            )
    if not found:
        raise ArgumentError("Argument `grown` must hold at least one curve, but it is empty.")
    if any(curve.problem is not found[0].problem for curve in found):
        raise ArgumentError("Argument `grown` must hold curves of one problem, but it holds more.")
    return found


def _references(ax: "Axes", s: Array, paths: list[Array]) -> None:
    """Faint lines at 0 and at the singular values, and limits that show what is near them."""
    every = np.vstack([*paths, [[0.0, 0.0]], [s]])
    for which, line, k in (("x", ax.axvline, 0), ("y", ax.axhline, 1)):
        line(0.0, color=GRID, lw=0.7, zorder=0)
        line(s[k], color=GRID, lw=0.7, ls=(0, (4, 2)), zorder=0)
        low, high = _LOWEST * s[k], _HIGHEST * s[k]
        low, high = max(low, float(every[:, k].min())), min(high, float(every[:, k].max()))
        pad = 0.09 * (high - low)
        ax.set(**{f"{which}lim": (low - pad, high + pad)})


def _by_limit(ax: "Axes", curves: list[GrownCurve], paths: list[Array]) -> None:
    """One color and line style for each class of limits, in a legend if there are several."""
    names = [_limit(curve) for curve in curves]
    order = sorted(set(names), key=lambda name: (name == _NONE, -len(name), name))
    for name, path, curve in zip(names, paths, curves, strict=True):
        style = {"color": INK, "linestyle": "-"} if len(order) == 1 else _class(order.index(name))
        first = names.index(name) == curves.index(curve)
        ax.plot(*path.T, lw=1.2, label=name if first else f"_{name}", zorder=2, **style)
        _arrow(ax, path, curve, style["color"])
    if len(order) > 1:
        handles, labels = ax.get_legend_handles_labels()
        pairs = sorted(zip(labels, handles, strict=True), key=lambda pair: order.index(pair[0]))
        ax.legend(
            [handle for _, handle in pairs], [label for label, _ in pairs],
            title="ends in", fontsize=_LABEL_SIZE, title_fontsize=_LABEL_SIZE, frameon=False,
            loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0, handlelength=2.4,
        )  # fmt: skip


_NONE = "no critical point"


def _limit(curve: GrownCurve) -> str:
    if curve.limit is None:
        return _NONE
    if not curve.limit.modes:
        return "no mode"
    plural = "s" if len(curve.limit.modes) > 1 else ""
    return f"mode{plural} {set_name(curve.limit.modes)}"


def _class(k: int) -> dict[str, Any]:
    """A color, and a line style that also differs in gray."""
    dashes: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
    return {"color": mode_style(k)["color"], "linestyle": dashes[k % len(dashes)]}


def _by_loss(ax: "Axes", curves: list[GrownCurve], paths: list[Array]) -> None:
    """Color along each ray by the loss."""
    from matplotlib.collections import LineCollection

    losses = [curve.trajectory.loss for curve in curves]
    segments = [np.stack([path[:-1], path[1:]], axis=1) for path in paths]
    lines = LineCollection(
        list(np.concatenate(segments)), cmap=dark_colors(), lw=1.4, zorder=2, capstyle="round"
    )
    lines.set_array(np.concatenate([(loss[1:] + loss[:-1]) / 2 for loss in losses]))
    ax.add_collection(lines, autolim=False)
    for path, curve in zip(paths, curves, strict=True):
        _arrow(ax, path, curve, INK)
    color_scale(lines, ax, "loss")


def dark_colors() -> Any:
    """The color map of losses: the part of viridis that shows on white."""
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    return ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, _DARK, 256)))


def _arrow(ax: "Axes", path: Array, curve: GrownCurve, color: str) -> None:
    """A head in the middle of what is in view, in the direction of the flow."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    inside = (path >= [left, bottom]).all(axis=1) & (path <= [right, top]).all(axis=1)
    path = path[inside]
    steps = np.diff(path, axis=0) / [right - left, top - bottom]
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])
    if length[-1] < 3 * _SAME:
        return
    k = int(np.clip(np.searchsorted(length, 0.5 * length[-1]), 1, len(path) - 1))
    tail, head = (path[k - 1], path[k]) if curve.forward else (path[k], path[k - 1])
    tail = head + 1e-2 * (tail - head)
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9.0, "color": color, "lw": 0.0}
    look |= {"shrinkA": 0.0, "shrinkB": 0.0}
    ax.annotate("", xy=tuple(head), xytext=tuple(tail), arrowprops=look, zorder=3)


@dataclass
class Mark:
    """A place where critical points are drawn: their names, and whether rays start or end there."""

    at: Array
    product: Array
    names: list[str]
    starts: bool = False
    ends: bool = False


def marks(
    problem: Problem, curves: list[GrownCurve], axes: Sequence[int], scale: Array
) -> list[Mark]:
    """Return the saddles and limits at their mode strengths; those nearer than `_SAME` together."""
    found: list[Mark] = []
    for curve in curves:
        ends = [(curve.saddle, curve.source, True), (curve.trajectory.final, curve.limit, False)]
        for net, point, is_start in ends:
            if point is None:
                continue
            at = strengths(problem, net.product()[None])[0, list(axes)]
            near = [m for m in found if np.abs((at - m.at) / scale).max() < _SAME]
            mark = near[0] if near else Mark(at, net.product(), [])
            if not near:
                found.append(mark)
            name = set_name(point.modes)
            if name not in mark.names:
                mark.names.append(name)
            mark.starts |= is_start
            mark.ends |= not is_start
    return found


def _draw_marks(
    ax: "Axes", problem: Problem, curves: list[GrownCurve], axes: tuple[int, int]
) -> None:
    """The saddles as open circles and the limits as dots, named by their modes."""
    from matplotlib.patheffects import withStroke

    scale = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    for mark in marks(problem, curves, axes, scale):
        x, y = float(mark.at[0]), float(mark.at[1])
        if mark.starts:
            ax.plot([x], [y], "o", mfc="white", mec=INK, mew=1.1, ms=6.5, zorder=5, label="_saddle")
        if mark.ends:
            size = 3.0 if mark.starts else 5.0
            ax.plot([x], [y], "o", color=INK, ms=size, mew=0.0, zorder=5, label="_limit")
        text = ax.annotate(
            " / ".join(mark.names), xy=(x, y), xytext=(4.5, 4.5), textcoords="offset points",
            fontsize=_LABEL_SIZE, color=INK, zorder=6,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=2.0, foreground="white")])
