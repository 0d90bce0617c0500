"""Which imbalances a network can have, and the search for one with given ones (theory §4)."""

import itertools
import math

import numpy as np
import scipy.linalg

from deeplinear._core.checks import Array
from deeplinear.geometry._rounding import product_round_off
from deeplinear.network import LinearNetwork

LARGEST_SEARCH = 2000
"""Parameters up to which the dense search runs: its Jacobian then has at most 32 MB."""

MAX_STEPS = 200
"""Gauss-Newton steps from one start at most."""

PATIENCE = 30
"""Steps in a row that lower the residual by less than a tenth before a start is given up."""

_FLOOR = 1e-12  # maps smaller than this, in units of the weights, are asked for absolutely
_EPS = float(np.finfo(float).eps)
_ZERO = 1e-10  # eigenvalues below this fraction of the largest imbalance prove nothing


def size(net: LinearNetwork, wanted: list[Array]) -> float:
    """Return the size of the weights that the imbalances and the product ask for."""
    product = float(np.linalg.norm(net.product(), 2)) ** (1 / net.depth)
    return max(product, *(float(np.linalg.norm(c, 2)) ** 0.5 for c in wanted)) or 1.0


def impossible(widths: tuple[int, ...], wanted: list[Array]) -> str:
    """Return why no network of these widths has these imbalances, or "" if nothing is proven.

    W_{i+1}^T W_{i+1} = W_i W_i^T + (-C_i): Weyl's inequality bounds its eigenvalues from below by
    those of the layer before, and all beyond its rank must be zero. The same backward.
    """
    for chain, gains, name in (
        (widths, [-c for c in wanted], "outgoing"),
        (widths[::-1], wanted[::-1], "incoming"),
    ):
        obstacle = _obstacle(chain, gains)
        if obstacle:
            layer, rank = obstacle
            allowed = min(chain[layer], chain[layer + 1])
            return (
                f"hidden layer {layer if name == 'outgoing' else len(widths) - 1 - layer} needs "
                f"{name} weights of rank {rank}, but widths {chain[layer]} and {chain[layer + 1]} "
                f"allow only {allowed}."
            )
    return ""


def _obstacle(widths: tuple[int, ...], gains: list[Array]) -> tuple[int, int] | None:
    """Return (hidden layer, needed rank) where W^T W would have too many modes."""
    zero = _ZERO * max(float(np.linalg.norm(g, 2)) for g in gains)
    below = np.zeros(min(widths[:2]))  # lower bounds of the squared singular values, descending
    for i, gain in enumerate(gains, 1):
        d, above = widths[i], widths[i + 1]
        known = np.concatenate([below, np.zeros(d - len(below))])
        added = np.linalg.eigvalsh(gain)[::-1]
        # lambda_k(A + B) >= lambda_i(A) + lambda_j(B) for i + j = k + d, all counted from 1.
        least = np.array(
            [max(known[m] + added[k + d - 1 - m] for m in range(k, d)) for k in range(d)]
        )
        rank = int(np.sum(least > zero))
        if rank > min(d, above):
            return i, rank
        below = np.maximum(least, 0.0)[: min(d, above)]
    return None


def search(net: LinearNetwork, start: LinearNetwork, wanted: list[Array]) -> LinearNetwork:
    """Solve [P' - P; C' - wanted] = 0 from `start` by damped Gauss-Newton steps of minimum norm.

    Weights are measured in units that make the largest of order 1; then a map of size p << 1 is
    asked for to the accuracy 1, 1e-1, ..., p, one after the other.
    """
    unit = size(net, wanted)
    target = net.product() / unit**net.depth
    goals = [c / unit**2 for c in wanted]
    here = LinearNetwork([w / unit for w in start.weights])
    p = float(np.linalg.norm(target))
    p = max(p, _FLOOR) if p * unit**net.depth > product_round_off(net) else 1.0
    for weight in np.geomspace(max(p, 1.0), p, 1 + max(0, math.ceil(-math.log10(p)))):
        here = _descended(here, target, goals, float(weight))
    return LinearNetwork([unit * w for w in here.weights])


def _descended(
    net: LinearNetwork, target: Array, goals: list[Array], weight: float
) -> LinearNetwork:
    """Take steps until the residual is round-off or does not fall.

    The damping falls like the squared residual, so the steps converge quadratically also where
    equations are redundant (Fan, Yuan).
    """
    widths, y = net.widths, net.to_vector()
    here, r = net, _residual(net, target, goals, weight)
    norm, factor, slow = float(np.linalg.norm(r)), 1e-2, 0
    for _ in range(MAX_STEPS):
        if norm <= _EPS or slow > PATIENCE:
            break
        j = _jacobian(here, weight)
        scale = np.sqrt(np.sum(j * j, axis=1))
        scale[scale == 0] = 1.0
        j /= scale[:, None]
        gram, identity = j @ j.T, np.eye(len(r))
        for _ in range(12):
            damping = max(factor * min(norm, 1.0) ** 2, 64 * _EPS * len(r))
            step = j.T @ scipy.linalg.solve(gram + damping * identity, r / scale, assume_a="pos")
            there = LinearNetwork.from_vector(y - step, widths)
            r_there = _residual(there, target, goals, weight)
            fallen = float(np.linalg.norm(r_there))
            if fallen < norm:
                break
            factor = max(factor, 1e-6) * 10.0
        else:
            break
        slow = slow + 1 if fallen > 0.9 * norm else 0
        y, here, r, norm, factor = y - step, there, r_there, fallen, max(factor / 10.0, 1e-8)
    return here


def _residual(net: LinearNetwork, target: Array, goals: list[Array], weight: float) -> Array:
    parts = [(net.product() - target).ravel() / weight]
    for c, goal in zip(net.imbalance(), goals, strict=True):
        parts.append((c - goal)[np.triu_indices(len(c))])
    return np.concatenate(parts)


def _jacobian(net: LinearNetwork, weight: float) -> Array:
    """Rows: entries of P over `weight`, upper triangles of the C_i; columns: weights, row-major."""
    w, widths, h = net.weights, net.widths, net.depth
    below, above = [np.eye(widths[0])], [np.eye(widths[-1])]
    for layer in w[:-1]:
        below.append(layer @ below[-1])
    for layer in w[:0:-1]:
        above.append(above[-1] @ layer)
    above.reverse()
    ends = np.cumsum([0, *(layer.size for layer in w)])
    rows = [np.hstack([np.kron(above[i], below[i].T) / weight for i in range(h)])]
    for i, (lower, upper) in enumerate(itertools.pairwise(w)):
        d = widths[i + 1]
        a, b = np.triu_indices(d)
        block = np.zeros((len(a), d, lower.shape[1]))
        k = np.arange(len(a))
        block[k, a] += lower[b]
        block[k, b] += lower[a]
        outer = np.zeros((len(a), upper.shape[0], d))
        outer[k, :, a] -= upper.T[b]
        outer[k, :, b] -= upper.T[a]
        row = np.zeros((len(a), ends[-1]))
        row[:, ends[i] : ends[i + 1]] = block.reshape(len(a), -1)
        row[:, ends[i + 1] : ends[i + 2]] = outer.reshape(len(a), -1)
        rows.append(row)
    return np.vstack(rows)
