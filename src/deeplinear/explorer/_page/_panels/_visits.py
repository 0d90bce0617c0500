"""The visits of a run, as its card tells them (theory §11)."""

import math
from typing import Any

from deeplinear.analysis import Itinerary, set_name, stay
from deeplinear.explorer._page._panels._numbers import number
from deeplinear.problem import Problem


def prepare(problem: Problem, itinerary: Itinerary, optimum: float) -> list[dict[str, Any]]:
    """Return each visit: what it is near, when it came and went, and when it was to go."""
    learned = {one.mode: one for one in itinerary.learning}
    last = len(itinerary) - 1
    found = []
    for j, visit in enumerate(itinerary):
        coming = sorted(set(itinerary[j + 1].modes) - set(visit.modes)) if j < last else []
        predicted = min((learned[k].predicted for k in coming), default=math.nan)
        inertia = None if visit.classification is None else visit.classification.inertia
        found.append(
            {
                "modes": list(visit.modes),
                "name": set_name(visit.modes),
                "t": [number(abs(visit.t_in)), number(abs(visit.t_out))],
                "t_closest": number(abs(visit.t_closest)),
                "stay": stay(visit, last=j == last),
                "gap": number(max(visit.loss - optimum, 0.0)),
                "value": number(visit.value),
                "kind": visit.kind,
                "order": visit.escape_order,
                "index": None if inertia is None else inertia.index,
                "distance": number(visit.distance),
                "gradient": number(visit.gradient_norm),
                "next": coming,
                "predicted": number(predicted) if not math.isinf(predicted) else "never",
                "observed": number(abs(visit.t_out)) if j < last else None,
            }
        )
    return found
