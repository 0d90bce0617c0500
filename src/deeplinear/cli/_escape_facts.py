"""How the flow leaves a critical point and comes to it, as a document."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deeplinear import LinearNetwork, Problem
from deeplinear.cli._nearby import Nearby
from deeplinear.cli._target import State

if TYPE_CHECKING:
    from deeplinear.landscape import Arrival, Escape, EscapeDirection


class Ways(NamedTuple):
    """How the flow leaves a point and how it comes to it; of one not critical only that it is."""

    out: "Escape"
    into: "Arrival | None"


def ways(problem: Problem, net: LinearNetwork, most: int) -> Ways:
    """Find the ways out, at most so many unstable directions, and the stable directions."""
    from deeplinear import landscape

    verdict = landscape.classify(problem, net)
    if verdict.kind == "not critical":
        return Ways(landscape.Escape(verdict, None, None, (), verdict.decided_by), None)
    return Ways(landscape.escape(problem, net, k=most), landscape.arrival(problem, net))


def document(
    problem: Problem, net: LinearNetwork, found: Ways, distances: Sequence[float], most: int
) -> dict[str, Any]:
    """Kind, ways down with their times, and arrival; `most` of the ways and rates."""
    out = found.out
    return {
        "widths": list(net.widths),
        "n_params": net.n_params,
        **out.classification.facts(),
        "index": out.index,
        "reason": out.reason,
        "distances": list(distances),
        "leaving_times": _times(out.directions[0], distances) if out.directions else None,
        "directions": [_direction(one, distances) for one in out.directions[:most]],
        "n_directions": out.index if out.order == 2 else len(out.directions),
        "arrival": _arrival(found.into, most),
        "notes": list(problem.notes),
    }


def here(state: State, near: Nearby, out: "Escape") -> dict[str, Any] | None:
    """How long the state of a run still has, as predicted and as it was; None for other weights.

    The prediction takes the whole distance to lie along the first way down.
    """
    if state.run is None or near.refined is None:
        return None
    distance, time = near.refined.displacement, None
    if out.directions and distance > 0:
        time = out.leaving_time(distance)
    mode, at = _next_learned(state)
    return {
        "distance": distance,
        "leaving_time": time,
        "next_mode": mode,
        "learned_at": at,
        "learned_after": None if at is None or state.t is None else at - state.t,
    }


def _next_learned(state: State) -> tuple[int | None, float | None]:
    """The mode that the run learns next, and when; None if it learns no more."""
    from deeplinear.analysis import learning_times

    run = state.run
    if run is None or state.t is None or run.t_end < run.t[0]:  # backward: modes are unlearned
        return None, None
    times = learning_times(run)
    later = np.where(times > state.t, times, np.inf)
    if not len(later) or not np.isfinite(later).any():
        return None, None
    mode = int(np.argmin(later))
    return mode, float(later[mode])


def _times(one: "EscapeDirection", distances: Sequence[float]) -> list[float]:
    return [one.leaving_time(eps) for eps in distances]


def _direction(one: "EscapeDirection", distances: Sequence[float]) -> dict[str, Any]:
    return {
        "layers": one.layers,
        "exponents": one.exponents,
        "order": one.order,
        "coefficient": one.coefficient,
        "rate": one.rate,
        "measured_order": one.measured_order,
        "leaving_times": _times(one, distances),
    }


def _arrival(found: "Arrival | None", most: int) -> dict[str, Any] | None:
    """The rates of the stable directions; None if they are not known."""
    if found is None or found.rates is None:
        return None
    rates = found.rates
    return {
        "number": len(rates),
        "slowest": float(rates[0]) if len(rates) else None,
        "largest": float(rates[-1]) if len(rates) else None,
        "rates": rates[:most],
    }
