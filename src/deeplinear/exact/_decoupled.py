"""Decoupled starts: independent scalar chains, weights included (theory §6, §7.4)."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact._arguments import TOLERANCE, times
from deeplinear.exact._chain import motion
from deeplinear.exact._decoupling import Decoupling, decoupling
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def decoupled(problem: Problem, net: LinearNetwork, t: ArrayLike) -> Array:
    """The product of a network that starts decoupled: one scalar chain for each mode.

    P(t) = sum_k prod_i a_{i,k}(t) u_k v_k^T, with `chain` for the amplitudes. The start is
    recognized from its weights, see `decoupling`: any depth, widths, signs and rank; equal values,
    missing modes and modes with s = 0.

    Parameters
    ----------
    problem
        A whitened problem, also on rank-deficient inputs.
    net
        A decoupled network, see `deeplinear.init.decoupled`. Violations up to 1e-10, relative to
        the norms of the layers, are accepted: they cost that much accuracy at first, and grow
        where the flow is unstable.
    t
        ``(n,)`` times >= 0 in any order, or one number.

    Returns
    -------
    ``(n, d_out, d_in)``: P at these times.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The problem is not whitened, negative times, or a start that is not decoupled; the text
        says by how much.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> net = dl.init.decoupled(problem, (2, 3, 3, 2), [0.5, 0.1], seed=1)
    >>> abs(exact.decoupled(problem, net, [2.0, 100.0])).round(2)
    array([[[3., 0.],
            [0., 0.]],
    <BLANKLINE>
           [[3., 0.],
            [0., 1.]]])

    References
    ----------
    theory §6, §7.4; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    t = times(t)
    return Motion(problem, net, _required(problem, net)).products(t)


def decoupled_weights(problem: Problem, net: LinearNetwork, t: ArrayLike) -> Array:
    """The weights of a network that starts decoupled, in the layout of `LinearNetwork.to_vector`.

    W_i(t) = W_i(0) + sum_k (a_{i,k}(t) - a_{i,k}(0)) o_{i+1,k} o_{i,k}^T, exact like `decoupled`.

    Parameters
    ----------
    problem, net, t
        See `decoupled`.

    Returns
    -------
    ``(n, n_params)``

    Raises
    ------
    ArgumentError, ArgumentTypeError
        See `decoupled`.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_modes([4.0])
    >>> net = dl.LinearNetwork([[[0.1]], [[0.1]]])
    >>> exact.decoupled_weights(problem, net, [0.0, 10.0]).round(4)
    array([[0.1, 0.1],
           [2. , 2. ]])

    References
    ----------
    theory §6, §7.4.
    """
    t = times(t)
    return Motion(problem, net, _required(problem, net)).weights(t)


class Motion:
    """The motion of a decoupled network: the quadratures are done once, when first needed."""

    def __init__(self, problem: Problem, net: LinearNetwork, found: Decoupling) -> None:
        self._problem, self._net, self._found = problem, net, found

    def products(self, t: ArrayLike) -> Array:
        """Return P at checked times."""
        found = self._found
        if self._problem.factor is None:
            a = self._amplitudes(times(t))
            change = np.prod(a, axis=1) - np.prod(found.amplitudes, axis=0)
            return self._net.product() + (found.frames[-1] * change[:, None, :]) @ found.frames[0].T
        # The frozen columns of W_0 off the range are seen through the other layers.
        product, *others = self._layers(times(t))
        for w in others:
            product = w @ product
        return product

    def weights(self, t: ArrayLike) -> Array:
        """Return the weights at checked times."""
        layers = self._layers(times(t))
        return np.concatenate([w.reshape(len(w), -1) for w in layers], axis=1)

    @cached_property
    def _chains(self) -> tuple[list[Callable[[Array], Array]], NDArray[np.intp]]:
        """The distinct chains, and which of them each mode follows."""
        chains = np.vstack([self._found.s, self._found.amplitudes]).T
        distinct, which = np.unique(chains, axis=0, return_inverse=True)
        return [motion(float(c[0]), c[1:]) for c in distinct], which.ravel()

    def _amplitudes(self, t: Array) -> Array:
        """All amplitudes (len(t), depth, n)."""
        chains, which = self._chains
        solved = np.array([chain(t) for chain in chains])
        solved = solved.reshape(len(chains), len(t), len(self._found.amplitudes))
        return solved[which].transpose(1, 2, 0)

    def _layers(self, t: Array) -> list[Array]:
        change = self._amplitudes(t) - self._found.amplitudes
        frames = list(self._found.frames)
        if self._problem.factor is not None:
            frames[0] = self._problem.factor @ frames[0]
        return [
            w + (frames[i + 1] * change[:, i, None, :]) @ frames[i].T
            for i, w in enumerate(self._net.weights)
        ]


def _required(problem: Problem, net: LinearNetwork) -> Decoupling:
    found = decoupling(problem, net)
    if found.violation > TOLERANCE:
        remedy = " or `two_layer`, if it is lambda-balanced" if net.depth == 2 else ""
        raise ArgumentError(
            "Argument `net` must be decoupled, aligned with the singular frames of the target, "
            f"but it violates this by {found.violation:.2e} relative to its layers, more than "
            f'{TOLERANCE:g}. Use `gradient_flow(problem, net, method="explicit")`{remedy}; or '
            "start from `init.decoupled`."
        )
    return found
