"""The Hessian of the loss, dense and as a product with a direction (theory §3, §8)."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.flow._operands import Operands
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def hessian(problem: Problem, net: LinearNetwork) -> Array:
    r"""Return the Hessian of the loss, ``(n_params, n_params)``, in `to_vector`'s layout.

    Gauss-Newton part minus residual part, both explicit: with
    :math:`L_{i+1} = W_{h-1} \cdots W_{i+1}`, :math:`Z_i = W_{i-1} \cdots W_0`,
    :math:`R = S_{yx} - P S_{xx}`, block (i, j) with j < i is the matrix of

    .. math:: V \mapsto L_{i+1}^T L_{j+1} V Z_j S_{xx} Z_i^T
              - L_{i+1}^T R (W_{i-1} \cdots W_{j+1} V Z_j)^T.

    Exact up to round-off. Needs ``8 n_params**2`` bytes; `hessian_product` needs none of it.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> dl.hessian(problem, dl.LinearNetwork([[[0.0]], [[0.0]]]))
    array([[ 0., -2.],
           [-2.,  0.]])

    References
    ----------
    theory §3, §8; Wendin, Altafini, arXiv 2511.10362, section 5.
    """
    from deeplinear.flow import _kernels

    o = Operands.of(problem, net.widths)
    out = np.empty((o.n_params, o.n_params))
    _kernels.hessian(net.to_vector(), o.widths, o.target, o.factor, out)
    return out + 0.0  # no negative zeros


def hessian_product(
    problem: Problem, net: LinearNetwork, direction: Sequence[ArrayLike]
) -> tuple[Array, ...]:
    """Return the Hessian applied to a direction, both shaped as the weights.

    One forward-over-reverse pass through the thinner of inputs and outputs: about three gradients,
    no matrix of size n_params. Exact up to round-off.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, or the direction does not fit the weights.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> net = dl.LinearNetwork([[[0.0]], [[0.0]]])
    >>> dl.hessian_product(problem, net, ([[1.0]], [[0.0]]))
    (array([[0.]]), array([[-2.]]))

    References
    ----------
    theory §3, §8.
    """
    problem.require_widths(net.widths)
    try:
        direction = tuple(direction)
    except TypeError:
        raise ArgumentTypeError(
            "Argument `direction` must be a sequence of matrices, one for each layer, "
            f"but it is of type {type(direction).__name__}."
        ) from None
    v = checks.shaped_as_weights("direction", direction, net.weights)
    product = hessian_operator(problem, net)(np.concatenate([layer.ravel() for layer in v]))
    product += 0.0  # no negative zeros
    ends = np.cumsum([layer.size for layer in v])[:-1]
    return tuple(
        part.reshape(layer.shape) for part, layer in zip(np.split(product, ends), v, strict=True)
    )


def hessian_operator(problem: Problem, net: LinearNetwork) -> Callable[[Array], Array]:
    """Return v -> H v on weight vectors, for iterative methods: `hessian_product` without checks.

    Both have the layout of `LinearNetwork.to_vector`.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.flow import hessian_operator
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> apply = hessian_operator(problem, dl.LinearNetwork([[[0.0]], [[0.0]]]))
    >>> apply(np.array([1.0, 0.0]))
    array([ 0., -2.])

    References
    ----------
    theory §3, §8.
    """
    from deeplinear.flow._hessian_product import SMALL, SmallProduct

    problem.require_widths(net.widths)
    factor = np.eye(problem.d_in) if problem.factor is None else problem.factor
    rank = factor.shape[1]
    if 0 < max(w.size for w in net.weights) * min(rank, problem.d_out) < SMALL:
        return SmallProduct(net.weights, problem.factor, problem.factor_target)
    thin = rank <= problem.d_out
    product = _product_from_inputs if thin else _product_from_outputs
    shapes = [w.shape for w in net.weights]
    ends = np.cumsum([0, *(w.size for w in net.weights)])

    def apply(x: Array) -> Array:
        flat = np.ravel(x)
        v = [
            flat[a:b].reshape(shape)
            for a, b, shape in zip(ends[:-1], ends[1:], shapes, strict=True)
        ]
        found = product(net.weights, v, factor, problem.factor_target)
        return np.concatenate([layer.ravel() for layer in found])

    return apply


def _product_from_inputs(
    w: Sequence[Array], v: Sequence[Array], factor: Array, target: Array
) -> list[Array]:
    z, dz = [factor], [np.zeros_like(factor)]
    for wi, vi in zip(w, v, strict=True):
        dz.append(vi @ z[-1] + wi @ dz[-1])
        z.append(wi @ z[-1])
    b, db = z[-1] - target, dz[-1]
    result = []
    for i in range(len(w) - 1, -1, -1):
        result.append(db @ z[i].T + b @ dz[i].T)
        b, db = w[i].T @ b, v[i].T @ b + w[i].T @ db
    return result[::-1]


def _product_from_outputs(
    w: Sequence[Array], v: Sequence[Array], factor: Array, target: Array
) -> list[Array]:
    eye = np.eye(len(target))
    left, d_left = [eye], [np.zeros_like(eye)]
    for wi, vi in zip(w[::-1], v[::-1], strict=True):
        d_left.append(d_left[-1] @ wi + left[-1] @ vi)
        left.append(left[-1] @ wi)
    left, d_left = left[::-1], d_left[::-1]
    m, dm = (left[0] @ factor - target) @ factor.T, d_left[0] @ factor @ factor.T
    result = []
    for i, (wi, vi) in enumerate(zip(w, v, strict=True)):
        result.append(d_left[i + 1].T @ m + left[i + 1].T @ dm)
        m, dm = m @ wi.T, dm @ wi.T + m @ vi.T
    return result
