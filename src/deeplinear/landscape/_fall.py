"""The fall of the actual loss along a curve, without differences of losses (theory §8)."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow import gradient
from deeplinear.landscape._modes import natural_weight
from deeplinear.landscape._normal_form import signals
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_RADII = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 4e-3, 2e-3, 1e-3, 4e-4, 2e-4, 1e-4)
"""Distances, in units of the largest mode's weight, at which a direction is tried on the loss."""

_SLOPE, _COEFFICIENT = 0.1, 0.1
"""How far the measured exponent, and relatively the coefficient, may be off."""

_NOISE = 300.0
"""A fall of the loss counts if it is so many times what is left of the gradient explains."""

_SMALL_RADII = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""The same for unstable eigenvectors."""


def expansion(problem: Problem, net: LinearNetwork, direction: list[Array]) -> list[Array]:
    """The terms of P(W + eps V) F by powers of eps, 0 to depth."""
    zero = np.zeros((1, 1))
    terms: list[Array] = [np.eye(problem.d_in) if problem.factor is None else problem.factor]
    for w, v in zip(net.weights, direction, strict=True):
        terms = [
            (w @ terms[k] if k < len(terms) else zero) + (v @ terms[k - 1] if k else zero)
            for k in range(len(terms) + 1)
        ]
    return terms


class Fall:
    """L(W) - L(W + step) as a sum of its terms, without a difference of losses.

    What round-off has left of the gradient is taken out; `slope` is its norm.
    """

    def __init__(self, problem: Problem, net: LinearNetwork) -> None:
        self.problem, self.net = problem, net
        self.unit = natural_weight(problem, net.depth)
        self._gradient = gradient(problem, net)
        self.slope = math.hypot(*(float(np.linalg.norm(g)) for g in self._gradient))
        self._before, _ = signals(problem, net)
        self._residual = problem.factor_target - self._before[-1]

    def __call__(self, step: Sequence[Array]) -> float:
        change = np.zeros_like(self._before[0])
        for w, d, product in zip(self.net.weights, step, self._before, strict=False):
            change = w @ change + d @ (product + change)
        slope = sum(float(np.vdot(g, d)) for g, d in zip(self._gradient, step, strict=True))
        rise = 0.5 * float(np.vdot(change, change)) - float(np.vdot(self._residual, change))
        return slope - rise


def measured_exponent(
    fall: Fall,
    direction: tuple[Array, ...],
    exponents: tuple[int, ...],
    order: int,
    coefficient: float,
) -> float | None:
    """The exponent of the fall of the actual loss along a curve, None if it is not the order."""
    net, unit, s = fall.net, fall.unit, float(fall.problem.modes.s[0])
    sizes = [max(unit, float(np.linalg.norm(w, 2))) for w in net.weights]
    noise = 1e-15 * (s + math.prod(sizes)) * unit ** (net.depth - 1)
    falls = []
    for radius in _RADII:
        eps = radius * unit
        here = fall([eps**e * v for e, v in zip(exponents, direction, strict=True)])
        if here > _NOISE * eps * max(fall.slope, noise):
            falls.append((eps, here))
    for (eps_a, a), (eps_b, b) in reversed(list(itertools.pairwise(falls))):
        exponent = math.log(a / b) / math.log(eps_a / eps_b)
        size = b / (coefficient * eps_b**order)
        if abs(exponent - order) <= _SLOPE and abs(size - 1) <= _COEFFICIENT:
            return exponent
    return None


def measured_curvature(fall: Fall, v: tuple[Array, ...], rate: float) -> float | None:
    """The exponent of the fall of the actual loss along +v and -v together; None if it is not 2.

    Both signs, because the third order can be as large as the second.
    """
    falls = []
    for eps in np.array(_SMALL_RADII) * fall.unit:
        steps = ([sign * eps * part for part in v] for sign in (1.0, -1.0))
        falls.append((eps, 0.5 * sum(fall(step) for step in steps)))
    for (eps_a, a), (eps_b, b) in itertools.pairwise(falls):
        if min(a, b) > 0.0 and abs(b / (0.5 * rate * eps_b**2) - 1.0) < 0.1:
            exponent = math.log(a / b) / math.log(eps_a / eps_b)
            if abs(exponent - 2.0) < 0.1:
                return exponent
    return None
