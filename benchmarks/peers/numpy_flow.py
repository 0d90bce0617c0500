"""The flow as users of SciPy and SUNDIALS write it: in NumPy, from the equations.

With P = W_{h-1} ... W_0, the products before_i = W_{i-1} ... W_0 and after_i = W_{h-1} ... W_{i+1},
and R = sigma - P:  dW_i/dt = after_i^T R before_i^T.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from operator import matmul

import numpy as np

import deeplinear as dl
from benchmarks.method import STOCK, TUNED
from benchmarks.peers.thin import thin_side
from benchmarks.problems import Array, Case

Function = Callable[[float, Array], Array]


def fields(case: Case) -> Mapping[str, tuple[Function, Function]]:
    """The right-hand side f(t, y) and its exact Jacobian, by variant."""
    flow = NumpyFlow(case)
    return {
        TUNED: dl.vector_field(case.problem, case.widths),
        STOCK: (flow.field, flow.jacobian),
    }


class NumpyFlow:
    """Right-hand side, exact Jacobian and loss on weight vectors."""

    def __init__(self, case: Case) -> None:
        self.sigma = case.sigma
        self.shapes = [w.shape for w in case.start]
        ends = np.cumsum([0, *(w.size for w in case.start)])
        self.slices = [slice(a, b) for a, b in pairwise(ends)]
        self.through = thin_side(case.widths)

    def layers(self, y: Array) -> list[Array]:
        """The matrices of a weight vector."""
        return [y[s].reshape(shape) for s, shape in zip(self.slices, self.shapes, strict=True)]

    def field(self, t: float, y: Array) -> Array:
        """Minus the gradient."""
        parts = self.through(self.layers(y), self.sigma, matmul)
        return np.concatenate([part.ravel() for part in parts])

    def loss(self, y: Array) -> float:
        """Half the squared residual."""
        product, *others = self.layers(y)
        for layer in others:
            product = layer @ product
        residual = (self.sigma - product).ravel()
        return 0.5 * float(residual @ residual)

    def jacobian(self, t: float, y: Array) -> Array:
        """Minus the Hessian: -J^T J with J = dP/dy, and the curvature of P against R."""
        w = self.layers(y)
        before, after = [np.eye(self.sigma.shape[1])], [np.eye(len(self.sigma))]
        for layer in w:
            before.append(layer @ before[-1])
        for layer in w[:0:-1]:
            after.append(after[-1] @ layer)
        residual = self.sigma - before.pop()
        after.reverse()
        network = np.hstack([_kron(a, b.T) for a, b in zip(after, before, strict=True)])
        out = -network.T @ network
        for i, mine in enumerate(self.slices):
            right = residual @ before[i].T
            between = np.eye(len(w[i]))  # W_{j-1} ... W_{i+1}
            for j in range(i + 1, len(w)):
                outer = after[j].T @ right
                # d(between^T dW_j^T outer)[a, b] / d(dW_j)[r, c]
                block = between.T[:, None, None, :] * outer.T[None, :, :, None]
                block = block.reshape(w[i].size, w[j].size)
                out[mine, self.slices[j]] += block
                out[self.slices[j], mine] += block.T
                between = w[j] @ between
        return out


def _kron(a: Array, b: Array) -> Array:
    """As ``np.kron``, several times faster for small matrices."""
    shape = (len(a) * len(b), a.shape[1] * b.shape[1])
    return (a[:, None, :, None] * b[None, :, None, :]).reshape(shape)
