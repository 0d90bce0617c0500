"""A curve at equal arc length, from points with tangents."""

import numpy as np

from deeplinear._core.checks import Array


def resampled(points: Array, tangents: Array, n: int) -> Array:
    """Return n points at equal arc length along a curve with these tangents, of any lengths.

    Cubic between neighbors, with unit tangents times the chord: fourth order in the spacing. A
    tangent that points against its chord is round-off, and the chord is taken instead.

    Examples
    --------
    >>> import numpy as np
    >>> from deeplinear.analysis._resampling import resampled
    >>> a = np.linspace(0, np.pi, 30) ** 2 / np.pi  # a half circle, unevenly
    >>> x = np.column_stack([np.cos(a), np.sin(a)])
    >>> middle = resampled(x, np.column_stack([-x[:, 1], x[:, 0]]), 3)[1]
    >>> bool(np.abs(middle - [0, 1]).max() < 1e-3), bool(abs(middle @ middle - 1) < 1e-5)
    (True, True)
    """
    chords = np.diff(points, axis=0)
    steps = np.linalg.norm(chords, axis=1)
    moved = np.concatenate([[True], steps > 0])
    points, tangents = points[moved], tangents[moved]
    if len(points) == 1:
        return np.repeat(points, n, axis=0)
    chords = np.diff(points, axis=0)
    steps = np.linalg.norm(chords, axis=1)
    norms = np.linalg.norm(tangents, axis=1)
    unit = tangents / np.where(norms > 0, norms, 1.0)[:, None]
    length = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, length[-1], n)
    k = np.clip(np.searchsorted(length, at, side="right") - 1, 0, len(steps) - 1)
    x = ((at - length[k]) / steps[k])[:, None]
    ends = []
    for end in (k, k + 1):
        along = np.einsum("ij,ij->i", unit[end], chords[k])[:, None]
        ends.append(np.where(along > 0, unit[end] * steps[k, None], chords[k]))
    left, right = ends
    bend = (left - chords[k]) * (1 - x) + (chords[k] - right) * x
    return np.asarray(points[k] + x * chords[k] + x * (1 - x) * bend)
