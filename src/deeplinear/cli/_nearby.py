"""The critical point near a state, and how far it is: what `classify` and `escape` look at."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deeplinear import LinearNetwork, Problem
from deeplinear._core.errors import ArgumentError

if TYPE_CHECKING:
    from deeplinear.landscape import Refinement

_FAR = 0.1  # a displacement above this share of the weights, or of one learned mode, is warned of
_HUGE = 1e8  # weights this many times one learned mode drown critical points in round-off
_WARNING = (
    "That is more than a tenth of the weights: what is true of the point found says little about "
    "the given one."
)


@dataclass(frozen=True)
class Nearby:
    """A critical point near a network with norm `norm`; without refinement the network itself."""

    network: LinearNetwork
    norm: float
    one_mode: float
    refined: "Refinement | None"

    def document(self) -> dict[str, Any] | None:
        """How far it is; None without refinement."""
        if self.refined is None:
            return None
        return {
            "displacement": self.refined.displacement,
            "weights_norm": self.norm,
            "far": self.refined.displacement > _FAR * max(self.norm, self.one_mode),
            "gradient_norm": self.refined.gradient_norm,
            "converged": self.refined.converged,
        }


def nearby(problem: Problem, net: LinearNetwork, *, refine: bool) -> Nearby:
    """Find the critical point near a network, or take the network as it is.

    Raises
    ------
    ArgumentError
        The weights are so large that round-off hides what is critical.
    """
    from deeplinear import landscape

    norm = math.hypot(*map(float, net.to_vector()))
    # The weights of one learned mode: a small start is near the saddle at zero.
    one_mode = math.sqrt(net.depth) * landscape.natural_weight(problem, net.depth)
    if not norm <= _HUGE * one_mode:
        raise ArgumentError(
            f"Argument `TARGET` must hold weights of a norm up to {_HUGE:g} times that of one "
            f"learned mode, {one_mode:.2g}, but it is {norm:.2g}: round-off hides what is critical."
        )
    found = landscape.refine(problem, net) if refine else None
    return Nearby(net if found is None else found.network, norm, one_mode, found)


def refined_rows(moved: dict[str, Any] | None) -> list[tuple[str, str]]:
    """How far the point is, as lines for people; none without refinement."""
    if moved is None:
        return []
    what = "critical" if moved["converged"] else "best, but not critical,"
    text = (
        f"to the {what} point near it, at distance {moved['displacement']:.2g} (the norm of the "
        f"weights is {moved['weights_norm']:.3g})"
    )
    return [("refined", text), *([("warning", _WARNING)] if moved["far"] else [])]
