"""Files that a command line is pointed at, in the current folder."""

import numpy as np

import deeplinear as dl


def save(net: dl.LinearNetwork, path: str = "weights.npz") -> None:
    """Write weights as a user would."""
    np.savez(path, **{f"w{i}": w for i, w in enumerate(net.weights)})


def write_data() -> dl.Problem:
    """Write data of a general covariance to xy.npz; return their problem."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal((30, 2))
    np.savez("xy.npz", x=x, y=y)
    return dl.Problem.from_data(x, y)
