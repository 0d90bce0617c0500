"""`lattice`: all classes of critical points at once (theory §8, §9)."""

from collections.abc import Sequence

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._classes import critical_values
from deeplinear.landscape._dimension import critical_dimension, group_directions
from deeplinear.landscape._lattice import Lattice
from deeplinear.landscape._modes import mode_groups
from deeplinear.problem import Problem

MOST = 1 << 21
"""Classes up to which a lattice is built."""


def lattice(problem: Problem, widths: Sequence[int], *, max_rank: int | None = None) -> Lattice:
    """Build the lattice of all classes of critical points.

    The classes are the sets S of at most min(widths) modes, ordered by inclusion (for distinct
    modes a Boolean lattice, cut at that rank). The loss falls along every edge S -> S + {k}, and
    on whitened data the flow has an orbit from the canonical point of S to that of S + {k}.

    Parameters
    ----------
    problem
        Whitened or not, of any rank. Equal modes are counted by group.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    max_rank
        Leave out classes with more learned modes than this. None: all.

    Returns
    -------
    Lattice

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem; there are more than 2^21 classes. `critical_values` makes
        any number of them one by one.

    Notes
    -----
    Kind, index and escape order are those of the canonical points, in closed form for any problem:
    they do not depend on the gauge or on the inputs' covariance. 65,536 classes take tenths of a
    second.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> found = dl.landscape.lattice(problem, (3, 3, 3, 3))
    >>> found
    Lattice(widths 3-3-3-3)
      classes    8, joined by 12 orbits
      kinds      1 global minimum, 4 strict saddles, 3 non-strict saddles
      values     0 to 7
      index      at most 2
      dimension  13 to 18
    >>> found[0, 2].kind, found[0, 2].index
    ('strict saddle', 1)

    References
    ----------
    theory §8, §9; Wendin, Altafini, arXiv 2511.10362.
    """
    widths = checks.widths(widths)
    classes = critical_values(problem, widths)
    most = classes.rank
    if max_rank is not None:
        most = min(most, checks.integer("max_rank", max_rank, minimum=0))
    groups = tuple(mode_groups(problem.modes.s))
    if len(widths) == 2:
        counts = np.array([[len(group) for group in groups]], dtype=np.int16).reshape(
            1, len(groups)
        )
    else:
        counts = _all_counts([len(group) for group in groups], most, classes.count)
    rank = counts.sum(axis=1)
    value = np.full(len(counts), problem.floor)
    index, missing = np.zeros((2, len(counts)), dtype=np.int64)
    turns = np.zeros(len(counts), dtype=np.int64)
    for j, group in enumerate(groups):
        n = counts[:, j].astype(np.int64)
        squares = problem.modes.s[list(group)] ** 2
        value += 0.5 * np.concatenate([np.cumsum(squares[::-1])[::-1], [0.0]])[n]
        index += n * missing
        missing += len(group) - n
        turns += n * (len(group) - n)
    top = index == 0
    minimum = top & (rank == classes.rank) if len(widths) > 2 else np.ones(1, dtype=bool)
    kind = np.where(minimum, 0, np.where(top & (len(widths) > 3), 2, 1))
    if len(widths) == 3:
        index += (len(problem.modes) - rank) * (widths[1] - rank)
    order = np.lexsort((value, rank))
    sizes = _dimensions(problem, widths, int(rank.max(initial=0)))
    return Lattice(
        problem,
        widths,
        groups,
        counts[order],
        value[order],
        kind[order],
        index[order],
        (sizes[rank] + turns)[order] if len(widths) > 2 else sizes,
    )


def _all_counts(sizes: list[int], most: int, n_classes: int) -> np.ndarray:
    """Every way to learn at most `most` modes, group by group."""
    counts = np.zeros((1, 0), dtype=np.int16)
    for size in sizes:
        total = counts.sum(axis=1)
        parts = []
        for n in range(size + 1):
            fitting = counts[total + n <= most]
            parts.append(np.column_stack([fitting, np.full(len(fitting), n, dtype=np.int16)]))
        counts = np.concatenate(parts)
        if len(counts) > MOST:
            raise ArgumentError(
                f"The lattice must have at most {MOST} classes, but it has {n_classes}. Give a "
                "max_rank, or take classes one by one from deeplinear.landscape.critical_values."
            )
    return counts


def _dimensions(problem: Problem, widths: tuple[int, ...], most: int) -> np.ndarray:
    """The dimension of the class of the r largest modes, without the frames of equal ones."""
    if len(widths) == 2:
        return np.array([critical_dimension(problem, widths, range(len(problem.modes)))])
    groups = mode_groups(problem.modes.s)
    return np.array(
        [
            critical_dimension(problem, widths, range(r))
            - group_directions(groups, tuple(range(r)))
            for r in range(most + 1)
        ],
        dtype=np.int64,
    )
