"""`diagnostics`: what a finished run says about its own quality and outcome."""

import math
from dataclasses import dataclass

import numpy as np

from deeplinear.analysis._alignment import ModeAlignment, final_alignment
from deeplinear.analysis._curvature import largest_eigenvalue
from deeplinear.analysis._learning import learned_modes, learning_times
from deeplinear.flow import conservation_laws
from deeplinear.network import LinearNetwork
from deeplinear.solve import Trajectory

ROUND_OFF = 64 * float(np.finfo(float).eps)
"""A rise of the loss below this fraction of its largest value counts as round-off."""


@dataclass(frozen=True, repr=False)
class Diagnostics:
    """Health and outcome of one run; prints itself in aligned lines.

    Attributes
    ----------
    n_laws : the number of independent conservation laws.
    drift : the largest relative drift of their values, max over saved times of ``traj.drift``.
    monotone : whether the loss never rose by more than `rise_tolerance` in a step (backward in
        time: never fell between saved times).
    largest_rise, rise_tolerance : the largest wrong-way change, and the round-off allowed, which is
        64 x 2.2e-16 of the largest loss of the run.
    delta_start, delta_end : max_i ||C_i||_F, the delta of delta-balanced networks.
    balance_start, balance_end : the same, relative to max_i ||W_i||_F^2.
    learned : the modes with p_k > s_k / 2 at the end.
    learning_times : ``(m,)`` floats, when each mode was first learned; NaN: never.
    alignment : one `ModeAlignment` for each learned mode, or group of equal ones, at the end.
    largest_eigenvalue : of the Hessian at the end; NaN if it overflows.
    """

    n_laws: int
    drift: float
    monotone: bool
    largest_rise: float
    rise_tolerance: float
    delta_start: float
    delta_end: float
    balance_start: float
    balance_end: float
    learned: tuple[int, ...]
    learning_times: tuple[float, ...]
    alignment: tuple[ModeAlignment, ...]
    largest_eigenvalue: float

    @property
    def learning_order(self) -> tuple[int, ...]:
        """The modes that were learned, first to last."""
        times = [(t, k) for k, t in enumerate(self.learning_times) if not math.isnan(t)]
        return tuple(k for _, k in sorted(times))

    @property
    def step_bound(self) -> float:
        """2 / largest_eigenvalue: gradient descent near the end is unstable above this step."""
        return 2.0 / self.largest_eigenvalue if self.largest_eigenvalue > 0 else math.inf

    def rows(self) -> list[tuple[str, str]]:
        """The lines that it prints, as (name, text)."""
        return [
            ("laws", self._laws()),
            ("balance", self._balance()),
            ("loss", self._loss()),
            ("learned", self._learned()),
            ("alignment", self._alignment()),
            ("curvature", self._curvature()),
        ]

    def __repr__(self) -> str:
        return "Diagnostics\n" + "\n".join(f"  {name:11}{text}" for name, text in self.rows())

    def _laws(self) -> str:
        if self.n_laws == 0:
            return "no conservation laws (no hidden layer)"
        return f"{_count(self.n_laws, 'conservation law')}, largest drift {self.drift:.2g}"

    def _balance(self) -> str:
        if self.n_laws == 0:
            return "no hidden layer"
        return (
            f"max ||C_i|| {self.delta_start:.3g} at the start, {self.delta_end:.3g} at the end; "
            f"relative to max ||W_i||^2: {self.balance_start:.2g}, {self.balance_end:.2g}"
        )

    def _loss(self) -> str:
        verdict = "monotone" if self.monotone else "not monotone"
        allowed = f"round-off {self.rise_tolerance:.2g}"
        return f"{verdict}, largest rise in one step {self.largest_rise:.2g} ({allowed})"

    def _learned(self) -> str:
        text = f"{len(self.learned)} of {_count(len(self.learning_times), 'mode')}"
        order = self.learning_order
        if not order:
            return text
        shown = ", ".join(f"{k} at {self.learning_times[k]:.5g}" for k in order[:10])
        return f"{text}; first learned: {shown}{', ...' if len(order) > 10 else ''}"

    def _alignment(self) -> str:
        if not self.alignment:
            return "no mode learned"
        left = min(self.alignment, key=lambda a: a.left)
        right = min(self.alignment, key=lambda a: a.right)
        return (
            f"smallest cosine {left.left:.6f} at outputs ({_named(left)}), "
            f"{right.right:.6f} at inputs ({_named(right)})"
        )

    def _curvature(self) -> str:
        if math.isnan(self.largest_eigenvalue):
            return "the Hessian at the end overflows"
        if self.largest_eigenvalue <= 0:
            return f"no positive Hessian eigenvalue at the end ({self.largest_eigenvalue:.3g})"
        return (
            f"largest Hessian eigenvalue {self.largest_eigenvalue:.5g} at the end, "
            f"gradient-descent steps must be below {self.step_bound:.3g}"
        )


def diagnostics(traj: Trajectory) -> Diagnostics:
    """Check a run against the theory: conservation, descent, alignment, curvature.

    Parameters
    ----------
    traj
        The result of `gradient_flow` or `gradient_descent`, whatever its status.

    Returns
    -------
    Diagnostics
        Numbers, and a few aligned lines when printed. Times of learning are interpolated
        between saved times (see `learning_times`).

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.analysis import diagnostics
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> start = dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2)
    >>> d = diagnostics(dl.gradient_flow(problem, start))
    >>> d.learned, d.learning_order, d.n_laws
    ((0, 1), (0, 1), 3)
    >>> round(d.largest_eigenvalue, 3), round(d.step_bound, 3)  # h s^{2 - 2/h} = 4 at the optimum
    (4.0, 0.5)

    References
    ----------
    theory §4, §8, §11.
    """
    learned = learned_modes(traj)
    rise, tolerance = _wrong_way(traj)
    delta_start, balance_start = _imbalance(traj.initial)
    delta_end, balance_end = _imbalance(traj.final)
    return Diagnostics(
        n_laws=conservation_laws(traj.widths).count,
        drift=float(np.max(traj.drift)),
        monotone=rise <= tolerance,
        largest_rise=rise,
        rise_tolerance=tolerance,
        delta_start=delta_start,
        delta_end=delta_end,
        balance_start=balance_start,
        balance_end=balance_end,
        learned=learned,
        learning_times=tuple(float(t) for t in learning_times(traj)),
        alignment=final_alignment(traj, learned),
        largest_eigenvalue=largest_eigenvalue(traj.problem, traj.final),
    )


def _wrong_way(traj: Trajectory) -> tuple[float, float]:
    """The largest change of the loss against the flow, and the round-off allowed for it."""
    finite = traj.loss[np.isfinite(traj.loss)]
    tolerance = ROUND_OFF * float(np.max(finite, initial=0.0))
    if traj.t_end >= 0:
        return float(traj.largest_rise), tolerance
    return max(0.0, -float(np.min(np.diff(finite), initial=0.0))), tolerance


def _imbalance(net: LinearNetwork) -> tuple[float, float]:
    """max_i ||C_i||_F, alone and relative to max_i ||W_i||_F^2."""
    with np.errstate(all="ignore"):
        delta = max((float(np.linalg.norm(c)) for c in net.imbalance()), default=0.0)
        size = max(float(np.vdot(w, w)) for w in net.weights)
    return delta, delta / size if size > 0 else 0.0


def _named(alignment: ModeAlignment) -> str:
    names = ", ".join(map(str, alignment.modes))
    return f"mode {names}" if len(alignment.modes) == 1 else f"modes {names}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
