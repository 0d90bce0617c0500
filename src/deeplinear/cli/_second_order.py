"""The signs of a Hessian at a critical point: found, as rows for people, as a document."""

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deeplinear import LinearNetwork, Problem
from deeplinear._core.errors import ArgumentError

if TYPE_CHECKING:
    from deeplinear.landscape import Eigenpairs, Inertia, ResidualPattern

_COUNTED_UP_TO = 1500  # parameters left after compression, of networks whose index can be counted
_ROUND_OFF = 1e-12  # of the largest eigenvalue: smaller ones are printed as zero


@dataclass(frozen=True)
class SecondOrder:
    """The inertia of a point, its index even where that is in doubt, its extreme eigenvalues.

    None is what is not known.
    """

    inertia: "Inertia | None"
    index: int | None
    extremes: "Eigenpairs | None"

    def rows(self) -> list[tuple[str, str]]:
        """Names and texts."""
        found, n = self.inertia, self.index
        rows = found.rows()[:-1] if found else []
        if n is not None and (found is None or found.index is None):
            rows.append(("index", f"{n} negative Hessian eigenvalue{'s' * (n != 1)}"))
        if found is None:
            return rows
        if self.extremes is not None:
            low, bound = float(self.extremes.values[0]), float(self.extremes.bounds[0])
            low = low if abs(low) > _ROUND_OFF * self.extremes.largest else 0.0
            text = f"{low:.5g} to {self.extremes.largest:.5g}, the lowest known to {bound:.1g}"
            rows.append(("spectrum", text))
        gap = f" Gap {found.margin:.2g}." if math.isfinite(found.margin) else ""
        rows.append(("signs", found.decided_by + gap))
        if found.pattern is not None:
            modes, paths, _, dimension = (text for _, text in found.pattern.rows())
            rows.append(("residual", f"modes: {modes}"))
            if paths != "none":
                rows.append(("residual", f"paths: {paths}"))
            rows.append(("residual", f"dimension: {dimension}"))
        return rows

    def document(self) -> dict[str, Any]:
        """Index, inertia and residual pattern; null what is not known."""
        found = self.inertia
        return {
            "index": self.index,
            "inertia": found and _inertia(found),
            "pattern": found and found.pattern and _pattern(found.pattern),
            "eigenvalues": self.extremes and _extremes(self.extremes),
        }


def second_order(problem: Problem, point: LinearNetwork) -> SecondOrder:
    """Count the signs at a critical point."""
    from deeplinear import flow, landscape

    signs = None
    # A point can be critical to the tolerance that was asked for, but not to the default one.
    with contextlib.suppress(ArgumentError):
        signs = landscape.inertia(problem, point)
    index = None if signs is None else signs.index
    if index is None and flow.compress(problem, point).net.n_params <= _COUNTED_UP_TO:
        index = landscape.index(problem, point)
    extremes = None if signs is None else landscape.lowest_eigenpairs(problem, point, 1)
    return SecondOrder(signs, index, extremes)


def _inertia(found: "Inertia") -> dict[str, Any]:
    return {
        "index": found.index,
        "nullity": found.nullity,
        "positive": found.positive,
        "tangent": found.tangent,
        "degenerate": found.degenerate,
        "margin": found.margin,
        "decided_by": found.decided_by,
    }


def _extremes(found: "Eigenpairs") -> dict[str, Any]:
    return {"lowest": found.values[0], "bound": found.bounds[0], "largest": found.largest}


def _pattern(found: "ResidualPattern") -> dict[str, Any]:
    return {
        "widths": found.widths,
        "modes": [
            {"last": last, "first": first, "number": n} for (last, first), n in found.modes.items()
        ],
        "paths": [
            {"born": born, "last": last, "number": n}
            for (born, last), n in found.paths.items()
            if n
        ],
        "escape_order": found.escape_order,
        "dimension": found.dimension,
    }
