"""Argument checks: each returns the argument in canonical form or raises a named error."""

import math
import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deeplinear._core.errors import ArgumentError, ArgumentTypeError

Array = NDArray[np.float64]
"""A float64 NumPy array."""

SeedLike = int | np.random.Generator | None


def real_array(name: str, value: ArrayLike, *, ndim: int, shape_text: str) -> Array:
    """Return `value` as a finite, C-contiguous float64 array of `ndim` dimensions."""
    try:
        raw = np.asarray(value)
    except ValueError as error:
        raise ArgumentTypeError(
            f"Argument `{name}` must be an array of shape {shape_text}, "
            f"but it cannot be made into one array: {error}."
        ) from error
    if raw.dtype.kind not in "fiub":
        raise ArgumentTypeError(
            f"Argument `{name}` must hold real numbers, but its dtype is {raw.dtype}. "
            "Convert it to float64 first."
        )
    if raw.ndim != ndim:
        raise ArgumentError(
            f"Argument `{name}` must have shape {shape_text}, but its shape is {raw.shape}."
        )
    array = np.ascontiguousarray(raw, dtype=np.float64)
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        first = tuple(int(i) for i in bad[0])
        raise ArgumentError(
            f"Argument `{name}` must be finite, but {len(bad)} of its {array.size} entries are "
            f"NaN or infinite, the first at index {first}."
        )
    return array


def matrix(name: str, value: ArrayLike, *, shape_text: str = "(rows, columns)") -> Array:
    """Return `value` as a finite float64 matrix with at least one entry."""
    array = real_array(name, value, ndim=2, shape_text=shape_text)
    if array.size == 0:
        raise ArgumentError(
            f"Argument `{name}` must have at least one row and one column, "
            f"but its shape is {array.shape}."
        )
    return array


def shaped_as_weights(
    name: str, entries: Sequence[ArrayLike], weights: Sequence[Array]
) -> list[Array]:
    """Return one finite float64 matrix for each layer, of the shape of its weights."""
    if len(entries) != len(weights):
        raise ArgumentError(
            f"Argument `{name}` must hold {len(weights)} matrices, one for each layer, "
            f"but it holds {len(entries)}."
        )
    result = []
    for i, (entry, w) in enumerate(zip(entries, weights, strict=True)):
        array = matrix(f"{name}[{i}]", entry, shape_text=str(w.shape))
        if array.shape != w.shape:
            raise ArgumentError(
                f"Argument `{name}[{i}]` must have shape {w.shape}, as `weights[{i}]` has, "
                f"but its shape is {array.shape}."
            )
        result.append(array)
    return result


def integer(name: str, value: object, *, minimum: int) -> int:
    """Return `value` as an int that is at least `minimum`."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(
            f"Argument `{name}` must be an integer, but it is {value!r}."
        ) from None
    if isinstance(value, bool | np.bool_):
        raise ArgumentTypeError(f"Argument `{name}` must be an integer, but it is {value!r}.")
    if number < minimum:
        raise ArgumentError(f"Argument `{name}` must be at least {minimum}, but it is {number}.")
    return number


def number(
    name: str, value: object, *, minimum: float = -math.inf, exclusive: bool = False
) -> float:
    """Return `value` as a finite float, at least (or above) `minimum`."""
    if isinstance(value, bool | str | bytes | complex):
        raise ArgumentTypeError(f"Argument `{name}` must be a real number, but it is {value!r}.")
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"Argument `{name}` must be a real number, but it is {value!r}."
        ) from None
    if not math.isfinite(result):
        raise ArgumentError(f"Argument `{name}` must be finite, but it is {result}.")
    if result < minimum or (exclusive and result == minimum):
        relation = "greater than" if exclusive else "at least"
        raise ArgumentError(
            f"Argument `{name}` must be {relation} {minimum:g}, but it is {result:g}."
        )
    return result


def widths(value: Sequence[int], *, name: str = "widths") -> tuple[int, ...]:
    """Return the widths (d_0, ..., d_h) as a tuple of at least two positive ints."""
    try:
        entries = tuple(value)
    except TypeError:
        raise ArgumentTypeError(
            f"Argument `{name}` must be a sequence of integers, inputs first, but it is {value!r}."
        ) from None
    result = []
    for k, entry in enumerate(entries):
        try:
            result.append(integer(f"{name}[{k}]", entry, minimum=1))
        except ArgumentTypeError:
            raise ArgumentTypeError(
                f"Argument `{name}` must hold integers, but entry {k} is {entry!r}."
            ) from None
        except ArgumentError:
            raise ArgumentError(
                f"Argument `{name}` must hold positive integers, but it is {entries}."
            ) from None
    if len(result) < 2:
        raise ArgumentError(
            f"Argument `{name}` must have at least two entries (inputs and outputs), "
            f"but it is {tuple(result)}."
        )
    return tuple(result)


def generator(seed: SeedLike, *, name: str = "seed") -> np.random.Generator:
    """Return a NumPy Generator for an int seed, or the Generator itself."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None:
        return np.random.default_rng()
    return np.random.default_rng(integer(name, seed, minimum=0))


def frozen(array: Array) -> Array:
    """Return a read-only copy of `array`."""
    copy = np.array(array, dtype=np.float64, order="C")
    copy.flags.writeable = False
    return copy
