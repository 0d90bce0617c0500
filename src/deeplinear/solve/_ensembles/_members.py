"""Members of an ensemble as arrays: one row a member, a `Trajectory` only when it is asked for."""

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.problem import Problem
from deeplinear.solve._learning_times import learning_times, mode_strengths
from deeplinear.solve._status import Segment, Stats, Status
from deeplinear.solve._trajectory import Trajectory

METHODS = ("explicit", "stabilized", "stiff")
"""Along the dimension ``method``."""

NOTE_SIZE = 4096
"""Bytes of the longest note of a member: what the columns cannot say, as JSON."""

_F, _I = np.float64, np.int64
COLUMNS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "initial": (_F, ("parameter",)),
    "final": (_F, ("parameter",)),
    "t_end": (_F, ()),
    "status": (np.int8, ()),
    "loss": (_F, ()),
    "gap": (_F, ()),
    "mode_strengths": (_F, ("mode",)),
    "learning_times": (_F, ("mode",)),
    "largest_rise": (_F, ()),
    "drift": (_F, ()),
    "n_steps": (_I, ()),
    "n_rejected": (_I, ()),
    "n_field": (_I, ()),
    "n_hessian": (_I, ()),
    "n_factorizations": (_I, ()),
    "n_iterations": (_I, ()),
    "method_from": (_F, ("method",)),
    "method_steps": (_I, ("method",)),
    "ending": (np.int8, ()),
    "slope_norm": (_F, ()),
    "last_step": (_F, ()),
    "gap_target": (_F, ()),
    "atol": (_F, ()),
    "norm_cap": (_F, ()),
}
"""What is kept of a member: the type, and the dimensions after ``member``.

status : index into `Status.NAMES`; ending : see `_endings`, 0 if a note says it;
learning_times : NaN for modes that never pass half their value; method_from : NaN if unused.
"""


@dataclass
class Block:
    """Members with the same widths: the columns above, notes, whole trajectories where kept.

    notes : by row, status and segments as JSON, for members that ran by themselves; seconds : of
    wall time, a member, on average.
    """

    widths: tuple[int, ...]
    columns: dict[str, np.ndarray]
    notes: dict[int, bytes] = field(default_factory=dict)
    kept: dict[int, Trajectory] = field(default_factory=dict)
    seconds: float = math.nan

    def __len__(self) -> int:
        return len(self.columns["status"])


def sizes(widths: tuple[int, ...], n_modes: int) -> dict[str, int]:
    """The lengths of the dimensions other than ``member``."""
    n_params = sum(a * b for a, b in zip(widths[1:], widths[:-1], strict=True))
    return {
        "parameter": n_params,
        "mode": n_modes,
        "method": len(METHODS),
    }


def fill_value(dtype: Any) -> float:
    """What stands where nothing was written."""
    return math.nan if dtype is _F else 0


def empty_columns(m: int, widths: tuple[int, ...], n_modes: int) -> dict[str, np.ndarray]:
    """Columns for m members, nothing written yet."""
    lengths = sizes(widths, n_modes)
    return {
        name: np.full((m, *(lengths[d] for d in dims)), fill_value(dtype), dtype=dtype)
        for name, (dtype, dims) in COLUMNS.items()
    }


def drifts(initial: Array, final: Array, widths: tuple[int, ...]) -> Array:
    """Relative drift of the conservation laws from start to end, as `Trajectory.drift`."""

    def layers(vectors: Array) -> list[Array]:
        result, at = [], 0
        for rows, columns in zip(widths[1:], widths[:-1], strict=True):
            size = rows * columns
            result.append(vectors[:, at : at + size].reshape(-1, rows, columns))
            at += size
        return result

    def laws(weights: list[Array]) -> list[Array]:
        return [
            below @ below.transpose(0, 2, 1) - above.transpose(0, 2, 1) @ above
            for below, above in itertools.pairwise(weights)
        ]

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        before, after = layers(initial), layers(final)
        largest = np.max(
            [np.einsum("mij,mij->m", w, w) for w in (*before, *after)], axis=0, initial=0.0
        )
        moved = np.max(
            [
                np.sqrt(np.einsum("mij,mij->m", b - a, b - a))
                for a, b in zip(laws(before), laws(after), strict=True)
            ],
            axis=0,
            initial=0.0,
        )
        return np.where(largest > 0, moved / largest, 0.0)


def put_trajectory(block: Block, k: int, traj: Trajectory) -> None:
    """Write a run of `gradient_flow` into row k."""
    columns = block.columns
    initial, final = traj.initial.to_vector(), traj.final.to_vector()
    options, stats = traj.options, traj.stats
    widths, problem = traj.widths, traj.problem
    with np.errstate(over="ignore", invalid="ignore"):
        product = traj.final.product()
        loss = problem.loss(product) if np.isfinite(product).all() else math.inf
    strengths = mode_strengths(problem, widths, traj.vectors)
    values: dict[str, Any] = {
        "initial": initial,
        "final": final,
        "t_end": traj.t_end,
        "status": Status.NAMES.index(str(traj.status)),
        "loss": loss,
        "gap": max(loss - problem.optimum(min(widths)), 0.0),
        "mode_strengths": strengths[-1],
        "learning_times": learning_times(problem.modes.s, traj.t, strengths),
        "largest_rise": traj.largest_rise,
        "drift": drifts(initial[None], final[None], widths)[0],
        "gap_target": math.nan if options["gap"] is None else options["gap"],
        "atol": options["atol"],
        "norm_cap": options["norm_cap"],
    }
    values |= {name: getattr(stats, name) for name in _STATS}
    for name, value in values.items():
        columns[name][k] = value
    steps = columns["method_steps"][k]
    steps[:] = 0
    for segment in traj.segments:
        if segment.method in METHODS:
            j = METHODS.index(segment.method)
            steps[j] += segment.n_steps
            if math.isnan(columns["method_from"][k, j]):
                columns["method_from"][k, j] = segment.t_start
    block.notes[k] = _encoded(traj)


def put_not_started(columns: dict[str, np.ndarray], rows: Any) -> None:
    """Say in these rows that the members were interrupted before their first step."""
    from deeplinear.solve._ensembles._endings import NOT_STARTED

    columns["final"][rows] = columns["initial"][rows]
    columns["t_end"][rows] = 0.0
    columns["status"][rows] = Status.NAMES.index("interrupted")
    columns["ending"][rows] = NOT_STARTED


_STATS = ("n_steps", "n_rejected", "n_field", "n_hessian", "n_factorizations", "n_iterations")


def _encoded(traj: Trajectory) -> bytes:
    """Status and segments as at most NOTE_SIZE bytes; of very many segments the last as one."""
    segments = [[s.method, s.t_start, s.n_steps, s.reason] for s in traj.segments]
    shown = len(segments)
    while True:
        listed = segments[:shown]
        if shown < len(segments):
            steps = sum(s.n_steps for s in traj.segments[shown:])
            why = f"{len(segments) - shown} more changes of method"
            listed.append([segments[shown][0], segments[shown][1], steps, why])
        facts = {"reason": traj.status.reason, "remedy": traj.status.remedy, "segments": listed}
        text = json.dumps(facts, separators=(",", ":")).encode()
        if len(text) <= NOTE_SIZE or shown == 0:
            return text[:NOTE_SIZE]
        shown -= 1


def trajectory(
    problem: Problem,
    widths: tuple[int, ...],
    row: Mapping[str, Any],
    note: bytes,
    options: Mapping[str, Any],
    seconds: float = math.nan,
) -> Trajectory:
    """One member's start and end as a `Trajectory`, from its row of the columns and its note."""
    from deeplinear.solve._ensembles._endings import status_of

    facts = json.loads(note) if note else None
    name = Status.NAMES[int(row["status"])]
    if facts:
        status = Status(name, facts["reason"], facts["remedy"])
        segments = tuple(Segment(*segment) for segment in facts["segments"])
    else:
        status, segments = status_of(row, options), _segments(row)
    t_end = float(row["t_end"])
    moved = t_end != 0.0
    gap = float(row["gap_target"])
    return Trajectory(
        problem,
        widths,
        np.array([0.0, t_end] if moved else [0.0]),
        np.array([row["initial"], row["final"]] if moved else [row["final"]]),
        status=status,
        stats=Stats(**{n: int(row[n]) for n in _STATS}, elapsed=seconds),
        segments=segments,
        options={
            **{k: v for k, v in options.items() if k in ("method", "rtol", "t_end", "max_steps")},
            "atol": float(row["atol"]),
            "structure": options.get("structure"),
            "gap": None if math.isnan(gap) else gap,
            "norm_cap": float(row["norm_cap"]),
        },
        largest_rise=float(row["largest_rise"]),
    )


def _segments(row: Mapping[str, Any]) -> tuple[Segment, ...]:
    """The methods used, in the order of their first use, with all their steps."""
    why = {
        "explicit": "the start is not known to be stiff",
        "stabilized": "stability, not accuracy, limited the explicit steps; "
        "explicit steps came back where it did not",
        "stiff": "the steps that accuracy allows would take the stabilized method too many stages",
    }
    used = [
        (float(t), method, int(steps))
        for t, method, steps in zip(row["method_from"], METHODS, row["method_steps"], strict=True)
        if not math.isnan(t)
    ]
    return tuple(Segment(method, t, steps, why[method]) for t, method, steps in sorted(used))
