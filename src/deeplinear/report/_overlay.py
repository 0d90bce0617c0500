"""The closed form of a run's start, if it has one, and how far the run is from it (theory §7)."""

from dataclasses import dataclass

import numpy as np

from deeplinear.exact import Solution, applicable
from deeplinear.plot.data._modes import strengths
from deeplinear.solve import Trajectory

_NAMES = {
    "one layer": "one layer",
    "decoupled": "decoupled modes",
    "two layers": "two layers (lambda-balanced)",
}
_ENTRIES = 1e7  # of the maps of the closed form that are compared, at most


@dataclass(frozen=True)
class Overlay:
    """A closed form, or None, with the sentence that says which and how close, or why not."""

    form: Solution | None
    sentence: str
    deviation: float = float("nan")


def overlay(traj: Trajectory) -> Overlay:
    """Compare the mode strengths of a run with the closed form of its start."""
    if len(traj.problem.modes) == 0 or len(traj) == 1:
        return Overlay(None, "")
    if traj.t_end < traj.t[0]:
        return Overlay(None, "Closed forms are not laid over runs backward in time.")
    forms = applicable(traj.problem, traj.initial)
    if not forms:
        return Overlay(
            None,
            "This start has no closed form: one layer, decoupled modes and two "
            "lambda-balanced layers have one, the latter two on whitened data.",
        )
    by_form = any(segment.method.startswith("exact") for segment in traj.segments)
    form = forms[-1] if by_form else forms[0]  # another one than the run itself, if there is one
    deviation = _deviation(traj, form)
    name = _NAMES.get(form.name, form.name)
    who = "this run, itself evaluated in closed form," if by_form else "the run"
    if traj.options.get("method") == "gradient descent":
        who = "the run, which takes steps of finite size,"
    return Overlay(
        form,
        f"Dots: the closed form of the gradient flow, {name}; the largest deviation of {who} at "
        f"its saved times is {deviation:.1e}.",
        deviation,
    )


def _deviation(traj: Trajectory, form: Solution) -> float:
    """The largest |p_k(t) - closed form| over modes and (if there are very many, some) times."""
    finite = np.flatnonzero(np.isfinite(traj.mode_strengths).all(axis=1))
    most = max(int(_ENTRIES / (traj.problem.d_in * traj.problem.d_out)), 2)
    some = np.linspace(0, len(finite) - 1, min(most, len(finite))).round().astype(int)
    chosen = finite[np.unique(some)]
    p = strengths(traj.problem, form.products(traj.t[chosen] - traj.t[0]))
    return float(np.abs(p - traj.mode_strengths[chosen]).max(initial=0.0))
