"""A member that became very stiff side by side with others goes on by itself."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._driver import _SAFETY, Numerics, Run
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._methods import _state as st
from deeplinear.solve._methods._engine import _step_ratio
from deeplinear.solve._saving import Saver
from deeplinear.solve._status import Progress, Segment
from deeplinear.solve._trajectory import Trajectory

STATES = 200
"""Saved states of a member that runs by itself: they are as fine as its learning times."""


def finish_stiff(
    problem: Problem,
    widths: tuple[int, ...],
    start: Array,
    state: Array,
    record: Array,
    options: Mapping[str, Any],
    progress: Callable[[Progress], None],
) -> Trajectory:
    """Integrate from `state`, with the stiff method first; the trajectory begins at `start`.

    The record is that of `_lanes._state`. Between the start and `state` nothing is saved.
    """
    t_end = options.get("t_end")
    gap = float(record[ls.GAP_TARGET])
    numerics = Numerics(
        method="auto",
        t_end=math.inf if t_end is None else float(t_end),
        rtol=options["rtol"],
        atol=float(record[ls.ATOL]) / _SAFETY,
        finest=float(record[ls.FINEST]),
        gap=None if gap < 0 else gap,
        max_steps=options.get("max_steps", 1_000_000),
        norm_cap=float(record[ls.CAP]),
    )
    saver = Saver.of(STATES, len(state), numerics.t_end)
    run = Run(problem, LinearNetwork.from_vector(state, widths), numerics, saver, progress)
    begin_at(run, record, _SAFETY * options["rtol"])
    traj = run.integrate()
    steps, early = int(record[ls.STEPS]), int(record[ls.STABILIZED_STEPS])
    before = [
        Segment("explicit", 0.0, steps - early, "the start is not known to be stiff"),
        Segment(
            "stabilized",
            float(record[ls.STABILIZED_FROM]),
            early,
            "stability, not accuracy, limited the explicit steps",
        ),
    ]
    times = np.concatenate([[0.0], traj.t])
    return Trajectory(
        problem,
        widths,
        times,
        np.concatenate([start[None], traj.vectors]),
        status=traj.status,
        stats=traj.stats,
        segments=(*before, *traj.segments),
        options=traj.options,
        largest_rise=traj.largest_rise,
    )


def begin_at(run: Run, record: Array, rtol: float) -> None:
    """Let a run that has not begun start in the middle, where the lanes left it."""
    s, t = run._state, float(record[ls.T])
    s.values[st.T], s.values[st.T_CARRY] = t, record[ls.CARRY]
    s.policy[st.METHOD] = 2.0
    s.values[st.H] = 0.5 * _step_ratio(rtol) * float(record[ls.H])
    s.values[st.USABLE] = record[ls.USABLE]
    s.memo[st.LOSS_RISE], s.memo[st.QUIET_SINCE] = record[ls.RISE], record[ls.QUIET_SINCE]
    for count, row in (
        (st.STEPS, ls.STEPS),
        (st.REJECTED, ls.REJECTED),
        (st.FIELD_CALLS, ls.CALLS),
    ):
        s.counts[count] = int(record[row])
    run._saver.t[0], s.rows[0, 0], s.memo[st.T_SAVED] = t, t, t
