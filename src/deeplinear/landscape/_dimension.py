"""The dimension of the critical set of a class (theory §8, §10)."""

from collections.abc import Iterable, Sequence

from deeplinear._core import checks
from deeplinear.geometry import fiber
from deeplinear.landscape._classes import checked_class
from deeplinear.landscape._modes import ModeSet, mode_groups
from deeplinear.problem import Problem


def critical_dimension(problem: Problem, widths: Sequence[int], modes: Iterable[int]) -> int:
    r"""Return the dimension of the set of critical points that have learned exactly these modes.

    .. math:: \sum_{i=1}^{h-1} \left( d_i^2 - (d_i - r)^2 \right) + \dim Z
              + \sum_{\text{groups}} q (g - q) + d_1 (d_0 - \mathrm{rank}\, S_{xx})

    with r = |S|: the motions of the learned path, the residual layers, the frames of groups of g
    equal modes with q learned ones, and first layers that no input sees. With n unlearned modes,
    residual widths D_i, and c the codimension of the fiber of zero (`geometry.fiber`), the residual
    layers have the codimension

    .. math:: 2\, c(n, D_1, \ldots, D_{h-1}) + c(D_0 - n, D'_1, \ldots, D'_{h-1}, D_h - n)

    among all of these widths, where D' is what n units, each added to the smallest of the hidden
    D_i, make of them, less n (zero if negative; c is zero if a width is). 0 is an isolated point.

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
        As `critical_point`.

    Notes
    -----
    The formula was found here, from enumerations of all residual patterns, and is not proven. It
    agrees with them in all 2,813 cases with widths up to 6, 4, 2 and 1 at depths 2, 3, 4 and 5, and
    with tangent spaces at random points (`tests/landscape/test_dimension.py`).

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> for modes in ((), (0,), (0, 1), (0, 1, 2)):
    ...     print(modes, dl.landscape.critical_dimension(problem, (3, 3, 3, 3), modes))
    () 13
    (0,) 16
    (0, 1) 17
    (0, 1, 2) 18

    References
    ----------
    theory §8, §10; Lehalleur, Rimányi, arXiv 2411.19920.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    frozen = widths[1] * (problem.d_in - problem.rank)
    if len(widths) == 2:
        return frozen
    r, m = len(chosen), len(problem.modes)
    residual = (problem.rank - r, *(d - r for d in widths[1:]))
    return (
        gauge_directions(widths, r)
        + residual_dimension(residual, m - r)
        + group_directions(mode_groups(problem.modes.s), chosen)
        + frozen
    )


def gauge_directions(widths: tuple[int, ...], r: int) -> int:
    """Dimension of the choices of r learned directions and their complements in hidden layers."""
    return sum(d * d - (d - r) ** 2 for d in widths[1:-1])


def group_directions(groups: list[ModeSet], modes: ModeSet) -> int:
    """Dimension of the choices of learned directions inside groups of equal modes."""
    held = [sum(k in modes for k in group) for group in groups]
    return sum(q * (len(group) - q) for q, group in zip(held, groups, strict=True))


def residual_dimension(widths: tuple[int, ...], n_modes: int) -> int:
    """Dimension of all critical residual layers of product zero, the residual target fixed."""
    hidden, n = widths[1:-1], n_modes
    left = [max(d - n, 0) for d in _filled(hidden, n)]
    codimension = 2 * _zero(n, *hidden) + _zero(widths[0] - n, *left, widths[-1] - n)
    return sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True)) - codimension


def _filled(widths: Sequence[int], units: int) -> list[int]:
    """The widths after units were added to the smallest, one after the other."""
    filled = sorted(widths)
    for k in range(1, len(filled) + 1):
        if k == len(filled) or k * filled[k] - sum(filled[:k]) >= units:
            break
    level, extra = divmod(sum(filled[:k]) + units, k)
    return [level + (j < extra) for j in range(k)] + filled[k:]


def _zero(*widths: int) -> int:
    """Codimension of the networks of these widths with product zero."""
    return fiber(widths, 0).codimension if min(widths) > 0 else 0
