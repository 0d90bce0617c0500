"""Exact reduction: a network as the few independent small flows that it consists of (theory §5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow._blocks import WHOLE, Frame, gradient_work, moving_frames
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class Block:
    """A part of the network that flows by itself.

    Attributes
    ----------
    widths : of one copy.
    copies : how many equal copies the network holds; one is integrated.
    has_target : whether the target reaches it; otherwise its product decays.
    """

    widths: tuple[int, ...]
    copies: int
    has_target: bool


@dataclass(frozen=True, eq=False)
class Reduction:
    """A small problem and network whose flow determines that of a larger one.

    Attributes
    ----------
    problem, net : the small ones: block-diagonal, one copy of every distinct block.
    blocks : what the blocks are, in this order.
    multiplicity : ``(net.widths[-1],)`` how many copies of it the outputs of `net` stand for: the
        loss of the large network is sum_i multiplicity[i] / 2 ||row i of the small residual||^2
        + `constant`.
    constant : the part of the loss that never changes; the problem's floor is in it.
    violation : the largest part of a layer, of the target or of Sxx that ties a block to the rest
        and was dropped, relative to what the block has of it.
    start : the large network.
    work : multiply-adds of one gradient, of the small network and of the large.
    """

    problem: Problem
    net: LinearNetwork
    blocks: tuple[Block, ...]
    multiplicity: Array
    constant: float
    violation: float
    start: LinearNetwork
    work: tuple[int, int]
    _frames: tuple[Frame, ...] | None = field(repr=False)

    @property
    def trivial(self) -> bool:
        """Whether nothing was found: the small network is the large one."""
        return self._frames is None

    @property
    def shrinks(self) -> bool:
        """Whether a gradient of the small network costs at most 0.8 of one of the large."""
        return not self.trivial and self.work[0] <= 0.8 * self.work[1]

    @property
    def frozen(self) -> tuple[int, ...]:
        """The numbers of directions of each node space that never move, inputs first."""
        if self._frames is None:
            return (0,) * len(self.start.widths)
        moving = np.sum([np.multiply(b.copies, b.widths) for b in self.blocks], axis=0, dtype=int)
        return tuple(int(d) for d in np.array(self.start.widths) - moving)

    def expand(self, net: LinearNetwork) -> LinearNetwork:
        """Return the large network of a small one; of `self.net` exactly the start."""
        if self._frames is None:
            return net
        layers = []
        for i, w in enumerate(self.start.weights):
            large = w.copy()
            change = net.weights[i] - self.net.weights[i]
            row = column = 0
            for frame in self._frames:
                below, above = frame.bases[i], frame.bases[i + 1]
                rows, columns = above.shape[2], below.shape[2]
                part = change[row : row + rows, column : column + columns]
                images = (above @ part).reshape(len(above), -1)
                large += images @ below.reshape(len(below), -1).T
                row, column = row + rows, column + columns
            layers.append(large)
        return LinearNetwork(layers)

    def restrict(self, net: LinearNetwork) -> LinearNetwork:
        """Return the small network of a large one, from the first copy of every block."""
        if net.widths != self.start.widths:
            raise ArgumentError(
                f"Argument `net` must have widths {self.start.widths}, but they are {net.widths}."
            )
        if self._frames is None or not self._frames:
            return net if self._frames is None else self.net
        return LinearNetwork(
            [
                scipy.linalg.block_diag(
                    *(f.bases[i + 1][:, 0].T @ w @ f.bases[i][:, 0] for f in self._frames)
                )
                for i, w in enumerate(net.weights)
            ]
        )

    def facts(self) -> str:
        """One or two sentences on what was reduced, for a report."""
        large = _dashed(self.start.widths)
        if self._frames is None:
            return f"{large} does not reduce."
        if not self._frames:
            return f"Nothing of {large} moves: its gradient vanishes."
        text = f"{large} reduced to {_dashed(self.net.widths)}"
        if len(self.blocks) > 1 or self.blocks[0].copies > 1:
            text += f", {len(self.blocks)} independent block" + "s" * (len(self.blocks) > 1)
            several = [f"{_dashed(b.widths)} {b.copies} times" for b in self.blocks if b.copies > 1]
            if several:
                shown = several[:3] + ["..."] * (len(several) > 3)
                text += f" (of {', '.join(shown)})"
        rest = " The rest has no gradient and stays as it starts." if any(self.frozen) else ""
        return f"{text}.{rest}"


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


def _dashed(widths: Sequence[int]) -> str:
    return "-".join(map(str, widths))
