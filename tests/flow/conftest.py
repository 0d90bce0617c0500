"""Problems with moments computed without `Problem`, and a network for each."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from deeplinear import LinearNetwork, Problem


@dataclass(frozen=True)
class Instance:
    """A problem, a network, and the moments that define L = 1/2 tr(P Sxx P^T) - tr(P^T Syx)."""

    problem: Problem
    net: LinearNetwork
    sxx: np.ndarray
    syx: np.ndarray


def _instance(widths, kind, seed=0):
    """Gaussian data of the kind asked for; weights that keep the product of order 1."""
    rng = np.random.default_rng([seed, *widths])
    d_in, d_out = widths[0], widths[-1]
    net = LinearNetwork(
        [
            rng.standard_normal((rows, columns)) / np.sqrt(columns)
            for columns, rows in itertools.pairwise(widths)
        ]
    )
    if kind == "identity":
        sigma = rng.standard_normal((d_out, d_in))
        return Instance(Problem.from_target(sigma), net, np.eye(d_in), sigma)
    n = 2 * d_in + 1 if kind == "general" else (d_in + 1) // 2
    x, y = rng.standard_normal((n, d_in)), rng.standard_normal((n, d_out))
    if kind == "projector":
        u, _, vt = np.linalg.svd(x, full_matrices=False)
        return Instance(
            Problem.from_data(x, y, whiten=True, mean=False), net, vt.T @ vt, y.T @ u @ vt
        )
    return Instance(Problem.from_data(x, y, mean=False), net, x.T @ x, y.T @ x)


@pytest.fixture(scope="session")
def instance():
    """instance(widths, kind, seed); kind is identity, general, singular or projector."""
    return _instance
