"""A reduced network: the small one, and the way back to the large (theory §5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import scipy.linalg

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow._blocks import Frame
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

    @property
    def bases(self) -> tuple[tuple[Array, ...], ...]:
        """For every block, ``(d_i, copies, k_i)`` orthonormal bases of each node space."""
        return tuple(frame.bases for frame in self._frames or ())

    @classmethod
    def restored(
        cls,
        problem: Problem,
        net: LinearNetwork,
        start: LinearNetwork,
        *,
        blocks: Sequence[tuple[Sequence[int], int, bool]],
        bases: Array,
        constant: float,
        violation: float,
        work: tuple[int, int],
    ) -> Self:
        """Return a reduction from its stored parts; `bases` one after the other, flat."""
        parts = [Block(tuple(w), int(copies), bool(t)) for w, copies, t in blocks]
        frames, at = [], 0
        for block in parts:
            own = []
            for d, k in zip(start.widths, block.widths, strict=True):
                size = d * block.copies * k
                own.append(bases[at : at + size].reshape(d, block.copies, k))
                at += size
            frames.append(Frame(tuple(own), ()))
        multiplicity = np.repeat([float(b.copies) for b in parts], [b.widths[-1] for b in parts])
        if not parts:
            multiplicity = np.zeros(1)
        return cls(
            problem, net, tuple(parts), multiplicity, constant, violation, start, work,
            tuple(frames),
        )  # fmt: skip

    def expand_products(self, products: Array) -> Array:
        """Return the large end-to-end maps, ``(k, d_out, d_in)``, of small ones."""
        if self._frames is None:
            return products
        large = np.repeat(self.start.product()[None], len(products), axis=0)
        change = products - self.net.product()
        row = column = 0
        for frame in self._frames:
            below, above = frame.bases[0], frame.bases[-1]
            rows, columns = above.shape[2], below.shape[2]
            part = change[:, row : row + rows, column : column + columns]
            images = np.einsum("oci,kij->kocj", above, part)
            large += images.reshape(len(part), len(above), -1) @ below.reshape(len(below), -1).T
            row, column = row + rows, column + columns
        return large

    @property
    def node_copies(self) -> list[Array]:
        """Rows of layer i of the small network stand for so many of the large: entry i."""
        return [
            np.repeat(
                [float(b.copies) for b in self.blocks], [b.widths[i + 1] for b in self.blocks]
            )
            for i in range(self.net.depth)
        ]

    @property
    def frozen_squares(self) -> Array:
        """``(depth,)``: the square of the norm of what never moves, of each layer."""
        moving = [
            float(np.sum(copies[:, None] * w * w))
            for copies, w in zip(self.node_copies, self.net.weights, strict=True)
        ]
        whole = [float(np.vdot(w, w)) for w in self.start.weights]
        return np.maximum(np.subtract(whole, moving), 0.0)

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


def _dashed(widths: Sequence[int]) -> str:
    return "-".join(map(str, widths))
