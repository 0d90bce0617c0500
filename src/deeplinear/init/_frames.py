"""Orthonormal frames, and the layers that join them."""

import itertools
from collections.abc import Sequence

import numpy as np

from deeplinear._core.checks import Array


def haar(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """Return a uniformly distributed matrix with orthonormal columns (rows, if it is wide)."""
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    # Q alone follows LAPACK's sign convention; with the signs of R's diagonal it is uniform.
    q = np.where(np.diag(r) < 0, -q, q)
    return q if rows >= columns else q.T


def completed(
    frame: Array, columns: int, rng: np.random.Generator, *, basis: Array | None = None
) -> Array:
    """Extend orthonormal columns to `columns` of them, by random ones in the span of `basis`."""
    d, m = frame.shape
    if columns <= m:
        return frame[:, :columns]
    inside = np.eye(d) if basis is None else basis
    drawn = inside @ rng.standard_normal((inside.shape[1], columns - m))
    q, _ = np.linalg.qr(np.hstack([frame, drawn - frame @ (frame.T @ drawn)]))
    return np.hstack([frame, q[:, m:]])


def chain(frames: Sequence[Array], amplitudes: Array) -> list[Array]:
    """Return the layers O_{i+1} diag(a_i) O_i^T, frames (d_i, n), amplitudes (depth, n)."""
    pairs = itertools.pairwise(frames)
    return [(above * a) @ below.T for (below, above), a in zip(pairs, amplitudes, strict=True)]
