"""Random starts without structure between the layers, and perturbations of a given network."""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import SeedLike
from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.init._checks import instance, magnitude
from deeplinear.init._frames import haar
from deeplinear.network import LinearNetwork

_SCHEMES: dict[str, tuple[bool, Callable[[int, int], float]]] = {
    "lecun": (False, lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
    "xavier": (True, lambda fan_in, fan_out: math.sqrt(6 / (fan_in + fan_out))),
    "he": (False, lambda fan_in, fan_out: math.sqrt(2 / fan_in)),
    "pytorch": (True, lambda fan_in, fan_out: math.sqrt(1 / fan_in)),
}
"""name -> (uniform, size): uniform on [-size, size], or normal with standard deviation size."""


def gaussian(widths: Sequence[int], *, scale: float = 1e-3, seed: SeedLike = 0) -> LinearNetwork:
    """Independent normal weights: every entry is N(0, scale^2).

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    scale
        Standard deviation, at least 0; 0 gives the zero network.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A width is not a positive integer, or `scale` is negative or above 1e150.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.init.gaussian((4, 3, 2), scale=0.1, seed=1)
    LinearNetwork(widths 4-3-2, depth 2, 18 parameters)

    References
    ----------
    theory §6.
    """
    widths = checks.widths(widths)
    scale = magnitude("scale", scale)
    rng = checks.generator(seed)
    return LinearNetwork(
        [scale * rng.standard_normal((b, a)) for a, b in itertools.pairwise(widths)]
    )


def standard(
    widths: Sequence[int], *, scheme: str = "lecun", gain: float = 1.0, seed: SeedLike = 0
) -> LinearNetwork:
    """The defaults of the deep-learning frameworks.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first. Layer i has fan-in d_i and fan-out d_{i+1}.
    scheme
        "lecun": N(0, 1 / fan_in), the default of Flax (there truncated at two deviations).
        "xavier": U(-b, b), b = sqrt(6 / (fan_in + fan_out)), the default of Keras.
        "he": N(0, 2 / fan_in), made for ReLU.
        "pytorch": U(-b, b), b = 1 / sqrt(fan_in), the default of ``torch.nn.Linear``.
    gain
        Every weight is multiplied by it; at least 0.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Unknown scheme, negative gain, bad widths.

    Examples
    --------
    >>> import deeplinear as dl
    >>> net = dl.init.standard((100, 50, 10), scheme="pytorch")
    >>> bool(abs(net.weights[0]).max() <= 0.1)
    True

    References
    ----------
    LeCun et al. 1998; Glorot, Bengio 2010; He et al., arXiv 1502.01852.
    """
    widths = checks.widths(widths)
    gain = magnitude("gain", gain)
    if not isinstance(scheme, str) or scheme not in _SCHEMES:
        raise unknown_name("scheme", scheme, _SCHEMES)
    uniform, size = _SCHEMES[scheme]
    rng = checks.generator(seed)
    weights = []
    for fan_in, fan_out in itertools.pairwise(widths):
        shape = (fan_out, fan_in)
        drawn = rng.uniform(-1.0, 1.0, shape) if uniform else rng.standard_normal(shape)
        weights.append(gain * (size(fan_in, fan_out) * drawn))
    return LinearNetwork(weights)


def orthogonal(widths: Sequence[int], *, scale: float = 1.0, seed: SeedLike = 0) -> LinearNetwork:
    """Orthogonal layers: W_i = scale O_i with O_i uniform (Haar).

    Tall or square layers have ``W_i.T @ W_i = scale**2 I``, wide ones
    ``W_i @ W_i.T = scale**2 I``. Square layers of one scale are balanced.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    scale
        Every singular value of every layer; at least 0.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Bad widths, negative scale.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> w = dl.init.orthogonal((3, 3, 3), scale=0.5).weights[0]
    >>> bool(np.allclose(w @ w.T, 0.25 * np.eye(3)))
    True

    References
    ----------
    theory §5, §6; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    widths = checks.widths(widths)
    scale = magnitude("scale", scale)
    rng = checks.generator(seed)
    return LinearNetwork([scale * haar(rng, b, a) for a, b in itertools.pairwise(widths)])


def low_rank(
    widths: Sequence[int], *, rank: int, scale: float = 1e-3, seed: SeedLike = 0
) -> LinearNetwork:
    """Layers of one rank: W_i = scale / sqrt(rank) A_i B_i^T with normal factors.

    Entries have variance scale^2. Every partial product, P included, has rank `rank` with
    probability 1.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    rank
        Between 0 (the zero network) and the smallest width.
    scale
        Standard deviation of the entries, at least 0.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `rank` is above the smallest width, bad widths, negative scale.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> int(np.linalg.matrix_rank(dl.init.low_rank((5, 4, 5), rank=2).product()))
    2

    References
    ----------
    theory §6.
    """
    widths = checks.widths(widths)
    rank = checks.integer("rank", rank, minimum=0)
    if rank > min(widths):
        raise ArgumentError(
            f"Argument `rank` must be at most {min(widths)}, the smallest width, but it is {rank}."
        )
    scale = magnitude("scale", scale)
    rng = checks.generator(seed)
    weights = []
    for a, b in itertools.pairwise(widths):
        left, right = rng.standard_normal((b, rank)), rng.standard_normal((rank, a))
        weights.append(scale / math.sqrt(max(rank, 1)) * (left @ right))
    return LinearNetwork(weights)


def lora(widths: Sequence[int], *, scale: float = 1e-3, seed: SeedLike = 0) -> LinearNetwork:
    """Zero last layer, the others N(0, scale^2), as low-rank adapters start: P = 0.

    The start is not a critical point: the last layer moves at once (depth 2: by R W_0^T).

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    scale
        Standard deviation of the entries, at least 0; 0 gives the zero network.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Bad widths, negative scale.

    Examples
    --------
    >>> import deeplinear as dl
    >>> bool(dl.init.lora((4, 2, 3), scale=0.1).product().any())
    False

    References
    ----------
    theory §6; Hu et al., arXiv 2106.09685.
    """
    weights = gaussian(widths, scale=scale, seed=seed).weights
    return LinearNetwork([*weights[:-1], np.zeros_like(weights[-1])])


def near(net: LinearNetwork, *, distance: float, seed: SeedLike = 0) -> LinearNetwork:
    """A point at Frobenius distance `distance` from a network, in a uniformly random direction.

    The distance sqrt(sum_i ||W_i' - W_i||_F^2) is exact up to the rounding of the weights, 1e-16 of
    their size. Use it to leave a saddle.

    Parameters
    ----------
    net
        The network to start from.
    distance
        At least 0.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `net` is not a network, `distance` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.init.identity((3, 3, 3))
    >>> step = dl.init.near(net, distance=0.01).to_vector() - net.to_vector()
    >>> bool(np.isclose(np.linalg.norm(step), 0.01))
    True

    References
    ----------
    theory §6.
    """
    instance("net", net, LinearNetwork)
    distance = magnitude("distance", distance)
    direction = checks.generator(seed).standard_normal(net.n_params)
    step = distance * (direction / np.linalg.norm(direction))
    return LinearNetwork.from_vector(net.to_vector() + step, net.widths)
