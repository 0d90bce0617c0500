"""How the flow leaves a critical point and comes to it, as a document."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deeplinear import LinearNetwork, Problem
from deeplinear.cli._nearby import Nearby
from deeplinear.cli._target import State
from deeplinear.landscape import Arrival, Escape, EscapeDirection

_NOT_CRITICAL = "Nothing is known of a point that is not critical."


def ways(
    problem: Problem, net: LinearNetwork, distances: Sequence[float], most: int
) -> dict[str, Any]:
    """Kind, ways down with their times, and arrival; `most` of the ways and rates."""
    from deeplinear import landscape

    verdict = landscape.classify(problem, net)
    if verdict.kind == "not critical":
        text = f"{verdict.decided_by} {_NOT_CRITICAL}"
        found, coming = landscape.Escape(verdict, None, None, (), text), None
    else:
        found = landscape.escape(problem, net, k=most)
        coming = landscape.arrival(problem, net)
    return {
        "widths": list(net.widths),
        "n_params": net.n_params,
        **verdict.facts(),
        "index": found.index,
        "reason": found.reason,
        "distances": list(distances),
        "leaving_times": _times(found, distances),
        "directions": [_direction(one, distances) for one in found.directions[:most]],
        "n_directions": _number(found),
        "arrival": _arrival(coming, most),
        "notes": list(problem.notes),
    }


def here(state: State, near: Nearby, found: dict[str, Any]) -> dict[str, Any] | None:
    """How long the state of a run still has, as predicted and as it was; None for other weights.

    The prediction takes the whole distance to lie along the fastest way down.
    """
    if state.run is None or near.refined is None:
        return None
    distance, time = near.refined.displacement, None
    if found["directions"] and distance > 0:
        one = found["directions"][0]
        time = leading_time(one["order"], one["coefficient"], distance)
    mode, at = _next_learned(state)
    return {
        "distance": distance,
        "leaving_time": time,
        "next_mode": mode,
        "learned_at": at,
        "learned_after": None if at is None or state.t is None else at - state.t,
    }


def leading_time(order: int, coefficient: float, eps: float) -> float:
    """`EscapeDirection.leaving_time` from its numbers; infinite where that overflows."""
    if order == 2:
        return max(-math.log(eps), 0.0) / (2 * coefficient)
    return bounded(lambda: eps ** (2 - order)) / (order * (order - 2) * coefficient)


def bounded(power: Callable[[], float]) -> float:
    """A time, infinite where floats end."""
    try:
        return power()
    except OverflowError:
        return math.inf


def _next_learned(state: State) -> tuple[int | None, float | None]:
    """The mode that the run learns next, and when; None if it learns no more."""
    from deeplinear.analysis import learning_times

    assert state.run is not None and state.t is not None
    if state.run.t_end < state.run.t[0]:  # backward in time modes are unlearned
        return None, None
    times = learning_times(state.run)
    later = np.where(times > state.t, times, np.inf)
    if not len(later) or not np.isfinite(later).any():
        return None, None
    mode = int(np.argmin(later))
    return mode, float(later[mode])


def _times(found: Escape, distances: Sequence[float]) -> list[float] | None:
    """From each distance along the fastest way; None where nothing leads down."""
    if not found.directions:
        return None
    fastest = found.directions[0]
    return [leading_time(fastest.order, fastest.coefficient, eps) for eps in distances]


def _direction(one: EscapeDirection, distances: Sequence[float]) -> dict[str, Any]:
    return {
        "layers": one.layers,
        "exponents": one.exponents,
        "order": one.order,
        "coefficient": one.coefficient,
        "rate": one.rate,
        "measured_order": one.measured_order,
        "leaving_times": [leading_time(one.order, one.coefficient, eps) for eps in distances],
    }


def _number(found: Escape) -> int | None:
    """How many ways there are, also those not listed; None if the index is in doubt."""
    if found.order == 2:
        return found.index
    return len(found.directions)


def _arrival(found: Arrival | None, most: int) -> dict[str, Any] | None:
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
