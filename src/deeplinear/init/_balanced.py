"""Starts with prescribed conserved matrices: balanced, delta-balanced, lambda-balanced."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array, SeedLike
from deeplinear._core.errors import ArgumentError
from deeplinear.init._checks import magnitude, signed
from deeplinear.init._frames import chain, completed, haar
from deeplinear.network import LinearNetwork
from deeplinear.problem import RANK_TOLERANCE

_DEFAULT_SCALE = 1e-3


def balanced(
    widths: Sequence[int],
    *,
    scale: float | None = None,
    product: ArrayLike | None = None,
    seed: SeedLike = 0,
) -> LinearNetwork:
    """A balanced network: W_i W_i^T = W_{i+1}^T W_{i+1}, all C_i = 0 up to round-off.

    With P = U S V^T the layers are W_i = H_{i+1} S^{1/h} H_i^T, H_0 = V, H_h = U, and random
    orthonormal hidden frames H_i.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    scale
        Size of the layers of a random network (default 1e-3): all have the min(widths) largest
        singular values a_k of one d_out x d_in matrix of N(0, scale^2) entries, in its singular
        frames, so that P has a_k^h and shrinks like scale^h. Depth 1: `gaussian`, cut to its rank.
    product
        Instead of `scale`: the end-to-end map P ``(d_out, d_in)``, of rank at most min(widths).
        Singular values below 1e-13 of the largest count as zero (their h-th roots would not).
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The rank of `product` exceeds the smallest width, its shape does not fit the widths, or
        both `scale` and `product` are given.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.init.balanced((2, 3, 2), product=[[4.0, 0.0], [0.0, 1.0]])
    >>> bool(np.allclose(net.product(), [[4.0, 0.0], [0.0, 1.0]]))
    True
    >>> bool(np.allclose(net.imbalance(), 0.0))
    True

    References
    ----------
    theory §4, §6; Arora, Cohen, Hazan, arXiv 1802.06509.
    """
    widths = checks.widths(widths)
    rng = checks.generator(seed)
    depth = len(widths) - 1
    u, s, v, given = _modes(widths, scale, product, rng)
    hidden = [haar(rng, d, len(s)) for d in widths[1:-1]]
    amplitudes = s ** (1 / depth) if given else s
    return LinearNetwork(chain([v, *hidden, u], np.tile(amplitudes, (depth, 1))))


def delta_balanced(
    widths: Sequence[int], *, delta: float, scale: float = _DEFAULT_SCALE, seed: SeedLike = 0
) -> LinearNetwork:
    """A network with max_i ||C_i||_F = delta: a balanced one, moved in a random direction.

    The step is the largest float found whose imbalance, as computed from the weights, does not
    exceed delta; it is equal to delta up to round-off. Below the round-off of C_i (1e-16 of
    ||W_i||_F^2) the network is the balanced one. Depth 1 has no C_i: the balanced network.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    delta
        The largest imbalance, at least 0.
    scale
        Size of the layers of the balanced network, see `balanced`. Large imbalances need large
        weights: above scale^2, delta decides the size.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Bad widths, `delta` or `scale` negative.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.init.delta_balanced((4, 3, 3, 2), delta=0.01, scale=0.1)
    >>> round(float(max(np.linalg.norm(c) for c in net.imbalance())), 12)
    0.01

    References
    ----------
    theory §4; Arora, Cohen, Golowich, Hu, arXiv 1810.02281.
    """
    widths = checks.widths(widths)
    delta = magnitude("delta", delta, power=2)
    scale = magnitude("scale", scale)
    rng = checks.generator(seed)
    if delta == 0 or len(widths) == 2:
        return balanced(widths, scale=scale, seed=rng)
    # Multiplying by a power of two is exact, and the squares stay in range.
    unit = 2.0 ** np.ceil(np.log2(max(scale, np.sqrt(delta))))
    start = balanced(widths, scale=scale / unit, seed=rng).to_vector()
    direction = rng.standard_normal(len(start))

    def at(step: float) -> LinearNetwork:
        return LinearNetwork.from_vector(start + step * direction, widths)

    def exceeds(step: float) -> bool:
        largest = max(float(np.linalg.norm(c)) for c in at(step).imbalance())
        return largest > delta / unit / unit

    low, high = 0.0, 1.0
    if exceeds(low):
        return LinearNetwork.from_vector(unit * start, widths)
    while not exceeds(high):
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if exceeds(middle) else (middle, high)
    return LinearNetwork.from_vector(unit * at(low).to_vector(), widths)


def lambda_balanced(
    widths: Sequence[int],
    *,
    lam: float,
    scale: float | None = None,
    product: ArrayLike | None = None,
    seed: SeedLike = 0,
) -> LinearNetwork:
    """A two-layer network with W_1^T W_1 - W_0 W_0^T = lam I, exact up to round-off.

    Both layers share the hidden frame H and the modes of P = U S V^T: W_0 = H A V^T,
    W_1 = U B H^T with b_k^2 - a_k^2 = lam and a_k b_k = s_k.

    Parameters
    ----------
    widths
        (d_in, d_hidden, d_out). The larger layer has rank d_hidden: lam > 0 needs
        d_hidden <= d_out, lam < 0 needs d_hidden <= d_in; lam = 0 is `balanced`.
    lam
        The imbalance; the weights of the larger layer are at least sqrt(|lam|).
    scale
        Size of the smaller layer of a random network (default 1e-3), drawn as in `balanced`.
    product
        Instead of `scale`: the end-to-end map P ``(d_out, d_in)``, of rank at most min(widths).
        Singular values below 1e-13 of the largest count as zero.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Not two layers, a hidden layer too wide for the sign of `lam`, or see `balanced`.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.init.lambda_balanced((4, 2, 3), lam=0.5)
    >>> bool(np.allclose(net.imbalance()[0], -0.5 * np.eye(2)))
    True

    References
    ----------
    theory §4, §7.5; Dominé et al., arXiv 2409.14623.
    """
    widths = checks.widths(widths)
    lam = signed("lam", lam, power=2)
    rng = checks.generator(seed)
    if len(widths) != 3:
        raise ArgumentError(
            "Argument `widths` must have three entries (lambda-balanced networks have two "
            f"layers), but it is {widths}."
        )
    d_in, d_hidden, d_out = widths
    sign, outer, end = (">", d_out, "outputs") if lam > 0 else ("<", d_in, "inputs")
    if lam != 0 and d_hidden > outer:
        raise ArgumentError(
            f"Argument `widths` must have at most {outer} hidden nodes, the number of {end}, if "
            f"`lam` {sign} 0, but it is {widths}. Narrow the hidden layer or change the sign of "
            "`lam`."
        )
    u, s, v, given = _modes(widths, scale, product, rng)
    k, larger_size = len(s), d_hidden if lam else len(s)
    hidden = haar(rng, d_hidden, larger_size)
    if given:
        larger = np.sqrt(abs(lam) / 2 + np.hypot(abs(lam) / 2, s))
        smaller = s / larger
    else:
        larger, smaller = np.hypot(s, np.sqrt(abs(lam))), s
    larger = np.concatenate([larger, np.full(larger_size - k, np.sqrt(abs(lam)))])
    if lam >= 0:
        u = completed(u, larger_size, rng)
        return LinearNetwork([(hidden[:, :k] * smaller) @ v.T, (u * larger) @ hidden.T])
    v = completed(v, larger_size, rng)
    return LinearNetwork([(hidden * larger) @ v.T, (u * smaller) @ hidden[:, :k].T])


def _modes(
    widths: tuple[int, ...],
    scale: float | None,
    product: ArrayLike | None,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array, bool]:
    """Return (u, s, v, given): the modes of the given product, or of a random matrix."""
    shape, k = (widths[-1], widths[0]), min(widths)
    if product is None:
        size = magnitude("scale", _DEFAULT_SCALE if scale is None else scale)
        u, s, vt = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
        return u[:, :k], size * s[:k], vt[:k].T, False
    if scale is not None:
        raise ArgumentError(
            "Arguments `scale` and `product` must not both be given: the product decides the size."
        )
    p = checks.matrix("product", product, shape_text="(d_out, d_in)")
    if p.shape != shape:
        raise ArgumentError(
            f"Argument `product` must have shape {shape} for widths {widths}, "
            f"but its shape is {p.shape}."
        )
    u, s, vt = np.linalg.svd(p, full_matrices=False)
    rank = int(np.sum(s > RANK_TOLERANCE * s[0]))
    if rank > k:
        raise ArgumentError(
            f"Argument `product` must have rank at most {k}, the smallest width, "
            f"but its rank is {rank}."
        )
    return u[:, :rank], s[:rank], vt[:rank].T, True
