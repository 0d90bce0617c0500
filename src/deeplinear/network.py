"""Layered linear networks: weights, end-to-end map, adjacency, imbalances (theory §1, §4)."""

import itertools
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

__all__ = ["LinearNetwork"]


class LinearNetwork:
    r"""A deep linear network :math:`P = W_{h-1} \cdots W_0` (layers count from 0).

    Parameters
    ----------
    weights
        Sequence of h >= 1 matrices, inputs first; ``weights[i]`` has shape
        ``(widths[i + 1], widths[i])``. Copied; the network's arrays are read-only.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A weight is not a finite real matrix, or neighbouring shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.LinearNetwork([np.ones((3, 2)), np.ones((1, 3))])
    >>> net
    LinearNetwork(widths 2-3-1, depth 2, 9 parameters)
    >>> net.product()
    array([[3., 3.]])

    References
    ----------
    theory §1; Wendin, Altafini, arXiv 2511.10362, section 2.
    """

    __slots__ = ("_vector", "_weights", "_widths")

    def __init__(self, weights: Sequence[ArrayLike]) -> None:
        try:
            given = list(weights)
        except TypeError:
            raise ArgumentTypeError(
                "Argument `weights` must be a sequence of matrices, inputs first, "
                f"but it is of type {type(weights).__name__}."
            ) from None
        if not given:
            raise ArgumentError(
                "Argument `weights` must hold at least one matrix, but it is empty."
            )
        layers: list[Array] = []
        for i, weight in enumerate(given):
            layer = checks.matrix(
                f"weights[{i}]", weight, shape_text=f"(widths[{i + 1}], widths[{i}])"
            )
            if layers and layer.shape[1] != layers[-1].shape[0]:
                raise ArgumentError(
                    f"Argument `weights[{i}]` must have {layers[-1].shape[0]} columns, one for "
                    f"each row of `weights[{i - 1}]`, but its shape is {layer.shape}."
                )
            layers.append(layer)
        self._vector = np.concatenate([layer.ravel() for layer in layers])
        self._vector.flags.writeable = False
        self._widths = (layers[0].shape[1], *(layer.shape[0] for layer in layers))
        views, start = [], 0
        for layer in layers:
            views.append(self._vector[start : start + layer.size].reshape(layer.shape))
            start += layer.size
        self._weights = tuple(views)

    @property
    def weights(self) -> tuple[Array, ...]:
        """The weight matrices, inputs first; read-only float64 arrays."""
        return self._weights

    @property
    def widths(self) -> tuple[int, ...]:
        """The numbers of nodes (d_0, ..., d_h), inputs first."""
        return self._widths

    @property
    def depth(self) -> int:
        """The number of weight matrices h."""
        return len(self._weights)

    @property
    def n_params(self) -> int:
        """The number of weights."""
        return len(self._vector)

    def product(self, start: int = 0, stop: int | None = None) -> Array:
        """Return ``weights[stop - 1] @ ... @ weights[start]``, associated the cheapest way.

        The default is the end-to-end map P of shape ``(d_out, d_in)``; an empty range
        (``start == stop``) gives the identity of size ``widths[start]``.
        """
        stop = self.depth if stop is None else checks.integer("stop", stop, minimum=0)
        start = checks.integer("start", start, minimum=0)
        if not start <= stop <= self.depth:
            raise ArgumentError(
                f"Arguments `start` and `stop` must satisfy 0 <= start <= stop <= {self.depth}, "
                f"but they are {start} and {stop}."
            )
        if start == stop:
            return np.eye(self.widths[start])
        if stop - start == 1:
            return self._weights[start].copy()
        return np.linalg.multi_dot(self._weights[start:stop][::-1])

    def adjacency(self) -> Array:
        """Return the adjacency matrix A of shape ``(n, n)``, n the number of nodes.

        ``A[u, v]`` is the weight of the edge v -> u; nodes are stacked inputs first, so block
        ``(i + 1, i)`` is ``weights[i]`` and all other blocks are zero (theory §1).
        """
        offsets = np.concatenate([[0], np.cumsum(self.widths)])
        a = np.zeros((offsets[-1], offsets[-1]))
        for i, w in enumerate(self._weights):
            a[offsets[i + 1] : offsets[i + 2], offsets[i] : offsets[i + 1]] = w
        return a

    def imbalance(self) -> list[Array]:
        """Return the conserved matrices C_i, one for each of the depth - 1 hidden layers.

        ``C_i = W_i W_i^T - W_{i+1}^T W_{i+1}`` of shape ``(d_{i+1}, d_{i+1})``: constant along
        the gradient flow of every differentiable loss of P, zero for balanced networks
        (theory §4).
        """
        return [
            below @ below.T - above.T @ above for below, above in itertools.pairwise(self._weights)
        ]

    def to_vector(self) -> Array:
        """Return all weights as one vector of length ``n_params``: row-major, in order."""
        return self._vector.copy()

    @classmethod
    def from_vector(cls, v: ArrayLike, widths: Sequence[int]) -> Self:
        """Build the network of these widths from `to_vector`'s layout."""
        widths = checks.widths(widths)
        shapes = [(b, a) for a, b in itertools.pairwise(widths)]
        vector = checks.real_array("v", v, ndim=1, shape_text="(n_params,)")
        ends = np.cumsum([rows * columns for rows, columns in shapes])
        if vector.size != ends[-1]:
            raise ArgumentError(
                f"Argument `v` must have {ends[-1]} entries for widths {widths}, "
                f"but it has {vector.size}."
            )
        parts = np.split(vector, ends[:-1])
        return cls([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])

    @classmethod
    def from_adjacency(cls, a: ArrayLike, widths: Sequence[int]) -> Self:
        """Build the network of these widths from its adjacency matrix (see `adjacency`).

        Raises ArgumentError if an entry outside the blocks (i + 1, i) is not zero.
        """
        widths = checks.widths(widths)
        array = checks.matrix("a", a, shape_text="(n, n)")
        offsets = np.concatenate([[0], np.cumsum(widths)])
        n = int(offsets[-1])
        if array.shape != (n, n):
            raise ArgumentError(
                f"Argument `a` must have shape {(n, n)} for widths {widths}, "
                f"but its shape is {array.shape}."
            )
        net = cls(
            [
                array[offsets[i + 1] : offsets[i + 2], offsets[i] : offsets[i + 1]]
                for i in range(len(widths) - 1)
            ]
        )
        outside = np.argwhere(array != net.adjacency())
        if outside.size:
            u, v = (int(k) for k in outside[0])
            raise ArgumentError(
                f"Argument `a` must be block-shift for widths {widths}, but {len(outside)} entries "
                f"outside the blocks are not zero, the first at index {(u, v)}: {array[u, v]:g}."
            )
        return net

    def __call__(self, x: ArrayLike) -> Array:
        """Return the outputs ``x @ P.T`` of shape ``(N, d_out)`` for samples ``x`` (N, d_in)."""
        samples = checks.real_array("x", x, ndim=2, shape_text="(N, d_in)")
        if samples.shape[1] != self.widths[0]:
            raise ArgumentError(
                f"Argument `x` must have {self.widths[0]} columns, one for each input of the "
                f"network, but its shape is {samples.shape}."
            )
        return np.linalg.multi_dot([samples, *(w.T for w in self._weights)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LinearNetwork):
            return NotImplemented
        return self.widths == other.widths and all(
            np.array_equal(a, b) for a, b in zip(self._weights, other._weights, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Array, ...]]]:
        # NumPy restores pickled and copied arrays as writable ones.
        return type(self), (self._weights,)

    def __repr__(self) -> str:
        shape = "-".join(map(str, self.widths))
        return f"LinearNetwork(widths {shape}, depth {self.depth}, {self.n_params} parameters)"
