"""Argument checks that all closed forms share."""

import math

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

TOLERANCE = 1e-10
"""The largest relative violation of its assumptions with which a closed form is used."""


def times(t: ArrayLike, *, minimum: float = 0.0) -> Array:
    """Return t as an array (n,): any order, repeats allowed, a number counts as one time."""
    array = checks.real_array("t", np.atleast_1d(np.asarray(t)), ndim=1, shape_text="(n,) or ()")
    if array.size and array.min() < minimum:
        raise ArgumentError(
            "Argument `t` must hold no negative times (this solution may not exist there), but "
            f"its smallest entry is {array.min():g}."
        )
    return array


def fitting(problem: Problem, net: LinearNetwork, *, whitened: bool = True) -> None:
    """Raise ArgumentError unless the network fits the problem, and the problem is whitened."""
    problem.require_widths(net.widths)
    if whitened and not problem.whitened:
        raise ArgumentError(
            "Argument `problem` must be whitened for this closed form, but its Sxx is neither "
            "the identity nor a projector. Use `gradient_flow`, which needs no whitening."
        )


def power_of_two(size: float) -> float:
    """Return the power of two nearest to `size`: dividing by it is exact."""
    return 2.0 ** round(math.log2(size)) if size > 0 else 1.0
