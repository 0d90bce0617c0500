"""An ensemble's members as a zarr store: units as they end, each with a mark written last.

Unit k of every array is one chunk, members k * unit, ... A unit counts only once entry k of
``done`` is 1. Since units do not depend on when and by which thread they were computed, a store
that was completed after a crash is the same, byte by byte, as one written undisturbed.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.errors import StoreError
from deeplinear.problem import Problem
from deeplinear.solve._ensembles._members import COLUMNS, METHODS, NOTE_SIZE, fill_value, sizes
from deeplinear.solve._ensembles._pipeline import Piece
from deeplinear.solve._ensembles._starts import Part
from deeplinear.solve._status import Status

if TYPE_CHECKING:
    import zarr

FORMAT = "deeplinear ensemble 1"
NOTE = "note"

_UNIT_BYTES = 2**20  # of starts
_INTERRUPTED = Status.NAMES.index("interrupted")


def unit_size(n_params: int) -> int:
    """Members of a unit: a megabyte of starts, at most 1024; a matter of the widths alone."""
    return int(np.clip(_UNIT_BYTES // (8 * n_params), 16, 1024))


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"The ensemble cannot be written to {folder}: {error.strerror or error}. What is "
            "marked as done there is complete; free some space, or make the place writable, and "
            "run the same call again."
        ) from error


def identity(
    problem: Problem, widths: tuple[int, ...], options: Mapping[str, Any]
) -> dict[str, Any]:
    """What a store was made for, as its attributes: JSON keeps every float exactly."""
    return {
        "format": FORMAT,
        "widths": list(widths),
        "options": json.dumps(dict(options), sort_keys=True),
        "sxx": problem.sxx.tolist(),
        "syx": problem.syx.tolist(),
        "syy": float(problem.syy),
        "problem_notes": json.dumps(problem.notes),
        "status_names": list(Status.NAMES),
        "method_names": list(METHODS),
    }


class StoreSink:
    """Takes finished units, and knows those that an earlier run left."""

    partial = False

    def __init__(self, folder: Path, group: "zarr.Group", widths: tuple[int, ...]) -> None:
        self._folder, self._group, self._widths = folder, group, widths
        self._arrays: dict[str, Any] = {name: group[name] for name in (*COLUMNS, NOTE, "done")}
        self.unit = int(self._arrays["status"].chunks[0])
        self._done = np.array(self._arrays["done"][:])
        self._total = 0
        self._complete: Any = group.attrs.get("members")  # None: not yet

    def has(self, index: int, parts: list[Part]) -> bool:
        """Whether the unit is marked as done; its starts must then be these."""
        count = sum(len(part.places) for part in parts)
        self._total = max(self._total, index * self.unit + count)
        for part in parts:
            if part.widths != self._widths:
                raise StoreError(
                    "All starts must have the same widths to go to one store, but there are "
                    f"{self._widths} and {part.widths}. Use one store for each."
                )
        if self._complete is not None and self._total > self._complete:
            raise self._other_number(f"{self._total} or more")
        if index >= len(self._done) or self._done[index] == 0:
            return False
        first = index * self.unit
        stored = self._arrays["initial"][first : first + count]
        if len(stored) != count or not np.array_equal(stored, parts[0].vectors):
            raise StoreError(
                f"The store {self._folder} must hold these starts, but members {first} to "
                f"{first + count - 1} began elsewhere, or are not as many. Choose another folder."
            )
        return True

    def _other_number(self, number: str) -> StoreError:
        return StoreError(
            f"The store {self._folder} must hold as many members as there are starts, but it is "
            f"complete with {self._complete}, and there are {number}. Choose another folder."
        )

    def put(self, index: int, pieces: list[Piece]) -> None:
        """Write a unit and mark it, unless some of its members were interrupted."""
        if any((block.columns["status"] == _INTERRUPTED).any() for _, block in pieces):
            return
        first = index * self.unit
        count = sum(len(block) for _, block in pieces)
        with _writing(self._folder):
            self._reserve(first + count, index + 1)
            for name in COLUMNS:
                like = pieces[0][1].columns[name]
                column = np.empty((count, *like.shape[1:]), dtype=like.dtype)
                for places, block in pieces:
                    column[places] = block.columns[name]
                self._arrays[name][first : first + count] = column
            notes = np.zeros((count, NOTE_SIZE), dtype=np.uint8)
            for places, block in pieces:
                for row, note in block.notes.items():
                    notes[places[row], : len(note)] = np.frombuffer(note, dtype=np.uint8)
            self._arrays[NOTE][first : first + count] = notes
            self._arrays["done"][index] = 1
            self._done[index] = 1

    def _reserve(self, members: int, units: int) -> None:
        """Let the arrays be long enough; they double, so that this is rare."""
        if units > len(self._done):
            units = max(units, 2 * len(self._done))
            for name in (*COLUMNS, NOTE):
                self._lengthen(name, max(members, units * self.unit))
            self._lengthen("done", units)
            self._done = np.concatenate(
                [self._done, np.zeros(units - len(self._done), dtype=self._done.dtype)]
            )

    def _lengthen(self, name: str, length: int) -> None:
        array = self._arrays[name]
        array.resize((length, *array.shape[1:]))

    def close(self, *, complete: bool) -> None:
        """Say how many members there are, once all are there."""
        if not complete:
            return
        if self._complete is not None and self._complete != self._total:
            raise self._other_number(str(self._total))
        with _writing(self._folder):
            for name in (*COLUMNS, NOTE):
                self._lengthen(name, self._total)
            self._lengthen("done", -(-self._total // self.unit))
            self._group.attrs["members"] = self._total


def open_sink(
    path: str | os.PathLike[str],
    problem: Problem,
    widths: tuple[int, ...],
    options: Mapping[str, Any],
    total: int | None,
) -> StoreSink:
    """Create the store, or open it where an earlier run left it; refuse another one's."""
    import zarr

    folder = Path(path)
    wanted = identity(problem, widths, options)
    with _writing(folder):
        if not (folder / "done" / "zarr.json").exists():
            if folder.exists() and (not folder.is_dir() or not _unfinished(folder)):
                raise StoreError(
                    f"The folder {folder} must be new, or the store of an ensemble, but it holds "
                    "something else. Choose another folder."
                )
            folder.mkdir(parents=True, exist_ok=True)
            _create(folder, wanted, problem, widths, total)
        for partial in folder.rglob("*.partial"):  # of a write that a crash cut short
            partial.unlink()
        try:
            group = zarr.open_group(folder, mode="r+", zarr_format=3)
            _require_same(folder, dict(group.attrs), wanted)
            return StoreSink(folder, group, widths)
        except (KeyError, ValueError, TypeError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"The folder {folder} must hold the store of an ensemble, but it cannot be read "
                f"({type(error).__name__}: {error}). Choose another folder."
            ) from error


def _unfinished(folder: Path) -> bool:
    """Whether the folder is empty, or a store whose creation was cut short."""
    names = {entry.name for entry in folder.iterdir()}
    if not names:
        return True
    known = {*COLUMNS, NOTE, "done", "zarr.json"}
    if not all(name in known or name.endswith(".partial") for name in names):
        return False
    try:
        attributes = json.loads((folder / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, KeyError):
        return all(name.startswith("zarr.") for name in names)
    return attributes.get("format") in (None, FORMAT)


def _create(
    folder: Path,
    attributes: Mapping[str, Any],
    problem: Problem,
    widths: tuple[int, ...],
    total: int | None,
) -> None:
    """An empty store; the array `done` comes last, so that it says that the rest is there."""
    import zarr

    lengths = sizes(widths, len(problem.modes)) | {"character": NOTE_SIZE}
    unit = unit_size(lengths["parameter"])
    units = 1 if total is None else -(-total // unit)
    members = unit if total is None else total
    group = zarr.create_group(folder, attributes=dict(attributes), zarr_format=3, overwrite=True)

    def create(name: str, shape: tuple[int, ...], chunk: int, dtype: Any, dims: Any) -> None:
        group.create_array(
            name,
            shape=shape,
            chunks=(chunk, *(max(n, 1) for n in shape[1:])),
            dtype=dtype,
            fill_value=fill_value(dtype),
            dimension_names=dims,
        )

    for name, (dtype, dims) in COLUMNS.items():
        shape = (members, *(lengths[d] for d in dims))
        create(name, shape, unit, dtype, ("member", *dims))
    create(NOTE, (members, NOTE_SIZE), unit, np.uint8, ("member", "character"))
    create("done", (units,), 1, np.uint8, ("unit",))


def _require_same(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    if found.get("format") != FORMAT:
        raise StoreError(
            f"The folder {folder} must hold an ensemble in the format {FORMAT!r}, but its format "
            f"is {found.get('format')!r}. Choose another folder."
        )
    names = {"widths": "widths", "options": "options"}
    for key in wanted:
        if found.get(key) != wanted[key]:
            what = names.get(key, "problem")
            detail = f": {found.get(key)}, not {wanted[key]}" if key in names else ""
            raise StoreError(
                f"The store {folder} must be of this call, but it was made with another "
                f"{what}{detail}. Choose another folder, or repeat the call that made it."
            )
