"""Types of critical points: all of a class, by escape order, the extreme ones (theory §8)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.landscape._classes import checked_class, unlearned_larger
from deeplinear.landscape._largest_pattern import largest_pattern
from deeplinear.landscape._modes import ModeSet
from deeplinear.landscape._pattern import ResidualPattern, enumerate_patterns
from deeplinear.problem import Problem

Extreme = Literal["most degenerate", "least degenerate"]


def residual_patterns(
    problem: Problem, widths: Sequence[int], modes: Iterable[int]
) -> Iterator[ResidualPattern]:
    """Iterate over all types of critical points that have learned exactly these modes, lazily.

    The first is the canonical one, without residual layers. Their number is finite and grows with
    depth and widths: without a learned mode, (3, 3, 3, 3) with three modes has 23, (6, 6, 6, 6)
    with six has 106, and (3, 3, 3, 3, 3) with three has 325.

    Parameters
    ----------
    problem
        Whitened or not, of any rank.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    modes
        Indices from 0, at most min(widths) of them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; depth 1, where every critical point is a minimum.

    Examples
    --------
    >>> import collections
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> found = dl.landscape.residual_patterns(problem, (3, 3, 3, 3), [0])
    >>> sorted(collections.Counter(p.escape_order for p in found).items())
    [(2, 10), (3, 1)]

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    residual, left = _residual(
        problem, widths, checked_class(problem, checks.widths(widths), modes)
    )
    return enumerate_patterns(residual, left)


def residual_pattern(
    problem: Problem,
    widths: Sequence[int],
    modes: Iterable[int],
    *,
    escape_order: int | None = None,
    extreme: Extreme = "most degenerate",
) -> ResidualPattern:
    """Return one type of critical point that has learned exactly these modes.

    Parameters
    ----------
    problem, widths, modes
        As in `residual_patterns`.
    escape_order
        The simplest type of this order: one path of h - order + 1 hidden nodes, nothing else. For
        depth 3 and order 4, null directions of the target that block every way out.
    extreme
        Without an order: "most degenerate" is the canonical type, Z = 0, which lies in the closure
        of all others; "least degenerate" one whose points form a set of the largest dimension,
        found by a search that knows this dimension (very deep networks may need more tries than it
        makes, and get a slightly smaller one).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; no point of this class has that order; an unknown name.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> pattern = dl.landscape.residual_pattern(problem, (2, 2, 2, 2, 2, 2), [0], escape_order=3)
    >>> pattern
    ResidualPattern(widths 1-1-1-1-1-1)
      modes      1 untouched
      paths      1 of 1-3
      escape     order 3
      dimension  2

    References
    ----------
    theory §8.
    """
    chosen = checked_class(problem, checks.widths(widths), modes)
    residual, left = _residual(problem, widths, chosen)
    if escape_order is not None:
        order = checks.integer("escape_order", escape_order, minimum=2)
        if order > 2 and unlearned_larger(problem.modes.s, chosen):
            raise ArgumentError(
                f"Argument `escape_order` must be 2 for the class {chosen}, which has learned a "
                f"mode but not all larger ones, but it is {order}: exchanging the two always leads "
                "down."
            )
        return _of_order(residual, left, order)
    if extreme == "least degenerate":
        return largest_pattern(residual, left)
    if extreme != "most degenerate":
        raise unknown_name("extreme", extreme, ["most degenerate", "least degenerate"])
    return ResidualPattern(residual, {(0, len(residual) - 1): left})


def _residual(
    problem: Problem, widths: Sequence[int], modes: ModeSet
) -> tuple[tuple[int, ...], int]:
    """The residual widths and the number of unlearned modes."""
    if len(widths) == 2:
        raise ArgumentError(
            f"Argument `widths` must have a hidden layer, but it is {tuple(widths)}: with one "
            "layer the loss is convex and has one type of critical point."
        )
    r = len(modes)
    return (problem.rank - r, *(d - r for d in widths[1:])), len(problem.modes) - r


def _of_order(widths: tuple[int, ...], left: int, order: int) -> ResidualPattern:
    h = len(widths) - 1
    plain = ResidualPattern(widths, {(0, h): left})
    if plain.escape_order is None:
        raise ArgumentError(
            "Argument `escape_order` must be None for a class of minima: it holds as many modes as "
            f"the widths or the target allow, but it is {order}."
        )
    if order == h:
        return plain
    if order < h:
        return ResidualPattern(widths, {(0, h): left}, {(1, h - order + 1): 1})
    if h == 3 and order == 4:
        below, above = widths[1], widths[2]
        if widths[0] - left >= below and widths[3] - left >= above:
            return ResidualPattern(widths, {(0, 3): left}, {(0, 1): below, (2, 3): above})
        raise ArgumentError(
            "Argument `escape_order` must be at most 3: order 4 at depth 3 needs as many null "
            f"directions of the target as there are residual hidden nodes, {below} at the inputs "
            f"and {above} at the outputs, but there are {widths[0] - left} and {widths[3] - left}."
        )
    raise ArgumentError(
        f"Argument `escape_order` must be at most {h}, the depth, but it is {order}."
    )
