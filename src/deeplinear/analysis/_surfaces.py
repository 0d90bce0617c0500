"""Two-dimensional pieces of stable and unstable sets, as meshes (theory §9)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis._grown import GrownCurve, GrownSurface
from deeplinear.analysis._leaving import Direction, Saddle
from deeplinear.analysis._manifolds import MAX_STEPS, grown, grown_backward
from deeplinear.analysis._resampling import resampled
from deeplinear.flow import vector_field
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_PARALLEL = 1e-8  # relative size of the second direction across the first, at least


def unstable_surface(
    problem: Problem,
    saddle: LinearNetwork,
    directions: Sequence[Direction],
    *,
    distance: float | None = None,
    n: int = 24,
    n_t: int = 40,
    angles: ArrayLike | None = None,
    t_end: float | None = None,
    rtol: float = 1e-8,
    method: str = "auto",
    max_steps: int = MAX_STEPS,
) -> GrownSurface:
    r"""Grow a two-dimensional piece of the unstable set of a saddle, ray by ray.

    .. math:: W_j(0) = W^* + \epsilon (\cos a_j\, U + \sin a_j\, V), \qquad \dot W = -\nabla L(W)

    Parameters
    ----------
    problem, saddle, distance, t_end, rtol, method, max_steps
        As for `unstable_curve`; by default the longer of U and V reaches 1e-3 s_0^{1/h}.
    directions
        U and V, two tuples of matrices shaped as the weights, not parallel: of a negative
        eigenspace, or balanced rays of two modes.
    n
        The number of rays, evenly around the circle.
    n_t
        The number of mesh points along each ray, at equal arc length; between the states that the
        run saved they are interpolated (cubic in the tangents, relative error 1e-6 to 1e-4).
    angles
        The angles a_j in radians instead, ``(n,)``: for a part of the circle. At odd depth, the
        loss rises along the rays that make a mode's product negative.

    Returns
    -------
    GrownSurface

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `unstable_curve`, for any of the rays; the directions are parallel, or not two.

    Notes
    -----
    Where the two directions have different eigenvalues, most rays turn into the faster one: set
    `angles` close to the slower one, or take a larger `distance`, which costs nothing where the
    plane itself is invariant (balanced rays). See `unstable_curve` for what a curve follows.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import unstable_surface
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    >>> rays = [[np.diag([1.0, 0.0])] * 2, [np.diag([0.0, 1.0])] * 2]
    >>> surface = unstable_surface(problem, origin, rays, n=8, n_t=20)
    >>> surface
    GrownSurface
      set     unstable, of a strict saddle with no mode
      mesh    8 rays x 20 points in 8 parameters
      loss    6.5 to ...
      limits  mode 0 (2 rays); modes 0, 1 (4 rays); mode 1 (2 rays)
      status  stopped at a saddle (4 rays); converged (4 rays)
    >>> surface.coordinates().shape  # mode strengths
    (8, 20, 2)

    References
    ----------
    theory §8, §9; Wendin, Altafini, arXiv 2511.10362, section 5.
    """
    source = Saddle.of(problem, saddle, leaves=True)
    around, starts = _starts(source, directions, distance, n, angles, falls=True)
    n_t = checks.integer("n_t", n_t, minimum=2)
    curves = tuple(
        grown(source, at, t_end=t_end, rtol=rtol, method=method, max_steps=max_steps)
        for at in starts
    )
    return _mesh(source, around, angles is None, curves, n_t)


def stable_surface(
    problem: Problem,
    saddle: LinearNetwork,
    directions: Sequence[Direction],
    *,
    distance: float | None = None,
    n: int = 24,
    n_t: int = 40,
    angles: ArrayLike | None = None,
    t_end: float | None = None,
    norm_cap: float | None = None,
    rtol: float = 1e-8,
    method: str = "auto",
    max_steps: int = MAX_STEPS,
) -> GrownSurface:
    """Grow a two-dimensional piece of the stable set of a critical point, backward in time.

    Parameters
    ----------
    problem, saddle, t_end, norm_cap, rtol, method, max_steps
        As for `stable_curve`.
    directions, distance, n, n_t, angles
        As for `unstable_surface`; the loss must rise along every ray.

    Returns
    -------
    GrownSurface

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `stable_curve`, for any of the rays; the directions are parallel, or not two.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import stable_surface
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    >>> e, f = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    >>> surface = stable_surface(problem, origin, [(e, -e), (f, -f)], n=8, n_t=20)
    >>> bool(np.all(np.diff(surface.loss, axis=1) > 0))
    True

    References
    ----------
    theory §9.
    """
    source = Saddle.of(problem, saddle, leaves=False)
    around, starts = _starts(source, directions, distance, n, angles, falls=False)
    n_t = checks.integer("n_t", n_t, minimum=2)
    curves = tuple(
        grown_backward(
            source,
            at,
            t_end=t_end,
            norm_cap=norm_cap,
            rtol=rtol,
            method=method,
            max_steps=max_steps,
        )
        for at in starts
    )
    return _mesh(source, around, angles is None, curves, n_t)


def _starts(
    source: Saddle,
    directions: Sequence[Direction],
    distance: float | None,
    n: int,
    angles: ArrayLike | None,
    *,
    falls: bool,
) -> tuple[Array, list[LinearNetwork]]:
    """The angles, and the networks on the circle; an error if one of them leads elsewhere."""
    try:
        first, second = directions
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            "Argument `directions` must hold two directions, each a tuple of matrices shaped as "
            "the weights."
        ) from None
    u, v = source.step("directions[0]", first), source.step("directions[1]", second)
    across = v - (v @ u) / (u @ u) * u
    if np.linalg.norm(across) <= _PARALLEL * np.linalg.norm(v):
        raise ArgumentError("Argument `directions` must span a plane, but they are parallel.")
    size = max(float(np.linalg.norm(u)), float(np.linalg.norm(v)))
    distance = source.distance(distance, size)
    if angles is None:
        around = 2 * np.pi * np.arange(checks.integer("n", n, minimum=3)) / n
    else:
        around = checks.real_array("angles", angles, ndim=1, shape_text="(n,)")
        if not around.size:
            raise ArgumentError("Argument `angles` must hold at least one angle, but it is empty.")
    steps = distance * (np.outer(np.cos(around), u) + np.outer(np.sin(around), v))
    # Sines of multiples of pi are round-off: what should be zero is made so.
    steps[np.abs(steps) < 1e-15 * distance * size] = 0.0
    origin, widths = source.network.to_vector(), source.network.widths
    starts = [LinearNetwork.from_vector(origin + step, widths) for step in steps]
    faults = [source.fault(start, falls=falls) for start in starts]
    wrong = [j for j, fault in enumerate(faults) if fault]
    if wrong:
        which = "unstable" if falls else "stable"
        raise ArgumentError(
            f"Arguments `directions` and `angles` must lead from the saddle into its {which} set, "
            f"but {len(wrong)} of {len(starts)} rays do not; at angle {around[wrong[0]]:.4g}, "
            f"{faults[wrong[0]]}. Leave such angles out."
        )
    return around, starts


def _mesh(
    source: Saddle, angles: Array, closed: bool, curves: tuple[GrownCurve, ...], n_t: int
) -> GrownSurface:
    field, _ = vector_field(source.problem, source.network.widths)
    points = []
    for curve in curves:
        tangents = np.array([field(0.0, y) for y in curve.points])
        points.append(resampled(curve.points, tangents if curve.forward else -tangents, n_t))
    return GrownSurface(
        source.network,
        source.kind,
        checks.frozen(angles),
        closed,
        curves,
        checks.frozen(np.array(points)),
    )
