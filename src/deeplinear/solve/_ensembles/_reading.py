"""An ensemble's members read from a store, unit by unit, as they are asked for."""

import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deeplinear._core.errors import StoreError
from deeplinear.problem import Problem
from deeplinear.solve._ensembles._members import COLUMNS, trajectory
from deeplinear.solve._ensembles._store import FORMAT, NOTE
from deeplinear.solve._status import Status
from deeplinear.solve._trajectory import Trajectory

_KEPT_UNITS = 4  # the last ones that were read


class StoredMembers:
    """The source of an `Ensemble` in a store; what was not computed yet counts as interrupted."""

    def __init__(self, folder: Path) -> None:
        import zarr

        self._folder = folder
        group: Any = zarr.open_group(folder, mode="r", zarr_format=3)
        attributes: dict[str, Any] = dict(group.attrs)
        self._arrays: dict[str, Any] = {name: group[name] for name in (*COLUMNS, NOTE)}
        self._done = np.array(group["done"][:])
        self._unit = int(self._arrays["status"].chunks[0])
        self.widths = tuple(int(d) for d in attributes["widths"])
        self.options: Mapping[str, Any] = json.loads(attributes["options"])
        self.problem = Problem(
            np.array(attributes["sxx"]),
            np.array(attributes["syx"]),
            float(attributes["syy"]),
            notes=tuple(json.loads(attributes["problem_notes"])),
        )
        self._length = int(self._arrays["status"].shape[0])
        if "members" not in attributes:  # not complete: up to the last unit that is done
            done = np.flatnonzero(self._done)
            reached = (int(done[-1]) + 1) * self._unit if done.size else 0
            self._length = min(self._length, reached)
        self._cache: OrderedDict[int, dict[str, np.ndarray]] = OrderedDict()

    def __len__(self) -> int:
        return self._length

    def _read(self, index: int) -> dict[str, np.ndarray]:
        if index not in self._cache:
            part = slice(index * self._unit, min((index + 1) * self._unit, self._length))
            self._cache[index] = {name: a[part] for name, a in self._arrays.items()}
            while len(self._cache) > _KEPT_UNITS:
                self._cache.popitem(last=False)
        self._cache.move_to_end(index)
        return self._cache[index]

    def member(self, k: int) -> Trajectory:
        """Member k."""
        index, j = divmod(k, self._unit)
        if self._done[index] == 0:
            raise StoreError(
                f"Member {k} must have been computed, but the store {self._folder} is not "
                "complete. Repeat the call of `ensemble` that made it."
            )
        unit = self._read(index)
        row = {name: unit[name][j] for name in COLUMNS}
        note = bytes(unit[NOTE][j]).rstrip(b"\0")
        return trajectory(self.problem, self.widths, row, note, self.options)

    def column(self, name: str) -> np.ndarray:
        """One of `COLUMNS` for all members."""
        values = np.array(self._arrays[name][: self._length])
        missing = np.repeat(self._done == 0, self._unit)[: self._length]
        if name == "status" and missing.any():
            values[missing] = Status.NAMES.index("interrupted")
        return values


def open_source(path: str | os.PathLike[str]) -> StoredMembers:
    """Open a store that `ensemble` wrote, complete or not."""
    folder = Path(path)
    if not folder.exists():
        raise StoreError(f"There must be a saved ensemble at {folder}, but nothing is there.")
    try:
        return StoredMembers(folder)
    except Exception as error:
        raise StoreError(
            f"The folder {folder} must hold a saved ensemble, but it cannot be read "
            f"({type(error).__name__}: {error}). It is truncated, or something else wrote it."
        ) from error


def is_ensemble(path: str | os.PathLike[str]) -> bool:
    """Whether the folder's attributes say that it is the store of an ensemble."""
    try:
        text = (Path(path) / "zarr.json").read_text()
        return bool(json.loads(text)["attributes"].get("format") == FORMAT)
    except (OSError, ValueError, KeyError):
        return False
