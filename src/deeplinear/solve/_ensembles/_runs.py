"""Integrate members: side by side where that pays, one by one where it does not.

Which way a member goes depends on the problem, the options and its own start, never on the others,
so that its result does not either.
"""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow import Operands
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._driver import _SAFETY
from deeplinear.solve._ensembles import _endings as ends
from deeplinear.solve._ensembles._members import (
    Block,
    drifts,
    empty_columns,
    put_not_started,
    put_trajectory,
)
from deeplinear.solve._ensembles._unfinished import STATES, finish_stiff
from deeplinear.solve._gradient_flow import gradient_flow
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._runner import LaneOptions, LaneRunner
from deeplinear.solve._methods._engine import _ROUND_OFF, _stages_that_pay, _step_ratio
from deeplinear.solve._status import Status
from deeplinear.solve._trajectory import Trajectory

LARGEST = 800
"""Weights of the largest networks that run side by side: beyond, one at a time is as fast."""

_LANES_KNOW = {"t_end", "rtol", "atol", "stop", "max_steps", "norm_cap", "method", "reverse"}
_CHEAPER = 4.0  # a stabilized step costs a lane so much less than it costs a run by itself
_MATTERS = 1e-5  # of the largest mode: smaller ones need not be learned to stop
# Waiting time times fastest rate from which a run by itself is faster: measured with depth 3 to 5,
# widths 3 to 5, scales 1e-4 to 0.3, at rtol 1e-3 and 1e-6.
_LONG_WAIT = 1e4


class StopFlag:
    """A progress callable through which Ctrl-C reaches the runs in other threads."""

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, progress: object) -> None:
        if self.raised:
            raise KeyboardInterrupt


@dataclass
class MemberRuns:
    """What all members of an ensemble share; `integrate` may be called from many threads."""

    problem: Problem
    options: Mapping[str, Any]
    save: Any
    stop: StopFlag
    _local: threading.local = field(default_factory=threading.local)

    @property
    def _ends(self) -> bool:
        return isinstance(self.save, str) and self.save == "ends"

    def integrate(self, widths: tuple[int, ...], starts: Array, wishes: np.ndarray) -> Block:
        """Integrate starts (m, n_params); wishes[0] > 0 stops, wishes[1] counts what is done."""
        n_modes = len(self.problem.modes)
        columns = empty_columns(len(starts), widths, n_modes)
        columns["initial"][:] = starts
        block = Block(widths, columns)
        began = time.perf_counter()
        alone = np.ones(len(starts), dtype=bool)
        if self._side_by_side(widths):
            runner = self._runner(widths)
            finest = runner.finest(starts)
            alone = self._closed_form_possible(widths, starts) | self._too_fine(runner, finest)
            alone |= self._too_stiff(widths, starts)
            members = np.flatnonzero(~alone)
            if members.size:
                finals, records = runner.integrate(starts[members], finest[members], wishes)
                self._put_lanes(columns, members, widths, finals, records)
                codes = records[:, ls.CODE]
                alone[members[codes == ls.UNFIT]] = True
                for j in np.flatnonzero(codes == ls.STIFF):
                    traj = self._finish(widths, starts[members[j]], finals[j], records[j])
                    k = int(members[j])
                    put_trajectory(block, k, traj)
                    times = records[j, ls.N_ROWS : ls.N_ROWS + n_modes]
                    learned = np.isfinite(times)
                    columns["learning_times"][k, learned] = times[learned]
        for k in np.flatnonzero(alone).tolist():
            if self.stop.raised:
                put_not_started(columns, [k])
                continue
            traj = self._one(widths, starts[k])
            put_trajectory(block, k, traj)
            wishes[1] += 1
            if not self._ends:
                block.kept[k] = traj
        block.seconds = (time.perf_counter() - began) / max(len(starts), 1)
        return block

    def _side_by_side(self, widths: tuple[int, ...]) -> bool:
        o = self.options
        known = set(o) <= _LANES_KNOW
        plain = o.get("method", "auto") == "auto" and not o.get("reverse", False)
        n = sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True))
        return known and plain and self._ends and len(widths) > 2 and n <= LARGEST

    def _one(self, widths: tuple[int, ...], start: Array) -> Trajectory:
        """A run of its own; resolved, so that learning times can be read off."""
        net = LinearNetwork.from_vector(start, widths)
        save = STATES if self._ends else self.save
        return gradient_flow(self.problem, net, save=save, progress=self.stop, **self.options)

    def _runner(self, widths: tuple[int, ...]) -> LaneRunner:
        runners = self._local.__dict__.setdefault("runners", {})
        if widths not in runners:
            operands = Operands.of(self.problem, widths)
            o = self.options
            rtol = _SAFETY * o["rtol"]
            stages = _CHEAPER * _stages_that_pay(operands, _step_ratio(max(rtol, _ROUND_OFF)))
            t_end, stop = o.get("t_end"), o.get("stop")
            gap: float | str | None = "default" if t_end is None else None
            if stop is not None:
                gap = "default" if stop == "gap" else float(stop)
            runners[widths] = LaneRunner(
                self.problem,
                widths,
                LaneOptions(
                    rtol=o["rtol"],
                    atol=o.get("atol"),
                    t_end=math.inf if t_end is None else float(t_end),
                    gap=gap,
                    max_steps=o.get("max_steps", 1_000_000),
                    norm_cap=o.get("norm_cap"),
                ),
                _SAFETY,
                stages,
            )
        return runners[widths]

    def _closed_form_possible(self, widths: tuple[int, ...], starts: Array) -> np.ndarray:
        """Whether Sigma^T Sigma and W_0^T W_0 commute on one vector, as `_closed_form` asks."""
        rows, columns = widths[1], widths[0]
        first = starts[:, : rows * columns].reshape(-1, rows, columns)
        if self.problem.factor is not None:
            first = np.einsum("mij,jk->mik", first, self.problem.factor)
        target = self.problem.factor_target
        x = np.cos(np.arange(target.shape[1]))
        with np.errstate(over="ignore", invalid="ignore"):
            inner = np.einsum("mij,j->mi", first, x)
            there = np.einsum("mij,mi->mj", first, inner) @ (target.T @ target)
            back = np.einsum("mij,j->mi", first, target.T @ (target @ x))
            back = np.einsum("mij,mi->mj", first, back)
            skew = np.einsum("mj,mj->m", there - back, there - back)
            largest = np.maximum(
                np.einsum("mj,mj->m", there, there), np.einsum("mj,mj->m", back, back)
            )
            return ~(skew > 1e-12 * largest)

    def _too_fine(self, runner: LaneRunner, finest: Array) -> np.ndarray:
        """Whether the tolerance is so close to round-off that the stabilized method is no use."""
        natural = runner.natural
        smallest = np.minimum(natural, finest) if natural > 0 else finest
        share = np.minimum(smallest / (natural or 1.0), 1.0)
        return _SAFETY * self.options["rtol"] * share < 10 * _ROUND_OFF

    def _too_stiff(self, widths: tuple[int, ...], starts: Array) -> np.ndarray:
        """Whether a start is likely to need the stiff method, which members run by themselves.

        It waits about w^{2 - h} / ((h - 2) s) for its last mode (theory §7.3), w the size of its
        layers; the fastest rate at the end is h s_0^{2 - 2/h}.
        """
        h, s = len(widths) - 1, self.problem.modes.s[: min(widths)]
        if h < 3 or s.size == 0:
            return np.zeros(len(starts), dtype=bool)
        shapes = np.array([widths[1:], widths[:-1]])
        begins = np.concatenate([[0], np.cumsum(np.prod(shapes, axis=0))[:-1]])
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            norms = np.sqrt(np.add.reduceat(starts**2, begins, axis=1))
            typical = np.exp(np.mean(np.log(2.0 * norms / np.sqrt(shapes.min(axis=0))), axis=1))
            wait = typical ** (2.0 - h) / ((h - 2) * s[s > _MATTERS * s[0]].min())
            end = self.options.get("t_end")
            wait = wait if end is None else np.minimum(wait, float(end))
            return np.asarray(h * s[0] ** (2.0 - 2.0 / h) * wait > _LONG_WAIT)

    def _put_lanes(
        self,
        columns: dict[str, np.ndarray],
        members: np.ndarray,
        widths: tuple[int, ...],
        finals: Array,
        records: Array,
    ) -> None:
        modes = self.problem.modes
        k = len(modes)
        optimum = self.problem.optimum(min(widths))
        codes = records[:, ls.CODE].astype(np.int8)
        gap = np.maximum(records[:, ls.LOSS] - (optimum - self.problem.floor), 0.0)
        natural = self._runner(widths).natural
        for j in np.flatnonzero(codes == ls.QUIET):
            start = LinearNetwork.from_vector(columns["initial"][members[j]], widths)
            codes[j] = ends.quiet_ending(
                records[j, ls.SPEED],
                gap[j],
                natural,
                len(widths) - 1,
                self._runner(widths).default_gap(self.problem.loss(start.product()) - optimum),
            )
        steps, stabilized = records[:, ls.STEPS], records[:, ls.STABILIZED_STEPS]
        times = records[:, ls.N_ROWS : ls.N_ROWS + k]
        stiffness = records[:, ls.STABILIZED_FROM]
        begun = np.where(steps > 0, 0.0, np.nan)
        never = np.full(len(members), np.nan)
        names: Sequence[str] = [ends.NAMES.get(int(code), "interrupted") for code in codes]
        targets = records[:, ls.GAP_TARGET]
        values: dict[str, Any] = {
            "final": finals,
            "t_end": records[:, ls.T],
            "status": [Status.NAMES.index(name) for name in names],
            "loss": records[:, ls.LOSS] + self.problem.floor,
            "gap": gap,
            "mode_strengths": records[:, ls.N_ROWS + k :],
            "learning_times": np.where(np.isfinite(times), times, np.nan),
            "largest_rise": records[:, ls.RISE],
            "drift": drifts(columns["initial"][members], finals, widths),
            "n_steps": steps,
            "n_rejected": records[:, ls.REJECTED],
            "n_field": records[:, ls.CALLS] + 1,
            "method_from": np.stack(
                [begun, np.where(np.isfinite(stiffness), stiffness, np.nan), never], axis=1
            ),
            "method_steps": np.stack([steps - stabilized, stabilized, 0 * steps], axis=1),
            "ending": codes,
            "slope_norm": records[:, ls.SPEED],
            "last_step": records[:, ls.H],
            "gap_target": np.where(targets >= 0, targets, np.nan),
            "atol": records[:, ls.ATOL] / _SAFETY,
            "norm_cap": records[:, ls.CAP],
        }
        for name, value in values.items():
            columns[name][members] = value

    def _finish(
        self, widths: tuple[int, ...], start: Array, state: Array, record: Array
    ) -> Trajectory:
        return finish_stiff(self.problem, widths, start, state, record, self.options, self.stop)
