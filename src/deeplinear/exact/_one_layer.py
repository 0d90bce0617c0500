"""One layer: a linear flow (theory §7.1)."""

import math

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import fitting, times
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def one_layer(problem: Problem, net: LinearNetwork, t: ArrayLike) -> Array:
    r"""The product of a network of depth 1, which is also its weights.

    .. math:: P(t) = P^* + (P_0 - P^*)\, e^{-S_{xx} t}

    on the range of Sxx, P* the solution there; off the range P_0 is frozen. Exact for any Sxx:
    each direction of the inputs relaxes at its own eigenvalue.

    Parameters
    ----------
    problem, net
        Any problem, and a network of depth 1 that fits it.
    t
        ``(n,)`` times in any order, or one number; negative ones run the flow backward.

    Returns
    -------
    ``(n, d_out, d_in)``: P at these times.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The network has more layers; a negative time so large that P overflows.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_moments([[2.0, 0.0], [0.0, 0.0]], [[6.0, 0.0]])
    >>> exact.one_layer(problem, dl.LinearNetwork([[[0.0, 1.0]]]), [0.0, 1.0, 50.0]).round(4)
    array([[[0.   , 1.   ]],
    <BLANKLINE>
           [[2.594, 1.   ]],
    <BLANKLINE>
           [[3.   , 1.   ]]])

    References
    ----------
    theory §7.1.
    """
    fitting(problem, net, whitened=False)
    if net.depth != 1:
        raise ArgumentError(
            f"Argument `net` must have one layer, but its depth is {net.depth}. Use `decoupled`, "
            "`two_layer` or `gradient_flow`."
        )
    t = times(t, minimum=-math.inf)
    start = net.weights[0]
    factor = np.eye(problem.d_in) if problem.factor is None else problem.factor
    rates = np.sum(factor**2, axis=0)
    basis = factor / np.sqrt(rates)
    remaining = problem.factor_target / np.sqrt(rates) - start @ basis
    with np.errstate(over="ignore", invalid="ignore"):
        covered = -np.expm1(-t[:, None] * rates)
        product = start + (remaining * covered[:, None, :]) @ basis.T
    if not np.all(np.isfinite(product)):
        raise ArgumentError(
            "Argument `t` must not be so negative that the product overflows, "
            f"but its smallest entry is {t.min():g}."
        )
    return product
