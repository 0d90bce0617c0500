"""How exactly the end-to-end map of a network is known in double precision."""

import numpy as np

from deeplinear.network import LinearNetwork

_UNITS = 16 * float(np.finfo(float).eps)


def product_round_off(net: LinearNetwork) -> float:
    """Return the size of the rounding error of P; singular values below it may be zero.

    An error e ||W_i|| of a layer changes P = A_i W_i B_i by at most e ||A_i|| ||W_i|| ||B_i||: the
    root of the sum of squares of these, for e = 16 eps. The plain bound || |W_{h-1}| ... |W_0| ||
    does not see the cancellation inside A_i and B_i: in gauges of condition number 1e5 it exceeds
    the error by orders of magnitude, and P would lose singular values that it has.
    """
    below, above = [np.eye(net.widths[0])], [np.eye(net.widths[-1])]
    for w in net.weights[:-1]:
        below.append(w @ below[-1])
    for w in net.weights[:0:-1]:
        above.append(above[-1] @ w)
    sizes = [
        float(np.prod([np.linalg.norm(factor, 2) for factor in factors]))
        for factors in zip(above[::-1], net.weights, below, strict=True)
    ]
    return _UNITS * float(np.linalg.norm(sizes))
