"""`escape` and `arrival`: how the flow leaves a saddle, and how it comes to one (theory §8)."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import hessian
from deeplinear.landscape._classification import Classification, require_critical
from deeplinear.landscape._classify import classify
from deeplinear.landscape._directions import EscapeDirection, directions
from deeplinear.landscape._eigenpairs import lowest_eigenpairs
from deeplinear.landscape._fall import Fall, measured_curvature
from deeplinear.landscape._modes import natural_curvature
from deeplinear.landscape._normal_form import normal_form
from deeplinear.landscape._spectrum import NEGATIVE, spectrum
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

DENSE_UP_TO = 1500
"""Parameters up to which the directions of arrival are computed, from the dense Hessian."""


@dataclass(frozen=True, repr=False)
class Escape:
    """How the flow leaves a critical point; prints itself in aligned lines.

    Attributes
    ----------
    classification : what the point is.
    order : the escape order; None at minima, or where it is undecided.
    index : negative Hessian eigenvalues; None where they are not counted.
    directions : verified ways down, the fastest first: unstable eigenvectors at order 2, one for
        every open choice of layers above. Empty at minima.
    reason : in a sentence, why these, or why none.
    """

    classification: Classification
    order: int | None
    index: int | None
    directions: tuple[EscapeDirection, ...]
    reason: str

    def leaving_time(self, eps: float) -> float:
        """Leading term of the time to leave from distance eps along the fastest direction.

        Infinite at minima, and where no direction is known.
        """
        return self.directions[0].leaving_time(eps) if self.directions else math.inf

    def rows(self) -> list[tuple[str, str]]:
        """The lines that it prints, as (name, text)."""
        order = "none" if self.order is None else str(self.order)
        rows = [("kind", self.classification.kind), ("order", order)]
        if self.index is not None:
            rows.append(("index", str(self.index)))
        for one in self.directions:
            along = ", ".join(map(str, one.layers))
            text = f"layers {along}: the loss falls by {one.coefficient:.4g} eps^{one.order}"
            if one.order == 2:
                text += f", eps grows at rate {one.rate:.4g}"
            rows.append(("way down", text))
        if self.directions:
            times = (f"{self.leaving_time(eps):.3g} from {eps:g}" for eps in (1e-1, 1e-2, 1e-3))
            rows.append(("time", ", ".join(times)))
        return [*rows, ("reason", self.reason)]

    def __repr__(self) -> str:
        return "Escape\n" + "\n".join(f"  {name:10}{text}" for name, text in self.rows())


def escape(problem: Problem, net: LinearNetwork, *, k: int = 6) -> Escape:
    r"""Say how the flow leaves a saddle: along which directions, how fast, in what time.

    Strict saddles: unstable eigenvectors v with H v = -rate v; the loss falls like
    -rate eps^2 / 2, and the distance eps grows like e^{rate t}. Non-strict ones of order p:
    rank-one perturbations of an open choice of layers (theory §8), along which

    .. math:: L(W + \epsilon V) = L(W) - c\, \epsilon^p + o(\epsilon^p), \qquad
              t \approx \frac{\epsilon^{-(p-2)}}{p (p-2) c} .

    Where every choice of three layers is blocked, the middle one moves by eps^2 and p is 4.

    Parameters
    ----------
    problem
        Whitened or not, of any rank.
    net
        A critical point; `refine` makes one from a point near it.
    k
        Unstable eigenvectors at most.

    Returns
    -------
    Escape
        Every direction was tried on the actual loss: exponent and coefficient are those measured,
        to a tenth; others are left out.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, or the network is not critical.

    Notes
    -----
    Directions are ways down, not all of them, and above order 2 c is that of this direction, the
    largest of its kind and not of all directions. At canonical points the flow leaves along
    `escape_rays`, exactly. That no direction of lower order exists is proven (theory §8).

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0])
    >>> found = dl.landscape.escape(problem, saddle)
    >>> found
    Escape
      kind      non-strict saddle
      order     3
      index     0
      way down  layers 0, 1, 2: the loss falls by 0.3849 eps^3
      time      8.66 from 0.1, 86.6 from 0.01, 866 from 0.001
      reason    The smallest open choice of layers has 3 of them.
    >>> fall = dl.loss(problem, saddle) - dl.loss(problem, found.directions[0](0.01))
    >>> round(fall / 0.01**3, 4)
    0.3849

    References
    ----------
    theory §8, §9.
    """
    k = checks.integer("k", k, minimum=1)
    verdict = classify(problem, net)
    require_critical(verdict)
    if verdict.kind == "global minimum":
        text = "A global minimum: nothing leads down."
        return Escape(verdict, None, 0, (), text)
    if verdict.kind == "undecided":
        return Escape(verdict, None, None, (), verdict.decided_by)
    signs = verdict.inertia
    assert signs is not None
    if verdict.kind == "strict saddle":
        return _strict(problem, net, verdict, signs.index, k)
    if signs.pattern is None or signs.pattern.escape_order != verdict.escape_order:
        text = "The ranks of the residual layers are in doubt: no direction could be built."
        return Escape(verdict, verdict.escape_order, signs.index, (), text)
    form = normal_form(problem, net, len(verdict.modes))
    found = tuple(directions(problem, net, form, signs.pattern))
    text = verdict.decided_by
    if not found:
        text += " Round-off hides the fall of the loss along every direction that was tried."
    return Escape(verdict, verdict.escape_order, signs.index, found, text)


def _strict(
    problem: Problem, net: LinearNetwork, verdict: Classification, index: int | None, k: int
) -> Escape:
    most = k if index is None else min(k, index)
    pairs = lowest_eigenpairs(problem, net, min(most, max(net.n_params // 2, 1)))
    fall, found = Fall(problem, net), []
    for value, v, bound in zip(pairs.values, pairs.directions, pairs.bounds, strict=True):
        if value >= -NEGATIVE * pairs.largest or bound > 0.01 * -value:
            continue
        measured = measured_curvature(fall, v, -float(value))
        if measured is None:
            continue
        moving = tuple(i for i, part in enumerate(v) if np.linalg.norm(part) > 1e-8)
        found.append(
            EscapeDirection(
                net, v, (1,) * net.depth, moving, 2, -float(value) / 2, -float(value),
                measured, fall.unit,
            )
        )  # fmt: skip
    return Escape(verdict, 2, index, tuple(found), verdict.decided_by)


@dataclass(frozen=True)
class Arrival:
    """How the flow comes to a critical point along its stable directions.

    Attributes
    ----------
    rates : the positive Hessian eigenvalues, ascending: along each the distance falls like
        e^{-rate t}. None if there are too many parameters.
    directions : those of the k slowest rates; empty above 1500 parameters.
    slowest : the smallest rate, which a generic arrival has in the end; NaN without any.
    """

    rates: Array | None
    directions: tuple[tuple[Array, ...], ...]

    @property
    def slowest(self) -> float:
        """The smallest rate; NaN if there is none, or it is not known."""
        return math.nan if self.rates is None or not len(self.rates) else float(self.rates[0])


def arrival(problem: Problem, net: LinearNetwork, *, k: int = 6) -> Arrival:
    """Return the stable space of a critical point: its rates, and the slowest directions.

    Zero eigenvalues are left out: along the critical set nothing moves, and along degenerate
    directions the approach is slower than every exponential (theory §12).

    Parameters
    ----------
    problem, net
        A critical point.
    k
        Directions at most.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, or the network is not critical.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> minimum = dl.landscape.critical_point(problem, (2, 2, 2), [0, 1])
    >>> dl.landscape.arrival(problem, minimum).rates.round(9)
    array([2., 4., 4., 6.])

    References
    ----------
    theory §8, §12.
    """
    k = checks.integer("k", k, minimum=1)
    require_critical(classify(problem, net))
    natural = natural_curvature(problem, net.depth)
    if net.n_params <= DENSE_UP_TO:
        values, vectors = scipy.linalg.eigh(hessian(problem, net), driver="evd")
        positive = values > NEGATIVE * np.abs(values).max(initial=natural)
        chosen = vectors[:, positive][:, :k]
        parts = tuple(LinearNetwork.from_vector(v, net.widths).weights for v in chosen.T)
        return Arrival(values[positive], parts)
    try:
        values = spectrum(problem, net)
    except ArgumentError:  # too many parameters are left after compression
        return Arrival(None, ())
    return Arrival(values[values > NEGATIVE * np.abs(values).max(initial=natural)], ())
