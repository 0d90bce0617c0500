"""Escape rays of canonical saddles, and the orbits that join canonical points (theory §9)."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.exact import mode_amplitude, mode_time
from deeplinear.landscape._classes import checked_class
from deeplinear.landscape._modes import ModeSet
from deeplinear.landscape._point import critical_point
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class EscapeRay:
    """A ray along which the flow leaves a canonical saddle of depth >= 3.

    Attributes
    ----------
    problem, saddle : where it starts.
    learned : the modes that the saddle has learned.
    modes : the unlearned modes K that grow together.
    amplitudes : ``(|K|,)`` their shares of a residual layer of norm 1, proportional to
        s_k^{-1/(h-2)}.
    rate : c in da/dt = c a^{h-1}, with a = ||W_i||_F of every residual layer, to leading order.
    """

    problem: Problem
    saddle: LinearNetwork
    learned: ModeSet
    modes: ModeSet
    amplitudes: Array
    rate: float

    def __call__(self, a: float) -> LinearNetwork:
        """The network whose residual layers have norm a."""
        a = checks.number("a", a, minimum=0.0)
        return _grown(self.problem, self.saddle, len(self.learned), self.modes, a * self.amplitudes)

    def leaving_time(self, a: float) -> float:
        """The time to leave from the norm a, a^{-(h-2)} / ((h - 2) c)."""
        a = checks.number("a", a, minimum=0.0, exclusive=True)
        h = self.saddle.depth
        with np.errstate(over="ignore"):
            return float(np.power(a, 2.0 - h) / ((h - 2) * self.rate))


def escape_rays(
    problem: Problem, widths: Sequence[int], modes: Iterable[int]
) -> Iterator[EscapeRay]:
    r"""Iterate over the escape rays of the canonical saddle of a class, the fastest first.

    For h >= 3 every non-empty set K of unlearned modes that fits into the residual widths has one,
    balanced and aligned, with

    .. math:: \dot a = c\, a^{h-1}, \qquad c = \Big( \sum_{k \in K} s_k^{-2/(h-2)}
              \Big)^{-(h-2)/2}

    to leading order. Hidden frames are free: each ray stands for all its rotations. The fastest is
    that of the largest unlearned mode, with c = s_k.

    Parameters
    ----------
    problem
        Whitened: otherwise a ray does not stay in its frame.
    widths
        From ``problem.d_in`` to ``problem.d_out``, of depth >= 3. At depth 2 the saddle is strict:
        see `escape`.
    modes
        The learned modes; any class.

    Returns
    -------
    Iterator of EscapeRay
        Lazy: 20 unlearned modes have a million rays.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; depth below 3; the problem is not whitened.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> for ray in dl.landscape.escape_rays(problem, (3, 3, 3, 3), [0]):
    ...     print(ray.modes, round(ray.rate, 4))
    (1,) 2.0
    (2,) 1.0
    (1, 2) 0.8944

    References
    ----------
    theory §9.
    """
    widths = checks.widths(widths)
    _require_whitened(problem)
    chosen = checked_class(problem, widths, modes)
    if len(widths) < 4:
        raise ArgumentError(
            "Argument `widths` must have at least three layers for escape rays, but it is "
            f"{widths}. With two, use deeplinear.landscape.escape: the saddle is strict."
        )
    return _rays(problem, widths, chosen)


def _rays(problem: Problem, widths: tuple[int, ...], learned: ModeSet) -> Iterator[EscapeRay]:
    h, s = len(widths) - 1, problem.modes.s
    saddle = critical_point(problem, widths, learned)
    rest = [k for k in range(len(s)) if k not in learned]
    most = min(widths) - len(learned)
    costs = [float(s[k]) ** (-2 / (h - 2)) for k in rest]  # ascending
    if most < 1 or not rest:
        return
    heap: list[tuple[float, tuple[int, ...]]] = [(costs[0], (0,))]
    while heap:
        cost, places = heapq.heappop(heap)
        inside = tuple(rest[j] for j in places)
        shares = s[list(inside)] ** (-1 / (h - 2))
        yield EscapeRay(
            problem,
            saddle,
            learned,
            inside,
            shares / np.linalg.norm(shares),
            float(cost ** (-(h - 2) / 2)),
        )
        last = places[-1]
        if last + 1 < len(rest):
            moved = cost - costs[last] + costs[last + 1]
            heapq.heappush(heap, (moved, (*places[:-1], last + 1)))
            if len(places) < most:
                heapq.heappush(heap, (cost + costs[last + 1], (*places, last + 1)))


@dataclass(frozen=True)
class Heteroclinic:
    """The orbit of the flow from the canonical point of S to that of S + {k}.

    Attributes
    ----------
    problem, widths : of the flow.
    learned, mode : S, and the mode k that is learned.
    source, target : both ends; the target is the canonical point up to the order of its slots.
    drop : by how much the loss falls, s_k^2 / 2.
    """

    problem: Problem
    widths: tuple[int, ...]
    learned: ModeSet
    mode: int
    source: LinearNetwork
    target: LinearNetwork
    drop: float

    @property
    def s(self) -> float:
        """The singular value of the mode."""
        return float(self.problem.modes.s[self.mode])

    def at(self, a: float) -> LinearNetwork:
        """The point of the orbit at which mode k has amplitude a, from 0 to s_k^{1/h}."""
        a = checks.number("a", a, minimum=0.0)
        return _grown(self.problem, self.source, len(self.learned), (self.mode,), np.array([a]))

    def __call__(self, t: float, *, a0: float) -> LinearNetwork:
        """The network at time t after it had the amplitude a0."""
        return self.at(float(self.amplitudes(t, a0=a0)[0]))

    def amplitudes(self, t: ArrayLike, *, a0: float) -> Array:
        """The amplitude of the mode at times t after it was a0, ``(len(t),)``."""
        return np.asarray(mode_amplitude(self.s, len(self.widths) - 1, a0, t))

    def duration(self, a0: float, a: float | None = None) -> float:
        """The time from amplitude a0 to a; None: until the strength passes s_k / 2."""
        depth = len(self.widths) - 1
        end = (self.s / 2) ** (1 / depth) if a is None else a
        return float(mode_time(self.s, depth, a0, end))


def heteroclinic(
    problem: Problem, widths: Sequence[int], modes: Iterable[int], mode: int
) -> Heteroclinic:
    r"""Return the orbit from the canonical point of S to that of S + {k}, in closed form.

    The amplitudes of the learned modes stand still, and that of mode k obeys

    .. math:: \dot a = a^{h-1} (s_k - a^h), \qquad a: 0 \to s_k^{1/h} .

    An exact solution of the full flow, and a leaf of the unstable set of its source, also where the
    Hessian is silent.

    Parameters
    ----------
    problem
        Whitened: otherwise the flow from the canonical point does not stay on such a curve.
        `analysis.unstable_curve` integrates it.
    widths
        From ``problem.d_in`` to ``problem.d_out``, of depth >= 2.
    modes, mode
        S, with room for one more, and k, not in S.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        As `critical_point`; the problem is not whitened; k is in S, or there is no room.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> orbit = dl.landscape.heteroclinic(problem, (2, 2, 2, 2), [0], 1)
    >>> start = orbit.at(0.05)
    >>> traj = dl.gradient_flow(problem, start, t_end=orbit.duration(0.05), rtol=1e-9)
    >>> traj.mode_strengths[-1].round(6)
    array([3., 1.])

    References
    ----------
    theory §9.
    """
    widths = checks.widths(widths)
    _require_whitened(problem)
    chosen = checked_class(problem, widths, modes)
    k = checks.integer("mode", mode, minimum=0)
    if k in chosen:
        raise ArgumentError(f"Argument `mode` must not be among the learned modes, but it is {k}.")
    if len(widths) == 2:
        raise ArgumentError(
            "Argument `widths` must have a hidden layer, but it is "
            f"{widths}: one layer has no saddles."
        )
    if len(chosen) == min(widths):
        raise ArgumentError(
            f"Argument `modes` must leave room for one more mode in the smallest width, "
            f"{min(widths)}, but it holds {len(chosen)}."
        )
    checked_class(problem, widths, (*chosen, k))
    source, s = critical_point(problem, widths, chosen), float(problem.modes.s[k])
    target = _grown(problem, source, len(chosen), (k,), np.array([s ** (1 / (len(widths) - 1))]))
    return Heteroclinic(problem, widths, chosen, k, source, target, 0.5 * s**2)


def _grown(
    problem: Problem, saddle: LinearNetwork, r: int, modes: ModeSet, amplitudes: Array
) -> LinearNetwork:
    """The canonical saddle with further modes in the next slots."""
    chosen = list(modes)
    u, v = problem.modes.u[:, chosen], problem.modes.v[:, chosen]
    slots = [np.eye(d, r + len(chosen))[:, r:] for d in saddle.widths[1:-1]]
    frames = [v, *slots, u]
    return LinearNetwork(
        [w + (frames[i + 1] * amplitudes) @ frames[i].T for i, w in enumerate(saddle.weights)]
    )


def _require_whitened(problem: Problem) -> None:
    if not problem.whitened:
        raise ArgumentError(
            "Argument `problem` must be whitened, but its inputs have a general covariance: "
            "canonical points have no exact rays and orbits there. Whiten the inputs, or grow the "
            "unstable set with deeplinear.analysis.unstable_curve."
        )
