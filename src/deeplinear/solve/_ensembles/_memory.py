"""An ensemble's members in memory."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from deeplinear._core.errors import ArgumentError
from deeplinear.problem import Problem
from deeplinear.solve._ensembles._members import COLUMNS, Block, trajectory
from deeplinear.solve._ensembles._pipeline import Piece
from deeplinear.solve._ensembles._starts import Part
from deeplinear.solve._trajectory import Trajectory


class Source(Protocol):
    """Where an `Ensemble` reads its members from."""

    problem: Problem
    options: Mapping[str, Any]

    def __len__(self) -> int: ...

    def member(self, k: int) -> Trajectory:
        """Member k, 0 <= k < len."""

    def column(self, name: str) -> np.ndarray:
        """One of `COLUMNS` for all members."""

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of all members; an `ArgumentError` if they differ."""


class Members:
    """Sink and source in one: units as they came from the threads."""

    unit = 1024
    partial = True

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        self.problem, self.options = problem, options
        self._units: dict[int, tuple[np.ndarray, np.ndarray, list[Block]]] = {}
        self._count = 0

    def has(self, index: int, parts: list[Part]) -> bool:
        """Nothing is there before it is computed."""
        return False

    def put(self, index: int, pieces: list[Piece]) -> None:
        """Take a finished unit."""
        count = sum(len(block) for _, block in pieces)
        piece, row = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
        for j, (places, block) in enumerate(pieces):
            piece[places], row[places] = j, np.arange(len(block))
        if index not in self._units:
            self._count += count
        self._units[index] = piece, row, [block for _, block in pieces]

    def __len__(self) -> int:
        return self._count

    def member(self, k: int) -> Trajectory:
        """Member k."""
        piece, row, blocks = self._units[k // self.unit]
        block, j = blocks[piece[k % self.unit]], int(row[k % self.unit])
        if j in block.kept:
            return block.kept[j]
        columns = {name: column[j] for name, column in block.columns.items()}
        note = block.notes.get(j, b"")
        return trajectory(self.problem, block.widths, columns, note, self.options, block.seconds)

    @property
    def widths(self) -> tuple[int, ...]:
        """The widths of all members."""
        found = {block.widths for _, _, blocks in self._units.values() for block in blocks}
        if len(found) > 1:
            raise ArgumentError(
                "The members must have the same widths to stand in one array, but there are "
                f"{len(found)} different ones. Use `members[k]`."
            )
        return found.pop()

    def column(self, name: str) -> np.ndarray:
        """One of `COLUMNS` for all members."""
        dtype, dims = COLUMNS[name]
        if "parameter" in dims:
            _ = self.widths
        shape = next(iter(self._units.values()))[2][0].columns[name].shape[1:]
        result = np.empty((len(self), *shape), dtype=dtype)
        for index in self._units:
            piece, row, blocks = self._units[index]
            part = result[index * self.unit : index * self.unit + len(piece)]
            for j, block in enumerate(blocks):
                here = piece == j
                part[here] = block.columns[name][row[here]]
        return result
