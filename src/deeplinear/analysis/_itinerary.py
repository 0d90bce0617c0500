"""`itinerary`: the sets of modes that a run learns, and the saddles that it visits (theory §11)."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis._learning import Change, changes
from deeplinear.analysis._prediction import Learning, learning
from deeplinear.flow import vector_field
from deeplinear.landscape import (
    Classification,
    ModeSet,
    classify,
    critical_value,
    group_strengths,
    refine,
)
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

PLATEAU = 2.0
"""Prominence from which on a visit is a plateau: the gradient falls by a factor of e^2 = 7.4."""

NEAR = 0.5
"""A critical point is near if its distance is below this fraction of sqrt(h) s_0^{1/h}, the norm
that one learned mode gives to a network."""

HUGE = 1e8
"""Weights this many times that norm drown critical points in round-off; none is looked for."""


@dataclass(frozen=True)
class Visit:
    """A stretch of a run during which one set of modes was learned.

    Attributes
    ----------
    modes : the learned modes, ascending; of a group of equal modes, the first ones.
    t_in, t_out : from when to when.
    t_closest, gradient_norm, loss : the time of the smallest ||grad L|| in between, and there.
    plateau, prominence : whether the run waited; the depth of that minimum of log ||grad L||
        below the maxima on both sides, up to the neighboring visits. >= 2 is a plateau.
    value : loss of the critical points of this class.
    network : the critical point near the state at t_closest; if `near` is False, of that state.
    distance : of that critical point, ||W - W'||_F over all weights.
    kind, escape_order : of that critical point; "none near" and None if `near` is False.
    near : whether a critical point of this class was found near the run.
    classification : of that critical point, with the test that decided; None if none is near.
    """

    modes: ModeSet
    t_in: float
    t_out: float
    t_closest: float
    gradient_norm: float
    loss: float
    plateau: bool
    prominence: float
    value: float
    network: LinearNetwork
    distance: float
    kind: str
    escape_order: int | None
    near: bool
    classification: Classification | None


class Itinerary(list[Visit]):
    """The visits of a run in order, start and end included; prints itself as a table.

    Attributes
    ----------
    learning : predicted and observed learning time of every mode (`analysis.learning`).
    limit : what the run ended at, and why that is where it ends, in a sentence.
    """

    def __init__(self, visits: Iterable[Visit], learning: tuple[Learning, ...], limit: str) -> None:
        super().__init__(visits)
        self.learning = learning
        self.limit = limit

    def __repr__(self) -> str:
        from deeplinear.analysis._sentences import itinerary_table

        rows = [*itinerary_table(self), self.limit]
        return "\n".join(["Itinerary", *(f"  {row}" for row in rows)])


def itinerary(traj: Trajectory, *, progress: Callable[[int, int], None] | None = None) -> Itinerary:
    r"""Return the sets of modes that a run has learned, one after the other, with their saddles.

    Mode k is learned while its strength u_k^T P Sxx^{1/2} v_k is above s_k / 2, with a
    hysteresis of 1 %. Every run has an itinerary: the learned set at its start, the sets after each
    change, and that at its end. In each visit the state of smallest gradient is taken to the
    critical point near it (`landscape.refine`), and this is classified.

    Parameters
    ----------
    traj
        Any run: to its end, cut short, backward in time, or of gradient descent.
    progress
        Called before each visit is read with the number of those that have been, and of all. What
        it raises ends the search: for large networks a visit takes seconds.

    Returns
    -------
    Itinerary
        A list of `Visit`, with ``learning`` and ``limit``. Times between saved ones are
        interpolated.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory.

    Notes
    -----
    A plateau is where the gradient passes through a minimum at least e^2 times below both of its
    neighboring maxima (prominence 2); the start and the end have one neighbor. Saved states
    must resolve the minimum: with ``save="ends"`` or a few times, prominences are too small.
    What is found near a state that a run passes quickly need not be unique.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([4.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2, 2), scale=1e-3, seed=0))
    >>> for visit in dl.itinerary(traj):
    ...     print(visit.modes, visit.plateau, visit.kind, visit.escape_order)
    () True non-strict saddle 3
    (0,) True non-strict saddle 3
    (0, 1) True global minimum None

    References
    ----------
    theory §11; Saxe, McClelland, Ganguli, arXiv 1312.6120; Jacot et al., arXiv 2106.15933.
    """
    if not isinstance(traj, Trajectory):
        raise ArgumentTypeError(
            f"Argument `traj` must be a Trajectory, but it is of type {type(traj).__name__}."
        )
    with np.errstate(all="ignore"):  # a failed run may end in overflow
        return _read(traj, progress)


def _read(traj: Trajectory, progress: Callable[[int, int], None] | None) -> Itinerary:
    start, events = changes(traj)
    stays = _stays(traj, start, events)
    norms = _gradient_norms(traj)
    closest = [_closest(traj, stay, norms) for stay in stays]
    prominences = _prominences(traj, closest, norms)
    visits: list[Visit] = []
    for stay, point, prominence in zip(stays, closest, prominences, strict=True):
        if progress is not None:
            progress(len(visits), len(stays))
        visits.append(_visit(traj, stay, point, prominence))
    return Itinerary(visits, learning(traj), _limit(traj, visits[-1]))


@dataclass(frozen=True)
class _Stay:
    modes: ModeSet
    t_in: float
    t_out: float


@dataclass(frozen=True)
class _Closest:
    t: float
    network: LinearNetwork
    gradient_norm: float


def _stays(traj: Trajectory, start: ModeSet, events: list[Change]) -> list[_Stay]:
    """The learned sets with their times; changes at the same time are one."""
    held, t = set(start), float(traj.t[0])
    found = []
    for later, together in itertools.groupby(events, key=lambda change: change.t):
        if later != t:
            found.append(_Stay(tuple(sorted(held)), t, later))
        for change in together:
            held ^= {change.mode}
        t = later
    return [*found, _Stay(tuple(sorted(held)), t, traj.t_end)]


def _gradient_norms(traj: Trajectory) -> Array:
    """||grad L|| at the saved times; infinite where it overflows."""
    field, _ = vector_field(traj.problem, traj.widths)
    # Networks that were integrated reduced are made one by one.
    states = traj.vectors if traj.reduction is None else (net.to_vector() for net in traj)
    with np.errstate(all="ignore"):
        norms = np.array([np.linalg.norm(field(0.0, state)) for state in states])
    return np.where(np.isfinite(norms), norms, np.inf)


def _closest(traj: Trajectory, stay: _Stay, norms: Array) -> _Closest:
    """The state of smallest gradient; a stay between saved times is entered in its middle."""
    low, high = sorted((stay.t_in, stay.t_out))
    inside = np.flatnonzero((traj.t >= low) & (traj.t <= high))
    if inside.size:
        k = int(inside[np.argmin(norms[inside])])
        return _Closest(float(traj.t[k]), traj[k], float(norms[k]))
    t = (stay.t_in + stay.t_out) / 2
    net = traj(t)
    field, _ = vector_field(traj.problem, traj.widths)
    return _Closest(t, net, float(np.linalg.norm(field(0.0, net.to_vector()))))


def _prominences(traj: Trajectory, closest: list[_Closest], norms: Array) -> list[float]:
    """Depth of each minimum of log ||grad L|| below the maxima that part it from its neighbors."""
    logs = np.log(np.maximum(norms, 1e-300))
    x = np.abs(traj.t - traj.t[0])
    places = [abs(point.t - float(traj.t[0])) for point in closest]
    heights = [math.log(max(point.gradient_norm, 1e-300)) for point in closest]
    if len(places) == 1:
        return [float(logs.max()) - heights[0]]
    barriers = [
        max(float(logs[(x >= a) & (x <= b)].max(initial=-math.inf)), low, high)
        for (a, b), (low, high) in zip(
            itertools.pairwise(places), itertools.pairwise(heights), strict=True
        )
    ]
    sides = [barriers[:1], *([a, b] for a, b in itertools.pairwise(barriers)), barriers[-1:]]
    return [min(side) - height for side, height in zip(sides, heights, strict=True)]


def _visit(traj: Trajectory, stay: _Stay, point: _Closest, prominence: float) -> Visit:
    problem, verdict = traj.problem, None
    one_mode = _one_mode(problem, point.network)
    displacement, network = math.nan, point.network
    natural = one_mode if math.isfinite(one_mode) else 1.0
    if max(float(np.linalg.norm(w / HUGE)) for w in network.weights) <= natural:
        found = refine(problem, network, reach=NEAR * one_mode)
        close = classify(problem, found.network) if found.converged else None
        if close and close.modes == stay.modes and close.kind != "not critical":
            verdict, network, displacement = close, found.network, found.displacement
    with np.errstate(over="ignore", invalid="ignore"):
        product = point.network.product()
    return Visit(
        modes=stay.modes,
        t_in=stay.t_in,
        t_out=stay.t_out,
        t_closest=point.t,
        gradient_norm=point.gradient_norm,
        loss=problem.loss(product) if np.isfinite(product).all() else math.inf,
        plateau=prominence >= PLATEAU,
        prominence=prominence,
        value=critical_value(problem, stay.modes),
        network=network,
        distance=displacement,
        kind="none near" if verdict is None else verdict.kind,
        escape_order=None if verdict is None else verdict.escape_order,
        near=verdict is not None,
        classification=verdict,
    )


def _balanced_distance(problem: Problem, net: LinearNetwork, modes: ModeSet) -> float:
    """Distance from the class if the network were balanced: cheap, and nearly right on runs."""
    h, s = net.depth, problem.modes.s
    shares = np.abs(group_strengths(problem, net.product())) ** (1 / h)
    wanted = np.zeros(len(s))
    wanted[list(modes)] = s[list(modes)] ** (1 / h)
    return math.sqrt(h) * float(np.linalg.norm(shares - wanted))


def _one_mode(problem: Problem, net: LinearNetwork) -> float:
    """The norm that one learned mode, the largest, gives to a balanced network."""
    s = problem.modes.s
    return math.sqrt(net.depth) * float(s[0]) ** (1 / net.depth) if len(s) else math.inf


def _limit(traj: Trajectory, last: Visit) -> str:
    """What the run ended at, and why."""
    if traj.status == "converged":
        what = "The limit is a global minimum"
        if last.kind == "global minimum" and last.classification is not None:
            return (
                f"{what}, at distance {last.distance:.2g} from the end. "
                f"{last.classification.decided_by} {traj.status.reason}"
            )
        return f"{what}. {traj.status.reason}"
    if traj.status == "stopped at a saddle":
        what = f"The limit is a {last.kind}" if last.near else "The limit is a saddle"
        order = f" of escape order {last.escape_order}" if last.escape_order else ""
        return f"{what}{order}. {traj.status.reason}"
    return (
        f"The run was not followed to its limit: {_lowered(traj.status.reason)} The gradient was "
        f"{last.gradient_norm:.2g} at its smallest after the last change."
    )


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
