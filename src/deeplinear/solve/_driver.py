"""The loop around the compiled methods: stop rules, method changes, saving, progress."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from scipy.linalg.blas import dnrm2  # neither over- nor underflows

from deeplinear._core.checks import Array
from deeplinear._core.memory import aligned_zeros
from deeplinear.exact import Solution
from deeplinear.flow import Operands, Reduction, _kernels
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve import _endings as endings
from deeplinear.solve._closed_form import closed_form, end_time, resolved
from deeplinear.solve._methods import _state as st
from deeplinear.solve._methods._drive import quiet_below
from deeplinear.solve._methods._engine import Engine
from deeplinear.solve._methods._state import (
    ATOL,
    FACTORIZATIONS,
    FIELD_CALLS,
    FINEST,
    HESSIANS,
    ITERATIONS,
    REJECTED,
    RTOL,
    STEPS,
    H,
    State,
    T,
)
from deeplinear.solve._saving import Saver
from deeplinear.solve._status import Progress, Segment, Stats, Status
from deeplinear.solve._trajectory import Trajectory

DEFAULT_GAP = 1e-10
"""The default stop gap, relative to the smaller of the start's gap and the zero map's."""

_SAFETY = 0.1  # of the tolerance is what a step may use: plateaus amplify what it leaves
_STEPS_TO_FIRST_LOOK = 512
_PROGRESS_EVERY = 0.1  # seconds


@dataclass(frozen=True)
class Numerics:
    """The numerical options of one run, checked.

    t_end is signed (negative runs backward) and may be infinite; gap None: no stop rule.
    """

    method: str
    t_end: float
    rtol: float
    atol: float
    finest: float
    gap: float | Literal["default"] | None
    max_steps: int
    norm_cap: float
    step_size: float | None = None
    structure: str | None = None


class Run:
    """One run in progress: owns the state, drives a method, decides when and why to stop."""

    def __init__(
        self,
        problem: Problem,
        net: LinearNetwork,
        numerics: Numerics,
        saver: Saver,
        progress: Callable[[Progress], None] | None,
        reduction: Reduction | None = None,
    ) -> None:
        """Prepare a run of `problem` from `net`, by way of its reduction if there is one."""
        self._large, self._reduction = problem, reduction
        # The smallest loss that these widths reach, and the part of it that no flow changes.
        optimum, self._floor = problem.optimum(min(net.widths)), problem.floor
        if reduction is not None:
            self._floor = reduction.constant
            problem, net = reduction.problem, reduction.net
        self._optimum = optimum - self._floor
        self._problem, self._start, self._numerics = problem, net, numerics
        self._widths = net.widths
        self._saver, self._progress = saver, progress
        self._began, self._last_shown = time.perf_counter(), -math.inf
        operands = Operands.of(problem, net.widths)
        if reduction is not None:
            operands = replace(operands, copies=reduction.multiplicity)
        self._operands = operands
        self._work = aligned_zeros(operands.work_size)
        y = net.to_vector()
        self._state = State(
            y=y,
            slope=np.empty_like(y),
            memo=np.zeros(st.MEMO_SIZE),
            rows=saver.rows(len(y)),
            saved=saver.space(len(y)),
        )
        # The size of a balanced layer at the solution.
        self._target_norm = float(np.linalg.norm(operands.target))
        self._natural = self._target_norm ** (1 / (len(net.widths) - 1))
        self._start_norm = float(dnrm2(y))
        self._segments: list[Segment] = []
        self._excess = self._evaluate()
        self._start_gap = max(self._excess - self._optimum, 0.0)
        self._stops = numerics.gap is not None
        self._gap = self._gap_target()
        self._set_up_monitor()

    def _evaluate(self) -> float:
        """Fill the slope; return the loss above the floor."""
        s, o = self._state, self._operands
        return float(
            _kernels.field(s.y, o.widths, o.target, o.factor, o.copies, self._work, s.slope)
        )

    def _gap_target(self) -> float:
        """The gap at which to stop."""
        if self._numerics.gap is None:
            return -1.0
        return self._default_gap() if self._numerics.gap == "default" else self._numerics.gap

    def _default_gap(self) -> float:
        """Relative to the start and to the zero map, and no finer than round-off."""
        target_excess = 0.5 * float(np.sum(self._operands.target**2))
        rounding = 32 * np.finfo(float).eps * max(self._optimum, 1e-3 * target_excess)
        zero_gap = target_excess - self._optimum
        scale = min(self._start_gap, zero_gap) if zero_gap > 0 else self._start_gap
        return max(DEFAULT_GAP * scale, rounding)

    def _set_up_monitor(self) -> None:
        s, m = self._state, self._state.memo
        m[st.OPTIMUM] = max(self._optimum, 0.0)  # below zero: modes are out of reach
        m[st.GAP_TARGET] = self._gap
        m[st.NORM_CAP_SQUARED] = min(self._numerics.norm_cap, 1e154) ** 2
        m[st.LOSS_LAST] = self._excess
        m[st.QUIET_SINCE] = math.inf
        m[st.QUIET_BELOW] = -1.0
        s.values[RTOL] = _SAFETY * self._numerics.rtol
        s.values[ATOL] = _SAFETY * self._numerics.atol
        s.values[FINEST] = self._numerics.finest
        s.values[H] = self._numerics.step_size or self._first_step()
        self._saver.begin(s, self._start_gap)

    def _first_step(self) -> float:
        """A step over which the weights move by about one percent, or by the tolerance from 0."""
        if not np.isfinite(self._state.slope).all() or not self._state.slope.any():
            return 1.0
        speed = float(dnrm2(self._state.slope))
        size = float(dnrm2(self._state.y))
        return max(0.01 * size, 1e-4 * self._numerics.atol / self._numerics.rtol) / speed

    def integrate(self) -> Trajectory:
        """Run to the end, whatever it is; an interrupt ends it with what has been computed."""
        status = self._status_at_start()
        if status is None:
            try:
                form = self._closed_form()
                status = self._loop() if form is None else self._follow(form)
            except KeyboardInterrupt:
                status = endings.interrupted(float(self._state.values[T]), self._gap_now())
        return self._finish(status)

    def _closed_form(self) -> Solution | None:
        """The closed form of the start, if the method is free and time runs forward."""
        n = self._numerics
        if n.method != "auto" or n.t_end < 0:
            return None
        # What a start violates of the form's assumptions, the form may change in the laws.
        rtol = 2e-13 if n.structure == "laws" else n.rtol
        return closed_form(self._problem, self._start, rtol)

    def _follow(self, form: Solution) -> Status:
        """Evaluate the closed form where steps would have been saved, up to the end."""
        s, n, weights = self._state, self._numerics, form.weights
        assert weights is not None
        start = s.y.copy()

        def look(t: float, y: Array) -> tuple[float, float]:
            s.y[:], s.values[T] = y, t
            s.memo[st.LOSS_LAST] = self._evaluate()
            s.counts[FIELD_CALLS] += 1
            self._show_progress(form.name)
            return self._gap_now(), float(dnrm2(s.slope))

        reason = f"the start has a closed form, up to {form.violation:.1e} of its weights"
        self._segments.append(Segment(f"exact ({form.name})", 0.0, 0, reason))
        t, reached = n.t_end, False
        if self._stops:
            t, reached = end_time(weights, look, self._quiet_below, self._gap, n.t_end)
        if self._saver.limit > 0:
            self._saver.take(*resolved(weights, look, t, self._saver.limit))
        elif self._saver.times is not None:
            times = self._saver.times[self._saver.times <= t]
            self._saver.take(times, weights(times))
        look(t, weights(np.array([t]))[0] if t > 0 else start)
        if reached:
            return endings.converged(self._gap)
        if t == n.t_end:
            return endings.t_end(t)
        return self._status_of(st.QUIET) or endings.t_end(t)

    def _loop(self) -> Status:
        s, numerics = self._state, self._numerics
        # What error_norm allows a layer of the size of the solution, relative to it.
        smallest = min(self._natural, numerics.finest) if self._natural > 0 else numerics.finest
        tolerance = s.values[RTOL] * min(smallest / (self._natural or 1.0), 1.0)
        engine = Engine(
            numerics.method,
            self._operands,
            self._work,
            s,
            self._saver.later_times,
            tolerance,
            numerics.structure,
        )
        s.policy[st.T_END], s.policy[st.STOPS] = numerics.t_end, self._stops
        s.policy[st.TARGET_NORM] = self._target_norm
        s.policy[st.FACTOR_NORM] = self._factor_norm
        steps = _STEPS_TO_FIRST_LOOK
        try:
            while True:
                before = s.counts[STEPS] + s.counts[REJECTED]
                steps = min(steps, numerics.max_steps - int(s.counts[STEPS]))
                s.policy[st.STEPS_TO_LOOK] = steps
                began = time.perf_counter()
                code = engine.drive()
                taken = time.perf_counter() - began
                done = int(s.counts[STEPS] + s.counts[REJECTED] - before)
                if done < steps:  # the method has changed
                    steps = min(steps, _STEPS_TO_FIRST_LOOK)
                elif taken < 0.2 * _PROGRESS_EVERY:
                    steps *= 2
                elif taken > _PROGRESS_EVERY:
                    steps = max(int(done * 0.5 * _PROGRESS_EVERY / taken), 1)
                self._saver.harvest(s)
                self._show_progress(engine.method)
                if code == st.T_STOP:
                    return endings.t_end(numerics.t_end)
                status = self._status_of(code)
                if status is not None:
                    return status
        finally:
            self._segments += engine.segments()
            self._saver.landed(s)

    @cached_property
    def _factor_norm(self) -> float:
        factor = self._operands.factor
        return float(np.linalg.norm(factor, 2)) if factor.size else 1.0

    def _quiet_below(self) -> float:
        """The slope that round-off alone can make at these weights; -1 without a stop rule."""
        if not self._stops:
            return -1.0
        widths, y = self._operands.widths, self._state.y
        return float(quiet_below(widths, y, self._target_norm, self._factor_norm))

    def _gap_now(self) -> float:
        return max(float(self._state.memo[st.LOSS_LAST]) - self._optimum, 0.0)

    def _status_at_start(self) -> Status | None:
        slope = self._state.slope
        if not (math.isfinite(self._excess) and np.isfinite(slope).all()):
            return endings.overflow_at_start()
        if self._stops:
            if self._start_gap <= self._gap:
                return endings.converged(self._gap)
            speed = float(dnrm2(slope))
            if speed <= 4 * self._quiet_below():
                return endings.started_at_saddle(speed, self._start_gap)
        return endings.t_end(0.0) if self._numerics.t_end == 0.0 else None

    def _status_of(self, code: int) -> Status | None:
        s, numerics = self._state, self._numerics
        t = float(s.values[T])
        if code == st.GAP_REACHED:
            if self._gap_now() > self._gap:
                return endings.out_of_reach(self._gap_now())
            return endings.converged(self._gap)
        if code == st.NORM_CAP:
            if numerics.step_size is not None:
                return endings.diverged(numerics.step_size, numerics.norm_cap)
            return endings.norm_cap(numerics.norm_cap, t)
        if code == st.STEP_UNDERFLOW:
            if numerics.t_end < 0:
                return endings.norm_cap(numerics.norm_cap, t)
            return endings.step_underflow(t, float(s.values[H]))
        if code == st.QUIET or self._collapsed():
            speed = float(dnrm2(s.slope))
            if speed > 1e-6 * self._natural ** (2 * len(self._widths) - 3):
                return endings.drowned_in_round_off(speed, self._gap_now())
            if self._gap_now() <= self._default_gap():  # a finer gap was asked for
                return endings.converged(self._gap_now())
            return endings.stopped_at_saddle(speed, self._gap_now())
        if s.counts[STEPS] >= numerics.max_steps:
            return endings.step_limit(numerics.max_steps, self._gap_now())
        return None

    def _collapsed(self) -> bool:
        """Whether the weights shrank to nothing: the run ends at the origin, a saddle."""
        if not self._stops:
            return False
        return float(dnrm2(self._state.y)) < 1e-14 * min(self._natural, self._start_norm)

    def _show_progress(self, method: str) -> None:
        now = time.perf_counter()
        if self._progress is None or now - self._last_shown < _PROGRESS_EVERY:
            return
        self._last_shown = now
        modes, strengths = self._large.modes, self._mode_strengths()
        gap = self._gap_now()
        self._progress(
            Progress(
                t=float(self._state.values[T]),
                loss=gap + self._optimum + self._floor,
                gap=gap,
                gap_start=self._start_gap,
                gap_target=self._gap,
                learned=int(np.sum(strengths > modes.s / 2)),
                n_modes=min(len(modes), min(self._large_widths)),
                n_steps=int(self._state.counts[STEPS]),
                method=method,
                elapsed=now - self._began,
                mode_strengths=strengths,
            )
        )

    @property
    def _large_widths(self) -> tuple[int, ...]:
        return self._widths if self._reduction is None else self._reduction.start.widths

    def _mode_strengths(self) -> Array:
        """p_k = u_k^T P Sxx^{1/2} v_k of the whole problem (theory §11)."""
        problem, modes = self._large, self._large.modes
        p = LinearNetwork.from_vector(self._state.y, self._widths).product()
        if self._reduction is not None:
            p = self._reduction.expand_products(p[None])[0]
        effective = p if problem.factor is None else p @ problem.sqrt_sxx
        return np.einsum("ik,ik->k", effective @ modes.v, modes.u)

    def _finish(self, status: Status) -> Trajectory:
        s = self._state
        t, vectors = self._saver.end(float(s.values[T]), s.y)
        counts = s.counts
        stats = Stats(
            n_steps=int(counts[STEPS]),
            n_rejected=int(counts[REJECTED]),
            n_field=int(counts[FIELD_CALLS]) + 1,
            n_hessian=int(counts[HESSIANS]),
            n_factorizations=int(counts[FACTORIZATIONS]),
            n_iterations=int(counts[ITERATIONS]),
            elapsed=time.perf_counter() - self._began,
        )
        n = self._numerics
        options: dict[str, Any] = {
            "method": n.method,
            "rtol": n.rtol,
            "atol": n.atol,
            "t_end": None if math.isinf(n.t_end) else n.t_end,
            "gap": self._gap if self._stops else None,
            "max_steps": n.max_steps,
            "norm_cap": n.norm_cap,
            "structure": n.structure,
        }
        if n.step_size is not None:
            options |= {"step_size": n.step_size}
        return Trajectory(
            self._large,
            self._large_widths,
            t,
            vectors,
            status=status,
            stats=stats,
            segments=tuple(self._segments),
            options=options,
            largest_rise=float(s.memo[st.LOSS_RISE]),
            reduction=self._reduction,
        )
