"""Subspaces of the node spaces that maps and their transposes never leave (theory §5)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deeplinear._core.checks import Array

_ROUND_OFF = 1e-14  # directions of a node space below this fraction of its largest are none
CANCELLED = 1e-8  # products of unit matrices below this may be round-off, and decide nothing
_SIMPLE = 1e-9  # eigenvalues farther apart than this fraction of the largest are not equal ...
_DISTINCT = 1e-5  # ... and entries in their eigenbasis above this one are beyond doubt


class Map(NamedTuple):
    """A matrix between node spaces; a network's are its layers, the target and Sxx, in order."""

    start: int
    end: int
    matrix: Array


def span(*parts: Array) -> Array:
    """Orthonormal columns that span those of all parts; at least one."""
    scaled = [p / (float(np.linalg.norm(p)) or 1.0) for p in parts]
    u, s, _ = np.linalg.svd(np.hstack(scaled), full_matrices=False)
    return u[:, : max(1, int(np.sum(s > _ROUND_OFF * max(s[0], 1e-300))))]


def size(matrix: Array) -> float:
    """The Frobenius norm, without under- or overflow of squares."""
    norm = math.sqrt(np.einsum("ij,ij", matrix, matrix))  # no BLAS, whose threads wake slowly
    if not 1e-140 < norm < 1e140:
        largest = float(np.abs(matrix).max(initial=0.0))
        norm = largest * float(np.linalg.norm(matrix / largest)) if largest > 0.0 else 0.0
    return norm


def unit(matrix: Array, smallest: float = 0.0) -> Array:
    """The matrix divided by its norm; zero if that is at most `smallest`."""
    norm = size(matrix)
    return matrix / norm if norm > smallest else np.zeros_like(matrix)


def product(layers: Sequence[Array]) -> Array:
    """The normalized product of normalized layers, inputs first; zero if it is round-off."""
    result = layers[0]
    for w in layers[1:]:
        result = unit(w @ result, CANCELLED)
    return result


def regular(layers: Sequence[Array]) -> bool:
    """Whether normalized square layers of one size are certainly regular.

    By the means of their squares, |det W| bounds the smallest singular value from below.
    """
    n = len(layers[0])
    bound = _DISTINCT * (1 / max(1, n - 1)) ** ((n - 1) / 2)
    return min(map(abs, np.linalg.det(np.array(layers)).tolist())) > bound


def closure(
    maps: Sequence[Map], widths: Sequence[int], node: int, tol: float, budget: float
) -> list[Array] | None:
    """Orthonormal bases of the smallest invariant subspaces that contain all of one node's space.

    Grown like a Krylov space: the images of new directions, less what is known, are the next new
    ones if they exceed `tol` in matrices whose root-mean-square singular value is 1. Each round
    costs a few products of the maps with thin matrices. None once that took more than `budget`
    multiply-adds, or a tenth of it without a sign of success: an image that was known in part, or
    a node space larger than its neighbors together.
    """
    bases = [np.zeros((d, 0)) for d in widths]
    bases[node] = np.eye(widths[node])
    fresh = {node: bases[node]}
    scaled = [(m.start, m.end, unit(m.matrix) * min(m.matrix.shape) ** 0.5) for m in maps]
    ways = [*scaled, *((end, start, w.T) for start, end, w in scaled if start != end)]
    near = np.zeros(len(widths))
    for start, end, _ in maps:
        near[start] += widths[end]
        near[end] += widths[start]
    cost, allowed = 0.0, budget if (near < widths).any() else budget / 10
    while fresh:
        images: dict[int, list[Array]] = {}
        for start, end, w in ways:
            if start in fresh and bases[end].shape[1] < widths[end]:
                images.setdefault(end, []).append(w @ fresh[start])
                cost += w.size * fresh[start].shape[1]
        fresh = {}
        for end, parts in images.items():
            image = np.hstack(parts)
            known, columns = bases[end].shape[1], image.shape[1]
            cost += image.size * (4 * known + 2 * columns)
            if cost > allowed:
                return None
            if known + columns >= widths[end] and _spanning(bases[end], image):
                new = bases[end] = np.eye(widths[end])
            else:
                new = _new_directions(bases[end], image, tol)
                bases[end] = np.hstack([bases[end], new])
                if new.shape[1] < min(columns, widths[end] - known):
                    allowed = budget
                if bases[end].shape[1] == widths[end]:
                    bases[end] = np.eye(widths[end])
            if new.shape[1]:
                fresh[end] = new
    return bases


def _spanning(basis: Array, image: Array) -> bool:
    """Whether basis and image certainly span the space."""
    return _definite(basis @ basis.T + image @ image.T)


def _independent(image: Array, tol: float) -> bool:
    """Whether the columns certainly are, with singular values above `tol`."""
    rows, columns = image.shape
    return columns <= rows and _definite(image.T @ image, tol)


def _definite(gram: Array, tol: float = 0.0) -> bool:
    """Whether no root of an eigenvalue is below `tol`, or tiny beside the others; by Cholesky."""
    mean = float(np.trace(gram)) / len(gram)
    gram[np.diag_indices_from(gram)] -= max(_DISTINCT**2 * mean, tol**2)
    try:
        np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return False
    return True


def _new_directions(basis: Array, image: Array, tol: float) -> Array:
    for _ in range(2):
        image = image - basis @ (basis.T @ image)
    if _independent(image, tol):
        u = image
    else:
        u, s, _ = np.linalg.svd(image, full_matrices=False)
        u = u[:, s > tol][:, : basis.shape[0] - basis.shape[1]]
    # A small image has kept round-off along the basis, which is no longer small in its direction.
    return np.linalg.qr(u - basis @ (basis.T @ u))[0] if u.shape[1] else u


def indivisible(layers: Sequence[Array], target: Array, sxx: Array | None, node: int) -> bool:
    """Whether the closure of one node's space certainly has no finer splitting.

    Takes normalized matrices. Every block of a splitting that touches this space is spanned there
    by eigenvectors of closed words such as W W^T and (D + U^T S) (D + U^T S)^T, with the layers D
    below and U above the node, if these are simple, and entries of another word tie them together.
    False: not known.
    """
    below, above = layers[:node], layers[node:]
    d = len(above[0].T) if above else len(target)
    if d == 1:
        return True
    there = target
    for w in above[::-1]:
        there = unit(w.T @ there, CANCELLED)
    across = below[-1] if below else np.eye(d)
    for w in below[-2::-1]:
        across = unit(across @ w, CANCELLED)
    outer = below[-1] @ below[-1].T if below else target.T @ target
    if above:
        outer = outer + 0.71 * (above[0].T @ above[0])
    both = there + 0.7 * across
    first = both @ both.T + 0.83 * outer
    second = (across - 0.59 * there) @ there.T - 0.91 * outer
    if sxx is not None:
        first += 0.77 * (both @ sxx @ both.T)
        second += 1.39 * (across @ sxx @ across.T)
    values, vectors = np.linalg.eigh(first)
    apart = (values[1:] - values[:-1]).min()
    if not apart > _SIMPLE * max(-values[0], values[-1]):
        return False
    entries = np.abs(vectors.T @ second @ vectors)
    least = _DISTINCT * entries.max()
    if entries[0].min() > least:
        return True
    tied = entries > least
    reached = tied[0] | tied[:, 0]
    while not reached.all():
        further = reached | tied[reached].any(axis=0) | tied[:, reached].any(axis=1)
        if (further == reached).all():
            return False
        reached = further
    return True
