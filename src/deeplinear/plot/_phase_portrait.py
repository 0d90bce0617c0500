"""The plane of the scalar chain, with the stable and unstable set of its origin (theory §9)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.plot._style import axes_for
from deeplinear.plot.data import COLORS, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.4, 4.4)
_REACH = 2.2  # half the width of the window, in units of s^{1/h}
_LEVELS = (0.35, 1.1, 2.3)  # |a^2 - b^2| of the flow lines, in units of s^{2/h}
_LABEL_SIZE = 7.5
_DEEPEST = 30


def phase_portrait(
    depth: int = 2, *, s: float = 1.0, ax: "Axes | None" = None, labels: bool = True
) -> "Axes":
    r"""Draw the flow of a scalar chain in the plane a_1 = a, a_2 = ... = a_h = b.

    .. math:: \dot a = b^{h-1} (s - a b^{h-1}), \qquad \dot b = a b^{h-2} (s - a b^{h-1})

    The plane is invariant (and everything, at depth 2), and a^2 - b^2 is constant along the flow:
    thin lines, with arrows. Thick lines are the unstable set of the origin, a = b (even depth) or
    a = |b| (odd depth), up to the minima; its stable set, a = -b or a = -|b|; the minima,
    a b^{h-1} = s; and, from depth 3 on, the line b = 0 of saddles: strict ones at depth 3, of
    escape order h - 1 at greater depth, except for the origin, of order h. At depth 2 the origin
    is hyperbolic; from depth 3 on it is degenerate. All lines are closed forms, exact to the pixel.

    Parameters
    ----------
    depth
        The number of layers h, from 2 to 30.
    s
        The singular value of the target, > 0. It sets the scale s^{1/h} of both axes.
    ax
        Axes to draw on. None: new ones.
    labels
        Whether to write the names on the lines. Without, every line still has its label, for
        ``ax.legend()``.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `depth` is no integer from 2 to 30, `s` is not positive.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from deeplinear import plot
    >>> ax = plot.phase_portrait(3)
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('$a_1$', '$a_2 = a_3$')

    References
    ----------
    theory §6, §9; Wendin, Altafini, arXiv 2511.10362, section 5.
    """
    depth = checks.integer("depth", depth, minimum=2)
    if depth > _DEEPEST:
        raise ArgumentError(f"Argument `depth` must be at most {_DEEPEST}, but it is {depth}.")
    s = checks.number("s", s, minimum=0.0, exclusive=True)
    ax = axes_for(ax, _SIZE)
    plane = _Plane(depth, s)
    _draw_flow(ax, plane)
    _draw_sets(ax, plane)
    edge = _REACH * plane.unit
    ax.set_xlim(-edge, edge)
    ax.set_ylim(-edge, edge)
    ax.set_aspect("equal")
    ax.set_xlabel("$a_1$")
    rest = [f"a_{{{i}}}" if i > 9 else f"a_{i}" for i in range(2, depth + 1)]
    ax.set_ylabel(f"${' = '.join(rest if depth < 6 else [rest[0], chr(92) + 'dots', rest[-1]])}$")
    if labels:
        _write(ax, plane)
    return ax


@dataclass(frozen=True)
class _Plane:
    """The plane of a chain of this depth."""

    depth: int
    s: float

    @property
    def unit(self) -> float:
        """The amplitude of the minimum on a = b."""
        return float(self.s ** (1 / self.depth))

    def field(self, a: float, b: float) -> tuple[float, float]:
        """The field, in units in which s = 1; only its direction is used."""
        residual = 1.0 - a * b ** (self.depth - 1)
        return b ** (self.depth - 1) * residual, a * b ** (self.depth - 2) * residual

    @property
    def mirrored(self) -> bool:
        """Whether the sets are a = |b| and a = -|b|, not a = b and a = -b."""
        return self.depth % 2 == 1

    @property
    def saddles(self) -> str:
        return "strict saddles" if self.depth == 3 else f"order-{self.depth - 1} saddles"


def _draw_flow(ax: "Axes", plane: _Plane) -> None:
    """The hyperbolas a^2 - b^2 = c, each branch with arrows where the flow is."""
    x = np.linspace(-_REACH, _REACH, 401)
    for c in _LEVELS:
        y = np.hypot(x, math.sqrt(c))
        for sign in (1.0, -1.0):
            for a, b in ((sign * y, x), (x, sign * y)):
                inside = np.maximum(abs(a), abs(b)) <= _REACH
                line = np.column_stack([a, b])[inside]
                ax.plot(*(plane.unit * line.T), color=MUTED, lw=0.6, zorder=1, label="_flow")
                _arrows(ax, plane, line)


def _arrows(ax: "Axes", plane: _Plane, line: Array) -> None:
    """One arrow in the middle of each stretch between zeros of the field, if it is long enough."""
    field = np.array([plane.field(*point) for point in line])
    forward = np.sum(field[:-1] * np.diff(line, axis=0), axis=1)
    turns = np.flatnonzero(np.diff(np.sign(forward)) != 0) + 1
    if plane.depth > 2:  # the field vanishes on b = 0, without a turn at even depth
        turns = np.union1d(turns, np.flatnonzero(np.diff(np.sign(line[:, 1])) != 0) + 1)
    for stretch in np.split(np.arange(len(line) - 1), turns):
        length = float(np.sum(np.linalg.norm(np.diff(line[stretch], axis=0), axis=1)))
        if length > 0.4:
            k = int(stretch[len(stretch) // 2])
            _head(ax, plane, line[k], field[k], color=MUTED, size=7.5)


def _head(
    ax: "Axes", plane: _Plane, at: Array, direction: Array, *, color: str, size: float
) -> None:
    """An arrow head at a point of the flow."""
    step = 1e-3 * direction / np.linalg.norm(direction)
    look: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": size,
        "color": color,
        "lw": 0.0,
        "shrinkA": 0.0,
        "shrinkB": 0.0,
    }
    tail, head = (tuple(plane.unit * (at + sign * step)) for sign in (-1.0, 1.0))
    ax.annotate("", xy=head, xytext=tail, arrowprops=look, zorder=3)


def _draw_sets(ax: "Axes", plane: _Plane) -> None:
    """The sets of the origin, the minima and, from depth 3 on, the line of saddles."""
    unit, h = plane.unit, plane.depth
    tips = (np.array([1.0, 1.0]), np.array([1.0, -1.0] if plane.mirrored else [-1.0, -1.0]))
    if h > 2:
        ax.plot(
            [-_REACH * unit, _REACH * unit], [0.0, 0.0], color=INK, lw=1.6, ls=(0, (1, 1.3)),
            zorder=2, label=plane.saddles,
        )  # fmt: skip
    ends = [tip * [-1.0, 1.0] for tip in tips]
    stable = unit * _REACH * np.array([ends[0], [0.0, 0.0], ends[1]])
    ax.plot(*stable.T, color=COLORS[0], lw=1.8, ls=(0, (5, 1.5)), zorder=4, label="stable set")
    unstable = unit * np.array([tips[0], [0.0, 0.0], tips[1]])
    ax.plot(*unstable.T, color=COLORS[1], lw=2.2, zorder=4, label="unstable set")
    for tip, end in zip(tips, ends, strict=True):
        _head(ax, plane, 0.62 * tip, tip, color=COLORS[1], size=13.0)
        _head(ax, plane, 1.1 * end, -end, color=COLORS[0], size=13.0)
        beyond = np.array([tip, _REACH * tip])
        ax.plot(*(unit * beyond.T), color=MUTED, lw=0.6, zorder=1, label="_flow")
        _head(ax, plane, 1.7 * tip, -tip, color=MUTED, size=7.5)
    b = np.geomspace(_REACH ** (-1 / (h - 1)), _REACH, 200)
    a = b ** (1.0 - h)
    for j, sign in enumerate((1.0, -1.0)):
        side = 1.0 if plane.mirrored else sign
        ax.plot(
            unit * side * a, unit * sign * b, color=INK, lw=2.0, zorder=5,
            label="minima" if j == 0 else "_minima",
        )  # fmt: skip
    ax.plot(
        [0.0], [0.0], "o", mfc="white", mec=INK, mew=1.2, ms=5.5, zorder=6, ls="none",
        label="origin",
    )  # fmt: skip


def _write(ax: "Axes", plane: _Plane) -> None:
    """The names, each beside its line; on white, so that flow lines do not cross them."""
    h = plane.depth
    power = "" if h == 2 else f"^{{{h - 1}}}"
    fixed = "a_1 a_2" if h == 2 else f"a_1 a_2{power}"
    up = -45 if not plane.mirrored else 45
    _name(ax, plane, (0.47, 0.47), "unstable set", COLORS[1], above=True, rotation=45)
    place = (-1.5, 1.5) if not plane.mirrored else (-1.5, -1.5)
    _name(ax, plane, place, "stable set", COLORS[0], above=True, rotation=up)
    _name(ax, plane, (1.5, 0.31), f"minima\n${fixed} = s$", INK)
    origin = "strict saddle" if h == 2 else f"order-{h} saddle"
    _name(ax, plane, (0.0, -0.95), origin, INK, to=(0.0, -0.07))
    if h > 2:
        _name(ax, plane, (-1.35, 0.0), plane.saddles, INK, above=True)


def _name(
    ax: "Axes",
    plane: _Plane,
    at: tuple[float, float],
    text: str,
    color: str,
    *,
    above: bool = False,
    rotation: float = 0.0,
    to: tuple[float, float] | None = None,
) -> None:
    """One name; with `to`, joined to that point by a line."""
    away = 7.0 * np.array([-math.sin(math.radians(rotation)), math.cos(math.radians(rotation))])
    target = at if to is None else to
    ax.annotate(
        text,
        xy=(plane.unit * target[0], plane.unit * target[1]),
        xytext=tuple(away) if above else (plane.unit * at[0], plane.unit * at[1]),
        textcoords="offset points" if above else "data",
        ha="center",
        va="center",
        rotation=rotation,
        rotation_mode="anchor",
        fontsize=_LABEL_SIZE,
        color=color,
        zorder=7,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        arrowprops=None if to is None else {"arrowstyle": "-", "color": MUTED, "lw": 0.6,
                                            "shrinkA": 1.0, "shrinkB": 2.0},
    )  # fmt: skip
