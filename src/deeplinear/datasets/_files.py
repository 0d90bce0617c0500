"""Reading a user's own data file."""

import os
from collections.abc import Sequence
from pathlib import Path

from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DataFileError
from deeplinear.datasets._arrays import read_npy_pair, read_npz
from deeplinear.datasets._csv import read_csv
from deeplinear.datasets._dataset import Dataset

__all__ = ["read"]

PathLike = str | os.PathLike[str]


def read(
    path: PathLike | tuple[PathLike, PathLike],
    *,
    targets: str | Sequence[str] | None = None,
    standardize: bool = False,
) -> Dataset:
    r"""Read inputs and targets from a file.

    Parameters
    ----------
    path
        One of

        - a ``.csv`` (or ``.tsv``) text file, UTF-8, with a header row of distinct names and
          numbers below it. The delimiter is the one of comma, semicolon and tab that cuts the
          header into most names (a tie goes to the first). Fields may be quoted; blank lines are
          skipped. Decimals have a point.
        - a ``.npz`` archive with arrays ``x`` (N, d_in) and ``y`` (N, d_out) or (N,), and maybe
          ``x_test`` and ``y_test``. Pickled objects are refused.
        - a pair of ``.npy`` files, as a tuple of two paths or as the string ``"x.npy,y.npy"``.
    targets
        The target columns of a CSV file, in this order: a list of names or a comma separated
        string. All other columns are inputs. Arrays have no names: leave it out for them.
    standardize
        Bring every input column to mean 0 and variance 1, see `Dataset.standardized`.

    Returns
    -------
    Dataset
        Named after the file; it has a held-out set only if the archive has one.

    Raises
    ------
    DataFileError
        The file cannot be read as numbers. The text names the file, the row as a spreadsheet
        counts it (the header is row 1) or the array's index, and the column.
    ArgumentError, ArgumentTypeError
        `path` is no path, or `targets` does not name columns of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deeplinear import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "houses.csv")
    ...     _ = file.write_text("area,rooms,price\n50,2,1.5\n80,3,2.5\n")
    ...     datasets.read(file, targets="price")
    Dataset houses
      about    Read from houses.csv.
      samples  2
      inputs   2: area, rooms; values from 2 to 80
      targets  1: price; values from 1.5 to 2.5
    """
    paths = _paths(path)
    place = f"File `{', '.join(map(str, paths))}`"
    is_table = [one.suffix.lower() for one in paths] in ([".csv"], [".tsv"])
    if targets is not None and not is_table:
        raise ArgumentError(
            "Argument `targets` must be left out for arrays, which come as x and y already, "
            f"but it is {targets!r}."
        )
    try:
        for one in paths:
            if one.is_dir():
                raise DataFileError(f"File `{one}` must be a data file, but it is a directory.")
            if not one.exists():
                raise DataFileError(f"File `{one}` must exist, but there is no such file.")
        data = read_csv(paths[0], targets) if is_table else _read_arrays(paths, place)
    except OSError as error:
        reason = error.strerror or error
        raise DataFileError(f"{place} must be readable, but the system says: {reason}.") from error
    return data.standardized() if standardize else data


def _read_arrays(paths: list[Path], place: str) -> Dataset:
    suffixes = [one.suffix.lower() for one in paths]
    if suffixes == [".npz"]:
        return read_npz(paths[0])
    if suffixes == [".npy", ".npy"]:
        return read_npy_pair(*paths)
    raise DataFileError(
        f"{place} must be a .csv or .tsv file, an .npz archive with arrays x and y, or a pair of "
        f".npy files (x.npy,y.npy), but its suffix is {', '.join(map(repr, suffixes))}. "
        "Export the data to one of these."
    )


def _paths(path: object) -> list[Path]:
    """Return one path, or two for a pair of .npy files."""
    if isinstance(path, str) and not os.path.exists(path):
        halves = [half.strip() for half in path.split(",")]
        if len(halves) == 2 and all(half.lower().endswith(".npy") for half in halves):
            return [Path(half) for half in halves]
    parts = list(path) if isinstance(path, tuple | list) else [path]
    if isinstance(path, tuple | list) and len(parts) != 2:
        raise ArgumentError(
            "Argument `path` must be one path, or two for a pair of .npy files, "
            f"but it holds {len(parts)}."
        )
    for part in parts:
        if not isinstance(part, str | os.PathLike):
            raise ArgumentTypeError(
                f"Argument `path` must be a path or a tuple of two paths, but it is {path!r}."
            )
    if "" in parts:
        raise ArgumentError("Argument `path` must name a file, but it is empty.")
    return [Path(part) for part in parts]  # type: ignore[arg-type]
