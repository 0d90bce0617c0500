"""The signs of all Hessian eigenvalues at a critical point, from its residual pattern (§8)."""

import math
from dataclasses import dataclass

import numpy as np

from deeplinear.flow import compress
from deeplinear.landscape._classes import unlearned_larger
from deeplinear.landscape._dimension import gauge_directions, group_directions
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.landscape._normal_form import NormalForm, natural_scales, normal_form
from deeplinear.landscape._pattern import ResidualPattern
from deeplinear.landscape._reading import Reading, read_pattern
from deeplinear.landscape._spectrum import NEGATIVE, spectrum
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

DENSE_UP_TO = 2500
"""Parameters of the compressed residual network whose Hessian is diagonalized for its signs."""


@dataclass(frozen=True, repr=False)
class Inertia:
    """How many Hessian eigenvalues are negative, zero and positive at a critical point.

    Attributes
    ----------
    index : negative ones; None if undecided. Every change of hidden bases keeps all three numbers.
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
    return _assembled(problem, net.widths, modes, form, reading, reading.pattern)


def _assembled(
    problem: Problem,
    widths: tuple[int, ...],
    modes: ModeSet,
    form: NormalForm,
    reading: Reading,
    pattern: ResidualPattern,
) -> Inertia:
    r, n = len(modes), sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True))
    swaps = unlearned_larger(problem.modes.s, modes)
    turns = group_directions(mode_groups(problem.modes.s), modes)
    frozen = widths[1] * (problem.d_in - problem.rank)
    tangent = gauge_directions(widths, r) + pattern.dimension + turns + frozen
    rest, margin, reason = _residual_signs(form, reading, pattern)
    if rest is None:
        return Inertia(None, None, None, tangent, None, pattern, reason, margin)
    ends = pattern.widths[0] + pattern.widths[-1]
    negative = swaps + rest[0]
    positive = r * r + r * ends - swaps - turns + rest[1]
    nullity = n - negative - positive
    return Inertia(negative, nullity, positive, tangent, nullity - tangent, pattern, reason, margin)


def _residual_signs(
    form: NormalForm, reading: Reading, pattern: ResidualPattern
) -> tuple[tuple[int, int] | None, float, str]:
    """Negative and positive eigenvalues of the residual network, the gap, and the reason."""
    if pattern.escape_order != 2:
        return (
            (0, gauss_newton_rank(pattern)),
            reading.gap,
            "The residual pattern decides all signs.",
        )
    scale = float(np.linalg.norm(form.rest, 2))
    problem = Problem.from_target(form.rest / scale)
    net = LinearNetwork([*reading.z[:-1], reading.z[-1]])
    left = compress(problem, net).net.n_params
    if left > DENSE_UP_TO:
        text = (
            f"At order 2 the residual network decides, and {left} of its parameters are too many "
            f"for a dense Hessian (at most {DENSE_UP_TO})."
        )
        return None, reading.gap, text
    values = spectrum(problem, net)
    threshold = NEGATIVE * max(float(np.abs(values).max()), 1.0)
    sizes = np.abs(values)
    gap = float(sizes[sizes > threshold].min(initial=math.inf)) / max(
        float(sizes[sizes <= threshold].max(initial=0.0)), 1e-16
    )
    signs = int(np.sum(values < -threshold)), int(np.sum(values > threshold))
    return signs, min(gap, reading.gap), "The Hessian of the residual network decides its signs."


def gauss_newton_rank(pattern: ResidualPattern) -> int:
    """Positive eigenvalues of a residual network whose loss has no descent of order 2."""
    h, reach = pattern.depth, pattern.reach
    after = [0, *(reach[i, h] for i in range(1, h + 1))]
    return sum((after[i] - after[i - 1]) * reach[0, i - 1] for i in range(1, h + 1))


def one_layer(problem: Problem, net: LinearNetwork) -> Inertia:
    """The inertia of one layer, the same everywhere."""
    positive = problem.d_out * problem.rank
    zeros = net.n_params - positive
    text = "One layer: the Hessian is that of the inputs."
    return Inertia(0, zeros, positive, zeros, 0, None, text, math.inf)
