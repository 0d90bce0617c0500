"""The object that every data set comes as."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.network import LinearNetwork

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Inputs and targets, one row per sample, with their names and their story.

    Iterating gives x and y: ``x, y = dataset``, ``dl.Problem.from_data(*dataset)``.

    Attributes
    ----------
    x, y : ``(N, d_in)`` inputs and ``(N, d_out)`` targets; read-only float64 copies.
    name : a short name.
    description : source, what a row is, what the columns are.
    feature_names, target_names : one name for each column; default x0, x1, ... and y0, y1, ...
    x_test, y_test : a held-out set with the same columns, or None.
    notes : what a reader must know about the numbers, in sentences.
    teacher : the network that made the targets, for generated data, or None.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Arrays that are not finite real matrices, or whose numbers of rows, columns or names differ.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> data = datasets.Dataset([[0.0, 1.0], [2.0, 3.0]], [[1.0], [0.0]], "tiny", "Two rows.")
    >>> data
    Dataset tiny
      about    Two rows.
      samples  2
      inputs   2: x0, x1; values from 0 to 3
      targets  1: y0; values from 0 to 1
    >>> x, y = data
    >>> x.shape, y.shape
    ((2, 2), (2, 1))
    """

    x: Array
    y: Array
    name: str
    description: str
    feature_names: tuple[str, ...] = ()
    target_names: tuple[str, ...] = ()
    x_test: Array | None = None
    y_test: Array | None = None
    notes: tuple[str, ...] = ()
    teacher: LinearNetwork | None = None

    def __post_init__(self) -> None:
        if (self.x_test is None) != (self.y_test is None):
            raise ArgumentError(
                "Arguments `x_test` and `y_test` must both be given or both be None, "
                f"but only `{'y_test' if self.x_test is None else 'x_test'}` is given."
            )
        for field, columns in (
            ("x", "d_in"),
            ("y", "d_out"),
            ("x_test", "d_in"),
            ("y_test", "d_out"),
        ):
            if (given := getattr(self, field)) is not None:
                array = checks.matrix(field, given, shape_text=f"(N, {columns})")
                object.__setattr__(self, field, checks.frozen(array))
        _require_equal("rows", x=self.x.shape[0], y=self.y.shape[0])
        if self.x_test is not None and self.y_test is not None:
            _require_equal("rows", x_test=self.x_test.shape[0], y_test=self.y_test.shape[0])
            _require_equal("columns", x=self.x.shape[1], x_test=self.x_test.shape[1])
            _require_equal("columns", y=self.y.shape[1], y_test=self.y_test.shape[1])
        for field, letter, count in (
            ("feature_names", "x", self.x.shape[1]),
            ("target_names", "y", self.y.shape[1]),
        ):
            object.__setattr__(self, field, _names(field, getattr(self, field), letter, count))

    def __iter__(self) -> Iterator[Array]:
        return iter((self.x, self.y))

    def standardized(self) -> Self:
        """Return the data set with every input column at mean 0 and (population) variance 1.

        Constant columns become exactly zero. The held-out inputs get the same shift and scale.
        Targets are not changed: ``dl.Problem.from_data(..., center=True)`` centers both.

        Examples
        --------
        >>> from deeplinear import datasets
        >>> x = [[1.0, 5.0], [3.0, 5.0]]
        >>> datasets.Dataset(x, [[1.0], [0.0]], "tiny", "Two rows.").standardized().x
        array([[-1.,  0.],
               [ 1.,  0.]])
        """
        # Dividing by the peak first keeps squares finite, and makes constant columns exactly
        # +-1 or 0, so that their deviation is exactly 0.
        peak = np.abs(self.x).max(axis=0)
        peak[peak == 0.0] = 1.0
        mean = (self.x / peak).mean(axis=0)
        deviation = (self.x / peak).std(axis=0)
        constant = deviation == 0.0
        factor = np.where(constant, 0.0, 1.0 / np.where(constant, 1.0, deviation))
        note = "The inputs are standardized: mean 0 and variance 1 in every column"
        if constant.any():
            names = [self.feature_names[k] for k in np.flatnonzero(constant)]
            note += f", but zero in the constant ones ({shortened(names)})"
        return replace(
            self,
            x=(self.x / peak - mean) * factor,
            x_test=None if self.x_test is None else (self.x_test / peak - mean) * factor,
            notes=(*self.notes, f"{note}."),
        )

    def __repr__(self) -> str:
        samples = f"{len(self.x)}"
        if self.x_test is not None:
            samples += f", and {len(self.x_test)} held out"
        about = re.split(r"(?<=\.) (?=[A-Z])", self.description)[0]
        rows = [("about", about), ("samples", samples)]
        for label, array, names in (
            ("inputs", self.x, self.feature_names),
            ("targets", self.y, self.target_names),
        ):
            span = f"values from {array.min():.4g} to {array.max():.4g}"
            rows.append((label, f"{len(names)}: {shortened(names, 4)}; {span}"))
        if self.teacher is not None:
            rows.append(("teacher", repr(self.teacher)))
        rows += [("note", note) for note in self.notes]
        return f"Dataset {self.name}\n" + "\n".join(f"  {label:9}{text}" for label, text in rows)


def shortened(names: Sequence[str], most: int = 12) -> str:
    """Join names with commas; when there are more than `most`, leave out the middle."""
    if len(names) <= most:
        return ", ".join(names)
    return ", ".join([*names[: most - 1], "...", names[-1]])


def _require_equal(what: str, **counts: int) -> None:
    (a, m), (b, n) = counts.items()
    if m != n:
        raise ArgumentError(
            f"Arguments `{a}` and `{b}` must have the same number of {what}, "
            f"but they have {m} and {n}."
        )


def _names(field: str, given: object, letter: str, count: int) -> tuple[str, ...]:
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise ArgumentTypeError(
            f"Argument `{field}` must be a sequence of strings, but it is {given!r}."
        )
    names = tuple(str(name) for name in given) or tuple(f"{letter}{k}" for k in range(count))
    if len(names) != count:
        raise ArgumentError(
            f"Argument `{field}` must hold {count} names, one for each column of `{letter}`, "
            f"but it holds {len(names)}."
        )
    return names
