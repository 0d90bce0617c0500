"""Bands of curves over the members of an ensemble (theory §11)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.plot.data._ensemble import require_members
from deeplinear.plot.data._time import time_axis
from deeplinear.solve import Ensemble, Trajectory

RESTING = ("converged", "stopped at a saddle")
"""Statuses of members that stay where they ended."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles."""

_TIMES = 240
_LOWEST = 1e-300  # stands for a gap of zero


@dataclass(frozen=True, eq=False)
class Bands:
    """Quantiles of a curve over members, at each time.

    Attributes
    ----------
    t : ``(n,)``; log : whether it is spaced evenly in log t; backward : whether it is -t.
    values : ``(curves, len(LEVELS), n)``, the quantiles `LEVELS`; NaN where no member is known.
    known : ``(n,)``, members known at each time: those that failed, or were ended, before it are
        not; members at a minimum or a saddle stay there.
    members, of : how many were read, evenly chosen, of how many.
    counts : how those that were read ended, most first.
    """

    t: Array
    log: bool
    backward: bool
    values: Array
    known: np.ndarray
    members: int
    of: int
    counts: dict[str, int]


def ensemble_bands(
    members: Ensemble | Sequence[Trajectory],
    quantity: Literal["loss", "mode strengths"] = "loss",
    *,
    most: int = 500,
) -> Bands:
    """Return quantiles of loss - optimum, or of each mode strength, against time.

    See `plot.ensemble_bands`, where the arguments are explained.
    """
    if quantity not in ("loss", "mode strengths"):
        raise unknown_name("quantity", quantity, ("loss", "mode strengths"))
    require_members(members)
    most = checks.integer("most", most, minimum=1)
    chosen = np.unique(
        np.linspace(0, len(members) - 1, min(most, len(members))).round().astype(int)
    )
    runs = [members[int(k)] for k in chosen]
    _require_states(runs)
    axes = [time_axis(run) for run in runs]
    log = any(axis.log for axis in axes)
    low = min(axis.limits[0] for axis in axes if axis.log == log)
    ends = [(axis.limits[1], float(axis.x[-1])) for axis in axes if axis.log == log]
    high = max(max(min(pair) for pair in ends), low * (1.01 if log else 1.0))
    t = np.geomspace(low, high, _TIMES) if log else np.linspace(max(low, 0.0), high, _TIMES)
    curves = np.array([_on_grid(run, t, quantity) for run in runs])  # (member, curve, time)
    known = ~np.isnan(curves).any(axis=1)
    values = np.full((curves.shape[1], len(LEVELS), len(t)), np.nan)
    seen = known.any(axis=0)
    if curves.shape[1]:
        values[:, :, seen] = np.nanquantile(curves[:, :, seen], LEVELS, axis=0).transpose(1, 0, 2)
    counts = dict(Counter(str(run.status) for run in runs).most_common())
    if quantity == "loss":
        values = np.exp(values)
    return Bands(
        t, log, runs[0].t_end < 0, values, known.sum(axis=0), len(runs), len(members), counts
    )


def _on_grid(run: Trajectory, t: Array, quantity: str) -> Array:
    """The curves of one member, ``(curves, n)``; NaN after an end at which it does not rest."""
    if quantity == "loss":
        with np.errstate(divide="ignore"):
            curves = np.log(np.maximum(run.gap, _LOWEST))[None]
    else:
        curves = run.mode_strengths.T
    x = np.abs(run.t)
    finite = np.isfinite(curves).all(axis=0) & np.isfinite(run.gap)
    result = np.full((len(curves), len(t)), np.nan)
    if not finite.any():
        return result
    for curve, row in zip(curves, result, strict=True):
        row[:] = np.interp(t, x[finite], curve[finite])
    result[:, t < x[finite][0]] = np.nan
    if run.status not in RESTING:
        result[:, t > x[finite][-1]] = np.nan
    return result


def _require_states(runs: Sequence[Trajectory]) -> None:
    if max(map(len, runs)) <= 2:
        raise ArgumentError(
            "Argument `members` must hold states along the way, but these hold starts and ends "
            "only. Compute them with dl.ensemble(..., save=None), without a store."
        )
