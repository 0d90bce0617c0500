"""Starts whose layers share their singular frames, so that modes are scalar chains (theory §6)."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array, SeedLike
from deeplinear._core.errors import ArgumentError
from deeplinear.init._checks import instance, signed
from deeplinear.init._frames import chain, completed, haar
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def aligned(
    widths: Sequence[int], amplitudes: ArrayLike = 1e-3, *, seed: SeedLike = 0
) -> LinearNetwork:
    """Aligned layers: W_i = O_{i+1} D_i O_i^T, orthogonal frames O_i and diagonal D_i.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    amplitudes
        The diagonals: ``(depth, n)``, ``(n,)`` for the same in every layer, or one number for all
        n = min(widths) modes. n is at most min(widths); all other entries of D_i are zero. Any
        sign.
    seed
        int or Generator for the frames; None: identity frames.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Bad widths; amplitudes of another shape.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.init.aligned((2, 3, 2), [[1.0, 2.0], [3.0, 4.0]], seed=None).product()
    array([[3., 0.],
           [0., 8.]])

    References
    ----------
    theory §6; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    widths = checks.widths(widths)
    table = _table(amplitudes, len(widths) - 1, min(widths), "the smallest width")
    return LinearNetwork(chain(_frames(widths, table.shape[1], seed), table))


def decoupled(
    problem: Problem, widths: Sequence[int], amplitudes: ArrayLike = 1e-3, *, seed: SeedLike = 0
) -> LinearNetwork:
    """An aligned start in the singular frames of the target: each mode is a scalar chain.

    O_0 = V and O_h = U of ``problem.target``, completed by modes with s = 0. Under the flow,
    mode k keeps its frame, and its amplitudes a_0, ..., a_{h-1} follow

        da_i/dt = (prod_{j != i} a_j) (s_k - prod_j a_j).

    Exact for whitened problems only: a general Sxx couples the modes.

    Parameters
    ----------
    problem
        A whitened problem.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    amplitudes
        Column k belongs to mode k of the problem: ``(depth, n)``, ``(n,)`` for the same in every
        layer, or one number for all modes. n is at most min(widths), and at most the rank of Sxx;
        other modes have amplitude 0. Any sign.
    seed
        int or Generator for the hidden frames; None: identity frames.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The problem is not whitened, the widths do not fit it, amplitudes of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0], seed=1)
    >>> net = dl.init.decoupled(problem, (2, 4, 2), [0.1, 0.2])
    >>> strengths = problem.modes.u.T @ net.product() @ problem.modes.v
    >>> bool(np.allclose(strengths, np.diag([0.01, 0.04])))
    True

    References
    ----------
    theory §6; Saxe, McClelland, Ganguli, arXiv 1312.6120.
    """
    instance("problem", problem, Problem)
    widths = checks.widths(widths)
    problem.require_widths(widths)
    if not problem.whitened:
        raise ArgumentError(
            "Argument `problem` must be whitened, because a general input covariance couples the "
            "modes of an aligned start, but its Sxx is neither the identity nor a projector. "
            "Build it with `Problem.from_data(x, y, whiten=True)` or `Problem.from_target`, or "
            "use `aligned`."
        )
    most, reason = min((min(widths), "the smallest width"), (problem.rank, "the rank of Sxx"))
    table = _table(amplitudes, len(widths) - 1, most, reason)
    n = table.shape[1]
    frames = _frames(widths, n, seed)
    # Fixed: which frames complete those of the target is no part of the start's randomness.
    rng = np.random.default_rng(0)
    frames[0] = completed(problem.modes.v, n, rng, basis=problem.factor)
    frames[-1] = completed(problem.modes.u, n, rng)
    return LinearNetwork(chain(frames, table))


def identity(widths: Sequence[int], *, scale: float = 1.0) -> LinearNetwork:
    """Rectangular identities: W_i = scale I, cut to shape. Exact, no seed.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    scale
        The diagonal entry, of any sign.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Bad widths, `scale` not a finite number.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.init.identity((3, 2), scale=0.5).weights[0]
    array([[0.5, 0. , 0. ],
           [0. , 0.5, 0. ]])

    References
    ----------
    theory §6; Bartlett, Helmbold, Long, arXiv 1802.06093.
    """
    widths = checks.widths(widths)
    scale = signed("scale", scale)
    return LinearNetwork([scale * np.eye(b, a) for a, b in itertools.pairwise(widths)])


def _frames(widths: tuple[int, ...], n: int, seed: SeedLike) -> list[Array]:
    if seed is None:
        return [np.eye(d, n) for d in widths]
    rng = checks.generator(seed)
    return [haar(rng, d, n) for d in widths]


def _table(amplitudes: ArrayLike, depth: int, most: int, reason: str) -> Array:
    """Return the amplitudes as ``(depth, n)``, n <= most."""
    try:
        ndim = np.ndim(amplitudes)
    except ValueError:  # ragged: the check below names the argument
        ndim = 2
    text = f"(depth, n) = ({depth}, n), (n,) or ()"
    array = checks.real_array("amplitudes", amplitudes, ndim=min(ndim, 2), shape_text=text)
    n = most if ndim == 0 else array.shape[-1]
    if n > most:
        raise ArgumentError(
            f"Argument `amplitudes` must have at most {most} columns, {reason}, "
            f"but its shape is {array.shape}."
        )
    if ndim == 2 and len(array) != depth:
        raise ArgumentError(
            f"Argument `amplitudes` must have shape {text}, but its shape is {array.shape}."
        )
    return np.broadcast_to(array, (depth, n))
