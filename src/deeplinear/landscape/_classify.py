"""`classify`: what a critical point is, which test decided it, and by what margin (theory §8)."""

import math
from dataclasses import dataclass, replace

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import compress, gradient, loss
from deeplinear.landscape._classification import Classification
from deeplinear.landscape._modes import (
    ModeSet,
    group_strengths,
    learned_modes,
    mode_groups,
    natural_weight,
)
from deeplinear.landscape._normal_form import NormalForm, normal_form, whitened_layers
from deeplinear.landscape._openness import opening
from deeplinear.landscape._spectrum import spectrum
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

DEFAULT_TOLERANCE = 1e-6

_DOUBT = 10.0
"""Numbers up to so many times their threshold may or may not be zero."""

_CURVED = 1e-5
"""A negative eigenvalue of this fraction of the largest settles what residual products do not."""

_DENSE_UP_TO = 1500
"""Parameters after compression up to which that is tried."""

_DEVIATION = 0.01
"""How far a mode's strength may be from 0 and from s at a critical point, as a fraction of s."""


def classify(
    problem: Problem, net: LinearNetwork, *, tol: float = DEFAULT_TOLERANCE
) -> Classification:
    r"""Classify a critical point of the loss.

    With S the set of learned modes, r = |S| and the residual target R = Sigma - P:

    - S holds the min(min(widths), m) largest modes: global minimum.
    - S is not a set of largest modes: strict saddle; a learned mode is exchanged for a larger one.
    - else the escape order p is the smallest number of layers i_1 < ... < i_p such that every
      product of the layers between two neighbors has rank > r, and

      .. math:: (W_{h-1} \cdots W_{i_p+1})^T R \, (W_{i_1-1} \cdots W_0)^T \ne 0

      with the one exception of theory §8 that turns 3 into 4. p = 2 is a strict saddle, p >= 3 a
      non-strict one, where the Hessian is positive semidefinite and the loss falls like
      -c eps^p. From distance eps, leaving takes a time ~ log(1 / eps) / c for p = 2, and
      ~ eps^{-(p - 2)} for p >= 3.

    Parameters
    ----------
    problem
        Whitened or not, of any rank.
    net
        A critical point, to the tolerance; `refine` makes one from a point near it.
    tol
        Relative tolerance. With the natural weight w = max_i(s_0^{1/h}, ||W_i||_2), numbers
        below tol times their bound by such weights are zero: gradients below
        tol ||Sigma|| prod_{j != i} max(||W_j||_2, s_0^{1/h}), residual products below tol w for
        each layer in them, singular values of P below tol max(s_0, ||P||).

    Returns
    -------
    Classification
        "undecided" if what was tested lies within a factor of 10 above its threshold, or is so
        small that the remaining gradient cannot tell it from zero.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, `tol` is not in (0, 0.01].

    Notes
    -----
    Exact at exact critical points whose non-zero blocks are not tiny. That order 2 is the same as
    strict, and that orders are never lower, is proven; that no order is higher, but for the
    exception, was checked numerically (theory §8). Groups of equal modes (to 1e-8 of the largest)
    count as one mode of that multiplicity.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> point = dl.landscape.critical_point(problem, (3, 3, 3, 3), [0])
    >>> dl.landscape.classify(problem, point)
    Classification
      kind     non-strict saddle
      learned  modes 0
      loss     2.5, gradient ...
      escape   order 3, along layers 0, 1, 2
      decided  The smallest open choice of layers has 3 of them. Margin ...

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289; Kawaguchi, arXiv 1605.07110.
    """
    problem.require_widths(net.widths)
    tol = checks.number("tol", tol, minimum=0.0, exclusive=True)
    if tol > 0.01:
        raise ArgumentError(
            f"Argument `tol` must be at most 0.01, a relative tolerance, but it is {tol:g}."
        )
    full_gradient = math.hypot(*(float(np.linalg.norm(g)) for g in gradient(problem, net)))
    verdict = _verdict(problem, net, tol)
    return Classification(
        kind=verdict.kind,
        modes=verdict.modes,
        loss=loss(problem, net),
        gradient_norm=full_gradient,
        escape_order=verdict.order,
        escape_layers=verdict.layers,
        decided_by=verdict.reason,
        margin=verdict.margin,
        _point=(problem, net),
    )


@dataclass(frozen=True)
class _Verdict:
    kind: str
    modes: ModeSet
    reason: str
    margin: float
    order: int | None = None
    layers: tuple[int, ...] = ()


def _verdict(problem: Problem, net: LinearNetwork, tol: float) -> _Verdict:
    """The tests in order: critical, matching a set of modes, its place among the modes, escape."""
    s, depth = problem.modes.s, net.depth
    if problem.rank == 0:
        reason = "All inputs are zero: the loss does not depend on the weights."
        return _Verdict("global minimum", (), reason, math.inf)
    layers, target = whitened_layers(problem, net), problem.factor_target
    natural = natural_weight(problem, depth)
    scales = [max(natural, float(np.linalg.norm(w, 2))) for w in layers]
    product = layers[0] if depth == 1 else np.linalg.multi_dot(layers[::-1])
    values = np.linalg.svd(product, compute_uv=False)
    size = max(natural**depth, float(values[0]))
    learned = learned_modes(problem, net)
    deviation = _deviation(problem, net)
    steepness = _relative_gradient(layers, product - target, scales) / size
    if steepness > tol:
        reason = (
            f"The gradient is {steepness:.2g} of its bound, above the tolerance {tol:g}: refine "
            "the point first."
        )
        return _Verdict("not critical", learned, reason, steepness / tol)
    rank = int(np.sum(values > tol * size))
    margin = min(_clearance(np.asarray(values / (tol * size))), _ratio(tol, steepness))
    if rank != len(learned) or deviation > _DEVIATION:
        reason = (
            f"The map, of rank {rank}, matches no set of modes: strengths are off by up to "
            f"{deviation:.2g} of their modes."
        )
        return _Verdict("undecided", learned, reason, 1.0)
    r_max = min(*net.widths, len(s))
    exchange = _exchange(s, learned)
    if depth > 1 and exchange is not None:
        k, i = exchange
        reason = f"Mode {i} is learned while mode {k}, which is larger, is not."
        return _Verdict("strict saddle", learned, reason, margin, 2, (0, depth - 1))
    if rank == r_max:
        return _Verdict("global minimum", learned, _all_learned(r_max, len(s)), margin)
    form = normal_form(problem, net, rank)
    verdict = _saddle(form, scales, tol, steepness, learned, margin)
    if verdict.kind == "undecided":
        # k small layers of size z curve the loss by z^(k - 2) at a gradient of z^(k - 1), k >= 3.
        return _by_curvature(problem, net, verdict, max(_CURVED, 3.0 * math.sqrt(steepness)))
    return verdict


def _saddle(
    form: NormalForm,
    scales: list[float],
    tol: float,
    steepness: float,
    modes: ModeSet,
    margin: float,
) -> _Verdict:
    """A saddle whose learned modes are the largest: count the layers of its escape."""
    # Residual layers of size z make a gradient z^(h - 1): smaller ones may as well be zero.
    hidden = 3.0 * steepness ** (1.0 / (len(form.z) - 1))
    found = opening(form, scales, tol, max(_DOUBT, hidden / tol))
    margin = min(margin, found.margin)
    if found.order != found.highest:
        kind = "non-strict saddle" if found.order > 2 else "undecided"
        reason = (
            f"Residual products between {tol:g} and {max(_DOUBT * tol, hidden):.2g} of the weights "
            f"may or may not be zero: the order is {found.order} or up to {found.highest}."
        )
        return _Verdict(kind, modes, reason, max(margin, 1.0), layers=found.layers)
    if found.blocked:
        reason = "Every open choice of 3 layers is blocked, because the target is rank-deficient."
    else:
        reason = f"The smallest open choice of layers has {found.order} of them."
    kind = "strict saddle" if found.order == 2 else "non-strict saddle"
    return _Verdict(kind, modes, reason, margin, found.order, found.layers)


def _by_curvature(
    problem: Problem, net: LinearNetwork, verdict: _Verdict, threshold: float
) -> _Verdict:
    """Decide a saddle of order 2 or more, whose residual products are in doubt, by the Hessian."""
    if compress(problem, net).net.n_params > _DENSE_UP_TO:
        return verdict
    values = spectrum(problem, net)
    share = -float(values[0]) / float(np.abs(values).max(initial=1e-300))
    if share < threshold:
        return verdict
    reason = f"The Hessian has the negative eigenvalue {values[0]:.3g}."
    return replace(verdict, kind="strict saddle", reason=reason, margin=share / threshold, order=2)


def _deviation(problem: Problem, net: LinearNetwork) -> float:
    """How far the strengths of the modes are from 0 or s, relative to s."""
    shares = group_strengths(problem, net.product()) / problem.modes.s
    return float(np.abs(shares - (shares > 0.5)).max(initial=0.0))


def _relative_gradient(layers: tuple[Array, ...], residual: Array, scales: list[float]) -> float:
    """The largest gradient over layers, in units of the other layers' scales."""
    back = [np.eye(len(residual))]
    for w in layers[:0:-1]:
        back.append(back[-1] @ w)
    forward, largest = residual.T, 0.0
    for i, w in enumerate(layers):
        g = float(np.linalg.norm(forward @ back[len(layers) - 1 - i]))
        largest = max(largest, g / math.prod(scales[:i] + scales[i + 1 :]))
        forward = w @ forward
    return largest


def _exchange(s: Array, modes: ModeSet) -> tuple[int, int] | None:
    """A larger mode that is not learned while a smaller one is; equal ones count as one."""
    groups = mode_groups(s)
    partial = None
    for group in groups:
        held = [k for k in group if k in modes]
        if partial is not None and held:
            return partial, held[0]
        if partial is None and len(held) < len(group):
            partial = group[len(held)]
    return None


def _all_learned(r_max: int, m: int) -> str:
    if r_max == m:
        return "Every mode is learned: the map is the best linear map."
    if r_max == 1:
        return "The largest mode is learned, as many as the widths can hold."
    return f"The {r_max} largest modes are learned, as many as the widths can hold."


def _clearance(values: Array) -> float:
    """The smallest factor between a number and its threshold, 1."""
    positive = values[values > 0]
    return float(np.min(np.maximum(positive, 1 / positive), initial=math.inf))


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else math.inf
