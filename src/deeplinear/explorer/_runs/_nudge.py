"""A start on a saddle, pushed along one of the ways down that leave it (theory §8, §9)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from deeplinear import LinearNetwork, Problem
from deeplinear._core.errors import DeeplinearError
from deeplinear.analysis import set_name
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import Nudge
from deeplinear.landscape import (
    EscapeDirection,
    EscapeRay,
    critical_point,
    critical_value,
    critical_values,
    escape,
    escape_rays,
    group_strengths,
)

if TYPE_CHECKING:
    from deeplinear.analysis import Itinerary

WAYS = 12
"""As many ways down are offered, the fastest."""

SADDLES = 40
"""As many canonical saddles are offered."""

_MANY = 4096


@dataclass(frozen=True)
class Saddle:
    """A saddle that a start may be put on.

    modes : what it has learned; visit : which visit of the run it is, None for the canonical one.
    """

    modes: tuple[int, ...]
    value: float
    visit: int | None
    label: str


@dataclass(frozen=True)
class Way:
    """A way down from a saddle: the modes that it learns first, its escape order and rate.

    Order 2: eps grows like e^{rate t}. Above, the time to leave is a power of eps.
    """

    learns: tuple[int, ...]
    order: int
    rate: float
    label: str
    _path: EscapeRay | EscapeDirection

    def start(self, size: float) -> LinearNetwork:
        """The saddle, pushed so far."""
        return self._path(size)

    def leaving_time(self, size: float) -> float:
        """The time that the flow needs to leave from there, to leading order."""
        return self._path.leaving_time(size)


def saddles(
    problem: Problem, widths: Sequence[int], visits: "Itinerary | None" = None
) -> list[Saddle]:
    """Return the visited saddles of a run in their order, then canonical ones, from the origin on.

    Depth 1 has none.
    """
    found = []
    for k, visit in enumerate(visits or []):
        if visit.near and "saddle" in visit.kind:
            label = f"visit {k}: {_named(visit.modes)} ({visit.kind})"
            found.append(Saddle(visit.modes, visit.value, k, label))
    if len(widths) == 2:
        return found
    for modes in _canonical(problem, widths)[:SADDLES]:
        label = f"canonical: {_named(modes)}"
        found.append(Saddle(modes, critical_value(problem, modes), None, label))
    return found


def _canonical(problem: Problem, widths: Sequence[int]) -> list[tuple[int, ...]]:
    """Classes of saddles, those of few modes first, the highest first; of very many, the path
    that a run from small weights takes.
    """
    classes = critical_values(problem, widths)
    if classes.count > _MANY:
        return [tuple(range(k)) for k in range(min(*widths, len(problem.modes)))]
    saddles = list(classes)[1:]  # the first is the minimum
    return [m for m, value in sorted(saddles, key=lambda one: (len(one[0]), -one[1], one[0]))]


def ways(
    problem: Problem,
    widths: Sequence[int],
    nudge: Nudge,
    visits: "Itinerary | None" = None,
) -> list[Way]:
    """Return the ways down from the saddle of a nudge, the fastest first.

    The escape rays of a canonical saddle, where they exist (whitened, three layers or more);
    otherwise verified directions.

    Raises
    ------
    SettingsError
        There is no such saddle, or no way down is known.
    """
    try:
        return _ways(problem, tuple(widths), nudge, visits)
    except SettingsError:
        raise
    except DeeplinearError as error:
        raise SettingsError({"nudge": str(error)}) from None


def _ways(
    problem: Problem, widths: tuple[int, ...], nudge: Nudge, visits: "Itinerary | None"
) -> list[Way]:
    if nudge.visit is None:
        modes = nudge.modes or ()
        if problem.whitened and len(widths) >= 4:
            rays = islice(escape_rays(problem, widths, modes), WAYS)
            found = [_of_ray(ray, len(widths) - 1) for ray in rays]
        else:
            saddle = critical_point(problem, widths, modes)
            found = [
                _of_direction(problem, one) for one in escape(problem, saddle, k=WAYS).directions
            ]
    else:
        if visits is None or nudge.visit >= len(visits):
            last = len(visits or []) - 1
            text = f"must be a visit of the run, at most {last}, but it is {nudge.visit}."
            raise SettingsError({"nudge.visit": text})
        visit = visits[nudge.visit]
        if not visit.near:
            text = "must be a visit with a critical point near it, but none was found."
            raise SettingsError({"nudge.visit": text})
        found = [
            _of_direction(problem, one) for one in escape(problem, visit.network, k=WAYS).directions
        ]
    if not found:
        text = "must be a saddle with a known way down, but none was found: it may be a minimum."
        raise SettingsError({"nudge": text})
    return found


def start(
    problem: Problem,
    widths: Sequence[int],
    nudge: Nudge,
    visits: "Itinerary | None" = None,
) -> LinearNetwork:
    """Return the start on the saddle, pushed along the chosen way.

    Raises
    ------
    SettingsError
        There is no such saddle or way.
    """
    found = ways(problem, widths, nudge, visits)
    if nudge.ray >= len(found):
        text = (
            f"must be at most {len(found) - 1}: the ways down are counted from 0, and {len(found)} "
            f"{'is' if len(found) == 1 else 'are'} known; but it is {nudge.ray}."
        )
        raise SettingsError({"nudge.ray": text})
    return found[nudge.ray].start(nudge.size)


def _of_ray(ray: EscapeRay, depth: int) -> Way:
    label = f"learns {_named(ray.modes)}, order {depth}, rate {ray.rate:.3g}"
    return Way(ray.modes, depth, ray.rate, label, ray)


def _of_direction(problem: Problem, one: EscapeDirection) -> Way:
    learns = _learns(problem, one)
    rate = one.rate if one.order == 2 else one.order * one.coefficient
    what = f"learns {_named(learns)}" if learns else "falls"
    label = f"{what}, order {one.order}, rate {rate:.3g}"
    return Way(learns, one.order, rate, label, one)


def _learns(problem: Problem, one: EscapeDirection) -> tuple[int, ...]:
    """The modes whose strength grows along it, of those that grow most."""
    before = group_strengths(problem, one.network.product())
    after = group_strengths(problem, one(0.1 * one.unit).product())
    growth = np.abs(after - before)
    most = growth.max(initial=0.0)
    if not math.isfinite(most) or most <= 0:
        return ()
    return tuple(int(k) for k in np.flatnonzero(growth > 0.1 * most))


def _named(modes: Sequence[int]) -> str:
    return f"mode{'s' * (len(modes) > 1)} {set_name(modes)}" if modes else "no mode"
