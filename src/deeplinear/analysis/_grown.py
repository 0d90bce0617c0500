"""What is grown from a saddle: curves and surfaces, which print themselves (theory §9)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.analysis._leaving import Direction, Saddle
from deeplinear.analysis._sentences import set_name
from deeplinear.landscape import Classification, ModeSet
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory


@dataclass(frozen=True, repr=False, eq=False)
class GrownCurve:
    """A leaf of the unstable set of a saddle, or of its stable set; prints itself.

    Attributes
    ----------
    saddle : the critical point from which it was grown, a network.
    source : what the saddle is (`landscape.Classification`).
    trajectory : the run that grew it; its ``t`` is negative and falls for a stable curve.
    points : ``(n, n_params)`` weights along the curve, from the saddle on.
    limit : what the critical point near the other end is, with ``kind`` and ``modes``; None if
        there is none.
    displacement : the distance from the end of the curve to that point; NaN if there is none.
    length : the length of the curve, in weights.
    """

    saddle: LinearNetwork
    source: Classification
    trajectory: Trajectory
    limit: Classification | None
    displacement: float

    @property
    def problem(self) -> Problem:
        """The problem whose flow grew the curve."""
        return self.trajectory.problem

    @property
    def points(self) -> Array:
        """``(n, n_params)``: weights along the curve, in `LinearNetwork.to_vector`'s layout."""
        return self.trajectory.vectors

    @property
    def forward(self) -> bool:
        """Whether it belongs to the unstable set."""
        return self.trajectory.t_end >= 0

    @property
    def length(self) -> float:
        """The length of the curve from its first to its last point."""
        return float(np.sum(np.linalg.norm(np.diff(self.points, axis=0), axis=1)))

    def __repr__(self) -> str:
        traj = self.trajectory
        which = "unstable" if self.forward else "stable"
        away = float(np.linalg.norm(self.points[0] - self.saddle.to_vector()))
        rows = [
            ("set", f"{which}, of a {described(self.source)}"),
            ("start", f"at distance {away:.3g} from the saddle"),
            ("points", f"{len(self.points)}, t = 0 to {traj.t_end:.6g}, length {self.length:.4g}"),
            ("loss", f"{traj.loss[0]:.6g} to {traj.loss[-1]:.6g}"),
            ("limit", ending(self)),
            ("status", f"{traj.status}. {traj.status.reason}"),
        ]
        return "GrownCurve\n" + "\n".join(f"  {name:8}{text}" for name, text in rows)


@dataclass(frozen=True, repr=False, eq=False)
class GrownSurface:
    """A two-dimensional piece of a stable or unstable set; prints itself.

    Ray j is the orbit from W* + epsilon (cos a_j U + sin a_j V).

    Attributes
    ----------
    saddle, source : the critical point W*, and what it is.
    angles : ``(n,)`` a_j in radians.
    closed : whether the rays go round the whole circle.
    curves : the n rays as grown, `GrownCurve` each.
    points : ``(n, n_t, n_params)`` the mesh; along each ray, points at equal arc length.
    loss : ``(n, n_t)`` at the points.
    limits : for each ray, the modes of the critical point at its end; None if there is none.
    """

    saddle: LinearNetwork
    source: Classification
    angles: Array
    closed: bool
    curves: tuple[GrownCurve, ...]
    points: Array

    @property
    def problem(self) -> Problem:
        """The problem whose flow grew the surface."""
        return self.curves[0].problem

    @property
    def forward(self) -> bool:
        """Whether it belongs to the unstable set."""
        return self.curves[0].forward

    @property
    def limits(self) -> tuple[ModeSet | None, ...]:
        """For each ray, the modes of the critical point at its end; None if there is none."""
        return tuple(None if c.limit is None else c.limit.modes for c in self.curves)

    @cached_property
    def products(self) -> Array:
        """``(n, n_t, d_out, d_in)``: the end-to-end maps at the points."""
        n, n_t, size = self.points.shape
        widths = self.saddle.widths
        nets = (LinearNetwork.from_vector(v, widths) for v in self.points.reshape(-1, size))
        return np.array([net.product() for net in nets]).reshape(n, n_t, widths[-1], widths[0])

    @cached_property
    def loss(self) -> Array:
        """``(n, n_t)``: the full loss at the points."""
        return np.array([[self.problem.loss(p) for p in ray] for ray in self.products])

    def coordinates(self, axes: Sequence[Direction] | None = None) -> Array:
        """Return coordinates of the mesh for a picture, ``(n, n_t, m)``.

        Parameters
        ----------
        axes
            None: the m mode strengths u_k^T P Sxx^{1/2} v_k. Otherwise m tuples of matrices shaped
            as the weights: the inner products of W - W* with each of them.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            An axis does not have the shapes of the weights, or is zero.
        """
        if axes is None:
            modes, maps = self.problem.modes, self.products
            if self.problem.factor is not None:
                maps = maps @ self.problem.sqrt_sxx
            return np.asarray(np.einsum("atik,ik->atk", maps @ modes.v, modes.u))
        source = Saddle(self.problem, self.saddle, self.source, 1.0, 1.0)
        frame = np.array([source.step(f"axes[{k}]", axis) for k, axis in enumerate(axes)])
        return np.asarray((self.points - self.saddle.to_vector()) @ frame.T)

    def __repr__(self) -> str:
        n, n_t, size = self.points.shape
        which = "unstable" if self.forward else "stable"
        ends = Counter(
            "no critical point"
            if modes is None
            else f"mode{'s' * (len(modes) != 1)} {set_name(modes)}"
            for modes in self.limits
        )
        statuses = Counter(str(curve.trajectory.status) for curve in self.curves)
        rows = [
            ("set", f"{which}, of a {described(self.source)}"),
            ("mesh", f"{n} rays x {n_t} points in {size} parameters"),
            ("loss", f"{self.loss[:, 0].max():.6g} to {self.loss[:, -1].min():.6g}"),
            ("limits", _counted(ends)),
            ("status", _counted(statuses)),
        ]
        return "GrownSurface\n" + "\n".join(f"  {name:8}{text}" for name, text in rows)


def _counted(names: Counter[str]) -> str:
    return "; ".join(f"{name} ({k} ray{'s' * (k > 1)})" for name, k in names.items())


def described(point: Classification) -> str:
    """Return a critical point in words: kind, order above 2, modes."""
    order = point.escape_order
    kind = f"{point.kind} of order {order}" if order is not None and order > 2 else point.kind
    if not point.modes:
        return f"{kind} with no mode"
    return f"{kind} with mode{'s' * (len(point.modes) > 1)} {set_name(point.modes)}"


def ending(curve: GrownCurve) -> str:
    """Return where a curve ends, in words."""
    if curve.limit is not None:
        return f"{described(curve.limit)}, {curve.displacement:.1e} from the end"
    traj = curve.trajectory
    if not curve.forward and np.linalg.norm(curve.points[-1]) > traj.options["norm_cap"]:
        cap = traj.options["norm_cap"]
        return f"none: the curve ends where its norm exceeds the cap {cap:.4g}"
    return "none: no critical point is near the end"
