"""How exactly the end-to-end map of a network is known in double precision."""

import numpy as np

from deeplinear.network import LinearNetwork

_UNITS = 8 * float(np.finfo(float).eps)


def product_round_off(net: LinearNetwork) -> float:
    """Return the size of the rounding error of P; singular values below it may be zero.

    Independent relative errors e of all weights change P = A_i W_i B_i by e (sum_i of all entries
    of A_i^2 W_i^2 B_i^2, squared entry by entry)^{1/2} on average: this for e = 8 eps. (The bound
    |W_{h-1}| ... |W_0| is larger than the error by orders of magnitude in ill-conditioned gauges.)
    """
    below, above = [np.eye(net.widths[0])], [np.eye(net.widths[-1])]
    for w in net.weights[:-1]:
        below.append(w @ below[-1])
    for w in net.weights[:0:-1]:
        above.append(above[-1] @ w)
    # The sum of all entries of A^2 W^2 B^2: column sums of A^2, row sums of B^2.
    parts = [
        float(np.linalg.norm(np.linalg.norm(a, axis=0)[:, None] * w * np.linalg.norm(b, axis=1)))
        for a, w, b in zip(above[::-1], net.weights, below, strict=True)
    ]
    return _UNITS * float(np.linalg.norm(parts))
