"""A trajectory: saved states, statistics along the way, and how the run ended."""

import itertools
import math
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.flow import Reduction
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._status import Segment, Stats, Status

if TYPE_CHECKING:
    import xarray


class Trajectory:
    """The result of `gradient_flow` and `gradient_descent`: states at k saved times.

    Attributes
    ----------
    problem, widths : what was run.
    t : ``(k,)`` saved times, in gradient-flow time.
    vectors : ``(k, n_params)`` weights at the saved times, in `to_vector`'s layout.
    reduction : the small problem that was integrated instead (`flow.Reduction`), or None. Then
        ``traj[k]`` and `vectors` are made from `reduced_vectors` when they are asked for.
    loss, gap : ``(k,)`` full loss, and loss minus the smallest loss of these widths (>= 0).
    singular_values : ``(k, r)`` of P at each time, descending, r the smallest width.
    mode_strengths : ``(k, m)``, p_k = u_k^T P Sxx^{1/2} v_k (whitened: u_k^T P v_k).
    drift : ``(k,)``, max_i ||C_i(t) - C_i(0)||_F / max_{i, tau <= t} ||W_i(tau)||_F^2.
    largest_rise : the largest increase of the loss over one step of the method.
    status : how it ended, with reason and remedy (`Status`).
    stats, segments, options : cost; which method ran from when and why; numerical options.

    ``traj[k]`` is the network at saved time k. ``traj(t)`` is the network at any time of the run:
    the flow is integrated again from the nearest earlier saved state, with the run's method and
    tolerance, so its error is the run's own.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 3, 2), scale=1e-3, seed=0))
    >>> traj.status
    'converged'
    >>> traj(0.5 * traj.t_end).widths
    (2, 3, 2)
    """

    def __init__(
        self,
        problem: Problem,
        widths: tuple[int, ...],
        t: Array,
        vectors: Array,
        *,
        status: Status,
        stats: Stats,
        segments: tuple[Segment, ...],
        options: Mapping[str, Any],
        largest_rise: float,
        reduction: Reduction | None = None,
    ) -> None:
        self.problem = problem
        self.widths = widths
        self.t = checks.frozen(t)
        self.reduction = reduction
        self._vectors = checks.frozen(vectors)
        self.status = status
        self.stats = stats
        self.segments = segments
        self.options = dict(options)
        self.largest_rise = largest_rise

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, k: int) -> LinearNetwork:
        if self.reduction is None:
            return LinearNetwork.from_vector(self._vectors[k], self.widths)
        return self.reduction.expand(self.reduced(k))

    def reduced(self, k: int) -> LinearNetwork:
        """Return the network that was integrated, at saved time k: ``traj[k]`` or a smaller one."""
        widths = self.widths if self.reduction is None else self.reduction.net.widths
        return LinearNetwork.from_vector(self._vectors[k], widths)

    @property
    def reduced_vectors(self) -> Array:
        """``(k, n)``: what was integrated and is stored; `vectors` unless the run was reduced."""
        return self._vectors

    @cached_property
    def vectors(self) -> Array:
        """``(k, n_params)``: weights at the saved times; of a reduced run made when asked for."""
        if self.reduction is None:
            return self._vectors
        return checks.frozen(np.array([net.to_vector() for net in self]))

    def __iter__(self) -> Iterator[LinearNetwork]:
        return (self[k] for k in range(len(self)))

    def __call__(self, t: float) -> LinearNetwork:
        """Return the network at time t, from the run's start to its end."""
        t = checks.number("t", t)
        first, last = float(self.t[0]), float(self.t[-1])
        if not min(first, last) <= t <= max(first, last):
            raise ArgumentError(
                f"Argument `t` must lie in the run's time span, from {first:g} to {last:g}, "
                f"but it is {t:g}."
            )
        reached = self.t <= t if last >= first else self.t >= t
        k = int(np.flatnonzero(reached)[-1])
        if self.t[k] == t:
            return self[k]
        from deeplinear.solve._resume import resume

        return resume(self, k, t)

    @property
    def n_params(self) -> int:
        """The number of weights."""
        return sum(a * b for a, b in itertools.pairwise(self.widths))

    @property
    def initial(self) -> LinearNetwork:
        """The network at the first saved time."""
        return self[0]

    @property
    def final(self) -> LinearNetwork:
        """The network at the end of the run."""
        return self[-1]

    @property
    def t_end(self) -> float:
        """The time at which the run ended."""
        return float(self.t[-1])

    @cached_property
    def products(self) -> Array:
        """``(k, d_out, d_in)``: the end-to-end map P at each saved time."""
        with np.errstate(over="ignore", invalid="ignore"):
            small = np.array([self.reduced(k).product() for k in range(len(self))])
            return small if self.reduction is None else self.reduction.expand_products(small)

    @cached_property
    def _effective(self) -> Array:
        """P Sxx^{1/2} at each saved time: what the modes are read from."""
        return (
            self.products if self.problem.factor is None else self.products @ self.problem.sqrt_sxx
        )

    @cached_property
    def loss(self) -> Array:
        """``(k,)``: the full loss at each saved time."""
        return self.evaluate(self.problem)

    @cached_property
    def gap(self) -> Array:
        """``(k,)``: loss minus the smallest loss that these widths can reach."""
        return np.maximum(self.loss - self.problem.optimum(min(self.widths)), 0.0)

    @cached_property
    def singular_values(self) -> Array:
        """``(k, r)``: singular values of P, descending, r the smallest width."""
        finite = np.where(np.isfinite(self.products), self.products, 0.0)
        values = np.linalg.svd(finite, compute_uv=False)
        values[~np.isfinite(self.products).all(axis=(1, 2))] = np.inf
        return np.asarray(values[:, : min(self.widths)], dtype=np.float64)

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def mode_strengths(self) -> Array:
        """``(k, m)``: p_k = u_k^T P Sxx^{1/2} v_k (theory §11)."""
        u, v = self.problem.modes.u, self.problem.modes.v
        strengths = np.einsum("tik,ik->tk", self._effective @ v, u)
        return np.where(np.isfinite(strengths), strengths, np.inf)

    @cached_property
    @np.errstate(over="ignore", invalid="ignore")
    def drift(self) -> Array:
        """``(k,)``: relative drift of the conservation laws, recomputed from the weights."""
        copies: list[Array | None] = [None] * (len(self.widths) - 1)
        if self.reduction is not None:
            copies = list(self.reduction.node_copies)
        frozen = 0.0 if self.reduction is None else self.reduction.frozen_squares
        start = self.reduced(0).imbalance()
        result, largest = np.zeros(len(self)), 0.0
        for k in range(len(self)):
            net = self.reduced(k)
            squares = [_square(w, copies[i]) for i, w in enumerate(net.weights)]
            largest = max(largest, *np.add(squares, frozen))
            moved = [
                _square(c - c0, copies[i])
                for i, (c, c0) in enumerate(zip(net.imbalance(), start, strict=True))
            ]
            if moved and largest > 0:
                drift = math.sqrt(max(moved)) / largest
                result[k] = drift if math.isfinite(drift) else math.inf
        return result

    def evaluate(self, problem: Problem) -> Array:
        """Return the loss of another problem along the run, ``(k,)``; for example the test loss."""
        problem.require_widths(self.widths)
        finite = [bool(np.isfinite(p).all()) for p in self.products]
        with np.errstate(over="ignore"):
            losses = [
                problem.loss(p) if ok else np.inf
                for p, ok in zip(self.products, finite, strict=True)
            ]
        return np.array(losses)

    def to_xarray(self) -> "xarray.Dataset":
        """Return everything as an `xarray.Dataset` with named dimensions."""
        from deeplinear.solve._storage import to_dataset

        return to_dataset(self)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Save as a zarr folder that opens with xarray and with `deeplinear.load`.

        Written beside the target and renamed when complete, so a reader never sees half of it.

        Raises
        ------
        StoreError
            The target exists and is not to be overwritten, or it cannot be written (a full disk).
        """
        from deeplinear.solve._storage import save

        save(self, path, overwrite=overwrite)

    def __repr__(self) -> str:
        s = self.stats
        methods = " -> ".join(segment.method for segment in self.segments) or "no step"
        step_size, rtol = self.options.get("step_size"), self.options.get("rtol")
        settings = f" with step {step_size:g}" if step_size else f" at rtol {rtol:g}"
        cost = f"{s.n_steps} steps ({s.n_rejected} rejected), {s.n_field} field evaluations"
        if s.n_hessian:
            cost += f", {s.n_hessian} Hessians"
        learned = int(np.sum(self.mode_strengths[-1] > self.problem.modes.s / 2))
        rows = [
            ("network", f"{'-'.join(map(str, self.widths))}, {self.n_params} parameters"),
            ("time", f"{self.t[0]:g} to {self.t_end:.6g}, {len(self)} saved"),
            ("method", methods + settings),
            ("cost", cost if math.isnan(s.elapsed) else f"{cost}, {s.elapsed:.3g} s"),
            ("loss", f"{self.loss[0]:.6g} to {self.loss[-1]:.6g}, gap {self.gap[-1]:.3g}"),
            ("modes", f"{learned} of {len(self.problem.modes)} above half their strength"),
            ("drift", f"{self.drift.max():.2g}"),
            ("status", f"{self.status}. {self.status.reason}"),
        ]
        if self.reduction is not None:
            rows.insert(1, ("reduced", self.reduction.facts()))
        if self.status.remedy:
            rows.append(("remedy", self.status.remedy))
        return "Trajectory\n" + "\n".join(f"  {name:8}{text}" for name, text in rows)


def _square(m: Array, copies: Array | None) -> float:
    """The square of a matrix's norm, each row counted with its copies."""
    squares = np.sum(m * m, axis=1)
    return float(np.sum(squares if copies is None else copies * squares))
