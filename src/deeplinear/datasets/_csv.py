"""Numbers from a CSV file, with errors that name row and column."""

import array
import contextlib
import csv
import difflib
import math
import os
import re
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DataFileError
from deeplinear.datasets._dataset import Dataset, shortened

__all__ = ["columns", "read_csv"]

DELIMITERS = (",", ";", "\t")

MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "?"}
"""What a missing value is written as, in lower case."""


def columns(path: str | os.PathLike[str]) -> tuple[str, ...]:
    r"""Return the column names of a table, from which `read` wants its targets.

    Parameters
    ----------
    path
        A ``.csv`` or ``.tsv`` file, as in `read`.

    Raises
    ------
    DataFileError
        The file is missing, or has no header row of distinct names.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from deeplinear import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "houses.csv")
    ...     _ = file.write_text("area,rooms,price\n50,2,1.5\n")
    ...     datasets.columns(file)
    ('area', 'rooms', 'price')
    """
    table = Path(path)
    try:
        with contextlib.closing(_records(table, _delimiter(table))) as records:
            return tuple(_header(table, next(records, None)))
    except OSError as error:
        reason = error.strerror or error
        raise DataFileError(
            f"File `{table}` must be readable, but the system says: {reason}."
        ) from error


def read_csv(path: Path, targets: str | Sequence[str] | None) -> Dataset:
    """Read a table of numbers; the columns that `targets` names become y, all others x."""
    delimiter = _delimiter(path)
    with contextlib.closing(_records(path, delimiter)) as records:
        names = _header(path, next(records, None))
        columns = _target_columns(path, names, targets)
        values = array.array("d")
        for row, cells in records:
            if len(cells) != len(names):
                raise DataFileError(
                    f"File `{path}`, row {row}, must have {len(names)} cells, as the header has, "
                    f"but it has {len(cells)}."
                )
            values.extend(_numbers(path, row, names, cells))
    if not values:
        raise DataFileError(
            f"File `{path}` must have rows of numbers below its header, but it has none."
        )
    table = np.frombuffer(values).reshape(-1, len(names))
    inputs = [k for k in range(len(names)) if k not in columns]
    return Dataset(
        table[:, inputs],
        table[:, columns],
        path.stem,
        f"Read from {path.name}. A row is a row of the file, and every column keeps its name: "
        f"{len(inputs)} inputs, {len(columns)} targets.",
        feature_names=tuple(names[k] for k in inputs),
        target_names=tuple(names[k] for k in columns),
    )


def _delimiter(path: Path) -> str:
    """Return the delimiter that cuts the header into most cells; a tie goes to the first."""

    def count(delimiter: str) -> int:
        with contextlib.closing(_records(path, delimiter)) as records:
            try:
                return len(next(records, (1, []))[1])
            except DataFileError:
                return 0

    return max(DELIMITERS, key=count)


def _records(path: Path, delimiter: str) -> Generator[tuple[int, list[str]], None, None]:
    """Yield row number and cells of each record that is not blank.

    Rows count as in a spreadsheet: from 1, blank ones included, a cell may hold line breaks.
    """
    row = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True, strict=True)
        try:
            for row, cells in enumerate(reader, start=1):
                if len(cells) > 1 or (cells and cells[0].strip()):
                    yield row, cells
        except csv.Error as error:
            raise DataFileError(
                f"File `{path}`, row {row + 1}, must be valid CSV, but: {error}. "
                "Check its quotation marks."
            ) from error
        except UnicodeDecodeError as error:
            raise DataFileError(
                f"File `{path}` must be UTF-8 text, but line {_bad_line(path)} is not "
                f"({error.reason}). Save it as 'CSV UTF-8'."
            ) from error


def _bad_line(path: Path) -> int:
    """Return the first line that is not UTF-8; no byte of a longer character is a line break."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _header(path: Path, record: tuple[int, list[str]] | None) -> list[str]:
    if record is None:
        raise DataFileError(
            f"File `{path}` must start with a header row of column names, but it is empty."
        )
    row, names = record[0], [cell.strip() for cell in record[1]]
    if len(names) == 1:
        raise DataFileError(
            f"File `{path}` must have at least two columns, inputs and targets, but its header has "
            f"one: {names[0][:60]!r}. Separate the columns with commas, semicolons or tabs."
        )
    seen: set[str] = set()
    for k, name in enumerate(names):
        if not name:
            raise DataFileError(
                f"File `{path}`, row {row}, must name every column, but column {k + 1} of "
                f"{len(names)} has no name. Name it, or delete it if it is an index."
            )
        if name in seen:
            raise DataFileError(
                f"File `{path}`, row {row}, must have distinct column names, but {name!r} names "
                f"columns {names.index(name) + 1} and {k + 1}."
            )
        seen.add(name)
    return names


def _target_columns(path: Path, names: list[str], targets: str | Sequence[str] | None) -> list[int]:
    """Return the columns of the targets, in the order asked for."""
    listing = f"Its columns are {shortened(names)}."
    if all(_is_number(name) for name in names):
        listing += " The header holds only numbers: is the row of names missing?"
    if targets is None:
        raise ArgumentError(
            f"Argument `targets` must name the target columns of `{path}`, but it is missing. "
            f"{listing}"
        )
    if isinstance(targets, str):
        targets = [targets] if targets in names else [name.strip() for name in targets.split(",")]
    wanted: list[Any] = list(targets) if isinstance(targets, Iterable) else [targets]
    if not all(isinstance(name, str) for name in wanted):
        raise ArgumentTypeError(
            "Argument `targets` must be a list of column names or a comma separated string, "
            f"but it is {targets!r}."
        )
    if not wanted:
        raise ArgumentError(
            f"Argument `targets` must name at least one column of `{path}`, but it is empty. "
            f"{listing}"
        )
    for k, name in enumerate(wanted):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
            hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
            raise ArgumentError(
                f"Argument `targets` must name columns of `{path}`, but it names {name!r}."
                f"{hint} {listing}"
            )
        if name in wanted[:k]:
            raise ArgumentError(
                f"Argument `targets` must name each column once, but it names {name!r} twice."
            )
    if len(wanted) == len(names):
        raise ArgumentError(
            f"Argument `targets` must leave at least one column of `{path}` as an input, "
            f"but it names all {len(names)}."
        )
    return [names.index(name) for name in wanted]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, row: int, names: list[str], cells: list[str]) -> list[float]:
    try:
        numbers = list(map(float, cells))
    except ValueError:
        pass
    else:
        # float() also takes 1_000; the sum is not finite if a number is not.
        if math.isfinite(sum(numbers)) and not any("_" in cell for cell in cells):
            return numbers
    return [_number(path, row, name, cell) for name, cell in zip(names, cells, strict=True)]


def _number(path: Path, row: int, name: str, cell: str) -> float:
    place, text = f"File `{path}`, row {row}, column `{name}`,", cell.strip()
    if text.lower() in MISSING:
        written = f"written as {text!r}" if text else "the cell is blank"
        raise DataFileError(
            f"{place} must be a number, but the value is missing ({written}). "
            "Fill it in or delete the row."
        )
    if not _is_number(text) or "_" in text:
        quoted = repr(text if len(text) <= 40 else f"{text[:40]}...")
        remedy = "Encode the column as numbers or delete it."
        if re.fullmatch(r"[+-]?\d+,\d+", text):
            remedy = "Write decimals with a point."
        raise DataFileError(f"{place} must be a number, but it is the text {quoted}. {remedy}")
    number = float(text)
    if not math.isfinite(number):
        raise DataFileError(f"{place} must be finite, but it is {text!r}.")
    return number
