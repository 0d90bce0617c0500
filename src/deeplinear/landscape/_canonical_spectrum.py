"""The Hessian spectrum of canonical points in closed form (theory §8)."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._classes import checked_class, unlearned_larger
from deeplinear.landscape._modes import ModeSet, learned_modes
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_CANONICAL = 1e-13
"""Imbalances and deviations of the map below this fraction of the weights' are round-off."""


def canonical_spectrum(problem: Problem, widths: Sequence[int], modes: Iterable[int]) -> Array:
    r"""Return all Hessian eigenvalues at the canonical point of a class, in closed form.

    With :math:`a_l = s_l^{(h-2)/h}`, s_k = 0 beyond the modes, and S the learned modes:

    - k, l in S: :math:`\sum_{i=1}^h s_k^{2(h-i)/h} s_l^{2(i-1)/h}`;
    - l in S, k not: :math:`a_l (s_l - s_k)` and :math:`a_l (s_l + s_k)` if k is both an input and
      an output index, else :math:`a_l s_l`;
    - h = 2: :math:`\pm s_k`, d_1 - r times each, for every unlearned mode k;
    - all others are zero.

    They hold for every balanced critical point, the canonical one up to rotations.

    Parameters
    ----------
    problem
        Whitened; inputs may be rank-deficient.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    modes
        Indices from 0, at most min(widths) of them.

    Returns
    -------
    ``(n_params,)``, ascending.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; the problem is not whitened, where there is no closed form.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> dl.landscape.canonical_spectrum(problem, (2, 2, 2), [1])
    array([-4., -3.,  0.,  0.,  0.,  2.,  4.,  5.])

    References
    ----------
    theory §8.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    if not problem.whitened:
        raise ArgumentError(
            "Argument `problem` must be whitened for a closed-form spectrum, but its inputs have a "
            "general covariance. Use deeplinear.landscape.spectrum, or whiten the inputs."
        )
    return closed_form(problem, widths, chosen)


def canonical_index(problem: Problem, widths: Sequence[int], modes: Iterable[int]) -> int:
    """Return the number of negative Hessian eigenvalues at the canonical point of a class.

    One for every pair of a learned mode and a larger one that is not; at depth 2 one more for
    every unlearned mode and free hidden node. Right for every problem, whitened or not: no change
    of bases of the hidden layers or of the inputs alters it.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    >>> dl.landscape.canonical_index(problem, (3, 3, 3, 3), [2])
    2
    >>> dl.landscape.canonical_index(problem, (3, 3, 3), [2])
    6

    References
    ----------
    theory §8.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    swaps = unlearned_larger(problem.modes.s, chosen)
    if len(widths) != 3:
        return swaps
    return swaps + (len(problem.modes) - len(chosen)) * (widths[1] - len(chosen))


def closed_form(problem: Problem, widths: tuple[int, ...], modes: ModeSet) -> Array:
    """The spectrum of a balanced critical point of whitened data."""
    h, n = len(widths) - 1, sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True))
    if h == 1:
        return np.sort(
            np.repeat([0.0, 1.0], [n - problem.rank * widths[1], problem.rank * widths[1]])
        )
    s = problem.modes.s
    rest = np.delete(s, list(modes))
    learned = s[list(modes)]
    powers = [learned ** (2 * i / h) for i in range(h)]
    inside = sum(np.outer(powers[h - 1 - i], powers[i]) for i in range(h))
    slopes = learned ** ((h - 2) / h)
    ends = problem.rank + widths[-1] - 2 * len(learned)  # unlearned input and output directions
    pairs = [slopes[:, None] * (learned[:, None] + sign * rest[None, :]) for sign in (-1.0, 1.0)]
    alone = np.repeat(slopes * learned, ends - 2 * len(rest))
    found = [np.ravel(inside), *map(np.ravel, pairs), alone]
    if h == 2:
        free = widths[1] - len(learned)
        found += [np.repeat(rest, free), np.repeat(-rest, free)]
    values = np.concatenate(found)
    return np.sort(np.concatenate([values, np.zeros(n - len(values))]))


def balanced_class(problem: Problem, net: LinearNetwork) -> ModeSet | None:
    """Return the class of a balanced critical point of whitened data, None for other networks."""
    if not problem.whitened:
        return None
    modes = learned_modes(problem, net)
    if net.depth == 1:
        return modes
    layers = [net.weights[0] if problem.factor is None else net.weights[0] @ problem.factor]
    layers += net.weights[1:]
    size = max(float(np.linalg.norm(w)) for w in layers)
    for below, above in itertools.pairwise(layers):
        if np.linalg.norm(below @ below.T - above.T @ above) > _CANONICAL * size**2:
            return None
    chosen = list(modes)
    u, s = problem.modes.u[:, chosen], problem.modes.s[chosen]
    wanted = u @ (u.T @ problem.factor_target)
    if np.linalg.norm(np.linalg.multi_dot(layers[::-1]) - wanted) > _CANONICAL * max(
        float(np.linalg.norm(s)), size**net.depth
    ):
        return None
    return modes
