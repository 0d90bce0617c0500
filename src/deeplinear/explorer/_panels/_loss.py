"""The loss above the optimum, with critical values (theory §8, §11)."""

from typing import Any

import numpy as np

from deeplinear.analysis import learned_modes, set_name
from deeplinear.explorer._panels._numbers import number, numbers
from deeplinear.plot._loss import _critical_gaps, _gap_limits
from deeplinear.plot._time import TimeAxis
from deeplinear.solve import Trajectory


def prepare(traj: Trajectory, time: TimeAxis) -> dict[str, Any]:
    """Return the curve, the critical values, and the limits; a note where nothing can be drawn."""
    optimum = traj.problem.optimum(min(traj.widths))
    values = _critical_gaps(traj, optimum)
    limits = _gap_limits(traj.gap, [gap for _, gap in values])
    visited = {learned_modes(traj, k) for k in range(len(traj))}
    gap = np.where(traj.gap > 0, traj.gap, np.nan)[time.shown]
    return {
        "y": numbers(gap),
        "optimum": number(optimum),
        "limits": None if limits is None else [number(limit) for limit in limits],
        "levels": [
            {"name": set_name(modes), "gap": number(value), "seen": modes in visited}
            for modes, value in values
        ],
        "note": "" if limits else "the loss is at the optimum at every saved time",
    }
