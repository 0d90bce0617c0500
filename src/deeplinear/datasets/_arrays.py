"""Data from NumPy's own files, never unpickled."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import DataFileError
from deeplinear.datasets._dataset import Dataset

__all__ = ["read_npy_pair", "read_npz"]


def read_npz(path: Path) -> Dataset:
    """Read arrays x and y, and maybe x_test and y_test, from an archive."""
    if not zipfile.is_zipfile(path):
        state = "empty" if path.stat().st_size == 0 else "no zip archive, or a truncated one"
        raise DataFileError(
            f"File `{path}` must be an .npz archive, but it is {state}. "
            "Write it with numpy.savez(path, x=x, y=y)."
        )
    with _foreign(f"File `{path}` must be a complete .npz archive"):
        archive = zipfile.ZipFile(path)
    with archive:
        held = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        wanted = ["x", "y", *(["x_test", "y_test"] if {"x_test", "y_test"} & set(held) else [])]
        missing = [f"`{name}`" for name in wanted if name not in held]
        if missing:
            raise DataFileError(
                f"File `{path}` must hold the arrays {', '.join(f'`{name}`' for name in wanted)}, "
                f"but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; "
                f"it holds {', '.join(f'`{name}`' for name in held) or 'none'}."
            )
        arrays = {}
        for name in wanted:
            place = f"File `{path}`, array `{name}`,"
            with _foreign(f"{place} must be readable"):
                stream = archive.open(f"{name}.npy")
            with stream:
                arrays[name] = _matrix(stream, place, column=name.startswith("y"))
    ignored = [name for name in held if name not in wanted]
    notes = (f"Arrays that were not read: {', '.join(ignored)}.",) if ignored else ()
    return _dataset(arrays, path.stem, path.name, f"File `{path}`", notes)


def read_npy_pair(x_path: Path, y_path: Path) -> Dataset:
    """Read x from one .npy file and y from another."""
    arrays = {}
    for name, path in (("x", x_path), ("y", y_path)):
        with path.open("rb") as stream:
            arrays[name] = _matrix(stream, f"File `{path}`", column=name == "y")
    source = f"{x_path.name} and {y_path.name}"
    return _dataset(arrays, x_path.stem, source, f"Files `{x_path}` and `{y_path}`")


def _dataset(
    arrays: dict[str, Array], name: str, source: str, place: str, notes: tuple[str, ...] = ()
) -> Dataset:
    for axis, what, pairs in (
        (0, "rows", (("x", "y"), ("x_test", "y_test"))),
        (1, "columns", (("x", "x_test"), ("y", "y_test"))),
    ):
        for a, b in pairs:
            if b in arrays and arrays[a].shape[axis] != arrays[b].shape[axis]:
                raise DataFileError(
                    f"{place}: `{a}` and `{b}` must have the same number of {what}, "
                    f"but they have {arrays[a].shape[axis]} and {arrays[b].shape[axis]}."
                )
    about = f"Read from {source}. Inputs are the columns of x, targets those of y."
    return Dataset(**arrays, name=name, description=about, notes=notes)  # type: ignore[arg-type]


def _matrix(stream: IO[bytes], place: str, *, column: bool) -> Array:
    """Read one array; `column`: take a vector as one column."""
    with _foreign(f"{place} must be a complete array of numbers"):
        raw: Any = np.lib.format.read_array(stream, allow_pickle=False)
    if raw.dtype.kind not in "fiub":
        raise DataFileError(
            f"{place} must hold real numbers, but its dtype is {raw.dtype}. "
            "Convert it to float64 first."
        )
    if column and raw.ndim == 1:
        raw = raw[:, None]
    if raw.ndim != 2:
        hint = " Reshape one input to (N, 1)." if raw.ndim == 1 else ""
        raise DataFileError(
            f"{place} must have one row per sample, shape {'(N, d_out) or (N,)' * column}"
            f"{'(N, d_in)' * (not column)}, but its shape is {raw.shape}.{hint}"
        )
    if raw.size == 0:
        raise DataFileError(
            f"{place} must have at least one row and one column, but its shape is {raw.shape}."
        )
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(raw, dtype=np.float64)
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        i, j = (int(k) for k in bad[0])
        raise DataFileError(
            f"{place} must be finite, but {len(bad)} of its {array.size} entries are not, the "
            f"first at index [{i}, {j}] (row {i}, column {j}, counted from 0): {array[i, j]}."
        )
    return array


@contextmanager
def _foreign(text: str) -> Iterator[None]:
    """Name every failure: on foreign bytes, zipfile, zlib and numpy fail in many ways."""
    try:
        yield
    except Exception as error:
        reason = (str(error) or type(error).__name__).rstrip(".")
        if "Object arrays" in reason:
            reason = "it is an object array, which only unpickling could read"
        raise DataFileError(f"{text}, but: {reason}.") from error
