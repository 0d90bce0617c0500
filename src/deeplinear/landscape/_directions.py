"""Curves along which the loss falls from a non-strict saddle at its escape order (theory §8)."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear.landscape._fall import Fall, expansion, measured_exponent
from deeplinear.landscape._normal_form import NormalForm, factor_inverse, partial_products
from deeplinear.landscape._pattern import ResidualPattern
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class EscapeDirection:
    """A curve W + eps V along which the loss falls like -coefficient eps^order.

    Attributes
    ----------
    network : the saddle.
    direction : V, one array a layer; of norm 1 over the layers of exponent 1.
    exponents : a layer moves by eps to this power: 1, or 2 in the middle layer of a blocked escape.
    layers : those that move, from 0.
    order, coefficient : of the fall of the loss.
    rate : of growth, for order 2: the distance grows like e^{rate t}. Above: NaN, see
        `leaving_time`.
    measured_order : the exponent that was measured on the actual loss.
    unit : the natural size of a weight, s_0^{1/h}.
    """

    network: LinearNetwork
    direction: tuple[Array, ...]
    exponents: tuple[int, ...]
    layers: tuple[int, ...]
    order: int
    coefficient: float
    rate: float
    measured_order: float
    unit: float

    def __call__(self, eps: float) -> LinearNetwork:
        """The network at distance about eps along the curve."""
        eps = checks.number("eps", eps)
        moved = zip(self.network.weights, self.direction, self.exponents, strict=True)
        return LinearNetwork([w + eps**e * v for w, v, e in moved])

    def leaving_time(self, eps: float) -> float:
        """Leading term of the time that the flow needs to leave from distance eps.

        ``log(unit / eps) / rate`` at order 2, up to the distance `unit` in linear approximation;
        ``eps^{-(p - 2)} / (p (p - 2) coefficient)`` at order p >= 3, where the speed along a curve
        of steepest descent is p c eps^{p - 1}.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            eps is not positive.
        """
        eps = checks.number("eps", eps, minimum=0.0, exclusive=True)
        if self.order == 2:
            return max(math.log(self.unit / eps), 0.0) / self.rate
        p = self.order
        with np.errstate(over="ignore"):
            return float(np.power(eps, 2.0 - p) / (p * (p - 2) * self.coefficient))


def directions(
    problem: Problem,
    net: LinearNetwork,
    form: NormalForm,
    pattern: ResidualPattern,
) -> list[EscapeDirection]:
    """Return a verified direction for every open choice of layers that has one, steepest first.

    The choice i_1 < ... < i_p is perturbed by rank-one matrices x_q y_q^T: y_1 and x_p read the
    residual target, and x_q is carried to y_{q+1} by the layers in between. All but x_p are not
    seen at the outputs, all but y_1 do not see the inputs, so that no shorter product of
    perturbations changes the map. Where that is impossible it is for y_2 or x_{p-1} only.
    """
    order = pattern.escape_order
    assert order is not None
    maker = _Maker(problem, net, form, pattern)
    fall = Fall(problem, net)
    blocked = pattern.blocked and order == 4
    p = 3 if blocked else order
    found = []
    for layers in itertools.combinations(range(1, net.depth + 1), p):
        made = maker.blocked(layers) if blocked else maker.open(layers)
        if made is None:
            continue
        direction, exponents, coefficient = made
        measured = measured_exponent(fall, direction, exponents, order, coefficient)
        if measured is not None:
            moving = tuple(i - 1 for i in layers)
            found.append(
                EscapeDirection(
                    net,
                    direction,
                    exponents,
                    moving,
                    order,
                    coefficient,
                    math.nan,
                    measured,
                    fall.unit,
                )
            )
    return sorted(found, key=lambda one: -one.coefficient)


class _Maker:
    """Directions from the residual layers; layers and node layers count as in theory §8 here."""

    def __init__(
        self, problem: Problem, net: LinearNetwork, form: NormalForm, pattern: ResidualPattern
    ) -> None:
        self._problem, self._net, self._form, self._pattern = problem, net, form, pattern
        self._products = partial_products(form.z)
        self._residual = form.target - form.product
        self._depth = net.depth

    def _unseen(self, node: int) -> Array:
        """Vectors of a node layer that do not reach the outputs."""
        return _kernel(self._products[node, self._depth], self._pattern.reach[node, self._depth])

    def _blind(self, node: int) -> Array:
        """Linear forms on a node layer that are zero on what comes from the inputs."""
        return _kernel(self._products[0, node].T, self._pattern.reach[0, node])

    def _outer(self, layers: tuple[int, ...]) -> tuple[Array, Array, float] | None:
        """x_p and y_1: the singular pair of the residual target seen through the outer layers."""
        first, last = layers[0], layers[-1]
        rank = sum(n for (a, b), n in self._pattern.modes.items() if a >= first - 1 and b <= last)
        if rank == 0:
            return None
        after, before = self._products[last, self._depth], self._products[0, first - 1]
        y, x, value = self._steepest(before @ self._form.rest.T @ after, first - 1)
        return x, y, value

    def open(
        self, layers: tuple[int, ...]
    ) -> tuple[tuple[Array, ...], tuple[int, ...], float] | None:
        """A straight direction along an open choice of layers, and its coefficient."""
        p = len(layers)
        outer = self._outer(layers)
        if outer is None:
            return None
        x, y = [np.zeros(0)] * p, [np.zeros(0)] * p
        x[-1], y[0], _ = outer
        exposed = []
        for q, (a, b) in enumerate(itertools.pairwise(layers)):
            if self._pattern.reach[a, b - 1] == 0:
                return None
            pair = self._carried(a, b - 1, first=q == 0, last=q == p - 2)
            if pair is None:
                return None
            y[q + 1], x[q] = pair[:2]
            exposed.append(pair[2])
        if p == 3 and all(exposed):
            return None  # blocked: the middle layer is seen from both ends
        return self._assembled(layers, x, y)

    def _carried(
        self, start: int, end: int, *, first: bool, last: bool
    ) -> tuple[Array, Array, bool] | None:
        """The singular pair between two chosen layers, and whether it is seen from an end."""
        between = self._products[start, end]
        unseen, blind = self._unseen(start), self._blind(end)
        choices = [(unseen, blind, False)]
        if first:
            choices.append((unseen, np.eye(len(between)), True))
        if last:
            choices.append((np.eye(between.shape[1]), blind, True))
        size = float(np.linalg.norm(between, 2))
        for right, left, exposed in choices:
            seen = left.T @ between @ right
            if seen.size and np.linalg.norm(seen, 2) > 1e-6 * size:
                u, v, _ = self._steepest(between, end, left, right)
                return u, v, exposed
        return None

    def _steepest(
        self, m: Array, node: int, left: Array | None = None, right: Array | None = None
    ) -> tuple[Array, Array, float]:
        """The forms u on a node layer and vectors v that make u^T m v largest at unit size.

        u and v are taken from the spans of left and right. A form is measured as it enters the
        weights: hidden bases are not orthonormal in general, nor are inputs that are not white.
        """
        left = np.eye(len(m)) if left is None else left
        right = np.eye(m.shape[1]) if right is None else right
        rows = left.T @ self._inward(node)
        lower = np.linalg.cholesky(rows @ rows.T)
        u, v, value = _top(np.linalg.solve(lower, left.T @ m @ right))
        return left @ np.linalg.solve(lower.T, u), right @ v, value

    def _inward(self, node: int) -> Array:
        """What turns a linear form on a residual node layer into a row of weights."""
        outer = self._form.outer[node]
        if node > 0 or self._problem.factor is None:
            return outer
        return np.asarray(outer @ factor_inverse(self._problem))

    def _lifted(self, layer: int, v: Array) -> Array:
        """A perturbation of a residual layer as one of the weights."""
        return np.asarray(self._form.inner[layer] @ v @ self._inward(layer - 1))

    def _assembled(
        self, layers: tuple[int, ...], x: list[Array], y: list[Array]
    ) -> tuple[tuple[Array, ...], tuple[int, ...], float] | None:
        p = len(layers)
        parts = [self._lifted(i, np.outer(a, b)) for i, a, b in zip(layers, x, y, strict=True)]
        parts = [part / (float(np.linalg.norm(part)) * math.sqrt(p)) for part in parts]
        best = None
        for middle in (1.0, 0.5, 0.2, 0.1, 0.03, 0.01) if p == 4 else (1.0,):
            # Order 4: what the two middle layers change of the map costs eps^4 too.
            scaled = [part * (middle if 0 < q < p - 1 else 1.0) for q, part in enumerate(parts)]
            norm = math.hypot(*(float(np.linalg.norm(part)) for part in scaled))
            direction = [np.zeros_like(w) for w in self._net.weights]
            for i, part in zip(layers, scaled, strict=True):
                direction[i - 1] = part / norm
            coefficient, sign = self._coefficient(direction, p)
            if sign < 0:
                direction[layers[0] - 1] = -direction[layers[0] - 1]
            if best is None or coefficient > best[1]:
                best = tuple(direction), coefficient
        assert best is not None
        return (best[0], (1,) * self._depth, best[1]) if best[1] > 0 else None

    def _coefficient(self, direction: list[Array], p: int) -> tuple[float, float]:
        """The coefficient c of -c eps^p, and the sign of the direction that makes it positive."""
        terms = expansion(self._problem, self._net, direction)
        linear = float(np.vdot(self._residual, terms[p]))
        quadratic = 0.5 * float(np.vdot(terms[p // 2], terms[p // 2])) if p == 4 else 0.0
        return abs(linear) - quadratic, math.copysign(1.0, linear)

    def blocked(
        self, layers: tuple[int, ...]
    ) -> tuple[tuple[Array, ...], tuple[int, ...], float] | None:
        """A curve of order 4 along a blocked choice of three layers, the middle one in eps^2.

        With V_1 and V_3 fixed the fall is linear in V_2, its cost in the map quadratic.
        """
        i, j, k = layers
        outer = self._outer(layers)
        if outer is None or 0 in (self._pattern.reach[i, j - 1], self._pattern.reach[j, k - 1]):
            return None
        below, above = self._products[i, j - 1], self._products[j, k - 1]
        unseen, blind = self._unseen(i), self._blind(k - 1)
        if not unseen.shape[1] or not blind.shape[1]:
            return None
        y_2, x_1, first = self._steepest(below, j - 1, right=unseen)
        y_3, x_2, last = self._steepest(above, k - 1, left=blind)
        if min(first, last) <= 1e-12:
            return None
        x_3, y_1, _ = outer
        ends = [self._lifted(i, np.outer(x_1, y_1)), self._lifted(k, np.outer(x_3, y_3))]
        ends = [end / (float(np.linalg.norm(end)) * math.sqrt(2)) for end in ends]
        middle = self._lifted(j, np.outer(x_2, y_2))
        direction = [np.zeros_like(w) for w in self._net.weights]
        direction[i - 1], direction[k - 1] = ends
        direction[j - 1] = middle
        terms = expansion(self._problem, self._net, direction)
        linear = float(np.vdot(self._residual, terms[3]))
        alone = [np.zeros_like(w) for w in self._net.weights]
        alone[j - 1] = middle
        change = expansion(self._problem, self._net, alone)[1]
        quadratic = float(np.vdot(change, change))
        if quadratic == 0.0:
            return None
        # -t linear + t^2 quadratic / 2 for the size t of the middle layer
        direction[j - 1] = middle * (linear / quadratic)
        exponents = tuple(2 if layer == j - 1 else 1 for layer in range(self._depth))
        return tuple(direction), exponents, 0.5 * linear**2 / quadratic


def _kernel(m: Array, rank: int) -> Array:
    """Orthonormal columns that span the kernel of a matrix of known rank."""
    if m.size == 0:
        return np.eye(m.shape[1])
    return np.asarray(np.linalg.svd(m)[2][rank:].T)


def _top(m: Array) -> tuple[Array, Array, float]:
    """The singular triple of the largest singular value: left, right, value."""
    u, s, vt = np.linalg.svd(m, full_matrices=False)
    return u[:, 0], vt[0], float(s[0])
