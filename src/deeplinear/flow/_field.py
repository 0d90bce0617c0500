"""Loss, gradient, adjacency field, and the field as plain functions (theory §3)."""

from collections.abc import Callable

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.memory import aligned_zeros
from deeplinear.flow._operands import Operands
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def loss(problem: Problem, net: LinearNetwork) -> float:
    """Return the full loss of a network, L = 1/2 ||Sigma - P Sxx^{1/2}||_F^2 + floor.

    Parameters
    ----------
    problem, net
        The network's first and last widths must be the problem's ``d_in`` and ``d_out``.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> dl.loss(problem, dl.LinearNetwork([[[0.5]], [[2.0]]]))
    0.5

    References
    ----------
    theory §2.
    """
    problem.require_widths(net.widths)
    return problem.loss(net.product())


def gradient(problem: Problem, net: LinearNetwork) -> tuple[Array, ...]:
    r"""Return dL/dW_i for every layer, shaped as the weights.

    .. math:: \partial L / \partial W_i = -(W_{h-1} \cdots W_{i+1})^T (S_{yx} - P S_{xx})
              (W_{i-1} \cdots W_0)^T

    Exact up to round-off; costs one forward and one backward pass with min(rank Sxx, d_out)
    columns.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> dl.gradient(problem, dl.LinearNetwork([[[0.5]], [[2.0]]]))
    (array([[-2.]]), array([[-0.5]]))

    References
    ----------
    theory §3; Wendin, Altafini, arXiv 2511.10362, section 3.
    """
    from deeplinear.flow import _kernels

    operands = Operands.of(problem, net.widths)
    flow = np.empty(operands.n_params)
    work = aligned_zeros(operands.work_size)
    _kernels.field(
        net.to_vector(),
        operands.widths,
        operands.target,
        operands.factor,
        operands.copies,
        work,
        flow,
    )
    return _layers(-flow, net.widths)


def adjacency_field(problem: Problem, net: LinearNetwork) -> Array:
    r"""Return dA/dt = -grad L(A) of shape ``(n, n)``, n the number of nodes.

    For whitened data this is the survey's polynomial of degree 2h - 1,

    .. math:: \dot A = \sum_{j=1}^{h} (A^{h-j})^T (E - A^h) (A^{j-1})^T,

    with E holding Sigma in its block (h, 0); it keeps the block-shift pattern.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> dl.adjacency_field(problem, dl.LinearNetwork([[[0.5]], [[2.0]]]))
    array([[0. , 0. , 0. ],
           [2. , 0. , 0. ],
           [0. , 0.5, 0. ]])

    References
    ----------
    theory §3; Wendin, Altafini, arXiv 2511.10362, section 3.
    """
    n, row, column = sum(net.widths), net.widths[0], 0
    field = np.zeros((n, n))
    for g in gradient(problem, net):  # not through LinearNetwork, which refuses an overflow
        rows, columns = g.shape
        field[row : row + rows, column : column + columns] = -g
        row, column = row + rows, column + columns
    return field


def vector_field(
    problem: Problem, widths: tuple[int, ...]
) -> tuple[Callable[[float, Array], Array], Callable[[float, Array], Array]]:
    """Return ``f(t, y)`` and ``jac(t, y)`` on weight vectors, for a solver of your own.

    y has the layout of `LinearNetwork.to_vector`; time is gradient-flow time and does not enter.
    ``jac`` is minus the Hessian, symmetric, ``(n_params, n_params)``. Each call returns a fresh
    array. Entries are not checked: this is the inner loop.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.integrate import solve_ivp
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[2.0]])
    >>> f, jac = dl.vector_field(problem, (1, 1, 1))
    >>> y = solve_ivp(f, (0, 20), [0.1, 0.1], method="LSODA", jac=jac, rtol=1e-8).y[:, -1]
    >>> bool(abs(y[0] * y[1] - 2) < 1e-6)
    True

    References
    ----------
    theory §3.
    """
    from deeplinear.flow import _kernels

    widths = checks.widths(widths)
    o = Operands.of(problem, widths)
    work = aligned_zeros(o.work_size)

    def f(t: float, y: Array) -> Array:
        out = np.empty(o.n_params)
        y = np.array(y, dtype=np.float64)  # contiguous and writable, as the kernels ask
        _kernels.field(y, o.widths, o.target, o.factor, o.copies, work, out)
        return out

    def jac(t: float, y: Array) -> Array:
        out = np.empty((o.n_params, o.n_params))
        y = np.array(y, dtype=np.float64)  # contiguous and writable, as the kernels ask
        _kernels.hessian(y, o.widths, o.target, o.factor, out)
        return np.negative(out, out=out)

    return f, jac


def _layers(vector: Array, widths: tuple[int, ...]) -> tuple[Array, ...]:
    shapes = [(widths[i + 1], widths[i]) for i in range(len(widths) - 1)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    parts = np.split(vector, ends)
    return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
