"""Independent references for the closed forms."""

import numpy as np
from scipy.integrate import solve_ivp

import deeplinear as dl


def flow(problem, net, t):
    """The weights (len(t), n_params) at increasing times from 0, by SciPy's DOP853."""
    f, _ = dl.vector_field(problem, net.widths)
    end = max(float(t[-1]), 1e-12)
    solution = solve_ivp(
        f, (0.0, end), net.to_vector(), method="DOP853", rtol=1e-13, atol=1e-15, t_eval=t
    )
    return solution.y.T


def products(weights, widths):
    return np.array([dl.LinearNetwork.from_vector(w, widths).product() for w in weights])


def rank_deficient(s, d_in, d_out, seed):
    """A whitened problem on inputs of rank d_in - 2."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((50, d_in - 2)) @ rng.standard_normal((d_in - 2, d_in))
    y = x @ rng.standard_normal((d_in, len(s))) @ rng.standard_normal((len(s), d_out))
    return dl.Problem.from_data(x, y, whiten=True)
