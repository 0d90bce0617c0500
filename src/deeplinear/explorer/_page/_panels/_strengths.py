"""The mode strengths (theory §7, §11)."""

from typing import Any

from deeplinear._core.checks import Array
from deeplinear.explorer._page._panels._look import look
from deeplinear.explorer._page._panels._numbers import number, numbers
from deeplinear.plot import data
from deeplinear.solve import Trajectory

MOST = 24
"""Modes drawn; beyond them colors and dashes repeat."""


def prepare(traj: Trajectory) -> dict[str, Any]:
    """Return one curve for each mode with the value s_k that it learns."""
    m = len(traj.problem.modes)
    picture = data.mode_strengths(traj, range(min(m, MOST)))
    if picture.limits is None:
        return {"series": [], "note": "the target is zero: there is no mode to learn"}
    return {
        "series": series(picture.targets, picture.strengths[picture.time.shown]),
        "limits": [number(one) for one in picture.limits],
        "left_out": max(m - MOST, 0),
        "note": "",
    }


def series(targets: Array, strengths: Array) -> list[dict[str, Any]]:
    """Return the curves of all modes, ``strengths (k, n)``."""
    return [
        {"k": k, "s": number(float(s)), "y": numbers(strengths[:, k]), **look(k)}
        for k, s in enumerate(targets)
    ]
