"""A lattice of classes of critical points, with the orbits that join them (theory §8, §9)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, MissingExtraError
from deeplinear.exact import mode_time
from deeplinear.landscape._classes import checked_class
from deeplinear.landscape._modes import ModeSet
from deeplinear.landscape._point import critical_point
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

if TYPE_CHECKING:
    import networkx

KINDS = ("global minimum", "strict saddle", "non-strict saddle")


@dataclass(frozen=True)
class CriticalClass:
    """One class of critical points, and what its canonical point is.

    Attributes
    ----------
    modes : the learned modes; of a group of equal modes, the first ones.
    value : the loss of all its points.
    kind, index, escape_order : of the canonical point. Other points of the class can have a lower
        order, and, at order 2, a larger index (`residual_patterns`).
    dimension : of the set of all its points.
    """

    modes: ModeSet
    value: float
    kind: str
    index: int
    escape_order: int | None
    dimension: int


class Edge(NamedTuple):
    """A step S -> S + {k}: a heteroclinic orbit of the flow (`heteroclinic`).

    Attributes
    ----------
    source, target : the learned modes before and after.
    mode : the mode k that is learned.
    drop : by how much the loss falls, s_k^2 / 2.
    time : from the amplitude that was asked for until the strength of the mode passes s_k / 2; NaN
        if none was.
    """

    source: ModeSet
    target: ModeSet
    mode: int
    drop: float
    time: float


@dataclass(frozen=True)
class Lattice:
    """All classes of critical points of a network, as a partially ordered set.

    Iterating yields a `CriticalClass` for each, the fewest learned modes first and then by
    value; ``lattice[modes]`` gives one. The arrays below have one entry for each, in that order.

    Attributes
    ----------
    problem, widths : what it is of.
    groups : modes of equal value together.
    counts : ``(n, groups)`` learned modes in each group; 0 or 1 for distinct modes.
    value, index, dimension : ``(n,)``, see `CriticalClass`.
    kind : ``(n,)`` positions in `kinds`.
    kinds : the names of the kinds.
    """

    problem: Problem
    widths: tuple[int, ...]
    groups: tuple[ModeSet, ...]
    counts: np.ndarray
    value: Array
    kind: np.ndarray
    index: np.ndarray
    dimension: np.ndarray
    kinds: tuple[str, ...] = KINDS

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.widths) - 1

    @property
    def rank(self) -> np.ndarray:
        """The number of learned modes of every class."""
        return np.asarray(self.counts.sum(axis=1))

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[CriticalClass]:
        return (self._class(i) for i in range(len(self)))

    def __getitem__(self, modes: Iterable[int]) -> CriticalClass:
        return self._class(self.position(modes))

    def position(self, modes: Iterable[int]) -> int:
        """The place of a class in the arrays.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            No class of this lattice has learned these modes.
        """
        chosen = checked_class(self.problem, self.widths, modes)
        wanted = [sum(k in chosen for k in group) for group in self.groups]
        code = int(np.dot(wanted, self._radix))
        at = int(np.searchsorted(self._codes[0], code))
        if at == len(self) or self._codes[0][at] != code:
            raise ArgumentError(
                f"Argument `modes` must name a class of this lattice, with at most "
                f"{int(self.rank.max())} modes, but it is {chosen}."
            )
        return int(self._codes[1][at])

    def point(self, modes: Iterable[int]) -> LinearNetwork:
        """The canonical point of a class."""
        return critical_point(self.problem, self.widths, modes)

    def modes(self, i: int) -> ModeSet:
        """The learned modes of the i-th class."""
        pairs = zip(self.groups, self.counts[i], strict=True)
        return tuple(k for group, n in pairs for k in group[:n])

    def escape_order(self, i: int) -> int | None:
        """The escape order of the i-th canonical point."""
        return (None, 2, self.depth)[self.kind[i]]

    def _class(self, i: int) -> CriticalClass:
        return CriticalClass(
            self.modes(i),
            float(self.value[i]),
            self.kinds[self.kind[i]],
            int(self.index[i]),
            self.escape_order(i),
            int(self.dimension[i]),
        )

    @cached_property
    def _radix(self) -> np.ndarray:
        sizes = [len(group) + 1 for group in self.groups]
        return np.cumprod([1, *sizes], dtype=np.int64)[:-1]

    @cached_property
    def _codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Every class as one integer, ascending, and where it stands."""
        codes = self.counts.astype(np.int64) @ self._radix
        order = np.argsort(codes)
        return codes[order], order

    @cached_property
    def steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All edges as arrays: positions of source and target, and the mode that is learned."""
        codes, order = self._codes
        sizes = np.array([len(group) for group in self.groups], dtype=np.int64)
        room = (self.counts < sizes) & (self.rank < int(self.rank.max(initial=0)))[:, None]
        source, group = np.nonzero(room)
        own = self.counts.astype(np.int64) @ self._radix
        target = order[np.searchsorted(codes, own[source] + self._radix[group])]
        first = np.array([group[0] for group in self.groups], dtype=np.int64)
        return source, target, first[group] + self.counts[source, group]

    def edges(self, amplitude: float | None = None) -> Iterator[Edge]:
        """Iterate over all steps S -> S + {k}, with their learning times if an amplitude is given.

        Parameters
        ----------
        amplitude
            The weight a_0 > 0 that the mode has in each layer when it leaves; below all
            s_k^{1/h}. The data must be whitened: otherwise the orbits have no closed form.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            The amplitude is not positive or too large, or the data are not whitened.

        Examples
        --------
        >>> import deeplinear as dl
        >>> found = dl.landscape.lattice(dl.Problem.from_modes([2.0, 1.0]), (2, 2, 2, 2))
        >>> for edge in found.edges(amplitude=0.01):
        ...     print(edge.source, "->", edge.target, round(edge.time, 1))
        () -> (0,) 49.7
        () -> (1,) 99.1
        (0,) -> (0, 1) 99.1
        (1,) -> (0, 1) 49.7
        """
        times = self._times(amplitude)
        s = self.problem.modes.s
        source, target, mode = self.steps
        for i, j, k in zip(source, target, mode, strict=True):
            drop = 0.5 * float(s[k]) ** 2
            yield Edge(self.modes(i), self.modes(j), int(k), drop, float(times[k]))

    def _times(self, amplitude: float | None) -> Array:
        s = self.problem.modes.s
        if amplitude is None:
            return np.full(len(s), np.nan)
        a0 = checks.number("amplitude", amplitude, minimum=0.0, exclusive=True)
        if not self.problem.whitened:
            raise ArgumentError(
                "Argument `amplitude` must be None for data that are not whitened, where the "
                f"orbits have no closed form, but it is {a0:g}."
            )
        half = (s / 2) ** (1 / self.depth)
        if len(s) and a0 >= half[-1]:
            raise ArgumentError(
                f"Argument `amplitude` must be below {half[-1]:.6g}, where the smallest mode "
                f"counts as learned, but it is {a0:g}."
            )
        times = [
            mode_time(float(v), self.depth, a0, float(h)) for v, h in zip(s, half, strict=True)
        ]
        return np.array(times)

    def to_networkx(self, amplitude: float | None = None) -> "networkx.DiGraph":
        """Export as a directed graph: nodes are sets of modes, edges the steps.

        Nodes carry value, kind, index, escape_order, dimension and rank; edges mode, drop and time.

        Raises
        ------
        MissingExtraError
            networkx is not installed.
        """
        try:
            import networkx
        except ImportError:
            raise MissingExtraError(
                "The export needs networkx, which is not installed. Install it with "
                "pip install 'deeplinear[graph]'."
            ) from None
        graph = networkx.DiGraph()
        for one in self:
            attributes: dict[str, Any] = dict(vars(one))
            del attributes["modes"]
            graph.add_node(one.modes, rank=len(one.modes), **attributes)
        for edge in self.edges(amplitude):
            graph.add_edge(edge.source, edge.target, mode=edge.mode, drop=edge.drop, time=edge.time)
        return graph

    def summary(self) -> dict[str, Any]:
        """Counts by kind, by number of learned modes and by escape order, and the ranges.

        Returns
        -------
        dict
            n_classes, n_edges, kinds (name: number), by_rank (list of numbers), escape_orders
            (order: number), largest_index, dimensions (smallest, largest), values (same).
        """
        orders = Counter({2: int(np.sum(self.kind == 1))})
        orders[self.depth] += int(np.sum(self.kind == 2))
        return {
            "n_classes": len(self),
            "n_edges": len(self.steps[0]),
            "kinds": {
                name: n for k, name in enumerate(self.kinds) if (n := int(np.sum(self.kind == k)))
            },
            "by_rank": np.bincount(self.rank).tolist(),
            "escape_orders": {order: n for order, n in sorted(orders.items()) if n},
            "largest_index": int(self.index.max()),
            "dimensions": (int(self.dimension.min()), int(self.dimension.max())),
            "values": (float(self.value.min()), float(self.value.max())),
        }

    def __repr__(self) -> str:
        found = self.summary()
        kinds = ", ".join(_counted(n, name) for name, n in found["kinds"].items())
        low, high = found["dimensions"]
        rows = [
            ("classes", f"{len(self)}, joined by {_counted(found['n_edges'], 'orbit')}"),
            ("kinds", kinds),
            ("values", "{:.6g} to {:.6g}".format(*found["values"])),
            ("index", f"at most {found['largest_index']}"),
            ("dimension", f"{low}" if low == high else f"{low} to {high}"),
        ]
        head = f"Lattice(widths {'-'.join(map(str, self.widths))})"
        return "\n".join([head, *(f"  {name:11}{text}" for name, text in rows)])


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
