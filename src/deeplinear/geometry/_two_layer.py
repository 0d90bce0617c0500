"""Two layers of given product and imbalance in closed form (theory §4)."""

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork

_ZERO = 1e-13  # eigenvalues of C below this fraction of the largest are none


def two_layer_network(net: LinearNetwork, imbalance: Array, rank: int) -> LinearNetwork:
    r"""Return W_0, W_1 with W_1 W_0 = P and W_0 W_0^T - W_1^T W_1 = C, of at most d_in positive
    and d_out negative eigenvalues.

    In the eigenbasis of C, a mode s takes one direction of eigenvalue c, with a^2 - b^2 = c and
    a b = s, or one of c > 0 and one of -c' < 0, with a = (sqrt(c) cosh t, sqrt(c') sinh t),
    b = (sqrt(c) sinh t, sqrt(c') cosh t), (c + c') sinh(2 t) = 2 s. Directions without a mode read
    from free inputs (c > 0) or write to free outputs (c < 0). With n_+ <= d_in, n_- <= d_out and
    r modes, e_+ = n_+ - (d_in - r) <= r and e_- <= r directions, where positive, need a mode: if
    there are more than r of them, e_+ + e_- - r <= min(e_+, e_-) pairs suffice, so it always works.
    """
    u, s, vt = np.linalg.svd(net.product())
    s = s[:rank]
    d_in, d, d_out = net.widths
    scalar = bool(np.all(imbalance == imbalance[0, 0] * np.eye(d)))
    if scalar:
        c = np.full(d, imbalance[0, 0])
        frame = _own_frame(net, u[:, :rank], s, vt[:rank].T, c[:rank])
    else:
        c, frame = np.linalg.eigh(imbalance)
        c[np.abs(c) <= _ZERO * np.abs(c).max()] = 0.0
    singles, pairs, rest = _assignment(c, rank, d_in, d_out)
    reads, writes = np.zeros((d, d_in)), np.zeros((d_out, d))  # in the frame of the hidden layer
    a, b = _amplitudes(c[singles], s[: len(singles)])
    reads[singles] = a[:, None] * vt[: len(singles)]
    writes[:, singles] = u[:, : len(singles)] * b
    for m, (k, j) in enumerate(pairs, len(singles)):
        t = np.arcsinh(2 * s[m] / (c[k] - c[j])) / 2
        up, down = np.sqrt(c[k]), np.sqrt(-c[j])
        reads[[k, j]] = np.outer([up * np.cosh(t), down * np.sinh(t)], vt[m])
        writes[:, [k, j]] = np.outer(u[:, m], [up * np.sinh(t), down * np.cosh(t)])
    more, less = [k for k in rest if c[k] > 0], [k for k in rest if c[k] < 0]
    if more:
        free = _nearest(vt[rank:].T, net.weights[0].T @ frame[:, more])
        reads[more] = np.sqrt(c[more])[:, None] * free.T
    if less:
        free = _nearest(u[:, rank:], net.weights[1] @ frame[:, less])
        writes[:, less] = np.sqrt(-c[less]) * free
    return LinearNetwork([frame @ reads, writes @ frame.T])


def _amplitudes(c: Array, s: Array) -> tuple[Array, Array]:
    """Return a, b > 0 with a^2 - b^2 = c and a b = s > 0, without cancellation."""
    larger = np.sqrt(np.abs(c) / 2 + np.hypot(c / 2, s))
    smaller = s / larger
    return np.where(c > 0, larger, smaller), np.where(c > 0, smaller, larger)


def _assignment(
    c: Array, rank: int, d_in: int, d_out: int
) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Return (directions with a mode of their own, pairs with one mode, directions without)."""
    positive, negative = (
        [k for k in range(len(c)) if c[k] > 0],
        [k for k in range(len(c)) if c[k] < 0],
    )
    up = max(0, len(positive) - (d_in - rank))
    down = max(0, len(negative) - (d_out - rank))
    n_pairs = max(0, up + down - rank)
    pairs = list(zip(positive[:n_pairs], negative[:n_pairs], strict=True))
    singles = positive[n_pairs:up] + negative[n_pairs:down]
    zero = [k for k in range(len(c)) if c[k] == 0]
    spare = zero + positive[up:] + negative[down:]
    missing = rank - n_pairs - len(singles)
    return singles + spare[:missing], pairs, spare[missing:]


def _own_frame(net: LinearNetwork, u: Array, s: Array, v: Array, c: Array) -> Array:
    """An orthonormal hidden frame whose first columns are near the signals of the network."""
    d = net.widths[1]
    if not len(s):
        return np.eye(d)
    a, b = _amplitudes(c, s)
    forward, backward = (net.weights[0] @ v) / a, (net.weights[1].T @ u) / b
    mean = forward / np.linalg.norm(forward) + backward / np.linalg.norm(backward)
    left, _, right = np.linalg.svd(mean)
    return np.hstack([left[:, : len(s)] @ right, left[:, len(s) :]])


def _nearest(basis: Array, wanted: Array) -> Array:
    """Orthonormal columns in the span of a basis, as near as possible to the wanted ones."""
    u, _, vt = np.linalg.svd(basis.T @ wanted, full_matrices=False)
    return basis @ (u @ vt)
