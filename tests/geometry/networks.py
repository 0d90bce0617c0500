"""Random networks of all shapes and ranks, for the identities of gauge, balance and paths."""

import itertools

import numpy as np
from hypothesis import strategies as st
from numpy.linalg import norm

import deeplinear as dl

shapes = st.lists(st.integers(1, 5), min_size=2, max_size=6).map(tuple)
seeds = st.integers(0, 2**32)


def network(widths, seed, rank=None):
    """Gaussian layers; a random one is cut to the rank, or to a random one if it is not given."""
    rng = np.random.default_rng([seed, *widths])
    weights = [rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    i = rng.integers(len(weights))
    u, s, vt = np.linalg.svd(weights[i], full_matrices=False)
    s[rng.integers(len(s) + 1) if rank is None else rank :] = 0.0
    weights[i] = (u * s) @ vt
    return dl.LinearNetwork(weights)


def size(*nets):
    """The largest product of the norms of the layers: what round-off of the maps is relative to."""
    return max(np.prod([norm(w) for w in net.weights]) for net in nets) + 1e-300
