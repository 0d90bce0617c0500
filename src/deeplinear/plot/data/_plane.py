"""A plane of weight space, and the loss on it as a sum of squares of polynomials (theory §3)."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_SPAN = 1e-8  # a second direction this close to the first, in radians, spans no plane
_LARGEST = 1e140  # coefficients whose squares are safely finite


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane of weight space with orthonormal axes.

    Attributes
    ----------
    widths : of its networks.
    origin : ``(n_params,)``, the network at (0, 0); axes : ``(2, n_params)``, orthonormal.
    """

    widths: tuple[int, ...]
    origin: Array
    axes: Array

    @classmethod
    def spanned(
        cls, origin: LinearNetwork, first: Sequence[Array], second: Sequence[Array], name: str
    ) -> "Plane":
        """The plane through a network along two directions, the first along the x-axis."""
        axes: list[Array] = []
        for j, direction in enumerate((first, second)):
            v = np.concatenate([part.ravel() for part in direction])
            norm = float(np.linalg.norm(v))
            rest = v / norm if norm > 0 else v
            for axis in (*axes, *axes):  # twice: once leaves round-off along the first
                rest = rest - (rest @ axis) * axis
            apart = float(np.linalg.norm(rest))
            if apart <= _SPAN:
                raise ArgumentError(_degenerate(name, j, norm))
            axes.append(rest / apart)
        return cls(origin.widths, origin.to_vector(), np.array(axes))

    def network(self, x: float, y: float) -> LinearNetwork:
        """The network at a point of the plane."""
        return LinearNetwork.from_vector(self.origin + [x, y] @ self.axes, self.widths)

    def project(self, vectors: Array) -> tuple[Array, Array]:
        """Return coordinates of the nearest points, ``(k, 2)``, and the distances ``(k,)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            apart = vectors - self.origin
            at = apart @ self.axes.T
            return at, np.linalg.norm(apart - at @ self.axes, axis=1)


def _degenerate(name: str, j: int, norm: float) -> str:
    if name == "directions":
        what = f"entry {j} is zero" if norm == 0 else "they are parallel"
        return f"Argument `directions` must span a plane, but {what}."
    if norm == 0:
        return f"Argument `points` must hold different networks, but entry {j + 1} equals entry 0."
    return (
        "Argument `points` must not lie on one line, but they do to round-off. Take another third "
        "point, or one point and two `directions`."
    )


class PlaneLoss:
    r"""The loss on a plane: half a sum of squares of polynomials of degree h in two variables.

    .. math:: P(x, y) = \sum_{a + b \le h} M_{ab}\, x^a y^b, \qquad
              L = \tfrac12 \Big\| T - \sum M_{ab} F\, x^a y^b \Big\|_F^2 + \mathrm{floor}

    A QR factorization of the coefficients makes each value a norm of (h + 1)(h + 2) / 2 numbers,
    at every width, without the cancellation of a polynomial of degree 2h near its zeros.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.plot.data import Plane, PlaneLoss
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    >>> plane = Plane.spanned(origin, [np.diag([1.0, 0.0])] * 2, [np.eye(2)] * 2, "directions")
    >>> float(PlaneLoss(problem, plane, 2.0).gap(1.0, 0.5).round(9)) == round(
    ...     dl.loss(problem, plane.network(1.0, 0.5)), 9)
    True
    """

    def __init__(self, problem: Problem, plane: Plane, reach: float) -> None:
        self._reach = reach  # monomials of x / reach neither overflow nor vanish in view
        factor = [] if problem.factor is None else [(problem.factor, None, None)]
        layers = [*factor, *zip(*(self._layers(plane, reach)), strict=True)]
        target = problem.factor_target
        if target.shape[0] < target.shape[1]:  # from the narrow end
            layers = [tuple(w if w is None else w.T for w in layer) for layer in layers[::-1]]
            target = target.T
        with np.errstate(over="ignore", invalid="ignore"):
            terms = _multiplied(layers)
            self._powers = sorted(terms)
            terms = {power: -m for power, m in terms.items()}
            terms[0, 0] = target + terms[0, 0]
            columns = np.stack([terms[power].ravel() for power in self._powers], axis=1)
            largest = float(np.max(np.linalg.norm(columns, axis=0)))
        if not largest < _LARGEST:
            raise ArgumentError(
                "Argument `points` must be so small, or `reach`, that the loss is finite on the "
                "plane, but it overflows."
            )
        self._root = np.linalg.qr(columns, mode="r")
        self._above = problem.floor - problem.optimum(min(plane.widths))

    @staticmethod
    def _layers(plane: Plane, reach: float) -> list[tuple[Array, ...]]:
        ends = np.cumsum([a * b for a, b in itertools.pairwise(plane.widths)])[:-1]
        shapes = [(b, a) for a, b in itertools.pairwise(plane.widths)]
        return [
            tuple(
                part.reshape(shape) for part, shape in zip(np.split(v, ends), shapes, strict=True)
            )
            for v in (plane.origin, *(reach * plane.axes))
        ]

    def gap(self, x: ArrayLike, y: ArrayLike) -> Array:
        """Return loss - optimum at points of the plane, >= 0, in their common shape."""
        x, y = (np.asarray(v, dtype=np.float64) / self._reach for v in (x, y))
        x, y = np.broadcast_arrays(x, y)
        monomials = np.stack([x**a * y**b for a, b in self._powers])
        residuals = np.tensordot(self._root, monomials, axes=1)
        return np.maximum(0.5 * np.sum(residuals**2, axis=0) + self._above, 0.0)


def _multiplied(layers: Sequence[Any]) -> dict[tuple[int, int], Array]:
    """The coefficients of the product of layers A + x B + y C, the first one applied first."""
    steps = ((0, 0), (1, 0), (0, 1))
    first = zip(steps, layers[0], strict=True)
    terms: dict[tuple[int, int], Array] = {step: w for step, w in first if w is not None}
    for layer in layers[1:]:
        product: dict[tuple[int, int], Array] = {}
        for (a, b), m in terms.items():
            for (i, j), w in zip(steps, layer, strict=True):
                if w is not None:
                    power = (a + i, b + j)
                    product[power] = product[power] + w @ m if power in product else w @ m
        terms = product
    return terms
