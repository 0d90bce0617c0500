"""A lattice of critical points as a Hasse diagram, with the paths of runs (theory §8, §9)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import Itinerary, set_name
from deeplinear.landscape import Lattice, ModeSet
from deeplinear.plot.data._lattice_layout import drawn_classes, largest_first, offsets, text_width
from deeplinear.plot.data._lattice_runs import Runs
from deeplinear.plot.data._visits import shortened

ALL, SOME = 64, 40
"""Classes up to which all are drawn, and how many of more."""

MARGIN = 0.045
"""Free above and below, in heights of the axes."""

_SIZE = (340.0, 200.0)  # of the axes of a usual figure, in points
_TICKS = 0.085  # heights of the axes between ticks, at least


@dataclass(frozen=True)
class Step:
    """A step that runs take: between two places in the arrays of the diagram.

    `mode` is the one that is learned; None if it is not exactly one, or if one is lost. `returned`
    tells whether another step leads the way back.
    """

    source: int
    target: int
    runs: int
    mode: int | None
    returned: bool


@dataclass(frozen=True)
class LatticeDiagram:
    """The n classes that are drawn, the orbits that join them, and what runs do there.

    Attributes
    ----------
    shown : ``(n,)`` positions in the lattice, ascending.
    x : ``(n,)`` number of learned modes, moved sideways so that classes do not overlap.
    gap : ``(n,)`` loss above the optimum; value : ``(n,)`` the loss.
    height : ``(n,)`` of the axes, from 0 to 1: the square root of the gap, with margins.
    rank, index, dimension : ``(n,)`` learned modes; negative eigenvalues; of the set of points.
    kind : ``(n,)`` positions in `kinds`; escape_order : of each canonical point.
    modes, names : the learned modes of each class, and their name.
    edges : ``(e, 2)`` places of source and target; edge_mode : ``(e,)`` the mode that is learned.
    lowest : places of the classes of the largest modes; important : those visited, then these.
    visits, waits : ``(n,)`` how many runs come by, and how many of them wait or end.
    steps : what runs do, in order of the classes.
    n_runs, n_classes : in all.
    elsewhere : visits of sets of modes that are no class of this lattice.
    equal : groups of equal modes, of which the first stand for any.
    x_limits, y_limits, y_ticks : of the axes, with the gap as height.
    """

    shown: np.ndarray
    x: Array
    gap: Array
    value: Array
    height: Array
    rank: np.ndarray
    index: np.ndarray
    dimension: np.ndarray
    kind: np.ndarray
    kinds: tuple[str, ...]
    escape_order: tuple[int | None, ...]
    modes: tuple[ModeSet, ...]
    names: tuple[str, ...]
    edges: np.ndarray
    edge_mode: np.ndarray
    lowest: frozenset[int]
    important: tuple[int, ...]
    visits: np.ndarray
    waits: np.ndarray
    steps: tuple[Step, ...]
    n_runs: int
    n_classes: int
    elsewhere: int
    equal: tuple[ModeSet, ...]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    y_ticks: tuple[float, ...]

    @property
    def visited(self) -> np.ndarray:
        """``(n,)``: whether a run comes by."""
        return self.visits > 0

    @property
    def waited(self) -> np.ndarray:
        """``(n,)``: whether at least half of the runs that come by wait there or end."""
        return self.visited & (2 * self.waits >= self.visits)

    def laid_out(self, width: float, height: float) -> Self:
        """Return the same diagram with `x` for axes of this size in points."""
        room = width / (self.x_limits[1] - self.x_limits[0])
        names = np.array([text_width(shortened(name)) for name in self.names])
        moved = offsets(self.rank, height * self.height, self.important, names, room)
        return replace(self, x=self.rank + moved / room)


def lattice(
    lattice: Lattice,
    itinerary: Itinerary | Sequence[Itinerary] | None = None,
    *,
    most: int | None = None,
) -> LatticeDiagram:
    """Return a lattice as a diagram: all of up to 64 classes, or `most`, with the paths of runs.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The itinerary is that of another problem, or an argument is of the wrong type.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=1e-3, seed=0))
    >>> diagram = data.lattice(dl.landscape.lattice(problem, traj.widths), dl.itinerary(traj))
    >>> list(zip(diagram.names, diagram.gap.tolist(), diagram.visits.tolist()))
    [('none', 2.5, 1), ('0', 0.5, 1), ('1', 2.0, 0), ('0, 1', 0.0, 1)]
    >>> [(step.source, step.target, step.mode) for step in diagram.steps]
    [(0, 1, 0), (1, 3, 1)]
    """
    if not isinstance(lattice, Lattice):
        raise ArgumentTypeError(
            f"Argument `lattice` must be a Lattice, but it is of type {type(lattice).__name__}. "
            "Make one with deeplinear.landscape.lattice(problem, widths)."
        )
    if most is not None:
        most = checks.integer("most", most, minimum=1)
    else:
        most = ALL if len(lattice) <= ALL else SOME
    runs = Runs.of(lattice, itinerary)
    shown = drawn_classes(lattice, runs.visits, most)
    place = {int(i): j for j, i in enumerate(shown)}
    gap, rank = _gaps(lattice)[shown], lattice.rank[shown]
    lowest = [place[i] for i in largest_first(lattice)]
    visited = [place[i] for i in sorted(runs.visits)]
    modes = tuple(lattice.modes(int(i)) for i in shown)
    top = float(gap.max())
    edges, edge_mode = _edges(lattice, shown)
    diagram = LatticeDiagram(
        shown=shown,
        x=rank.astype(np.float64),
        gap=gap,
        value=lattice.value[shown],
        height=(np.sqrt(gap / (top or 1.0)) + MARGIN) / (1 + 2 * MARGIN),
        rank=rank,
        index=lattice.index[shown],
        dimension=lattice.dimension[shown],
        kind=lattice.kind[shown],
        kinds=lattice.kinds,
        escape_order=tuple(lattice.escape_order(int(i)) for i in shown),
        modes=modes,
        names=tuple(set_name(one) for one in modes),
        edges=edges,
        edge_mode=edge_mode,
        lowest=frozenset(lowest),
        important=tuple(dict.fromkeys([*visited, *lowest])),
        visits=np.array([runs.visits[int(i)] for i in shown]),
        waits=np.array([runs.waits[int(i)] for i in shown]),
        steps=_steps(runs, place, modes),
        n_runs=runs.n,
        n_classes=len(lattice),
        elsewhere=runs.elsewhere,
        equal=tuple(group for group in lattice.groups if len(group) > 1),
        x_limits=(int(rank.min()) - 0.5, int(rank.max()) + 0.5),
        y_limits=(square(-MARGIN) * (top or 1.0), square(1 + MARGIN) * (top or 1.0)),
        y_ticks=_ticks(top),
    )
    return diagram.laid_out(*_SIZE)


def root(value: Any) -> Any:
    """The scale of the loss: its square root, of a negative value minus that of its modulus."""
    return np.sign(value) * np.sqrt(np.abs(value))


def square(value: Any) -> Any:
    """The inverse of `root`."""
    return np.sign(value) * np.square(value)


def _gaps(lattice: Lattice) -> Array:
    """Values above the optimum; round-off is zero."""
    gaps = lattice.value - lattice.problem.optimum(min(lattice.widths))
    return np.where(gaps > 1e-12 * float(np.abs(lattice.value).max()), gaps, 0.0)


def _edges(lattice: Lattice, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The orbits between classes that are drawn, as places in the arrays, and their modes."""
    source, target, mode = lattice.steps
    there = np.zeros(len(lattice), dtype=bool)
    there[shown] = True
    both = there[source] & there[target]
    return np.searchsorted(shown, np.column_stack([source[both], target[both]])), mode[both]


def _steps(runs: Runs, place: dict[int, int], modes: tuple[ModeSet, ...]) -> tuple[Step, ...]:
    found = []
    for (i, j), n in sorted(runs.steps.items()):
        before, after = modes[place[i]], modes[place[j]]
        gained = set(after) - set(before)
        one = len(gained) == 1 and len(after) == len(before) + 1
        mode = min(gained) if one else None
        found.append(Step(place[i], place[j], n, mode, (j, i) in runs.steps))
    return tuple(found)


def _ticks(top: float) -> tuple[float, ...]:
    """0 and 1, 2, 5 times powers of ten, spread over the square-root scale."""
    kept: list[float] = []
    above = 1 + MARGIN
    for exponent in range(int(np.floor(np.log10(top))) if top else 0, -400, -1):
        for value in (float(f"{m}e{exponent}") for m in (5, 2, 1)):
            place = np.sqrt(value / top) if top else 0.0
            if place <= _TICKS:
                return (0.0, *kept[::-1])
            if place <= above:
                kept.append(value)
                above = place - _TICKS
    return (0.0, *kept[::-1])
