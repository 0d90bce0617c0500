"""P5: a thousand starts of P2, each until its loss is below 1e-8, at rtol 1e-6."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import deeplinear as dl
from benchmarks import machine, ours, references
from benchmarks.measure import first_line
from benchmarks.method import STOCK, TUNED
from benchmarks.peers import ensembles as peers
from benchmarks.problems import (
    ENSEMBLE_GOAL,
    ENSEMBLE_RTOL,
    STOP,
    Array,
    ensemble_starts,
    plateaus,
)
from benchmarks.results import Comparison, Outcome, Row
from benchmarks.trajectories import say

LOOP = "LSODA loop"
"""The peer that the goal is measured against."""
TRIAL = 50
"""Members of a trial, of which every peer but this one needs to be quick enough."""
FAR = 2.0
"""How many times slower than the fastest of its variant a trial may be."""


@dataclass(frozen=True)
class Quality:
    """How many members reached the loss; errors of the checked ones at their ends."""

    converged: int
    median: float
    largest: float


def by_deeplinear(starts: list[Array]) -> Array:
    """End states of the ensemble, as its users compute them."""
    base = plateaus()
    networks = [dl.LinearNetwork.from_vector(y, base.widths) for y in starts]
    members = dl.ensemble(
        base.problem,
        networks,
        rtol=ENSEMBLE_RTOL,
        stop=STOP,
        n_threads=machine.cores(),
    )
    return np.array([member.vectors[-1] for member in members])


def compare(members: int) -> Outcome:
    """Time the peers once and ours before each of them; goals against the LSODA loop."""
    starts = [np.concatenate([w.ravel() for w in layers]) for layers in ensemble_starts(members)]
    by_deeplinear(starts[:2])
    rows: list[Row] = []
    qualities: dict[str, Quality] = {}
    mine = []
    for variant in (TUNED, STOCK):
        for library, name, build in peers.SOLVERS:
            seconds, ends = _timed(by_deeplinear, starts)
            mine.append(seconds)
            own_quality = assess(ends)
            fastest = min(
                (r.seconds for r in rows if r.variant == variant and r.seconds), default=None
            )
            try:
                with build(variant) as solve:
                    reason = _far_away(solve, starts, fastest)
                    if not reason or name == LOOP:
                        seconds, ends = _timed(solve, starts)
                        reason = None
            except ModuleNotFoundError as error:
                reason = f"not installed: {error.name}"
            except Exception as problem:
                reason = f"{type(problem).__name__}: {first_line(problem)}"
            if reason:
                rows.append(Row(library, name, variant, failure=reason))
                continue
            quality = assess(ends)
            rows.append(_row(library, name, variant, [seconds], quality, members))
            qualities[rows[-1].title] = quality
            say(f"P5  {rows[-1].title}: {seconds:.1f} s for {members} members")
    qualities[f"{ours.LIBRARY} ensemble"] = own_quality
    own = _row(ours.LIBRARY, "ensemble", "", mine, own_quality, members)
    loop = (own, *(row for row in rows if row.method == LOOP))
    comparisons = [
        Comparison("P5", "loop", ENSEMBLE_GOAL, own, loop),
        Comparison("P5", "all", None, own, (own, *rows)),
    ]
    checked, _, difference = references.load_ends()
    return Outcome(
        "P5",
        f"{members} starts of P2 (seeds 0, 1, ...), rtol 1e-6, each until loss < 1e-8",
        f"ends of {len(checked)} members by deeplinear gauss, rtol 1e-12",
        {"SciPy DOP853, rtol 1e-13": difference},
        comparisons,
        {"members": members, "quality": {title: vars(q) for title, q in qualities.items()}},
    )


def _far_away(
    solve: Callable[[list[Array]], Array], starts: list[Array], fastest: float | None
) -> str | None:
    """Why a peer does not run in full: a trial shows it far behind the fastest of its variant."""
    if fastest is None or len(starts) <= TRIAL:
        return None
    seconds, _ = _timed(solve, starts[:TRIAL])
    expected = seconds * len(starts) / TRIAL
    if expected < FAR * fastest:
        return None
    return f"not run in full: a trial says {expected:.0f} s"


def _timed(solve: Callable[[list[Array]], Array], starts: list[Array]) -> tuple[float, Array]:
    begin = time.perf_counter()
    ends = solve(starts)
    return time.perf_counter() - begin, ends


def assess(ends: Array) -> Quality:
    """Count the members below the loss; compare the checked ones with where they should end.

    An exact run stops short of its limit, since its loss is still 1e-8: about 1e-4 remain.
    """
    base = plateaus()
    checked, limits, _ = references.load_ends()
    networks = [dl.LinearNetwork.from_vector(end, base.widths) for end in ends]
    problem = base.problem
    losses = np.array([dl.loss(problem, net) for net in networks])
    here = checked < len(ends)
    errors = np.linalg.norm(ends[checked[here]] - limits[here], axis=1)
    return Quality(int((losses <= STOP).sum()), float(np.median(errors)), float(errors.max()))


def _row(
    library: str,
    name: str,
    variant: str,
    seconds: list[float],
    quality: Quality,
    members: int,
) -> Row:
    if quality.converged < members:
        reason = f"{members - quality.converged} of {members} members did not reach the loss"
        return Row(library, name, variant, rtol=ENSEMBLE_RTOL, error=quality.median, failure=reason)
    return Row.timed(library, name, variant, seconds, rtol=ENSEMBLE_RTOL, error=quality.median)
