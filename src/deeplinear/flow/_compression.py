"""Exact compression: a network on the subspaces that its flow never leaves (theory §5)."""

import itertools
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow._subspaces import span
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class Compression:
    """A smaller problem and network whose flow, gradient and Hessian are those of the larger.

    Attributes
    ----------
    problem, net : the small ones.
    bases : orthonormal columns for each node space, inputs first; W_i = B_{i+1} w_i B_i^T + rest.
    rest : what the first layer has off these, which never moves.
    """

    problem: Problem
    net: LinearNetwork
    bases: tuple[Array, ...]
    rest: Array

    def expand(self, net: LinearNetwork) -> LinearNetwork:
        """Return the large network of a small one."""
        layers = [self.bases[i + 1] @ w @ self.bases[i].T for i, w in enumerate(net.weights)]
        return LinearNetwork([layers[0] + self.rest, *layers[1:]])


def compress(problem: Problem, net: LinearNetwork) -> Compression:
    r"""Compress a network to the subspaces H_i that its layers and the target connect.

    With W_i H_i in H_{i+1}, W_i^T H_{i+1} in H_i, Sigma H_0 in H_h and Sigma^T H_h in H_0, the flow
    stays in them. Hidden spaces are the ranges of [W_{i-1}, W_i^T], of dimension at most
    d_{i-1} + d_{i+1}; inputs, if whitened, and outputs those that the outer layers and the target
    reach. Exact up to directions below 1e-14 of the largest, which are dropped.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.flow import compress
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> wide = dl.init.gaussian((2, 50, 2), scale=0.1, seed=0)
    >>> small = compress(problem, wide)
    >>> small.net
    LinearNetwork(widths 2-4-2, depth 2, 16 parameters)
    >>> bool(abs(dl.loss(small.problem, small.net) - dl.loss(problem, wide)) < 1e-12)
    True

    References
    ----------
    theory §5; Yaras et al., arXiv 2306.01154.
    """
    problem.require_widths(net.widths)
    w = net.weights
    hidden = [span(below, above.T) for below, above in itertools.pairwise(w)]
    inputs = np.eye(problem.d_in)
    if problem.whitened:
        reached = inputs if problem.factor is None else problem.factor
        inputs = reached @ span((w[0] @ reached).T, (problem.syx @ reached).T)
    outputs = span(w[-1], problem.syx)
    bases = (inputs, *hidden, outputs)
    small = LinearNetwork([bases[i + 1].T @ w[i] @ bases[i] for i in range(net.depth)])
    syx = outputs.T @ problem.syx @ inputs
    sxx = np.eye(inputs.shape[1]) if problem.whitened else problem.sxx
    return Compression(
        Problem(sxx, syx, problem.syy),
        small,
        bases,
        w[0] - bases[1] @ small.weights[0] @ inputs.T,
    )
