"""Critical points of a given class and type: canonical, by residual pattern, random (theory §8)."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array, SeedLike
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry import random_gauge
from deeplinear.init._frames import haar
from deeplinear.landscape._classes import checked_class
from deeplinear.landscape._modes import ModeSet, natural_weight
from deeplinear.landscape._normal_form import factor_inverse
from deeplinear.landscape._pattern import ResidualPattern
from deeplinear.landscape._types import residual_pattern
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def critical_point(
    problem: Problem,
    widths: Sequence[int],
    modes: Iterable[int],
    *,
    pattern: ResidualPattern | None = None,
    escape_order: int | None = None,
) -> LinearNetwork:
    r"""Return the canonical critical point that has learned exactly these modes.

    It is balanced, and its end-to-end map is

    .. math:: P_S = \sum_{k \in S} s_k u_k v_k^T (S_{xx}^{1/2})^+ .

    Whitened: the q-th mode k of S runs from v_k through slot q of every hidden layer to u_k,
    with weight s_k^{1/h} in each layer. In general: the same with the singular triples of P_S. All
    else is zero. Exact up to round-off.

    Parameters
    ----------
    problem
        Whitened or not.
    widths
        From ``problem.d_in`` to ``problem.d_out``.
    modes
        Indices from 0, at most min(widths) of them. Depth 1 has one critical map: all modes.
    pattern
        Instead of zero residual layers, those of this type (`residual_patterns`), with weights
        s_0^{1/h} on coordinate axes. Its modes are dealt to the unlearned modes in their order.
    escape_order
        Instead of a pattern: the simplest one of this escape order (`residual_pattern`).

    Raises
    ------
    ArgumentError, ArgumentTypeError
        The widths do not fit the problem, an entry is no mode, too many modes; the pattern is one
        of other widths or modes; no point of the class has the escape order.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([8.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2, 2), [1])
    >>> saddle.product()
    array([[0., 0.],
           [0., 1.]])
    >>> dl.landscape.classify(problem, saddle).kind
    'strict saddle'
    >>> other = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0], escape_order=2)
    >>> dl.landscape.classify(problem, other).escape_order
    2

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    if pattern is None and escape_order is not None:
        pattern = residual_pattern(problem, widths, chosen, escape_order=escape_order)
    elif pattern is not None:
        _require_pattern(problem, widths, chosen, pattern)
        if escape_order is not None:
            raise ArgumentError(
                "Argument `escape_order` must be left out if `pattern` is given, but it is "
                f"{escape_order}."
            )
    if pattern is None:
        return _canonical(problem, widths, chosen)
    return _from_whitened(problem, _normal_form_layers(problem, widths, chosen, pattern))


def random_critical_point(
    problem: Problem,
    widths: Sequence[int],
    modes: Iterable[int],
    *,
    pattern: ResidualPattern | None = None,
    escape_order: int | None = None,
    condition: float = 10.0,
    seed: SeedLike = 0,
) -> LinearNetwork:
    """Return a random critical point of a class and type.

    The point of the pattern, moved by everything that keeps the type: a random change of all
    hidden bases, a random mixing of unlearned modes and null directions inside the residual
    layers, and, on rank-deficient inputs, a random part of the first layer that no input sees.

    Parameters
    ----------
    problem, widths, modes, pattern, escape_order
        As in `critical_point`. None of the last two: zero residual layers, and the point is a
        random one above the canonical point.
    condition
        Condition number of each hidden change of basis, at least 1; 1 makes them orthogonal.
    seed
        int or Generator; None draws fresh entropy.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; a condition number below 1.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> point = dl.landscape.random_critical_point(problem, (3, 4, 4, 3), [0, 2], seed=1)
    >>> verdict = dl.landscape.classify(problem, point)
    >>> verdict.kind, verdict.modes, verdict.gradient_norm < 1e-12
    ('strict saddle', (0, 2), True)

    References
    ----------
    theory §5, §8.
    """
    widths = checks.widths(widths)
    chosen = checked_class(problem, widths, modes)
    condition = checks.number("condition", condition, minimum=1.0)
    rng = checks.generator(seed)
    if len(widths) == 2:
        layers = [critical_point(problem, widths, chosen).weights[0] @ _factor(problem)]
    else:
        if pattern is None:
            pattern = residual_pattern(problem, widths, chosen, escape_order=escape_order)
        else:
            _require_pattern(problem, widths, chosen, pattern)
        layers = _normal_form_layers(problem, widths, chosen, pattern, rng)
    net = random_gauge(_from_whitened(problem, layers), condition=condition, seed=rng)
    if problem.rank == problem.d_in:
        return net
    first = net.weights[0]
    off = rng.standard_normal(first.shape) * np.linalg.norm(first) / np.sqrt(first.size)
    kernel = np.eye(problem.d_in) - _factor(problem) @ factor_inverse(problem)
    return LinearNetwork([first + off @ kernel, *net.weights[1:]])


def _require_pattern(
    problem: Problem, widths: tuple[int, ...], modes: ModeSet, pattern: object
) -> None:
    if not isinstance(pattern, ResidualPattern):
        raise ArgumentTypeError(
            "Argument `pattern` must be a ResidualPattern (see residual_patterns), but it is of "
            f"type {type(pattern).__name__}."
        )
    plain = residual_pattern(problem, widths, modes)
    if (pattern.widths, pattern.n_modes) != (plain.widths, plain.n_modes):
        raise ArgumentError(
            f"Argument `pattern` must have the residual widths {plain.widths} and "
            f"{plain.n_modes} unlearned modes, but it has {pattern.widths} and {pattern.n_modes}."
        )


def _canonical(problem: Problem, widths: tuple[int, ...], modes: ModeSet) -> LinearNetwork:
    r, depth = len(modes), len(widths) - 1
    if depth == 1:
        return LinearNetwork([problem.solution()])
    chosen = list(modes)
    u, s, v = problem.modes.u[:, chosen], problem.modes.s[chosen], problem.modes.v[:, chosen]
    if not problem.whitened:
        left, values, right = np.linalg.svd(u @ (u.T @ problem.solution()), full_matrices=False)
        u, s, v = left[:, :r], values[:r], right[:r].T
    frames = [v, *(np.eye(d, r) for d in widths[1:-1]), u]
    amplitudes = s ** (1.0 / depth)
    return LinearNetwork([(frames[i + 1] * amplitudes) @ frames[i].T for i in range(depth)])


def _normal_form_layers(
    problem: Problem,
    widths: tuple[int, ...],
    modes: ModeSet,
    pattern: ResidualPattern,
    rng: np.random.Generator | None = None,
) -> list[Array]:
    """The whitened layers diag(s_S^{1/h}, Z) in the frames of the target."""
    s, depth, r = problem.modes.s, len(widths) - 1, len(modes)
    rest = [k for k in range(len(s)) if k not in modes]
    order = [*modes, *rest]
    v = _completed(_pseudo_normalized(problem).T @ problem.modes.v[:, order])
    u = _completed(problem.modes.u[:, order])
    z = _residual_layers(pattern, natural_weight(problem, depth))
    if rng is not None:
        _mix(z, s[rest], rng)
    layers = []
    for i in range(depth):
        w = np.zeros((z[i].shape[0] + r, z[i].shape[1] + r))
        w[:r, :r] = np.diag(s[list(modes)] ** (1 / depth))
        w[r:, r:] = z[i]
        layers.append(w)
    layers[0] = layers[0] @ v.T
    layers[-1] = u @ layers[-1]
    return layers


def _residual_layers(pattern: ResidualPattern, weight: float) -> list[Array]:
    """0 or `weight` along every bar of the pattern, whose nodes are dealt one after the other."""
    h, widths = pattern.depth, pattern.widths
    z = [np.zeros((b, a)) for a, b in itertools.pairwise(widths)]
    free = [0] * (h + 1)
    free[0] = free[-1] = pattern.n_modes  # the first ones at both ends are the modes' own
    mode = 0

    def run(start: int, end: int, ends: dict[int, int]) -> None:
        before = None
        for i in range(start, end + 1):
            if i in ends:
                node = ends[i]
            else:
                node, free[i] = free[i], free[i] + 1
            if before is not None:
                z[i - 1][node, before] = weight
            before = node

    for (last, first), n in pattern.modes.items():
        for _ in range(n):
            run(0, last, {0: mode})
            run(first, h, {h: mode})
            mode += 1
    for (born, last), n in pattern.paths.items():
        for _ in range(n if born < last else 0):
            run(born, last, {})
    return z


def _mix(z: list[Array], s: Array, rng: np.random.Generator) -> None:
    """Change the bases at both ends of the residual so that the target diag(s) stays."""
    m = len(s)
    mix = _conditioned(rng, m, 4.0)
    inputs = np.zeros((z[0].shape[1],) * 2)
    inputs[:m, :m] = mix
    inputs[:m, m:] = 0.5 * rng.standard_normal((m, len(inputs) - m))
    inputs[m:, m:] = _conditioned(rng, len(inputs) - m, 4.0)
    outputs = np.zeros((z[-1].shape[0],) * 2)
    outputs[:m, :m] = mix * s / s[:, None]
    outputs[m:, :m] = 0.5 * rng.standard_normal((len(outputs) - m, m))
    outputs[m:, m:] = _conditioned(rng, len(outputs) - m, 4.0)
    z[0] = np.asarray(np.linalg.solve(inputs.T, z[0].T).T, dtype=np.float64)
    z[-1] = outputs @ z[-1]


def _conditioned(rng: np.random.Generator, size: int, condition: float) -> Array:
    """A random matrix of this condition number, with determinant of modulus 1."""
    if size == 0:
        return np.zeros((0, 0))
    left, right = haar(rng, size, size), haar(rng, size, size)
    exponents = rng.uniform(-0.5, 0.5, size)
    if size > 1:
        exponents = (exponents - exponents.min()) / np.ptp(exponents) - 0.5
    return (left * condition**exponents) @ right


def _completed(frame: Array) -> Array:
    """Orthonormal columns, completed to a square orthogonal matrix."""
    n, k = frame.shape
    full = np.linalg.qr(np.hstack([frame, np.eye(n)]))[0] if k < n else frame.copy()
    full[:, :k] = frame
    return full


def _factor(problem: Problem) -> Array:
    return np.eye(problem.d_in) if problem.factor is None else problem.factor


def _pseudo_normalized(problem: Problem) -> Array:
    """Orthonormal columns along those of the factor: the range of the inputs."""
    f = _factor(problem)
    return f / np.sqrt(np.sum(f * f, axis=0))


def _from_whitened(problem: Problem, layers: list[Array]) -> LinearNetwork:
    return LinearNetwork([layers[0] @ factor_inverse(problem), *layers[1:]])
