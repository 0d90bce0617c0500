"""The drift of the conservation laws (theory §4)."""

from typing import Any

import numpy as np

from deeplinear.explorer._panels._numbers import number, numbers
from deeplinear.plot._time import TimeAxis
from deeplinear.solve import Trajectory

_EPS = float(np.finfo(float).eps)


def prepare(traj: Trajectory, time: TimeAxis) -> dict[str, Any]:
    """Return the curve with round-off and the tolerance as references."""
    drift = np.where((time.x > 0) & (traj.drift > 0), traj.drift, np.nan)
    references = [{"name": "round-off", "y": number(_EPS)}]
    rtol = float(traj.options.get("rtol") or 0.0)
    if rtol > 0:
        references.append({"name": "rtol", "y": number(rtol)})
    seen = drift[np.isfinite(drift)]
    if seen.size:
        note = ""
    elif len(traj.widths) > 2:
        note = "the laws hold exactly at every saved time"
    else:
        note = "depth 1: there is no conservation law"
    heights = [*seen.tolist(), _EPS, *([rtol] if rtol > 0 else [])]
    return {
        "y": numbers(drift[time.shown]),
        "references": references,
        "limits": [number(min(heights) / 3), number(3 * max(heights))],
        "note": note,
    }
