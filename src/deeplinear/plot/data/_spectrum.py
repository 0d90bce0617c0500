"""The Hessian eigenvalues of one network, sorted by sign (theory §8)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.flow import compress
from deeplinear.landscape import natural_weight
from deeplinear.landscape import spectrum as eigenvalues
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

LARGEST = 1500
"""Parameters left after compression above which a figure does not compute the spectrum."""

ZERO = 1e-6
"""Eigenvalues up to this fraction of the largest are zero: the tolerance of `classify`."""

_NOTHING = 1e-13  # layers below this fraction of the natural weight are zero


@dataclass(frozen=True)
class Spectrum:
    """All Hessian eigenvalues of a network.

    Attributes
    ----------
    negative, positive : ascending.
    zeros : how many there are in between, up to 1e-6 of the largest modulus or s_0^{2 - 2/h}.
    n_compressed : parameters whose Hessian has to be diagonalized.
    computed : whether it was: not above 1500; then there are no eigenvalues here.
    """

    negative: Array
    positive: Array
    zeros: int
    n_compressed: int
    computed: bool = True


def spectrum(problem: Problem, net: LinearNetwork) -> Spectrum:
    """Return all Hessian eigenvalues, unless more than 1500 parameters are left to diagonalize.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The network does not fit the problem, or is none.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> found = data.spectrum(problem, dl.landscape.critical_point(problem, (2, 2, 2), [1]))
    >>> found.negative, found.zeros, found.positive
    (array([-4., -3.]), 3, array([2., 4., 5.]))
    """
    if not isinstance(net, LinearNetwork):
        raise ArgumentTypeError(
            f"Argument `net` must be a LinearNetwork, but it is of type {type(net).__name__}. "
            "For a visit of an itinerary, use visit.network."
        )
    problem.require_widths(net.widths)
    net = _flushed(problem, net)
    left = compressed_size(problem, net)
    if left > LARGEST:
        return Spectrum(np.zeros(0), np.zeros(0), 0, left, computed=False)
    values = eigenvalues(problem, net)
    natural = natural_weight(problem, net.depth) ** (2 * net.depth - 2)
    largest = float(np.abs(values).max(initial=natural))
    negative, positive = values[values < -ZERO * largest], values[values > ZERO * largest]
    return Spectrum(negative, positive, len(values) - len(negative) - len(positive), left)


def compressed_size(problem: Problem, net: LinearNetwork) -> int:
    """Return the number of parameters whose Hessian has to be diagonalized."""
    return 0 if net.depth == 1 else compress(problem, _flushed(problem, net)).net.n_params


def _flushed(problem: Problem, net: LinearNetwork) -> LinearNetwork:
    """Return the network with layers that are zero but for round-off set to zero.

    The compression judges a layer's directions by the layer itself, so that one of size 1e-30
    keeps its full rank.
    """
    sizes = [float(np.linalg.norm(w)) for w in net.weights]
    scale = max(natural_weight(problem, net.depth), *sizes)
    return LinearNetwork(
        [
            np.zeros_like(w) if size <= _NOTHING * scale else w
            for w, size in zip(net.weights, sizes, strict=True)
        ]
    )
