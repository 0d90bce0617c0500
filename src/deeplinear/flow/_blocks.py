"""The moving blocks of a network, copies together, and how exactly they are blocks (theory §5)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow._splitting import (
    Indices,
    Part,
    canonical,
    carried,
    components,
    floors,
    negligible,
    restricted,
    split,
)
from deeplinear.flow._subspaces import Map, closure, indivisible, regular, size, unit
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_SEARCH = 40
"""What the search for an invariant subspace may cost, in gradients of the network ..."""
_SHORT_SEARCH = 1e6
"""... or in multiply-adds, if that is more."""
_NOTHING = 1e-12
"""A block that has less than this of a matrix has nothing of it."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A distinct moving block: ``(d_i, copies, k_i)`` orthonormal bases, and its maps.

    The maps are the layers, the target and, unless it is the identity, Sxx.
    """

    bases: tuple[Array, ...]
    maps: tuple[Map, ...]

    @property
    def copies(self) -> int:
        """How many equal copies there are."""
        return self.bases[0].shape[1]

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of one copy."""
        return tuple(b.shape[2] for b in self.bases)


WHOLE = Frame((), ())
"""Stands for a network that does not reduce."""


def gradient_work(widths: Sequence[int], n_data: int, *, whitened: bool) -> int:
    """Return the multiply-adds of one gradient, through the thin side as the kernels do it.

    Parameters
    ----------
    widths
        Of the network, inputs first.
    n_data
        The rank of Sxx.
    whitened
        Whether Sxx is the identity, so that nothing is multiplied by it.

    Examples
    --------
    >>> from deeplinear.flow import gradient_work
    >>> gradient_work((64, 128, 128, 10), 64, whitened=True)
    737920

    References
    ----------
    theory §3.
    """
    outer = [a * b for a, b in itertools.pairwise(widths)]
    if n_data <= widths[-1]:
        inner = n_data * (3 * sum(outer[1:]) + (0 if whitened else 2 * outer[0]))
    else:
        inner = widths[-1] * (3 * sum(outer[:-1]) + (0 if whitened else 2 * widths[0] * n_data))
    return inner + widths[-1] * n_data


def moving_frames(problem: Problem, net: LinearNetwork, tol: float) -> tuple[list[Frame], float]:
    """Return the distinct moving blocks, and the largest part that ties one of them to the rest.

    One frame without bases: the whole network is one block.
    """
    if problem.factor is None and _plainly_whole(problem, net):
        return [WHOLE], 0.0
    maps, inputs = _maps(problem, net)
    widths = [maps[0].matrix.shape[1], *net.widths[1:]]
    if min(widths) == 0:
        return [], 0.0
    parts: list[Part] = []
    for index, inside in _by_coordinates(maps, widths):
        found = _moving(inside, [len(i) for i in index], tol)
        parts += found if [len(i) for i in index] == widths else _embedded(found, index, widths)
    if len(parts) == 1 and [b.shape for b in parts[0].bases] == [(d, d) for d in net.widths]:
        return [WHOLE], 0.0
    frames = list(_distinct(parts, tol, floors(maps)))
    violation = _dropped(maps, frames)
    if inputs is not None:
        frames = [
            Frame((np.tensordot(inputs, f.bases[0], 1), *f.bases[1:]), f.maps) for f in frames
        ]
    return frames, violation


def _maps(problem: Problem, net: LinearNetwork) -> tuple[list[Map], Array | None]:
    """Return layers, target and Sxx (unless the identity) on the range of Sxx, and its basis."""
    depth, layers, factor = net.depth, list(net.weights), problem.factor
    target, sxx, inputs = problem.syx, None, None
    if factor is not None:
        sxx = None if problem.whitened else problem.sxx
        if factor.shape[1] < problem.d_in:
            inputs = factor / np.linalg.norm(factor, axis=0)
            layers[0], target = layers[0] @ inputs, target @ inputs
            sxx = None if problem.whitened else np.diag(np.sum(factor**2, axis=0))
    maps = [Map(i, i + 1, w) for i, w in enumerate(layers)]
    maps.append(Map(0, depth, target))
    return maps if sxx is None else [*maps, Map(0, 0, sxx)], inputs


def _plainly_whole(problem: Problem, net: LinearNetwork) -> bool:
    """A quick certificate for small square layers without structure, the common case.

    Regular layers, which reach everything from an end that does not split.
    """
    n = problem.d_in
    weights = net.weights
    if n > 32 or problem.d_out != n or any(w.shape != (n, n) for w in weights):
        return False
    layers = [unit(w) for w in weights]
    return regular(layers) and indivisible(layers, unit(problem.syx), None, len(layers))


def _by_coordinates(
    maps: list[Map], widths: list[int]
) -> Iterator[tuple[list[Indices], list[Map]]]:
    """Yield the parts with all node spaces that are exactly apart in the given coordinates.

    Beside a part of another scale that would be round-off. A layer without zeros leaves one part.
    """
    everything = [np.arange(d) for d in widths]
    if all(m.matrix.all() for m in maps[: len(widths) - 1]):
        yield everything, maps
        return
    labels = components(maps, widths, np.zeros(len(maps)))
    common = labels[0]
    for label in labels[1:]:
        common = np.intersect1d(common, label)
    for k in np.unique(common).tolist():
        index = [np.flatnonzero(label == k) for label in labels]
        yield index, restricted(maps, index)


def _embedded(parts: list[Part], index: list[Indices], widths: list[int]) -> list[Part]:
    """Return the parts in all coordinates, of those with these indices."""
    result = []
    for part in parts:
        bases = [np.zeros((d, b.shape[1])) for d, b in zip(widths, part.bases, strict=True)]
        for large, i, b in zip(bases, index, part.bases, strict=True):
            large[i] = b
        result.append(Part(bases, part.maps))
    return result


def _moving(maps: list[Map], widths: list[int], tol: float) -> list[Part]:
    """Return the blocks that have all node spaces."""
    if max(widths) == 1:
        return [Part([np.eye(1) for _ in widths], maps)]
    depth = len(widths) - 1
    node = depth - int(np.argmin(widths[::-1]))
    layers = [unit(m.matrix) for m in maps[:depth]]
    target, *sxx = [unit(m.matrix) for m in maps[depth:]]
    single = indivisible(layers, target, sxx[0] if sxx else None, node)
    work = gradient_work(widths, widths[0], whitened=not sxx)
    bases = closure(maps, widths, node, tol, max(_SEARCH * work, _SHORT_SEARCH))
    if bases is None:
        bases = [np.eye(d) for d in widths]
    elif min(b.shape[1] for b in bases) == 0:
        return []
    inside = maps
    if [b.shape[1] for b in bases] != widths:
        inside = carried(maps, bases)
    if single:
        return [Part(bases, inside)]
    blocks = split(inside, [b.shape[1] for b in bases], tol, floors(maps))
    return [
        Part([b @ c for b, c in zip(bases, block.bases, strict=True)], block.maps)
        for block in blocks
        if min(b.shape[1] for b in block.bases) > 0
    ]


def _distinct(parts: Sequence[Part], tol: float, least: Array) -> Iterator[Frame]:
    """Yield the distinct blocks, largest first, copies together."""
    alike: dict[tuple[int, ...], list[Part]] = {}
    for part in parts:
        alike.setdefault(tuple(b.shape[1] for b in part.bases), []).append(part)
    for widths in sorted(alike, key=lambda w: (-sum(w), w)):
        group = alike[widths]
        if len(group) > 1:
            group = [canonical(part, least) for part in group]
        entries = np.array([np.concatenate([m.matrix.ravel() for m in p.maps]) for p in group])
        left = np.ones(len(group), dtype=bool)
        for k, part in enumerate(group):
            if not left[k]:
                continue
            small = negligible(part.maps, tol, least)
            allowed = np.repeat(small, [m.matrix.size for m in part.maps])
            same = left & (np.abs(entries - entries[k]) <= allowed).all(axis=1)
            left &= ~same
            copies = [group[j].bases for j in np.flatnonzero(same)]
            yield Frame(
                tuple(np.stack(bases, axis=1) for bases in zip(*copies, strict=True)),
                tuple(part.maps),
            )


def _dropped(maps: Sequence[Map], frames: Sequence[Frame]) -> float:
    """Return the largest part of a map that ties a block to the rest, relative to the block's."""
    if not frames:
        return 0.0
    worst = 0.0
    flat = [
        np.hstack([b.reshape(len(b), -1) for b in bases])
        for bases in zip(*(f.bases for f in frames), strict=True)
    ]
    for k, (start, end, matrix) in enumerate(maps):
        whole = size(matrix)
        for there, images, forth in (
            (end, matrix @ flat[start], True),
            (start, matrix.T @ flat[end], False),
        ):
            at = 0
            for f in frames:
                own = f.maps[k].matrix if forth else f.maps[k].matrix.T
                inside = (f.bases[there] @ own).reshape(len(images), -1)
                tie = size(images[:, at : at + inside.shape[1]] - inside)
                at += inside.shape[1]
                scale = size(own) * f.copies**0.5
                scale = scale if scale > _NOTHING * whole else whole
                worst = max(worst, tie / scale if scale > 0.0 else 0.0)
    return worst
