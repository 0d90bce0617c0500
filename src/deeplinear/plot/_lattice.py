"""The classes of critical points as a Hasse diagram, with the paths of runs (theory §8, §9)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.analysis import Itinerary, set_name
from deeplinear.landscape import Lattice
from deeplinear.plot import data
from deeplinear.plot._lattice_diagram import BESIDE, RING, Diagram, frame, size_of
from deeplinear.plot._lattice_labels import label_places
from deeplinear.plot._style import axes_for
from deeplinear.plot.data import COLORS, INK, MUTED, LatticeDiagram, Step, mode_style
from deeplinear.plot.data._lattice_layout import LABEL_SIZE, text_width
from deeplinear.plot.data._visits import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (5.4, 3.8)
_KEY = 22.0  # points beside a name in the legend
_LOOKS: tuple[dict[str, Any], ...] = (
    {"marker": "*", "color": INK, "ms": 9.0, "mew": 0.0},
    {"marker": "v", "color": MUTED, "ms": 4.8, "mew": 0.0},
    {"marker": "D", "color": COLORS[4], "ms": 4.8, "mew": 0.0},
)
_WAITS, _PASSES = "run waits or ends", "run passes"
_NODE = 3.0  # radius in points
_THIN, _THICK = 1.2, 2.6  # line widths of a step that few of many runs take, and all
_ALONG = (0.2, 0.7)  # of a step: where its number of runs may stand
_SHARES = np.linspace(0.0, 1.0, 80)
_BOW = 0.25  # of a step and its way back


def lattice(
    lattice: Lattice,
    itinerary: Itinerary | Sequence[Itinerary] | None = None,
    *,
    most: int | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the lattice of critical points as a Hasse diagram, with the paths of runs through it.

    A column holds the classes with as many learned modes, moved sideways so that they do not
    overlap, so that a run goes from the left to the right and downward. The height is the loss
    above the optimum on a square-root scale, which has room for the optimum itself; for whitened
    data and widths that can learn all modes it is proportional to the distance of the map from
    the target. The marker and its color tell the kind of the canonical point. Thin lines are the
    orbits S -> S + {k} in the color and style of mode k. Labels are the learned modes, left out
    where there is no room, those of the visited classes and of the largest modes last.

    Parameters
    ----------
    lattice
        Of `landscape.lattice`. Of equal modes the first ones stand for any, as a note says.
    itinerary
        The visits of a run on this problem, or of many runs. A thick arrow leads from each class
        to the next, in the color of the mode if exactly one is learned. Filled circles are
        plateaus and ends (for many runs: of at least half of those that come by), rings are
        classes that were only passed. For many runs the lines are the thicker the more take a
        step, and their number is written on it. Sets of modes that are no class of this
        lattice are left out, with a note.
    most
        If there are more classes than this, only some are drawn: those visited, those of the
        largest modes, and then their neighbors by one mode, up to `most` in all, first those
        that differ by a mode near the last learned one. A note tells how many are left out.
        None: all of up to 64, else 40.
    ax
        Axes to draw on. None: new ones.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The itinerary is that of another problem, or an argument is of the wrong type.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=1e-2, seed=0))
    >>> found = dl.landscape.lattice(problem, traj.widths)
    >>> ax = plot.lattice(found, dl.itinerary(traj))
    >>> ax.get_xlabel(), [text.get_text() for text in ax.get_legend().get_texts()][:2]
    ('number of learned modes', ['global minimum', 'strict saddle'])

    References
    ----------
    theory §8, §9, §11; Wendin, Altafini, arXiv 2511.10362.
    """
    found = data.lattice(lattice, itinerary, most=most)
    ax = axes_for(ax, _SIZE)
    frame(ax, found)
    rows = _legend(ax, found) + _write_notes(ax, found)
    diagram = Diagram.of(ax, found, rows)
    _draw_edges(ax, diagram)
    _draw_nodes(ax, diagram)
    _draw_steps(ax, diagram)
    _write_labels(ax, diagram)
    return ax


def _draw_edges(ax: "Axes", diagram: Diagram) -> None:
    """The orbits between classes that are drawn, one broken line for each mode."""
    found = diagram.found
    gap = np.full((len(found.edges), 1), np.nan)
    x, y = np.hstack([found.x[found.edges], gap]), np.hstack([found.gap[found.edges], gap])
    for k in np.unique(found.edge_mode):
        own = found.edge_mode == k
        look = {"lw": 0.7, "alpha": 0.4, "zorder": 1, **mode_style(int(k))}
        ax.plot(x[own].ravel(), y[own].ravel(), label=f"_mode {k}", **look)


def _draw_nodes(ax: "Axes", diagram: Diagram) -> None:
    """Markers by kind, and circles around those that are visited."""
    found = diagram.found
    for k, look in enumerate(_LOOKS):
        for zorder, chosen in ((2, ~found.visited), (4, found.visited)):
            own = (found.kind == k) & chosen
            if own.any():
                ax.plot(
                    found.x[own], found.gap[own], ls="none", zorder=zorder, clip_on=False,
                    label=found.kinds[k], **look,
                )  # fmt: skip
    for label, look in _rings(2 * diagram.ring - 1).items():
        own = found.visited & (found.waited == (label == _WAITS))
        if own.any():
            ax.plot(
                found.x[own], found.gap[own], ls="none", zorder=3, clip_on=False, label=label,
                **look,
            )  # fmt: skip


def _rings(size: float) -> dict[str, dict[str, Any]]:
    from matplotlib.colors import to_rgba

    look = {"marker": "o", "ms": size, "mew": 1.0}
    return {
        _WAITS: {**look, "mfc": to_rgba(INK, 0.2), "mec": INK},
        _PASSES: {**look, "mfc": "none", "mec": MUTED},
    }


def _draw_steps(ax: "Axes", diagram: Diagram) -> None:
    """An arrow for each step, with the number of runs if there are several."""
    from matplotlib.patches import FancyArrowPatch

    scale, found = diagram.ring / RING, diagram.found
    for step in found.steps:
        color = INK if step.mode is None else mode_style(step.mode)["color"]
        width = scale * (_THIN + (_THICK - _THIN) * step.runs / found.n_runs)
        arrow = FancyArrowPatch(
            diagram.data(step.source),
            diagram.data(step.target),
            arrowstyle="-|>",
            connectionstyle=f"arc3,rad={_bow(step)}",
            mutation_scale=4 * scale + 3.2 * width,
            lw=width,
            color=color,
            shrinkA=diagram.ring,
            shrinkB=diagram.ring,
            zorder=2.5,
            joinstyle="miter",
            capstyle="butt",
            label="_step",
        )
        ax.add_patch(arrow)
    if found.n_runs > 1:
        _write_numbers(ax, diagram)


def _write_numbers(ax: "Axes", diagram: Diagram) -> None:
    """The number of runs on each step, where the step is farthest from all others."""
    steps = diagram.found.steps
    arcs = [_arc(diagram, step) for step in steps]
    taken = [point[None] for point in diagram.points[diagram.found.visited]]
    for k, step in enumerate(steps):
        others = np.concatenate([*taken, *arcs[:k], *arcs[k + 1 :]])
        places = np.flatnonzero((_ALONG[0] <= _SHARES) & (_ALONG[1] >= _SHARES))
        gaps = np.linalg.norm(arcs[k][places][:, None] - others[None], axis=2).min(axis=1)
        best = places[int(np.argmax(gaps))]
        taken.append(arcs[k][best][None])
        (x0, y0), (x1, y1) = diagram.data(step.source), diagram.data(step.target)
        t = float(_SHARES[best])
        x, y = (1 - t) * x0 + t * x1, ((1 - t) * np.sqrt(y0) + t * np.sqrt(y1)) ** 2
        drift = arcs[k][best] - ((1 - t) * arcs[k][0] + t * arcs[k][-1])  # of a bowed step
        ax.annotate(
            str(step.runs), (x, y), tuple(drift), textcoords="offset points", ha="center",
            va="center", fontsize=LABEL_SIZE - 1, color=INK, zorder=5,
            bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.85},
        )  # fmt: skip


def _bow(step: Step) -> float:
    """How far a step bends, as a share of its length: only if another one leads back."""
    return _BOW if step.returned else 0.0


def _arc(diagram: Diagram, step: Step) -> Array:
    """Points on a step, in points of the axes."""
    a, b = diagram.points[step.source], diagram.points[step.target]
    middle = (a + b) / 2 + _bow(step) * np.array([b[1] - a[1], a[0] - b[0]])
    t = _SHARES[:, None]
    return np.asarray((1 - t) ** 2 * a + 2 * t * (1 - t) * middle + t**2 * b)


def _write_labels(ax: "Axes", diagram: Diagram) -> None:
    """The learned modes beside the nodes, clear of the steps."""
    found = diagram.found
    path = [_arc(diagram, step) for step in found.steps]
    places = label_places(
        diagram.points,
        np.where(found.visited, diagram.ring, _NODE),
        np.array([text_width(name) for name in diagram.names]),
        list(dict.fromkeys([*found.important, *range(len(diagram.names))])),
        found.lowest,
        np.concatenate([np.empty((0, 2)), *path]),
        diagram.size,
    )
    for j, place in places.items():
        ax.annotate(
            diagram.names[j], diagram.data(j), (place.dx, place.dy), textcoords="offset points",
            ha=place.ha, va="center", fontsize=LABEL_SIZE,
            color=INK if j in found.important else MUTED, zorder=5,
        )  # fmt: skip


def _write_notes(ax: "Axes", found: LatticeDiagram) -> int:
    """What is left out, and what stands for what, below the axis; returns the number of lines."""
    notes = []
    if len(found.shown) < found.n_classes:
        left_out = found.n_classes - len(found.shown)
        notes.append(f"{left_out} of {found.n_classes} classes not drawn")
    equal = "; ".join(set_name(group) for group in found.equal)
    if equal:
        notes.append(f"equal modes {shortened(equal)}: the first stand for any")
    if found.elsewhere:
        sets = "set that is" if found.elsewhere == 1 else "sets that are"
        notes.append(f"{found.elsewhere} visited {sets} no class here")
    if notes:
        ax.annotate(
            "\n".join(notes), (1.0, 0.0), (0.0, -32.0), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", fontsize=LABEL_SIZE, color=MUTED,
            annotation_clip=False,
        )  # fmt: skip
    return len(notes)


def _legend(ax: "Axes", found: LatticeDiagram) -> int:
    """What the markers mean, above the axes; returns the number of rows."""
    from matplotlib.lines import Line2D

    looks = {found.kinds[k]: _LOOKS[k] for k in np.unique(found.kind)}
    waits = set(found.waited[found.visited].tolist())
    looks |= {name: look for name, look in _rings(7.5).items() if (name == _WAITS) in waits}
    widths = [text_width(name) + _KEY for name in looks]
    room = size_of(ax, 0)[0] + BESIDE / 2
    columns = len(widths) if sum(widths) <= room else max(int(room / max(widths)), 1)
    ax.legend(
        [Line2D([], [], ls="none", **look) for look in looks.values()], list(looks),
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, frameon=False,
        fontsize=LABEL_SIZE, handletextpad=0.2, columnspacing=1.1, borderpad=0.0,
        borderaxespad=0.3, labelcolor=INK, handlelength=1.4,
    )  # fmt: skip
    return -(-len(widths) // columns)
