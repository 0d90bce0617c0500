"""Reference states inside the transitions, and how far the methods behind them agree."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import taylor
from benchmarks.problems import CASES, Array, Case

PATH = Path(__file__).with_name("references.npz")
POINTS = 13
TAYLOR = {
    "P1": (30, np.longdouble),
    "P2": (30, np.longdouble),
    "P3": (24, np.longdouble),
    "P4": (20, np.float64),
}
"""Order and precision."""
RECOMPUTED = ("P4",)
"""States that take more room in the repository than seconds to compute."""


@dataclass(frozen=True)
class Reference:
    """States at 13 times equally spaced in arc length; the start excluded, the end included.

    differences : the largest error of the second method, and of deeplinear's own, against them.
    """

    times: Array
    states: Array
    method: str
    differences: dict[str, float]

    def error(self, states: Array) -> float:
        """The largest Euclidean error of the state over the check points; NaN counts as inf."""
        if np.shape(states) != self.states.shape:
            return float("inf")
        error = np.linalg.norm(np.asarray(states) - self.states, axis=1).max()
        return float(error) if np.isfinite(error) else float("inf")


def by_taylor(case: Case, times: Array) -> Array:
    """States by Taylor series."""
    order, dtype = TAYLOR[case.name]
    return taylor.states(case.start, case.sigma, times, order=order, dtype=dtype).astype(float)


def load(name: str) -> Reference:
    """The reference of a problem, made by `make_references`."""
    with np.load(PATH) as stored:
        times, checks = stored[f"{name}_times"], stored[f"{name}_checks"].tolist()
        recomputed = name in RECOMPUTED
        return Reference(
            times,
            by_taylor(CASES[name](), times) if recomputed else stored[f"{name}_states"],
            str(stored[f"{name}_method"]),
            dict(zip(checks, stored[f"{name}_differences"].tolist(), strict=True)),
        )


def load_ends() -> tuple[Array, Array, float]:
    """P5: members that are checked, where they end, and how far two methods differ there."""
    with np.load(PATH) as stored:
        return stored["P5_members"], stored["P5_limits"], float(stored["P5_difference"])
