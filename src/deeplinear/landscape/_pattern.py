"""Residual patterns: the types of critical points within one class, as cyclic barcodes (theory §8).

At a critical point with r learned directions, the residual layers Z and the residual target R
form a cycle in which every path of h arrows is zero. So they are a sum of *bars*: intervals of
node layers with one basis vector in each. That is a finite list of types; a type decides the escape
order, the dimension of the points of this type, and the ranks of all residual products.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

Bars = Mapping[tuple[int, int], int]


@dataclass(frozen=True, repr=False)
class ResidualPattern:
    """One type of critical point of a class: what its residual layers connect.

    Node layers count from 0 (inputs) to h (outputs), as in `geometry.barcode`.

    Attributes
    ----------
    widths : residual widths D_i = d_i - r, with the rank of the inputs for d_0.
    modes : ``{(last, first): n}``, n unlearned modes whose input is carried as far as node layer
        `last` and whose output is read from node layer `first` on; first >= last + 2. A mode that
        no residual layer touches is (0, h).
    paths : ``{(born, last): n}``, n further signals that are born and die without a mode. An
        interval over one node layer is a free node; (0, h) does not occur.

    Unlisted nodes are filled up with free ones when a pattern is made. Patterns compare equal if
    their bars are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A bar is malformed, or a node layer has fewer nodes than bars.

    Examples
    --------
    >>> from deeplinear.landscape import ResidualPattern
    >>> pattern = ResidualPattern((2, 2, 2, 2), {(0, 3): 2}, {(1, 2): 1})
    >>> pattern.escape_order, pattern.paths
    (2, {(0, 0): 0, (1, 1): 1, (1, 2): 1, (2, 2): 1, (3, 3): 0})

    References
    ----------
    theory §8, §10; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """

    widths: tuple[int, ...]
    modes: Bars
    paths: Bars = field(default_factory=dict)

    def __post_init__(self) -> None:
        h = len(self.widths) - 1
        object.__setattr__(self, "widths", tuple(int(d) for d in self.widths))
        modes = _checked("modes", self.modes)
        paths = _checked("paths", self.paths)
        for last, first in modes:
            if not (last >= 0 and first <= h and first >= last + 2):
                raise ArgumentError(
                    f"Argument `modes` must hold pairs (last, first) with 0 <= last, last + 2 <= "
                    f"first <= {h}, but it holds {(last, first)}."
                )
        for born, last in paths:
            if not 0 <= born <= last <= h or (born, last) == (0, h):
                raise ArgumentError(
                    f"Argument `paths` must hold intervals of node layers within 0, ..., {h}, but "
                    f"not all of them, but it holds {(born, last)}."
                )
        used = _covered(self.widths, modes, {k: n for k, n in paths.items() if k[0] != k[1]})
        for i, (d, n) in enumerate(zip(self.widths, used, strict=True)):
            if n > d:
                raise ArgumentError(
                    f"Arguments `modes` and `paths` must fit into the residual widths "
                    f"{self.widths}, but they use {n} nodes of node layer {i}, which has {d}."
                )
            paths[i, i] = d - n
        object.__setattr__(self, "modes", {k: n for k, n in sorted(modes.items()) if n})
        object.__setattr__(self, "paths", _tidy(paths))

    @property
    def depth(self) -> int:
        """The number of layers h."""
        return len(self.widths) - 1

    @property
    def n_modes(self) -> int:
        """The number of unlearned modes."""
        return sum(self.modes.values())

    @cached_property
    def reach(self) -> dict[tuple[int, int], int]:
        """Ranks of the residual products between node layers: ``reach[a, b]`` from a to b."""
        h, pieces = self.depth, self._pieces()
        return {
            (a, b): sum(n for (c, d), n in pieces.items() if c <= a and b <= d)
            for a in range(h + 1)
            for b in range(a, h + 1)
        }

    def _pieces(self) -> dict[tuple[int, int], int]:
        """All intervals of node layers that one vector runs through, modes in their two parts."""
        found = dict(self.paths)
        for (last, first), n in self.modes.items():
            for piece in ((0, last), (first, self.depth)):
                found[piece] = found.get(piece, 0) + n
        return found

    @property
    def seen_modes(self) -> int:
        """Unlearned modes that can still be learned: all, or none where a node layer is full."""
        return 0 if min(self.widths) == 0 else self.n_modes

    @cached_property
    def escape_order(self) -> int | None:
        """The escape order of the points of this type, None at global minima (theory §8).

        In classes of the largest modes; all points of other classes are strict saddles, of order 2.

        One more than the fewest paths that, one behind the other, bridge the node layers between
        the two parts of a mode. 3 becomes 4 where the target is rank-deficient and every such
        bridge is blocked.
        """
        if self.seen_modes == 0:
            return None
        order = 1 + min(self._bridge(last + 1, first - 1) for last, first in self.modes)
        return 4 if order == 3 and self.blocked else order

    def _bridge(self, start: int, end: int) -> int:
        """The fewest intervals in a row that cover the node layers from start to end."""
        steps = 0
        while start <= end:
            start = 1 + max(
                b for b in range(start, self.depth + 1) if b == start or self.reach[start, b] > 0
            )
            steps += 1
        return steps

    @cached_property
    def blocked(self) -> bool:
        """Whether the exception of theory §8 holds: order 3 is not attained, and 4 is."""
        spare = min(self.widths[0], self.widths[-1]) > self.n_modes
        if not spare or self.seen_modes == 0:
            return False
        r, h, found = self.reach, self.depth, False
        for i, j, k in itertools.combinations(range(1, h + 1), 3):
            outer = any(last >= i - 1 and first <= k for last, first in self.modes)
            if outer and r[i, j - 1] > 0 and r[j, k - 1] > 0:
                if r[0, j - 1] != r[i, j - 1] or r[j, h] != r[j, k - 1]:
                    return False
                found = True
        return found

    @cached_property
    def dimension(self) -> int:
        """Dimension of the residual layers Z of this type, the residual target fixed.

        That of an orbit: sum D_i^2 - dim End - m (D_0 + D_h - m) with m unlearned modes.
        """
        m, d = self.n_modes, self.widths
        return sum(x * x for x in d) - self.endomorphisms - m * (d[0] + d[-1] - m)

    @cached_property
    def endomorphisms(self) -> int:
        """Dimension of the ring of endomorphisms of the pattern, as a representation."""
        x = self.vector()
        return int(x @ homomorphisms(self.depth) @ x)

    def vector(self) -> np.ndarray:
        """Multiplicities in the order of `cyclic_bars`."""
        h = self.depth
        cyclic = dict(self.paths)
        cyclic |= {(first, h + 1 + last): n for (last, first), n in self.modes.items()}
        return np.array([cyclic.get(bar, 0) for bar in cyclic_bars(h)], dtype=np.int64)

    @classmethod
    def from_vector(cls, widths: tuple[int, ...], x: np.ndarray) -> "ResidualPattern":
        """Build the pattern of these multiplicities."""
        h = len(widths) - 1
        bars = [(bar, int(n)) for bar, n in zip(cyclic_bars(h), x, strict=True) if n]
        modes = {(q - h - 1, p): n for (p, q), n in bars if q > h}
        return cls(widths, modes, {bar: n for bar, n in bars if bar[1] <= h and bar[0] != bar[1]})

    def __hash__(self) -> int:
        return hash((self.widths, tuple(self.modes.items()), tuple(self.paths.items())))

    def rows(self) -> list[tuple[str, str]]:
        """The lines that it prints, as (name, text)."""
        h = self.depth
        modes = [
            f"{n} untouched" if key == (0, h) else f"{n} carried to {key[0]}, read from {key[1]}"
            for key, n in self.modes.items()
        ]
        paths = [f"{n} of {a}-{b}" for (a, b), n in self.paths.items() if n and a < b]
        order = "none" if self.escape_order is None else str(self.escape_order)
        return [
            ("modes", "; ".join(modes) or "none left"),
            ("paths", "; ".join(paths) or "none"),
            ("escape", f"order {order}{', blocked' if self.blocked and order == '4' else ''}"),
            ("dimension", str(self.dimension)),
        ]

    def __repr__(self) -> str:
        head = f"ResidualPattern(widths {'-'.join(map(str, self.widths))})"
        return "\n".join([head, *(f"  {name:11}{text}" for name, text in self.rows())])


def cyclic_bars(depth: int) -> list[tuple[int, int]]:
    """All bars (p, q) on a cycle of h + 1 node layers: p <= q < p + h, nodes modulo h + 1.

    Those with q > h run through the residual target, from the outputs back to the inputs.
    """
    return [(p, q) for p in range(depth + 1) for q in range(p, p + depth)]


@lru_cache(maxsize=16)
def homomorphisms(depth: int) -> np.ndarray:
    """The dimensions of Hom between all bars, ``(bars, bars)``."""
    n, bars = depth + 1, cyclic_bars(depth)
    return np.array(
        [[sum(c + k <= a <= d + k <= b for k in (-n, 0, n)) for c, d in bars] for a, b in bars],
        dtype=np.int64,
    )


def coverage(depth: int) -> np.ndarray:
    """Which bars use which node layer ``(h + 1, bars)``, and in a last row, which are modes."""
    bars = cyclic_bars(depth)
    a = np.zeros((depth + 2, len(bars)), dtype=np.int64)
    for j, (p, q) in enumerate(bars):
        for i in range(p, q + 1):
            a[i % (depth + 1), j] = 1
        a[-1, j] = q > depth
    return a


def enumerate_patterns(widths: tuple[int, ...], n_modes: int) -> Iterator[ResidualPattern]:
    """All patterns of these residual widths, the one without residual layers first."""
    depth = len(widths) - 1
    if min(widths[0], widths[-1]) < n_modes:
        return
    a = coverage(depth)
    bars = cyclic_bars(depth)
    # Short bars last, so that the first pattern is made of them alone.
    order = sorted(range(len(bars)), key=lambda j: (bars[j][0] - bars[j][1], j))
    order = [j for j in order if bars[j] != (depth, depth + 1)] + [bars.index((depth, depth + 1))]
    masks = [np.flatnonzero(a[:, j]).tolist() for j in order]
    final = [max(k for k, mask in enumerate(masks) if row in mask) for row in range(depth + 2)]
    x = np.zeros(len(bars), dtype=np.int64)

    def fill(k: int, rest: list[int]) -> Iterator[ResidualPattern]:
        if k == len(order):
            yield ResidualPattern.from_vector(widths, x)
            return
        forced = [rest[row] for row in masks[k] if final[row] == k]
        most = min(rest[row] for row in masks[k])
        if any(value > most for value in forced):
            return
        for n in range(forced[0] if forced else 0, (forced[0] if forced else most) + 1):
            left = list(rest)
            for row in masks[k]:
                left[row] -= n
            if all(left[row] == 0 for row in masks[k] if final[row] == k):
                x[order[k]] = n
                yield from fill(k + 1, left)
        x[order[k]] = 0

    yield from fill(0, [*widths, n_modes])


def _checked(name: str, bars: Bars) -> dict[tuple[int, int], int]:
    if not isinstance(bars, Mapping):
        raise ArgumentTypeError(
            f"Argument `{name}` must be a mapping from pairs of node layers to numbers of bars, "
            f"but it is {bars!r}."
        )
    found = {}
    for key, n in bars.items():
        if not (isinstance(key, tuple) and len(key) == 2):
            raise ArgumentTypeError(
                f"Argument `{name}` must have pairs of node layers as keys, but one is {key!r}."
            )
        found[key[0], key[1]] = checks.integer(f"{name}[{key}]", n, minimum=0)
    return found


def _covered(widths: tuple[int, ...], modes: Bars, paths: Bars) -> list[int]:
    h = len(widths) - 1
    used = [0] * (h + 1)
    for (last, first), n in modes.items():
        for i in (*range(last + 1), *range(first, h + 1)):
            used[i] += n
    for (born, last), n in paths.items():
        for i in range(born, last + 1):
            used[i] += n
    return used


def _tidy(paths: Bars) -> dict[tuple[int, int], int]:
    """Free nodes of every node layer are listed, other bars only if there are any."""
    return {k: n for k, n in sorted(paths.items()) if n or k[0] == k[1]}
