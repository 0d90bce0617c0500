"""Weights and Hessian eigenvalues at many times: what the cursor shows (theory §1, §5)."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.explorer._page._panels._numbers import numbers, packed
from deeplinear.flow import compress
from deeplinear.plot.data import TimeAxis, spectrum
from deeplinear.solve import Trajectory

MOST = 100
"""Cursor positions for which there is a frame."""

WEIGHT_BYTES = 2_000_000
"""Of all weights that are sent."""

CHUNK = 8
"""Spectra that are sent together."""

HESSIAN_WORK = 2e9
"""Cubes of parameters that the spectra of a run may cost, about 10 s on one core."""

LARGEST = 1000
"""Parameters left after compression above which no spectrum is computed."""


def positions(time: TimeAxis, most: int = MOST) -> np.ndarray:
    """Saved times spread evenly over the axis, ascending; start and end are among them."""
    shown = np.flatnonzero(time.shown)
    if len(shown) <= most:
        return shown
    lower, upper = time.limits
    x = time.x[shown]
    if time.log:
        x, lower, upper = np.log(x), np.log(max(lower, x[0])), np.log(min(upper, x[-1]))
    grid = np.linspace(lower, min(upper, float(x[-1])), most)
    return np.unique(np.concatenate([shown[np.searchsorted(x, grid).clip(0, len(x) - 1)]]))


def weights(traj: Trajectory, time: TimeAxis) -> dict[str, Any]:
    """Return all weights at up to `MOST` times; a note if even one frame is too large."""
    n = traj.n_params
    if n * 4 > WEIGHT_BYTES:
        return {"note": f"{n} weights are too many to draw; see the curves and the report"}
    at = positions(time, int(np.clip(WEIGHT_BYTES // (4 * n), 2, MOST)))
    vectors = np.array([traj[int(k)].to_vector() for k in at])
    finite = vectors[np.isfinite(vectors)]
    return {
        "x": numbers(time.x[at]),
        "widths": list(traj.widths),
        "largest": float(np.abs(finite).max(initial=0.0)) or 1.0,
        "weights": packed(np.where(np.isfinite(vectors), vectors, np.nan)),
        "note": "",
    }


def spectra(
    traj: Trajectory, time: TimeAxis, stopped: Callable[[], bool]
) -> Iterator[dict[str, Any]]:
    """Yield Hessian spectra at a growing number of times, coarse first; one note if too large."""
    small = compress(traj.problem, traj.initial).net.n_params
    if small > LARGEST:
        yield {"note": f"{small} parameters are too many for a Hessian spectrum at every time"}
        return
    at = positions(time, int(np.clip(HESSIAN_WORK / max(small, 1) ** 3, 8, MOST)))
    order = _coarse_first(len(at))
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        values = []
        for j in part:
            if stopped():
                return
            values.append(_spectrum(traj, int(at[j])))
        yield {
            "x": numbers(time.x[at[part]]),
            "n": traj.n_params,
            "values": packed(np.array(values)),
            "note": "",
        }


def _spectrum(traj: Trajectory, k: int) -> Array:
    """All eigenvalues, ascending, zeros as zeros; NaN where the Hessian overflows."""
    lost = np.full(traj.n_params, np.nan)
    if not np.isfinite(traj.loss[k]):
        return lost
    with np.errstate(all="ignore"):
        try:
            found = spectrum(traj.problem, traj[k])
        except (ValueError, np.linalg.LinAlgError):
            return lost
    values = np.concatenate([found.negative, np.zeros(found.zeros), found.positive])
    return values if found.computed else lost


def _coarse_first(n: int) -> np.ndarray:
    """0, ..., n - 1 in an order that halves the gaps: ends, middle, quarters, ..."""
    order = np.argsort([_reversed_bits(k) for k in range(n)], kind="stable")
    return np.array(list(dict.fromkeys([0, n - 1, *order.tolist()])))


def _reversed_bits(k: int) -> float:
    value, share = 0.0, 0.5
    while k:
        value += share * (k & 1)
        k, share = k >> 1, share / 2
    return value
