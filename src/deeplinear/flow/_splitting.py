"""The finest orthogonal splitting that maps and their transposes respect (theory §5).

In the eigenbases of generic self-adjoint words in the maps, one word a node, blocks are the
connected components of the graph of entries. Isomorphic blocks share their eigenvalues: a basis of
such an eigenspace is chosen at one node and carried to the others by the maps' polar factors, so
that copies come apart as equal blocks.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from deeplinear._core.checks import Array
from deeplinear.flow._subspaces import CANCELLED, Map, product, size, unit

_EQUAL = 1e-5
"""Eigenvalues of a word closer than this, relative to its largest, are first taken together."""
_ROUND_OFF = 4 * np.finfo(float).eps
"""Entries below this fraction of the norm of their matrix say nothing."""
_LOOSE = 1e-8
"""Components that no larger entries tie, in rms singular values, are worth clearing."""
_CLEARINGS = 40
_ATTEMPTS = 2
_REPEATED_UP_TO = 128
"""Wider parts are neither cleared nor tried again: it would cost hundreds of their gradients."""

Indices = NDArray[np.intp]

Bases = list[Array]
"""Orthonormal columns for each node space."""


class Part(NamedTuple):
    """A block of a splitting: bases of its spaces, and the maps in them."""

    bases: Bases
    maps: list[Map]


def split(maps: Sequence[Map], widths: Sequence[int], tol: float, floors: Array) -> list[Part]:
    """Return all blocks, those without a space at some node included.

    An entry is nothing if it is at most `tol` of its matrix's root-mean-square singular value, or
    at most the floor of its map.
    """
    return _split(Part([np.eye(d) for d in widths], list(maps)), tol, floors, attempt=0)


def _split(part: Part, tol: float, floors: Array, attempt: int) -> list[Part]:
    widths = [b.shape[1] for b in part.bases]
    if max(widths) <= 1 or min(widths) == 0:
        return [part]
    moved = canonical(part, floors, attempt)
    small = negligible(part.maps, tol, floors)
    labels = components(moved.maps, widths, small)
    repeated = max(widths) <= _REPEATED_UP_TO
    if _count(labels) == 1 and repeated:
        loose = negligible(part.maps, max(_LOOSE, min(1e3 * tol, 0.1)), floors)
        labels = components(moved.maps, widths, loose)
        if _count(labels) > 1:
            moved = _cleared(moved, labels, small)
            labels = components(moved.maps, widths, small)
    count = _count(labels)
    if count == 1:
        again = repeated and attempt + 1 < _ATTEMPTS
        return _split(part, tol, floors, attempt + 1) if again else [moved]
    blocks: list[Part] = []
    order = [np.argsort(label, kind="stable") for label in labels]
    ends = [
        np.searchsorted(label[o], np.arange(count + 1))
        for label, o in zip(labels, order, strict=True)
    ]
    for k in range(count):
        index = [o[e[k] : e[k + 1]] for o, e in zip(order, ends, strict=True)]
        bases = [b[:, i] for b, i in zip(moved.bases, index, strict=True)]
        blocks += _split(Part(bases, restricted(moved.maps, index)), tol, floors, 0)
    return blocks


def _count(labels: Sequence[Indices]) -> int:
    return 1 + max(int(label.max(initial=-1)) for label in labels)


def _cleared(part: Part, labels: Sequence[Indices], small: Array) -> Part:
    """The part in bases cleared of round-off between components that are almost apart.

    Eigenvectors carry round-off divided by the gaps between eigenvalues. Symmetric matrices X_i
    that commute with the maps, m X_start = X_end m, have one eigenvalue for each block: they are
    found by conjugate gradients from the components' numbers on the diagonal.
    """
    numbers = np.random.default_rng(0).permutation(_count(labels)) + 1.0
    x = [np.diag(numbers[label]) for label in labels]
    least = small[small > 0.0].min(initial=np.inf)
    weights = np.divide(least, small, out=np.zeros(len(small)), where=small > 0.0)
    weights /= max(size(m.matrix) * w for m, w in zip(part.maps, weights, strict=True)) or 1.0
    scaled = [(m.start, m.end, w * m.matrix) for m, w in zip(part.maps, weights, strict=True)]

    def applied(x: Bases) -> Bases:
        out = [np.zeros_like(one) for one in x]
        for start, end, m in scaled:
            tie = m @ x[start] - x[end] @ m
            out[start] += m.T @ tie
            out[end] -= tie @ m.T
        return [one + one.T for one in out]

    rest = [-one for one in applied(x)]
    step, now = rest, sum(float(np.vdot(r, r)) for r in rest)
    for _ in range(_CLEARINGS):
        if now <= _ROUND_OFF**2:
            break
        image = applied(step)
        along = sum(float(np.vdot(s, i)) for s, i in zip(step, image, strict=True))
        if not along > 0.0:
            break
        x = [a + now / along * s for a, s in zip(x, step, strict=True)]
        rest = [r - now / along * i for r, i in zip(rest, image, strict=True)]
        before, now = now, sum(float(np.vdot(r, r)) for r in rest)
        step = [r + now / before * s for r, s in zip(rest, step, strict=True)]
    bases = [np.linalg.eigh(one)[1] for one in x]
    return Part([b @ c for b, c in zip(part.bases, bases, strict=True)], carried(part.maps, bases))


def restricted(maps: Sequence[Map], index: Sequence[Indices]) -> list[Map]:
    """The maps on some of the coordinates of each node."""
    return [Map(start, end, m[np.ix_(index[end], index[start])]) for start, end, m in maps]


def canonical(part: Part, floors: Array, attempt: int = 0) -> Part:
    """The same part in eigenbases of generic words, carried along where eigenvalues are equal.

    For a block that does not split they are unique up to one sign for all of them.
    """
    bases = _adapted(part.maps, [b.shape[1] for b in part.bases], floors, attempt)
    return Part([b @ c for b, c in zip(part.bases, bases, strict=True)], carried(part.maps, bases))


def carried(maps: Sequence[Map], bases: Bases) -> list[Map]:
    """The maps in these bases."""
    return [Map(m.start, m.end, bases[m.end].T @ m.matrix @ bases[m.start]) for m in maps]


def floors(maps: Sequence[Map]) -> Array:
    """Sizes of entries that are round-off of the maps."""
    return np.array([_ROUND_OFF * size(m.matrix) for m in maps])


def negligible(maps: Sequence[Map], tol: float, floors: Array) -> Array:
    """Sizes up to which entries of the maps are nothing."""
    own = [tol * size(m.matrix) / max(1, min(m.matrix.shape)) ** 0.5 for m in maps]
    return np.maximum(own, floors)


def components(maps: Sequence[Map], widths: Sequence[int], small: Array) -> list[Indices]:
    """Labels, from 0, of the connected components of the coordinates, for each node."""
    starts = np.concatenate([[0], np.cumsum(widths)])
    label = [np.arange(a, b) for a, b in itertools.pairwise(starts)]
    ways: list[tuple[int, int, NDArray[np.bool_], bool]] = []
    for (start, end, matrix), least in zip(maps, small, strict=True):
        tied = np.abs(matrix) > least
        if tied.any():
            full = bool(tied.all())
            ways += [(start, end, tied, full), (end, start, tied.T, full)]
    none = int(starts[-1])
    while True:
        before = np.concatenate(label)
        for start, end, tied, full in (*ways, *ways[::-1]):
            a = label[start]
            met = a.min() if full else np.where(tied, a, none).min(axis=1)
            label[end] = np.minimum(label[end], met)
        after = np.concatenate(label)
        after = after[after]  # a label is the index of a coordinate of the component
        if (after == before).all():
            break
        label = np.split(after, starts[1:-1])
    return np.split(np.unique(after, return_inverse=True)[1], starts[1:-1])


def _adapted(maps: Sequence[Map], widths: Sequence[int], floors: Array, attempt: int) -> Bases:
    if max(widths) <= 1:
        bases = [np.eye(d) for d in widths]
        groups = [np.arange(d) for d in widths]
    else:
        bases, groups = [], []
        for word in _words(maps, widths, attempt):
            values, vectors = np.linalg.eigh(word)
            bases.append(vectors)
            gaps = np.diff(values) > _EQUAL * np.abs(values).max(initial=0.0)
            groups.append(np.concatenate([[0], np.flatnonzero(gaps) + 1])[: len(values)])
    _carry(carried(maps, bases), bases, groups, floors)
    return bases


def _words(maps: Sequence[Map], widths: Sequence[int], attempt: int) -> list[Array]:
    """One generic self-adjoint word in the maps for each node."""
    rng = np.random.default_rng(attempt)
    maps = [Map(m.start, m.end, unit(m.matrix)) for m in maps]
    words = [np.zeros((d, d)) for d in widths]

    def add(node: int, word: Array) -> None:
        weight = rng.uniform(0.5, 1.5)
        if len(word) > 1:  # multiples of the identity, as of orthogonal layers, tell nothing apart
            word = unit(word)
            word = word - np.trace(word) / len(word) * np.eye(len(word))
            words[node] = words[node] + weight * unit(word, CANCELLED)

    for start, end, w in maps:
        add(start, w.T @ w)
        add(end, w @ w.T)
        if start == end:
            add(start, w)
    depth = len(widths) - 1
    loop = maps[depth].matrix.T @ product([m.matrix for m in maps[:depth]])
    add(0, loop + loop.T)
    for start, end, w in maps:
        add(end, w @ words[start] @ w.T)
    for start, end, w in maps[::-1]:
        add(start, w.T @ words[end] @ w)
    return [(word + word.T) / 2 for word in words]


def _carry(maps: Sequence[Map], bases: Bases, groups: list[Indices], floors: Array) -> None:
    """Rotate each group of equal eigenvalues to follow the maps along a strongest spanning tree.

    Groups are the first indices of the groups of each node; `bases` is changed in place.
    """
    at = [(node, k) for node, group in enumerate(groups) for k in range(len(group))]
    ends = [np.append(g, b.shape[1]) for g, b in zip(groups, bases, strict=True)]
    first = np.concatenate([[0], np.cumsum([len(g) for g in groups])])
    columns = [slice(ends[node][k], ends[node][k + 1]) for node, k in at]
    strengths = [
        _strengths(m.matrix, groups[m.end], groups[m.start], least)
        for m, least in zip(maps, floors, strict=True)
    ]
    best = np.full(len(at), -np.inf)
    via: list[tuple[int, int, bool]] = [(-1, 0, False)] * len(at)
    open_ = np.ones(len(at), dtype=bool)
    turned: dict[int, Array] = {}
    order = np.argsort([c.stop - c.start for c in columns], kind="stable")
    roots = iter(order.tolist())
    for _ in at:
        group = int(np.argmax(best))
        if best[group] == -np.inf:
            group = next(g for g in roots if open_[g])
        parent, k, upward = via[group]
        width = columns[group].stop - columns[group].start
        if parent < 0:
            turned[group] = np.eye(width)
        else:
            matrix = maps[k].matrix if upward else maps[k].matrix.T
            block = matrix[columns[group], columns[parent]] @ turned[parent]
            turned[group] = _followed(block)
        open_[group], best[group] = False, -np.inf
        node, index = at[group]
        for k, (m, table) in enumerate(zip(maps, strengths, strict=True)):
            for start, end, row, upward in (
                (m.start, m.end, table[:, index] if m.start == node else None, True),
                (m.end, m.start, table[index] if m.end == node else None, False),
            ):
                if row is None or start != node:
                    continue
                there = slice(first[end], first[end + 1])
                better = open_[there] & (row > best[there])
                best[there][better] = row[better]
                for g in (first[end] + np.flatnonzero(better)).tolist():
                    via[g] = (group, k, upward)
    for group, (node, _) in enumerate(at):
        bases[node][:, columns[group]] = bases[node][:, columns[group]] @ turned[group]


def _strengths(matrix: Array, rows: Indices, columns: Indices, least: float) -> Array:
    """How strongly groups are tied, in coarse steps of the logarithm; -inf where not at all."""
    scale = size(matrix)
    if scale == 0.0:
        return np.full((len(rows), len(columns)), -np.inf)
    squares = (matrix / scale) ** 2
    sums = np.add.reduceat(np.add.reduceat(squares, rows, axis=0), columns, axis=1)
    tied = sums > (4 * least / scale) ** 2
    return np.where(tied, np.round(4 * np.log(np.where(tied, sums, 1.0))), -np.inf)


def _followed(block: Array) -> Array:
    """The basis of a group, in which a block from a group whose basis is known is simplest."""
    if block.shape == (1, 1):
        return np.array([[-1.0 if block[0, 0] < 0 else 1.0]])
    u, _, vt = scipy.linalg.svd(block)
    if block.shape[0] < block.shape[1]:
        return u
    return np.hstack([u[:, : len(vt)] @ vt, u[:, len(vt) :]])
