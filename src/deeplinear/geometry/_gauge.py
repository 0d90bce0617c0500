"""Gauge transforms: base changes of the hidden layers that keep the map (theory §5)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array, SeedLike
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.init._frames import haar
from deeplinear.network import LinearNetwork

_SINGULAR = 8 * float(np.finfo(float).eps)  # smallest over largest singular value of a transform


def gauge_transform(net: LinearNetwork, transforms: Sequence[ArrayLike]) -> LinearNetwork:
    r"""Change the bases of the hidden layers.

    .. math:: W_i \to T_{i+1} W_i T_i^{-1}, \qquad T_0 = I, \quad T_h = I .

    P, the loss and the ranks of all partial products stay; criticality stays, and so does the
    inertia of the Hessian at critical points. Eigenvalues, imbalances and the speed of the flow
    stay only if all T_i are orthogonal.

    Parameters
    ----------
    net
        Widths (d_0, ..., d_h).
    transforms
        (T_1, ..., T_{h-1}), an invertible matrix ``(d_i, d_i)`` for each hidden layer; none for
        depth 1. The network moves by solving with T_i, without inverses: its error is of the
        order of eps cond(T_i).

    Returns
    -------
    LinearNetwork
        Of the same widths.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The number or a shape does not fit the hidden layers, or a matrix is singular to round-off
        (condition number above 5e14).

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.geometry import gauge_transform
    >>> net = dl.LinearNetwork([[[1.0, 2.0]], [[3.0], [4.0]]])
    >>> moved = gauge_transform(net, [[[2.0]]])
    >>> moved.weights[0], moved.weights[1]
    (array([[2., 4.]]), array([[1.5],
           [2. ]]))
    >>> bool(np.all(moved.product() == net.product()))
    True

    References
    ----------
    theory §5.
    """
    matrices = _transforms(net.widths, transforms)
    layers: list[Array] = []
    for i, w in enumerate(net.weights):
        layer: Array = w if i == net.depth - 1 else matrices[i] @ w
        layers.append(layer if i == 0 else _divided(layer, matrices[i - 1]))
    return LinearNetwork(layers)


def random_gauge(
    net: LinearNetwork, *, condition: float = 10.0, seed: SeedLike = 0
) -> LinearNetwork:
    """Move a network along its gauge orbit by a random transform of given condition number.

    T_i = A_i D_i B_i with uniformly random orthogonal A_i, B_i and singular values D_i between
    condition^{-1/2} and condition^{1/2}, both of which occur if d_i >= 2; the others are drawn
    between them, uniformly on the logarithmic scale.

    Parameters
    ----------
    net
        Any network; at depth 1 it comes back as it is.
    condition
        Condition number of every T_i with d_i >= 2, at least 1 and at most 1e12; T_i of width 1
        are numbers of size condition^{-1/2} to condition^{1/2}. 1 gives orthogonal transforms,
        which keep the flow too.
    seed
        int or Generator; None draws fresh entropy.

    Returns
    -------
    LinearNetwork
        With the same P up to round-off, which grows like `condition` for each hidden layer.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `condition` is below 1 or above 1e12.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.geometry import random_gauge
    >>> net = dl.init.balanced((2, 3, 2), product=[[4.0, 0.0], [0.0, 1.0]])
    >>> moved = random_gauge(net, condition=100.0, seed=1)
    >>> bool(np.allclose(moved.product(), net.product()))
    True
    >>> bool(np.linalg.norm(moved.imbalance()) > 1.0)
    True

    References
    ----------
    theory §5.
    """
    condition = checks.number("condition", condition, minimum=1.0)
    if condition > 1e12:
        raise ArgumentError(
            f"Argument `condition` must be at most 1e+12, but it is {condition:g}: the product "
            "would be lost in round-off."
        )
    rng = checks.generator(seed)
    spread = 0.5 * np.log(condition)
    # Three transforms in turn, orthogonal, diagonal, orthogonal: solving with each is accurate,
    # solving with their product T_i would lose eps cond(T_i).
    steps: tuple[list[Array], ...] = ([], [], [])
    for d in net.widths[1:-1]:
        logs = rng.uniform(-spread, spread, d)
        if d >= 2:
            logs[:2] = spread, -spread
        factors = haar(rng, d, d), np.diag(np.exp(logs)), haar(rng, d, d)
        for step, factor in zip(steps, factors, strict=True):
            step.append(factor)
    for step in steps:
        net = gauge_transform(net, step)
    return net


def _divided(layer: Array, transform: Array) -> Array:
    """Return layer transform^{-1}."""
    return np.asarray(np.linalg.solve(transform.T, layer.T).T, dtype=np.float64)


def _transforms(widths: tuple[int, ...], transforms: Sequence[ArrayLike]) -> list[Array]:
    """Return the matrices of the hidden layers, checked."""
    try:
        given = list(transforms)
    except TypeError:
        raise ArgumentTypeError(
            "Argument `transforms` must be a sequence of matrices, one for each hidden layer, "
            f"but it is of type {type(transforms).__name__}."
        ) from None
    hidden = widths[1:-1]
    if len(given) != len(hidden):
        raise ArgumentError(
            f"Argument `transforms` must hold {len(hidden)} matrices, one for each hidden layer of "
            f"widths {widths}, but it holds {len(given)}. Inputs and outputs keep their bases."
        )
    matrices = []
    for k, (d, value) in enumerate(zip(hidden, given, strict=True)):
        matrix = checks.matrix(f"transforms[{k}]", value, shape_text=str((d, d)))
        if matrix.shape != (d, d):
            raise ArgumentError(
                f"Argument `transforms[{k}]` must have shape {(d, d)}, the width of hidden layer "
                f"{k + 1} twice, but its shape is {matrix.shape}."
            )
        s = np.linalg.svd(matrix, compute_uv=False)
        if s[-1] <= _SINGULAR * s[0]:
            raise ArgumentError(
                f"Argument `transforms[{k}]` must be invertible, but its singular values reach "
                f"from {s[0]:.3g} down to {s[-1]:.3g}. Only invertible transforms keep the product."
            )
        matrices.append(matrix)
    return matrices
