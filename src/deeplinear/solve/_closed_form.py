"""A run by closed form, where its start has one: no steps, no error but round-off (theory §7)."""

import math
from collections.abc import Callable

import numpy as np
from numba import types
from scipy.linalg.blas import dnrm2

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear.exact import Solution, applicable
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._reduced import LARGEST_VIOLATION

_GRID = 33  # times that enclose the end, and the first ones that are saved


Look = Callable[[float, Array], tuple[float, float]]
"""A state of the run is evaluated: its gap, and its speed ||dW/dt||."""


def closed_form(problem: Problem, net: LinearNetwork, rtol: float) -> Solution | None:
    """The closed form of this start's weights, if the start fits one well within the tolerance."""
    size = float(dnrm2(net.to_vector()))
    signal = float(dnrm2(problem.modes.s)) if len(problem.modes) else 0.0
    if net.depth > 1 and not _may_be_decoupled(problem, net, size, signal):
        return None
    # The forms add the change to the start, whose round-off stays when it is huge.
    if signal > 0.0 and np.finfo(float).eps * size > 1e-3 * rtol * signal ** (1.0 / net.depth):
        return None
    limit = min(LARGEST_VIOLATION, 0.01 * rtol)
    forms = (form for form in applicable(problem, net) if form.violation <= limit)
    return next((form for form in forms if form.weights is not None), None)


def _may_be_decoupled(problem: Problem, net: LinearNetwork, size: float, signal: float) -> bool:
    """Whether Sigma^T Sigma and W_0^T W_0 commute on one vector, as they do if it is decoupled.

    A handful of matrix-vector products, so that other starts lose no time; `applicable` decides.
    """
    first = net.weights[0] if problem.factor is None else net.weights[0] @ problem.factor
    target = problem.factor_target
    moderate = 1e-30 < size < 1e30 and 1e-30 < signal < 1e30 and problem.factor is None
    if not moderate:  # no product may overflow
        first, target = _scaled(first), _scaled(target)
    return target.size == 0 or bool(_commute(np.array(first), np.array(target)))


@compiled(types.boolean(types.float64[:, ::1], types.float64[:, ::1]))
def _commute(first, target):  # type: ignore[no-untyped-def]
    x = np.cos(np.arange(target.shape[1]))  # in no special position
    there = np.dot(target.T, np.dot(target, np.dot(first.T, np.dot(first, x))))
    back = np.dot(first.T, np.dot(first, np.dot(target.T, np.dot(target, x))))
    skew = there - back
    return np.dot(skew, skew) <= 1e-12 * max(np.dot(there, there), np.dot(back, back))


def _scaled(m: Array) -> Array:
    """The matrix with its largest entry scaled to 1, so that no product overflows."""
    largest = float(np.abs(m).max(initial=0.0))
    return m / largest if largest > 0 else m


def end_time(
    weights: Callable[[Array], Array],
    look: Look,
    round_off: Callable[[], float],
    target: float,
    t_end: float,
) -> tuple[float, bool]:
    """The first time at which the gap is at most `target`, and whether there is one.

    Otherwise t_end, or the time at which the speed has been round-off of the state that was
    looked at for a million times as long as it took to get there: the flow ends elsewhere. The
    weights of a form are round-off away from the flow's, as those of a start may be from a saddle.
    """
    low, high, quiet_since = 0.0, min(1e-3, t_end), math.inf
    while True:
        gap, speed = look(high, weights(np.array([high]))[0])
        if gap <= target:
            break
        quiet_since = min(quiet_since, high) if speed <= 4 * round_off() else math.inf
        if high >= t_end or high > 1e6 * quiet_since or high > 1e300:
            return high, False
        low, high = high, min(2.0 * high, t_end)
    while gap < 0.99 * target and high - low > 1e-15 * high:
        grid = np.linspace(low, high, _GRID)
        gaps = np.array([look(t, y)[0] for t, y in zip(grid, weights(grid), strict=True)])
        j = max(int(np.argmax(gaps <= target)), 1)
        low, high, gap = float(grid[j - 1]), float(grid[j]), float(gaps[j])
    return high, True


def resolved(
    weights: Callable[[Array], Array], look: Look, t_end: float, limit: int
) -> tuple[Array, Array]:
    """At most `limit` times in [0, t_end], with the states, spread evenly over what happens.

    As in `_methods._monitor.observe`, what happens is measured in the weights, in log time and in
    log gap.
    """
    y = weights(np.zeros(1))
    _, speed = look(0.0, y[0])
    first = 0.01 * float(np.linalg.norm(y[0])) / speed if speed > 0 else t_end
    first = min(max(first, 1e-3 * t_end / _GRID), t_end)
    if first == 0.0:  # nothing happens in so short a time
        return np.zeros(1), y
    t = np.geomspace(first, t_end, min(_GRID, limit - 1))
    t = np.unique(np.minimum(np.concatenate([[0.0], t]), t_end))  # it may round above t_end
    y = weights(t)
    gaps = np.array([look(*state)[0] for state in zip(t, y, strict=True)])
    while True:
        norms = np.linalg.norm(y[1:], axis=1)
        change = np.linalg.norm(np.diff(y, axis=0), axis=1) / np.maximum(norms, 1e-300) / 0.02
        with np.errstate(divide="ignore", invalid="ignore"):
            change[1:] += np.diff(np.log(t[1:])) / 0.1
            change += np.nan_to_num(np.abs(np.diff(np.log(gaps))) / 0.2, posinf=0.0)
        worst = np.argsort(-change, kind="stable")[: limit - len(t)]
        coarse = np.sort(worst[change[worst] > 1.0])
        middle = np.where(
            t[coarse] > 0, np.sqrt(t[coarse]) * np.sqrt(t[coarse + 1]), t[coarse + 1] / 2
        )
        inside = (middle > t[coarse]) & (middle < t[coarse + 1])
        coarse, middle = coarse[inside], middle[inside]
        if middle.size == 0:
            return t, y
        states = weights(middle)
        found = np.array([look(*state)[0] for state in zip(middle, states, strict=True)])
        t, y = np.insert(t, coarse + 1, middle), np.insert(y, coarse + 1, states, axis=0)
        gaps = np.insert(gaps, coarse + 1, found)
