"""Which closed forms cover a start."""

from collections.abc import Callable
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

from deeplinear._core.checks import Array
from deeplinear.exact._arguments import TOLERANCE, times
from deeplinear.exact._decoupled import Motion
from deeplinear.exact._decoupling import decoupling
from deeplinear.exact._one_layer import one_layer
from deeplinear.exact._two_layer import imbalance, riccati
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class Solution:
    """A closed form of one start's flow.

    Attributes
    ----------
    name : "one layer", "decoupled" or "two layers".
    violation : how far the start is from what the form assumes, relative to its weights.
    products : t -> ``(len(t), d_out, d_in)``, the end-to-end map.
    weights : t -> ``(len(t), n_params)``, laid out as `LinearNetwork.to_vector`; None if only the
        product has a closed form.
    """

    name: str
    violation: float
    products: Callable[[ArrayLike], Array] = field(repr=False)
    weights: Callable[[ArrayLike], Array] | None = field(repr=False)


def applicable(problem: Problem, net: LinearNetwork) -> tuple[Solution, ...]:
    """The closed forms that cover a start, those with exact weights first.

    Cheap: a start that is not covered is usually rejected by a few matrix products.

    Parameters
    ----------
    problem, net
        Any problem, and a network that fits it.

    Returns
    -------
    Tuple of `Solution`, empty if no form covers the start. Each form is used up to a violation of
    1e-10; it is exact for the nearest start that has none.

    Raises
    ------
    ArgumentError
        The network does not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_modes([3.0, 1.0], seed=1)
    >>> [form.name for form in exact.applicable(problem, dl.init.decoupled(problem, (2, 2, 2)))]
    ['decoupled', 'two layers']
    >>> exact.applicable(problem, dl.init.gaussian((2, 2, 2), seed=1))
    ()

    References
    ----------
    theory §7.
    """
    problem.require_widths(net.widths)
    if net.depth == 1:

        def flat(t: ArrayLike) -> Array:
            products = one_layer(problem, net, t)
            return products.reshape(len(products), -1)

        return (Solution("one layer", 0.0, lambda t: one_layer(problem, net, t), flat),)
    if not problem.whitened:
        return ()
    forms = []
    found = decoupling(problem, net)
    if found.violation <= TOLERANCE:
        moving = Motion(problem, net, found)
        forms.append(Solution("decoupled", found.violation, moving.products, moving.weights))
    if net.depth == 2:
        lam, violation = imbalance(problem, net)
        if violation <= TOLERANCE:
            forms.append(
                Solution(
                    "two layers",
                    violation,
                    lambda t: riccati(problem, net, lam, times(t)),
                    None,
                )
            )
    return tuple(forms)
