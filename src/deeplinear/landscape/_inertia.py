"""The signs of all Hessian eigenvalues at a critical point, from its residual pattern (§8)."""

import math
from dataclasses import dataclass

from deeplinear.landscape._classes import unlearned_larger
from deeplinear.landscape._dimension import gauge_directions, group_directions
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.landscape._normal_form import natural_scales, normal_form
from deeplinear.landscape._pattern import ResidualPattern
from deeplinear.landscape._reading import read_pattern
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True, repr=False)
class Inertia:
    """How many Hessian eigenvalues are negative, zero and positive at a critical point.

    Attributes
    ----------
    index : negative ones; None if a rank is in doubt. Changes of hidden bases keep all three.
    nullity : zeros, `tangent` + `degenerate`.
    positive : positive ones.
    tangent : zeros that are tangent to the critical points of the same type (gauge, residual
        pattern, frames of equal modes, frozen inputs): along them nothing changes.
    degenerate : the other zeros, along which the loss changes at a higher order.
    pattern : the residual pattern that was read, None if its ranks do not fit together.
    decided_by : how, in a sentence.
    margin : the narrowest gap, as a factor, by which a number was told from zero.
    """

    index: int | None
    nullity: int | None
    positive: int | None
    tangent: int | None
    degenerate: int | None
    pattern: ResidualPattern | None
    decided_by: str
    margin: float

    def rows(self) -> list[tuple[str, str]]:
        """The lines that it prints, as (name, text)."""
        rows = []
        if self.index is not None:
            rows.append(
                ("inertia", f"{self.index} negative, {self.nullity} zero, {self.positive} positive")
            )
        if self.tangent is not None:
            zeros = f"{self.tangent} along the critical set"
            if self.degenerate is not None:
                zeros += f", {self.degenerate} degenerate"
            rows.append(("zeros", zeros))
        return [*rows, ("decided", f"{self.decided_by} Gap {self.margin:.2g}.")]

    def __repr__(self) -> str:
        return "Inertia\n" + "\n".join(f"  {name:9}{text}" for name, text in self.rows())


def inertia_of(problem: Problem, net: LinearNetwork, modes: ModeSet) -> Inertia:
    """The inertia at a critical point of depth >= 2 that has learned these modes."""
    if problem.rank == 0:
        text = "All inputs are zero: the loss does not depend on the weights."
        return Inertia(0, net.n_params, 0, net.n_params, 0, None, text, math.inf)
    form = normal_form(problem, net, len(modes))
    reading = read_pattern(form, len(problem.modes) - len(modes), natural_scales(problem, form))
    if not reading.certain:
        text = "The ranks of the residual layers are in doubt."
        return Inertia(None, None, None, None, None, reading.pattern, text, reading.gap)
    assert reading.pattern is not None
    return _assembled(problem, net.widths, modes, reading.pattern, reading.gap)


def _assembled(
    problem: Problem, widths: tuple[int, ...], modes: ModeSet, pattern: ResidualPattern, gap: float
) -> Inertia:
    r, n = len(modes), sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True))
    swaps = unlearned_larger(problem.modes.s, modes)
    turns = group_directions(mode_groups(problem.modes.s), modes)
    frozen = widths[1] * (problem.d_in - problem.rank)
    tangent = gauge_directions(widths, r) + pattern.dimension + turns + frozen
    residual_negative, residual_positive = residual_signs(pattern)
    ends = pattern.widths[0] + pattern.widths[-1]
    negative = swaps + residual_negative
    positive = r * r + r * ends - swaps - turns + residual_positive
    nullity = n - negative - positive
    text = "The residual pattern decides all signs."
    return Inertia(negative, nullity, positive, tangent, nullity - tangent, pattern, text, gap)


def residual_signs(pattern: ResidualPattern) -> tuple[int, int]:
    """Negative and positive Hessian eigenvalues of the residual network.

    In coordinates along the bars, the Hessian is that of the map, one positive square for every bar
    from the inputs with every bar to the outputs between which one layer can lead, and minus a
    product of two coordinates for every mode with every bar that bridges its gap alone. No two
    coordinates of a product are both seen by the map.
    """
    h, reach = pattern.depth, pattern.reach
    after = [0, *(reach[i, h] for i in range(1, h + 1))]
    positive = sum((after[i] - after[i - 1]) * reach[0, i - 1] for i in range(1, h + 1))
    negative = 0
    for (last, first), n in pattern.modes.items():
        for (born, end), k in pattern.paths.items():
            if born <= last + 1 and end >= first - 1:
                negative += n * k
                positive += n * k * (born > 0 and end < h)  # neither coordinate is seen
        # The bar may be that of a mode: its part from the inputs, or, the same product, to the
        # outputs.
        negative += n * sum(k for (other, _), k in pattern.modes.items() if other >= first - 1)
    return negative, positive


def one_layer(problem: Problem, net: LinearNetwork) -> Inertia:
    """The inertia of one layer, the same everywhere."""
    positive = problem.d_out * problem.rank
    zeros = net.n_params - positive
    text = "One layer: the Hessian is that of the inputs."
    return Inertia(0, zeros, positive, zeros, 0, None, text, math.inf)
