"""The start of a grown curve: a step off a saddle, checked (theory §8, §9)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.flow import vector_field
from deeplinear.landscape import Classification, classify, natural_weight
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

Direction = Sequence[ArrayLike]
"""Matrices shaped as the weights."""

CurvedDirection = Callable[[float], LinearNetwork]
"""The network at a distance, for escapes along curves."""

NEAR = 1e-3
"""The default distance of the start from the saddle, in natural weights s_0^{1/h}."""

_STANDS_OUT = 10.0  # times the gradient at the saddle is what the one at the start must exceed


@dataclass(frozen=True)
class Saddle:
    """A critical point from which curves are grown, checked.

    size: the norm of the point or of a balanced global minimum, whichever is larger; natural: the
    weight of the largest mode in a balanced network.
    """

    problem: Problem
    network: LinearNetwork
    kind: Classification
    natural: float
    size: float

    @classmethod
    def of(cls, problem: Problem, saddle: LinearNetwork, *, leaves: bool) -> "Saddle":
        """Check a saddle; if `leaves`, refuse minima, which nothing leaves."""
        if not isinstance(saddle, LinearNetwork):
            raise ArgumentTypeError(
                f"Argument `saddle` must be a LinearNetwork, but it is of type "
                f"{type(saddle).__name__}."
            )
        kind = classify(problem, saddle)
        if kind.kind == "not critical":
            raise ArgumentError(
                "Argument `saddle` must be a critical point, but its gradient has norm "
                f"{kind.gradient_norm:.3g}. Take landscape.refine(problem, saddle).network."
            )
        if leaves and kind.kind == "global minimum":
            raise ArgumentError(
                "Argument `saddle` must be a saddle, but it is a global minimum: its unstable set "
                "is the point itself, because the loss cannot fall."
            )
        depth, s = saddle.depth, problem.modes.s[: min(saddle.widths)]
        minimum = math.sqrt(depth * float(np.sum(s ** (2 / depth))))
        size = max(float(np.linalg.norm(saddle.to_vector())), minimum) or 1.0
        return cls(problem, saddle, kind, natural_weight(problem, depth), size)

    def step(self, name: str, direction: Direction) -> Array:
        """Return a direction as a vector."""
        weights = self.network.weights
        try:
            if isinstance(direction, str):
                raise TypeError
            entries = tuple(direction)
        except TypeError:
            raise ArgumentTypeError(
                f"Argument `{name}` must be a sequence of {len(weights)} matrices shaped as the "
                "weights. For a vector v, take LinearNetwork.from_vector(v, widths).weights."
            ) from None
        parts = checks.shaped_as_weights(name, entries, weights)
        vector = np.concatenate([part.ravel() for part in parts])
        if not vector.any():
            raise ArgumentError(f"Argument `{name}` must not be zero: it leads nowhere.")
        return vector

    def distance(self, value: float | None, length: float) -> float:
        """Return the distance, by default `NEAR` natural weights along a step of this length."""
        if value is None:
            return NEAR * self.natural / length
        return checks.number("distance", value, minimum=0.0, exclusive=True)

    def start(
        self, direction: Direction | CurvedDirection, distance: float | None
    ) -> LinearNetwork:
        """Return the network at that distance along a direction, straight or curved."""
        if callable(direction) and not isinstance(direction, LinearNetwork):
            there = direction(self.distance(distance, 1.0))
            if not isinstance(there, LinearNetwork) or there.widths != self.network.widths:
                given = getattr(there, "widths", type(there).__name__)
                raise ArgumentError(
                    f"Argument `direction` must return a LinearNetwork of widths "
                    f"{self.network.widths}, but it returned {given}."
                )
            return there
        step = self.step("direction", direction)
        step = self.distance(distance, float(np.linalg.norm(step))) * step
        return LinearNetwork.from_vector(self.network.to_vector() + step, self.network.widths)

    def fault(self, start: LinearNetwork, *, falls: bool) -> str:
        """Say why no curve can be grown from this start; nothing if one can.

        The change of the loss is the integral of the gradient along the straight step, exact with
        h nodes: the difference of two losses could not resolve it.
        """
        f, _ = vector_field(self.problem, start.widths)
        origin = self.network.to_vector()
        step = start.to_vector() - origin
        here, there = (float(np.linalg.norm(f(0.0, y))) for y in (origin, origin + step))
        if there <= _STANDS_OUT * here:
            return (
                f"its gradient, {there:.2g}, does not stand out from that at the saddle, "
                f"{here:.2g}: it leads along the critical set, or the saddle or the distance must "
                "be refined or enlarged"
            )
        nodes, weights = np.polynomial.legendre.leggauss(start.depth)
        slopes = [-float(f(0.0, origin + 0.5 * (1 + x) * step) @ step) for x in nodes]
        change = 0.5 * float(weights @ slopes)
        doubt = _STANDS_OUT * here * float(np.linalg.norm(step))
        if falls and change > doubt:
            return f"the loss rises there, by {change:.2g}, and on an unstable set it falls"
        if not falls and change < -doubt:
            return f"the loss falls there, by {-change:.2g}, and on a stable set it is higher"
        return ""
