"""How members that ran side by side ended, in the words of `solve._endings`."""

import math
from collections.abc import Mapping
from typing import Any

from deeplinear.solve import _endings as endings
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._status import Status

# Beyond the codes of the lanes: the two other outcomes of ls.QUIET, and a member not started.
DROWNED, FINER_GAP, NOT_STARTED = 32, 33, 34


def quiet_ending(
    slope_norm: float, gap: float, natural: float, depth: int, default_gap: float
) -> int:
    """What it means that the slope stayed at round-off."""
    if slope_norm > 1e-6 * natural ** (2 * depth - 1):
        return DROWNED
    return FINER_GAP if gap <= default_gap else ls.QUIET


def status_of(row: Mapping[str, Any], options: Mapping[str, Any]) -> Status:
    """The status of a member from its columns and the ensemble's options."""
    code, t = int(row["ending"]), float(row["t_end"])
    gap, speed = float(row["gap"]), float(row["slope_norm"])
    if code in (ls.GAP_REACHED, ls.CONVERGED_AT_START):
        return endings.converged(float(row["gap_target"]))
    if code == FINER_GAP:
        return endings.converged(gap)
    if code == ls.T_STOP:
        return endings.t_end(t)
    if code == ls.NORM_CAP:
        return endings.norm_cap(float(row["norm_cap"]), t)
    if code == ls.STEP_UNDERFLOW:
        return endings.step_underflow(t, float(row["last_step"]))
    if code == ls.STEP_LIMIT:
        return endings.step_limit(int(options["max_steps"]), gap)
    if code == ls.QUIET:
        return endings.stopped_at_saddle(speed, gap)
    if code == ls.SADDLE_AT_START:
        return endings.started_at_saddle(speed, gap)
    if code == DROWNED:
        return endings.drowned_in_round_off(speed, gap)
    return endings.interrupted(t, gap if not math.isnan(gap) else math.inf)


NAMES = {
    ls.GAP_REACHED: "converged",
    ls.CONVERGED_AT_START: "converged",
    FINER_GAP: "converged",
    ls.T_STOP: "t_end",
    ls.NORM_CAP: "failed",
    ls.STEP_UNDERFLOW: "failed",
    DROWNED: "failed",
    ls.STEP_LIMIT: "step limit",
    ls.QUIET: "stopped at a saddle",
    ls.SADDLE_AT_START: "stopped at a saddle",
    ls.INTERRUPTED: "interrupted",
    NOT_STARTED: "interrupted",
}
"""The status that each ending has."""
