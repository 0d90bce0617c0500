"""The mode strengths (theory §7, §11)."""

from typing import Any

import numpy as np

from deeplinear.explorer._panels._look import look
from deeplinear.explorer._panels._numbers import number, numbers
from deeplinear.plot._time import TimeAxis
from deeplinear.solve import Trajectory

MOST = 24
"""Modes drawn; beyond them colors and dashes repeat."""


def prepare(traj: Trajectory, time: TimeAxis) -> dict[str, Any]:
    """Return one curve for each mode with the value s_k that it learns."""
    s = traj.problem.modes.s
    if len(s) == 0:
        return {"series": [], "note": "the target is zero: there is no mode to learn"}
    p = traj.mode_strengths[:, :MOST]
    finite = p[np.isfinite(p)]
    top = 1.05 * float(np.clip(finite.max(initial=s[0]), s[0], 3 * s[0]))
    bottom = float(np.clip(finite.min(initial=0.0), -2 * s[0], 0.0)) - 0.03 * top
    return {
        "series": [
            {"k": k, "s": number(s[k]), "y": numbers(p[time.shown, k]), **look(k)}
            for k in range(p.shape[1])
        ],
        "limits": [number(bottom), number(top)],
        "left_out": len(s) - p.shape[1],
        "note": "",
    }
