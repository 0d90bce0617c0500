"""The starts of an ensemble, read lazily: units of so many members, in arrays of equal widths."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class Part:
    """Members of one unit with the same widths: their places in the unit, and starts (m, n)."""

    widths: tuple[int, ...]
    places: np.ndarray
    vectors: Array


class Starts:
    """Networks, or the rows of an array, checked as they are read; `total` is None if unknown."""

    def __init__(
        self,
        problem: Problem,
        starts: Iterable[LinearNetwork] | ArrayLike,
        widths: Sequence[int] | None,
    ) -> None:
        self._problem = problem
        self._known: set[tuple[int, ...]] = set()
        self.widths: tuple[int, ...] | None = None
        self._array: Array | None = None
        if widths is not None or isinstance(starts, np.ndarray):
            self._array = self._checked_array(starts, widths)
            self.total: int | None = len(self._array)
        else:
            if not isinstance(starts, Iterable):
                raise ArgumentTypeError(
                    "Argument `starts` must be networks, or an array (m, n_params) with "
                    f"`widths`, but it is of type {type(starts).__name__}."
                )
            if isinstance(starts, Sequence):
                for k, net in enumerate(starts):
                    self._check(k, net)
            self.total = len(starts) if isinstance(starts, Sized) else None
            self._networks: Iterator[Any] = iter(starts)
            self._read = 0
        if self.total == 0:
            raise _empty()

    def _checked_array(self, starts: object, widths: Sequence[int] | None) -> Array:
        if widths is None:
            raise ArgumentError(
                "Argument `widths` must be given where `starts` is an array, but it is None."
            )
        self.widths = checks.widths(widths)
        self._problem.require_widths(self.widths)
        n = sum(a * b for a, b in itertools.pairwise(self.widths))
        array = checks.real_array(
            "starts",
            starts,  # type: ignore[arg-type]
            ndim=2,
            shape_text=f"(m, {n})",
        )
        if array.shape[1] != n:
            raise ArgumentError(
                f"Argument `starts` must have shape (m, {n}), a weight vector of widths "
                f"{self.widths} in each row, but its shape is {array.shape}."
            )
        return array

    def _check(self, k: int, net: object) -> None:
        if not isinstance(net, LinearNetwork):
            raise ArgumentTypeError(
                f"Argument `starts` must hold networks, but entry {k} is of type "
                f"{type(net).__name__}. An array of weight vectors needs `widths`."
            )
        if net.widths not in self._known:
            self._problem.require_widths(net.widths)
            self._known.add(net.widths)

    def units(self, size: int, at_each: Callable[[], None]) -> Iterator[list[Part]]:
        """Units of `size` members, the last one maybe smaller, each as parts of equal widths.

        Calls `at_each` with every network: to make them may take long.
        """
        if self._array is not None:
            assert self.widths is not None
            for first in range(0, len(self._array), size):
                vectors = self._array[first : first + size]
                yield [Part(self.widths, np.arange(len(vectors)), vectors)]
            return
        while True:
            groups: dict[tuple[int, ...], list[tuple[int, Array]]] = {}
            count = 0
            for net in itertools.islice(self._networks, size):
                self._check(self._read, net)
                groups.setdefault(net.widths, []).append((count, net.to_vector()))
                count += 1
                self._read += 1
                at_each()
            if count == 0:
                if self._read == 0:
                    raise _empty()
                return
            yield [
                Part(widths, np.array([k for k, _ in group]), np.array([v for _, v in group]))
                for widths, group in groups.items()
            ]

    def first(self) -> tuple[tuple[int, ...], Array]:
        """The first start, without using it up."""
        if self._array is not None:
            assert self.widths is not None
            return self.widths, self._array[0]
        net = next(self._networks, None)
        if net is None:
            raise _empty()
        self._check(0, net)
        self._networks = itertools.chain([net], self._networks)
        return net.widths, net.to_vector()


def _empty() -> ArgumentError:
    return ArgumentError("Argument `starts` must hold at least one network, but it is empty.")
