"""Exact reduction: a network as the few independent small flows that it consists of (theory §5)."""

from collections.abc import Sequence

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear.flow._blocks import WHOLE, Frame, gradient_work, moving_frames
from deeplinear.flow._reduction import Block, Reduction
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def reduce(problem: Problem, net: LinearNetwork, *, tol: float = 1e-13) -> Reduction:
    r"""Reduce a network to its distinct moving blocks, exactly.

    If the node spaces split orthogonally, R^{d_i} = H_i^1 + H_i^2 + ..., so that

    .. math:: W_i H_i^k \subset H_{i+1}^k, \quad W_i^T H_{i+1}^k \subset H_i^k, \quad
              S_{yx} H_0^k \subset H_h^k, \quad S_{yx}^T H_h^k \subset H_0^k, \quad
              S_{xx} H_0^k \subset H_0^k,

    the flow keeps them, and every block k flows by itself. A block that lacks a node space is
    frozen. Over-wide hidden layers, inputs and outputs beyond the active ones, directions without
    data, and copies of equal blocks come out of the finest splitting.

    Parameters
    ----------
    problem, net
        The problem and the start.
    tol
        What ties a block to the rest is nothing if no entry of it exceeds tol times the matrix's
        root-mean-square singular value, or 4 units of round-off of its norm. The flow of the
        reduced network is that of a start changed by so much.

    Returns
    -------
    `Reduction`. Its `violation` is what was dropped, measured; do not use it above what an answer
    may be changed by.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, or `tol` is not positive.

    Notes
    -----
    Exact up to `violation`. What is not found only makes the flow slower: small square networks
    that certainly do not split are told at once; a wide network's invariant subspaces are given
    up after 40 gradients' work, or 4 without a sign of success; blocks a factor 1e7 smaller than
    others, and not in coordinates of their own, may stay together, and so may blocks of more than
    128 nodes whose spectra nearly meet.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import flow
    >>> problem = dl.Problem.from_modes(range(1, 11), d_in=60, seed=0)
    >>> small = flow.reduce(problem, dl.init.orthogonal((60, 90, 90, 10), scale=0.1, seed=0))
    >>> small.net
    LinearNetwork(widths 20-30-30-10, depth 3, 1800 parameters)
    >>> print(small.facts())
    60-90-90-10 reduced to 20-30-30-10. The rest has no gradient and stays as it starts.

    References
    ----------
    theory §5; Yaras et al., arXiv 2306.01154.
    """
    widths = net.widths
    problem.require_widths(widths)
    tol = checks.number("tol", tol, minimum=0.0, exclusive=True)
    frames, violation = moving_frames(problem, net, tol)
    full = gradient_work(widths, problem.rank, whitened=problem.factor is None)
    if frames and frames[0] is WHOLE:
        block = Block(widths, 1, has_target=bool(problem.syx.any()))
        ones = np.ones(problem.d_out)
        return Reduction(problem, net, (block,), ones, problem.floor, 0.0, net, (full, full), None)
    small_problem, small_net = _composite(problem, net.depth, frames)
    multiplicity = np.repeat([f.copies for f in frames], [f.widths[-1] for f in frames])
    blocks = tuple(
        Block(f.widths, f.copies, has_target=bool(f.maps[net.depth].matrix.any())) for f in frames
    )
    work = gradient_work(
        small_net.widths, small_problem.rank, whitened=small_problem.factor is None
    )
    return Reduction(
        small_problem,
        small_net,
        blocks,
        multiplicity.astype(np.float64) if frames else np.zeros(1),
        problem.floor + _frozen_loss(problem, frames),
        violation,
        net,
        (work if frames else 0, full),
        tuple(frames),
    )


def _composite(
    problem: Problem, depth: int, frames: Sequence[Frame]
) -> tuple[Problem, LinearNetwork]:
    """Return the block-diagonal problem and network; one zero node a layer if nothing moves."""
    if not frames:
        zeros = [np.zeros((1, 1))] * depth
        return Problem(np.eye(1), np.zeros((1, 1)), 0.0), LinearNetwork(zeros)
    maps = [
        scipy.linalg.block_diag(*(m.matrix for m in same))
        for same in zip(*(f.maps for f in frames), strict=True)
    ]
    layers, syx = maps[:depth], maps[depth]
    if problem.whitened:
        small = Problem(np.eye(syx.shape[1]), syx, float(np.vdot(syx, syx)))
    else:
        sxx = (maps[-1] + maps[-1].T) / 2
        explained = float(np.sum(Problem(sxx, syx, 0.0).factor_target ** 2))
        small = Problem(sxx, syx, explained)
    return small, LinearNetwork(layers)


def _frozen_loss(problem: Problem, frames: Sequence[Frame]) -> float:
    """Return half the square of the target beyond all blocks, which no product reaches."""
    beyond = problem.syx.copy()
    for f in frames:
        inputs, outputs = f.bases[0], f.bases[-1]
        images = (outputs @ f.maps[len(f.bases) - 1].matrix).reshape(len(outputs), -1)
        beyond -= images @ inputs.reshape(len(inputs), -1).T
    if problem.factor is not None:
        beyond = beyond @ problem.factor / np.sum(problem.factor**2, axis=0)
    return 0.5 * float(np.vdot(beyond, beyond))
