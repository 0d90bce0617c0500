"""`refine`: the critical point near a network, by Levenberg-Marquardt steps (theory §8, §13)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear.flow import compress, gradient, hessian, hessian_operator, vector_field
from deeplinear.landscape._damped import DampedSolver
from deeplinear.landscape._modes import learned_modes, natural_weight
from deeplinear.landscape._normal_form import factor_inverse, normal_form
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

MAX_STEPS = 30
"""Levenberg-Marquardt steps at most."""

DENSE_UP_TO = 200
"""Parameters up to which the dense Hessian is factorized; iterative least squares above."""

_MAX_ITERATIONS = 300
"""Iterations of a step at most."""

_FACTOR = 5.0
"""Residual parts up to this factor above what the gradient can tell from zero are removed."""

_ROUNDS = 2
"""Removals of the residual: the steps after the first one leave traces."""

_CRITICAL = 1e-10
"""Gradients below this fraction of their bound are those of a critical point."""

_ROUND_OFF = 16 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Refinement:
    """A critical point near a network.

    Attributes
    ----------
    network : the refined network.
    displacement : its distance from the given one, ||W - W'||_F over all weights.
    gradient_norm : ||grad L||_F there.
    converged : whether the gradient is round-off, or at most 1e-10 of its bound by the weights.
    """

    network: LinearNetwork
    displacement: float
    gradient_norm: float
    converged: bool


def refine(problem: Problem, net: LinearNetwork, *, reach: float = math.inf) -> Refinement:
    r"""Find a critical point near a network.

    Levenberg-Marquardt steps on the gradient g with the exact Hessian H,

    .. math:: \delta = -(H^2 + \mu I)^{-1} H g ,

    do not jump along the continua that critical points form, as Newton's do. Where the point is
    degenerate, such steps fall short by a factor of up to h - 1, so the multiples 1, ..., h - 1
    are tried. Before, residual parts (theory §8) so small that the gradient cannot tell them from
    zero, singular values below 5 (||g|| / bound)^{1/(h - 1)}, are removed: a flow that waits at a
    saddle leaves along them, and the saddle is the point without them.

    Parameters
    ----------
    problem
        Whitened or not.
    net
        Any network. Far from critical points, the one that is found can be far too: see
        ``displacement``.
    reach
        Give up where the removal or the steps lead farther away than this; the result is then not
        converged.

    Returns
    -------
    Refinement
        A critical point to round-off if ``converged``; otherwise the best that was found.
        A network whose gradient is round-off is returned as it is.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, `reach` is no positive number.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0])
    >>> found = dl.landscape.refine(problem, dl.init.near(saddle, distance=1e-3, seed=0))
    >>> found.converged, found.displacement < 2e-3
    (True, True)
    >>> dl.landscape.classify(problem, found.network).escape_order
    3

    References
    ----------
    theory §8, §13; Fan, Yuan, Computing 74 (2005).
    """
    problem.require_widths(net.widths)
    if reach != math.inf:
        reach = checks.number("reach", reach, minimum=0.0, exclusive=True)
    start = _Slope(problem, net)
    if start.is_round_off:
        return Refinement(net, 0.0, start.norm, True)
    found = start
    moved = 0.0
    for _ in range(_ROUNDS):
        found = _Slope(problem, _without_small_residual(found, moved))
        moved = _distance(found.net, net)
        if moved > reach:
            break
        found = _descended_compressed(found, reach)
        moved = _distance(found.net, net)
        if moved > reach:
            break
    if not found.is_critical and moved <= reach:
        again = _descended(start, reach)
        found = min(found, again, key=lambda slope: slope.steepness)
        moved = _distance(found.net, net)
    found = _Slope(problem, _without_dust(found))
    return Refinement(found.net, moved, found.norm, found.is_critical and moved <= reach)


class _Slope:
    """A network with its gradient, and the bound that its weights set to gradients."""

    def __init__(self, problem: Problem, net: LinearNetwork) -> None:
        self.problem, self.net = problem, net
        self.vector = np.concatenate([g.ravel() for g in gradient(problem, net)])
        self.norm = float(np.linalg.norm(self.vector))
        self.natural = natural = natural_weight(problem, net.depth)
        factor = float(np.linalg.norm(problem.sqrt_sxx, 2))
        sizes = [max(natural, float(np.linalg.norm(w))) for w in net.weights]
        residual = max(natural**net.depth, factor * math.prod(sizes))
        self.bound = factor * residual * math.prod(sizes) / min(sizes)
        self.steepness = self.norm / self.bound if self.bound > 0 else 0.0

    @property
    def is_round_off(self) -> bool:
        return self.steepness <= _ROUND_OFF

    @property
    def is_critical(self) -> bool:
        return self.steepness <= _CRITICAL


def _without_small_residual(here: _Slope, moved: float) -> LinearNetwork:
    """Remove the singular values of the residual layers that the gradient cannot see.

    After a move, what is of second order in it as well: the learned directions have turned.
    """
    problem, net, depth = here.problem, here.net, here.net.depth
    if depth == 1:
        return net
    form = normal_form(problem, net, len(learned_modes(problem, net)))
    rest = float(np.linalg.norm(form.rest, 2)) if form.rest.size else 0.0
    if rest == 0.0:
        return net
    weight = rest ** (1 / depth)
    steepness = here.norm / (rest * weight ** (depth - 1))
    cut = _FACTOR * weight * max(steepness ** (1 / (depth - 1)), (moved / weight) ** 2)
    layers = []
    for i, w in enumerate(net.weights):
        u, s, vt = np.linalg.svd(form.z[i], full_matrices=False)
        small = np.where(s < cut, s, 0.0)
        change = form.inner[i + 1] @ ((u * small) @ vt) @ form.outer[i]
        if i == 0 and problem.factor is not None:
            change = change @ factor_inverse(problem)
        layers.append(w - change)
    return LinearNetwork(layers)


def _without_dust(here: _Slope) -> LinearNetwork:
    """Set layers that are round-off of the natural weight to zero."""
    layers = [
        np.zeros_like(w) if np.linalg.norm(w) < _ROUND_OFF * here.natural else w
        for w in here.net.weights
    ]
    return LinearNetwork(layers)


def _descended_compressed(here: _Slope, reach: float) -> _Slope:
    """Descend on the subspaces that the network uses: without a residual, few of its nodes."""
    small = compress(here.problem, here.net)
    found = _descended(_Slope(small.problem, small.net), reach)
    return _Slope(here.problem, small.expand(found.net))


def _descended(start: _Slope, reach: float) -> _Slope:
    """Take Levenberg-Marquardt steps until the gradient is round-off or does not fall."""
    problem, widths = start.problem, start.net.widths
    field, _ = vector_field(problem, widths)
    origin = y = start.net.to_vector()
    g, norm, bound = start.vector, start.norm, start.bound
    damping = norm * norm  # unlike a power, infinite where it overflows
    for _ in range(MAX_STEPS):
        if norm <= _ROUND_OFF * bound or np.linalg.norm(y - origin) > reach:
            break
        step = _steps(problem, LinearNetwork.from_vector(y, widths), g, norm / bound)
        for _ in range(10):
            there, slope, fallen = _best_multiple(field, y, step(damping), len(widths) - 1)
            if fallen < norm:
                break
            damping = max(10.0 * damping, 1e-26 * bound)
        else:
            break
        stalled = fallen > 0.99 * norm and fallen <= _CRITICAL * bound
        y, g, norm, damping = there, slope, fallen, min(damping / 10.0, fallen * fallen)
        if stalled:
            break
    return _Slope(problem, LinearNetwork.from_vector(y, widths))


def _best_multiple(
    field: Callable[[float, Array], Array], y: Array, step: Array, depth: int
) -> tuple[Array, Array, float]:
    """The best of the multiples 1, ..., h - 1 of a step, as long as they get better."""
    best, best_slope, best_norm = y, y, math.inf
    for q in range(1, max(depth, 2)):
        there = y + q * step
        slope = -field(0.0, there)
        norm = float(np.linalg.norm(slope))
        if not norm < best_norm:
            break
        best, best_slope, best_norm = there, slope, norm
    return best, best_slope, best_norm


def _steps(
    problem: Problem, net: LinearNetwork, g: Array, steepness: float
) -> Callable[[float], Array]:
    """The step as a function of the damping mu."""
    if net.n_params <= DENSE_UP_TO:
        curvature = hessian(problem, net)
        if not np.isfinite(curvature).all():  # deep, with huge weights: there is no step
            return lambda mu: np.full_like(g, np.nan)
        return DampedSolver(curvature, g).step
    from deeplinear.flow._hessian_product import SmallProduct

    apply = hessian_operator(problem, net)
    accuracy = min(1e-2, math.sqrt(steepness))
    if isinstance(apply, SmallProduct):
        return lambda mu: apply.least_squares(g, mu, accuracy, _MAX_ITERATIONS)
    from scipy.sparse.linalg import LinearOperator, lsmr

    operator = LinearOperator((net.n_params,) * 2, matvec=apply, rmatvec=apply, dtype=np.float64)
    few = {"atol": accuracy, "btol": accuracy, "maxiter": _MAX_ITERATIONS}
    return lambda mu: np.asarray(lsmr(operator, -g, damp=math.sqrt(mu), **few)[0])


def _distance(a: LinearNetwork, b: LinearNetwork) -> float:
    return float(np.linalg.norm(a.to_vector() - b.to_vector()))
