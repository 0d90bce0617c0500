"""One run as the page draws it: a document of JSON, made from finished objects only."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from deeplinear.explorer._page._panels import _drift, _lattice, _loss, _strengths, _time, _visits
from deeplinear.explorer._page._panels._numbers import number, numbers
from deeplinear.explorer._runs._run import Point, Run
from deeplinear.plot.data import time_axis
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory


def curves(traj: Trajectory) -> dict[str, Any]:
    """Return what is drawn first: everything that is read off the trajectory alone."""
    time = time_axis(traj)
    return {
        "time": _time.prepare(time),
        "loss": _loss.prepare(traj),
        "strengths": _strengths.prepare(traj),
        "drift": _drift.prepare(traj),
    }


def reading(run: Run) -> dict[str, Any]:
    """Return the visits and the lattice; words in their place if they were not looked for."""
    traj, itinerary = run.traj, run.itinerary
    assert traj is not None
    if itinerary is None:
        why = run.message or "the run was cancelled: its saddles are not known"
        return {"visits": [], "lattice": {"note": why}}
    optimum = float(traj.problem.optimum(min(traj.widths)))
    return {
        "visits": _visits.prepare(traj.problem, itinerary, optimum),
        "lattice": _lattice.prepare(traj, itinerary),
    }


def partial(problem: Problem, points: Sequence[Point]) -> dict[str, Any]:
    """Return the loss and the strengths of a run that still computes."""
    t = np.array([abs(point.t) for point in points])
    gap = np.array([point.gap for point in points])
    strengths = np.array([point.strengths for point in points])[:, : _strengths.MOST]
    shown = (t > 0) & np.isfinite(gap)
    if not shown.any():
        return {"partial": True}
    t, gap, strengths = t[shown], gap[shown], strengths[shown]
    s = problem.modes.s
    positive = gap[gap > 0]
    top = float(s[0]) if len(s) else 1.0
    return {
        "partial": True,
        "time": {
            "x": numbers(t),
            "log": True,
            "limits": [number(t.min() / 1.2), number(t.max() * 1.2)],
            "backward": False,
        },
        "loss": {
            "y": numbers(np.where(gap > 0, gap, np.nan)),
            "optimum": None,
            "limits": [number(positive.min() / 1.2), number(positive.max() * 1.4)]
            if positive.size
            else None,
            "levels": [],
            "note": "",
        },
        "strengths": {
            "series": _strengths.series(s[: strengths.shape[1]], strengths),
            "limits": [-0.03 * top, 1.05 * top],
            "note": "",
        },
    }


def _cost(traj: Trajectory) -> str:
    if len(traj) > 1 and not traj.stats.n_steps:
        return "exact"  # a closed form needs no steps
    return f"{traj.stats.n_steps} step{'s' * (traj.stats.n_steps != 1)}"


def status(run: Run) -> dict[str, Any]:
    """Return how a run is doing: a short text for the bar, words where something went wrong."""
    if run.state == "computing" and run.points:
        text = f"computing, t = {run.points[-1].t:.4g}"
    elif run.state in ("done", "cancelled") and run.traj is not None:
        ended = "cancelled" if run.state == "cancelled" else str(run.traj.status)
        text = f"{ended.replace('t_end', 'end time')}, {_cost(run.traj)}, {run.elapsed:.2g} s"
    else:
        text = run.state
    words = run.message
    if run.traj is not None and run.traj.status in ("failed", "step limit"):
        words = words or f"{run.traj.status.reason} {run.traj.status.remedy}"
    lost = run.traj is None and not run.running
    return {"text": text, "running": run.running, "words": words, "outdated": lost}
