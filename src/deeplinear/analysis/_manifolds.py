"""Curves of the stable and unstable set of a saddle, grown by the flow (theory §9)."""

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError
from deeplinear.analysis._grown import GrownCurve
from deeplinear.analysis._leaving import CurvedDirection, Direction, Saddle
from deeplinear.landscape import classify, refine
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory, gradient_flow

PATIENCE = 100.0
"""How long a curve is followed backward by default, in units of distance / speed at its start."""

CAP = 3.0
"""The default norm cap of a stable set, in norms of the saddle or of a balanced minimum."""

MAX_STEPS = 20_000
"""Steps of a curve at most, by default."""

_REACH = 0.01  # how far from its end a curve's limit may lie, in the same norms


def unstable_curve(
    problem: Problem,
    saddle: LinearNetwork,
    direction: Direction | CurvedDirection,
    *,
    distance: float | None = None,
    t_end: float | None = None,
    rtol: float = 1e-8,
    method: str = "auto",
    max_steps: int = MAX_STEPS,
) -> GrownCurve:
    r"""Grow a leaf of the unstable set of a saddle: the orbit that leaves it in a direction.

    .. math:: W(0) = W^* + \epsilon V, \qquad \dot W = -\nabla L(W)

    Parameters
    ----------
    problem
        Whitened or not.
    saddle
        A critical point W*, strict or not; `landscape.critical_point` and `landscape.refine` make
        one.
    direction
        V, a tuple of matrices shaped as the weights (used as it is, not normalized): a balanced
        aligned ray where the saddle has order >= 3, an eigenvector of the Hessian where it is
        strict. Or a callable that returns the network at a distance, for a curved escape.
    distance
        epsilon > 0. None: so that the start lies at 1e-3 s_0^{1/h} from the saddle (for a
        callable: this number).
    t_end
        Gradient-flow time at which to end. None: when the run has converged.
    rtol, method, max_steps
        As for `gradient_flow`. An escape takes about a thousand steps; more are spent on waiting
        at a second saddle, which is found as the limit all the same.

    Returns
    -------
    GrownCurve
        How the run ended is ``curve.trajectory.status``; what it visited,
        ``deeplinear.itinerary(curve.trajectory)``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `saddle` is not critical, or a minimum, whose unstable set is the point itself; `direction`
        has other shapes, is zero, leads along the critical set or uphill; `distance` is not
        positive.

    Notes
    -----
    Exact, up to the integration, if the ray itself is invariant: from the canonical point of S,
    whitened, the balanced direction of mode k grows the orbit S -> S + {k} (theory §9). Along
    an eigenvector of the smallest eigenvalue, the curve lies within O(distance) of the strong
    unstable manifold. Along an eigenvector of another negative eigenvalue, faster ones take over
    from an error of order distance^2: the curve then is one of the unstable set, but need not be
    tangent to V. A curve that passes close to a second saddle leaves it by round-off, if not
    before; give t_end to end there.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import unstable_curve
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> saddle = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0])
    >>> escape = [[[0.0, 0.0], [0.0, 1.0]]] * 3  # the balanced direction of mode 1
    >>> unstable_curve(problem, saddle, escape, distance=1e-3)
    GrownCurve
      set     unstable, of a non-strict saddle of order 3 with mode 0
      start   at distance 0.00173 from the saddle
      points  ..., t = 0 to ..., length 2.181
      loss    2 to ...
      limit   global minimum with modes 0, 1, ... from the end
      status  converged. The loss is within ... of the smallest that these widths can reach.

    References
    ----------
    theory §8, §9; Wendin, Altafini, arXiv 2511.10362, section 5.
    """
    source = Saddle.of(problem, saddle, leaves=True)
    start = source.start(direction, distance)
    _require(source, start, falls=True)
    return grown(source, start, t_end=t_end, rtol=rtol, method=method, max_steps=max_steps)


def stable_curve(
    problem: Problem,
    saddle: LinearNetwork,
    direction: Direction | CurvedDirection,
    *,
    distance: float | None = None,
    t_end: float | None = None,
    norm_cap: float | None = None,
    rtol: float = 1e-8,
    method: str = "auto",
    max_steps: int = MAX_STEPS,
) -> GrownCurve:
    r"""Grow a leaf of the stable set of a critical point: the orbit that arrives in a direction.

    .. math:: W(0) = W^* + \epsilon V, \qquad \dot W = -\nabla L(W), \qquad t \le 0

    Backward in time, the flow mostly blows up in finite time: the curve ends at the norm cap, with
    the status "failed" whose reason says so, at t_end, or near another critical point.

    Parameters
    ----------
    problem, saddle, direction, distance, rtol, method, max_steps
        As for `unstable_curve`; the loss must rise along the direction, and `saddle` may be a
        minimum.
    t_end
        Gradient-flow time, > 0, to follow it backward. None: 100 times the time in which the
        start's speed covers its distance from the saddle.
    norm_cap
        End where the Frobenius norm of all weights exceeds this. None: 3 times the norm of the
        saddle, or that of a balanced global minimum if it is larger.

    Returns
    -------
    GrownCurve

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As for `unstable_curve`; the norm cap does not exceed the norm of the start.

    Notes
    -----
    What arrives in V is found to O(distance) if V spans an invariant ray, or is an eigenvector of
    the largest eigenvalue: the strong stable manifold. Backward, the errors of slower directions
    shrink against it. Where the Hessian is singular, a curve from an error in the critical set
    arrives at a neighbor of the saddle instead.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import stable_curve
    >>> problem = dl.Problem.from_modes([2.0])
    >>> origin = dl.landscape.critical_point(problem, (1, 1, 1), [])
    >>> curve = stable_curve(problem, origin, ([[1.0]], [[-1.0]]), distance=1e-3)
    >>> curve
    GrownCurve
      set     stable, of a strict saddle with no mode
      start   at distance 0.00141 from the saddle
      points  ..., t = 0 to -3..., length ...
      loss    2 to ...
      limit   none: the curve ends where its norm exceeds the cap 6
      status  failed. The weights blow up near t = -3... (the norm cap is 6); ...
    >>> bool(abs(curve.points.sum(axis=1)).max() < 1e-12)  # a_1 = -a_2
    True

    References
    ----------
    theory §9; Wendin, Altafini, arXiv 2511.10362, section 5.
    """
    source = Saddle.of(problem, saddle, leaves=False)
    start = source.start(direction, distance)
    _require(source, start, falls=False)
    return grown_backward(
        source, start, t_end=t_end, norm_cap=norm_cap, rtol=rtol, method=method, max_steps=max_steps
    )


def _require(source: Saddle, start: LinearNetwork, *, falls: bool) -> None:
    fault = source.fault(start, falls=falls)
    if fault:
        which = "unstable" if falls else "stable"
        raise ArgumentError(
            f"Argument `direction` must lead from the saddle into its {which} set, but {fault}."
        )


def grown(
    source: Saddle,
    start: LinearNetwork,
    *,
    t_end: float | None,
    rtol: float,
    method: str,
    max_steps: int,
) -> GrownCurve:
    """Return the curve forward from a checked start."""
    traj = gradient_flow(
        source.problem, start, t_end=t_end, rtol=rtol, method=method, max_steps=max_steps
    )
    return _with_limit(source, traj)


def grown_backward(
    source: Saddle,
    start: LinearNetwork,
    *,
    t_end: float | None,
    norm_cap: float | None,
    rtol: float,
    method: str,
    max_steps: int,
) -> GrownCurve:
    """Return the curve backward from a checked start, until the norm cap or t_end."""
    y = start.to_vector()
    norm = float(np.linalg.norm(y))
    if norm_cap is None:
        cap = CAP * max(source.size, norm)
    else:
        cap = checks.number("norm_cap", norm_cap, minimum=0.0, exclusive=True)
        if cap <= norm:
            raise ArgumentError(
                f"Argument `norm_cap` must exceed the norm of the start, {norm:.4g}, but it is "
                f"{cap:g}."
            )
    if t_end is None:
        from deeplinear.flow import vector_field

        speed = float(np.linalg.norm(vector_field(source.problem, start.widths)[0](0.0, y)))
        t_end = PATIENCE * float(np.linalg.norm(y - source.network.to_vector())) / speed
    else:
        t_end = checks.number("t_end", t_end, minimum=0.0, exclusive=True)
    traj = gradient_flow(
        source.problem,
        start,
        t_end=t_end,
        reverse=True,
        rtol=rtol,
        method=method,
        norm_cap=cap,
        max_steps=max_steps,
    )
    return _with_limit(source, traj)


def _with_limit(source: Saddle, traj: Trajectory) -> GrownCurve:
    """Find the critical point near the end, if there is one, and classify it."""
    found = refine(source.problem, traj.final, reach=_REACH * source.size)
    limit = classify(source.problem, found.network) if found.converged else None
    displacement = found.displacement if found.converged else float("nan")
    return GrownCurve(source.network, source.kind, traj, limit, displacement)
