"""`ends_in`: whether a start flows into the critical points of a class, as far as known (§9)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.exact import Decoupling, decoupling
from deeplinear.flow import loss
from deeplinear.landscape._classes import checked_class, critical_values
from deeplinear.landscape._classify import classify
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.landscape._normal_form import whitened_layers
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_DECOUPLED = 1e-10
"""Violations of the decoupled structure up to this are round-off (`exact.decoupling`)."""

_ZERO = 1e-12
"""Relative size up to which a weight, an imbalance or a difference of amplitudes is zero."""

_MOST = 5000
"""Classes that are looked at before it is left open."""


@dataclass(frozen=True)
class Membership:
    """Whether a start lies in the stable set of a class.

    Attributes
    ----------
    answer : True or False where the theory decides, None where only the flow can tell.
    reason : why, in sentences.
    possible : the classes that the start may end in; None if they are too many. One class: the
        limit is known.
    """

    answer: bool | None
    reason: str
    possible: tuple[ModeSet, ...] | None


def ends_in(problem: Problem, start: LinearNetwork, modes: Iterable[int]) -> Membership:
    """Say whether the flow from a start ends in the critical points that have learned these modes.

    What is known, in this order (theory §9):

    - one layer: every start ends in the minimum; a critical start stays where it is;
    - a decoupled start is a set of scalar chains. A mode is learned, unless two of its amplitudes
      are zero, or its product has the wrong sign and its smallest amplitude is not the only one
      of that size;
    - a mode that neither the first nor the last layer touches is never learned (whitened data): the
      network is block-diagonal, with a zero residual block;
    - the rank of a balanced network does not grow, not in the limit either;
    - the loss falls: the limit has a critical value below the loss of the start.

    If these leave one class, it is the limit.

    Parameters
    ----------
    problem
        Whitened or not; for a general covariance the second and third rules do not apply.
    start
        Any network.
    modes
        The class.

    Returns
    -------
    Membership

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, the modes are no class.

    Notes
    -----
    Rules hold for the numbers as they are: weights below 1e-12 of their layer are zero. The flow
    as integrated leaves a stable set by round-off in the end.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([1.0])
    >>> wrong_sign = dl.LinearNetwork([[[0.5]], [[-0.5]]])  # on a_1 = -a_2
    >>> dl.landscape.ends_in(problem, wrong_sign, []).answer
    True
    >>> beside = dl.LinearNetwork([[[0.5]], [[-0.4]]])
    >>> found = dl.landscape.ends_in(problem, beside, [])
    >>> found.answer, found.possible
    (False, ((0,),))

    References
    ----------
    theory §9; Bah, Rauhut, Terstiege, Westdickenberg, arXiv 1910.05505.
    """
    chosen = checked_class(problem, start.widths, modes)
    limit, reason = _known_limit(problem, start)
    if limit is not None:
        return Membership(limit == chosen, reason, (limit,))
    possible, reasons = _possible(problem, start)
    if possible is None:
        text = f"More than {_MOST} classes lie below the loss of the start; only the flow can tell."
        return Membership(None, text, None)
    reason = " ".join(reasons)
    if chosen not in possible:
        return Membership(False, reason, possible)
    if len(possible) == 1:
        return Membership(True, f"{reason} No other class is left.".strip(), possible)
    text = f"{reason} {len(possible)} classes are left: only the flow can tell."
    return Membership(None, text.strip(), possible)


def _known_limit(problem: Problem, start: LinearNetwork) -> tuple[ModeSet | None, str]:
    """The class of the limit where one rule gives it."""
    if start.depth == 1:
        return tuple(range(len(problem.modes))), "One layer: the loss is convex."
    if not any(np.any(w) for w in start.weights):
        return (), "All weights are zero, a critical point."
    verdict = classify(problem, start, tol=_ZERO)
    if verdict.kind not in ("not critical", "undecided"):
        return verdict.modes, f"The start is critical: a {verdict.kind}."
    if problem.whitened:
        found = decoupling(problem, start)
        if found.violation <= _DECOUPLED and found.s.size:
            return _limit_of_chains(problem, found)
    return None, ""


def _limit_of_chains(problem: Problem, found: Decoupling) -> tuple[ModeSet, str]:
    """The modes that scalar chains learn; those without a chain stay where they are."""
    s = problem.modes.s
    learned, stuck = [0] * len(s), []
    for value, a, u in zip(found.s, found.amplitudes.T, found.frames[-1].T, strict=True):
        if value <= _ZERO * float(s[0] if len(s) else 1.0):
            continue
        k = int(np.argmax(np.abs(problem.modes.u.T @ u)))
        if _is_learned(a):
            learned[k] += 1
        else:
            stuck.append(k)
    held = [sum(learned[k] for k in group) for group in mode_groups(s)]
    modes = tuple(k for group, n in zip(mode_groups(s), held, strict=True) for k in group[:n])
    reason = "The start is decoupled: every mode is a scalar chain."
    if stuck:
        who = ", ".join(map(str, sorted(set(stuck))))
        reason += (
            f" In mode {who} the product has the wrong sign and two amplitudes share the smallest "
            "size: it ends at zero."
        )
    missing = len(s) - len(modes) - len(stuck)
    if missing > 0:
        reason += f" {missing} further mode{'s have' if missing > 1 else ' has'} two or more zeros."
    return modes, reason


def _is_learned(amplitudes: Array) -> bool:
    sizes = np.sort(np.abs(amplitudes))
    if np.prod(np.sign(amplitudes)) >= 0:  # right sign; or one zero, which moves the right way
        return True
    return bool(sizes[1] - sizes[0] > _ZERO * sizes[1]) if len(sizes) > 1 else True


def _possible(
    problem: Problem, start: LinearNetwork
) -> tuple[tuple[ModeSet, ...] | None, list[str]]:
    """The classes that no rule excludes, and the rules that excluded others."""
    reasons = []
    groups = mode_groups(problem.modes.s)
    room = [len(group) for group in groups]
    if problem.whitened:
        room = _touched(problem, start, groups)
        if sum(room) < len(problem.modes):
            missing = len(problem.modes) - sum(room)
            reasons.append(
                f"{missing} mode{'s are' if missing > 1 else ' is'} touched by neither the first "
                "nor the last layer, and never learned."
            )
    most = min(*start.widths, len(problem.modes))
    rank = _balanced_rank(start)
    if rank is not None and rank < most:
        reasons.append(f"The start is balanced, and its rank of {rank} cannot grow.")
        most = rank
    bound = loss(problem, start)
    found = []
    for count, (modes, value) in enumerate(critical_values(problem, start.widths)):
        if value >= bound:
            reasons.append(f"The limit has a loss below that of the start, {bound:.6g}.")
            break
        if count == _MOST:
            return None, reasons
        held = [sum(k in modes for k in group) for group in groups]
        if len(modes) <= most and all(a <= b for a, b in zip(held, room, strict=True)):
            found.append(modes)
    return tuple(found), reasons


def _touched(problem: Problem, start: LinearNetwork, groups: list[ModeSet]) -> list[int]:
    """How many directions of each group of modes an outer layer touches."""
    layers = whitened_layers(problem, start)
    first, last = start.weights[0], layers[-1]
    found = []
    for group in groups:
        chosen = list(group)
        v = problem.modes.v[:, chosen]
        inward = first @ v / (float(np.linalg.norm(first)) or 1.0)
        outward = last.T @ problem.modes.u[:, chosen] / (float(np.linalg.norm(last)) or 1.0)
        sizes = np.linalg.svd(np.vstack([inward, outward]), compute_uv=False)
        found.append(int(np.sum(sizes > _ZERO)))
    return found


def _balanced_rank(start: LinearNetwork) -> int | None:
    """The rank of the map of a balanced network; None for others."""
    size = max(float(np.linalg.norm(w)) for w in start.weights)
    imbalance = max(float(np.linalg.norm(c)) for c in start.imbalance())
    if imbalance > _ZERO * size**2:
        return None
    # Balanced layers share their singular values, so that any of them tells the rank.
    values = np.linalg.svd(start.weights[-1], compute_uv=False)
    return int(np.sum(values > math.sqrt(_ZERO) * values[0]))
