"""What a finished run tells: aligned lines for people, a document for programs."""

import math
import shutil
import textwrap
from collections.abc import Iterable
from typing import Any

from deeplinear.cli import _folder
from deeplinear.cli._errors import DONE, FAILED
from deeplinear.cli._execute import Finished


def exit_code(run: Finished) -> int:
    """3 for a failed run, 0 for all others: what they computed is kept, and the status says how."""
    return FAILED if run.traj.status == "failed" else DONE


def text(run: Finished) -> str:
    """The run in aligned lines: outcome, quality, cost, and where the report is."""
    traj = run.traj
    stats = traj.stats
    cost = f"{stats.n_steps} steps ({stats.n_rejected} rejected), {stats.n_field} field evaluations"
    if stats.n_hessian:
        cost += f", {stats.n_hessian} Hessians"
    rows = [
        ("status", traj.status.sentence()),
        ("time", f"0 to {traj.t_end:.6g}, {len(traj)} states saved"),
        *_quality(run),
        *(("method", f"{s.method}, {s.n_steps} steps: {s.reason}") for s in traj.segments),
        ("cost", f"{cost}, {stats.elapsed:.3g} s"),
        ("report", str(run.folder / _folder.REPORT)),
        ("elapsed", f"{run.elapsed:.3g} s"),
    ]
    widths = "-".join(map(str, traj.widths))
    title = f"{run.name}, {widths}, {traj.vectors.shape[1]} parameters"
    return "\n".join([title, *aligned(rows)])


def document(run: Finished) -> dict[str, Any]:
    """The run as a JSON document; numbers that do not exist (NaN) are null."""
    traj, quality = run.traj, run.quality
    learned = quality.learning_times
    found = {
        "ok": exit_code(run) == DONE,
        "exit_code": exit_code(run),
        "data": run.name,
        "folder": str(run.folder),
        "report": str(run.folder / _folder.REPORT),
        "trajectory": str(run.folder / _folder.TRAJECTORY),
        "settings": str(run.folder / _folder.SETTINGS),
        "status": str(traj.status),
        "reason": traj.status.reason,
        "remedy": traj.status.remedy,
        "widths": list(traj.widths),
        "n_params": traj.vectors.shape[1],
        "t_end": traj.t_end,
        "n_saved": len(traj),
        "loss_start": traj.loss[0],
        "loss_end": traj.loss[-1],
        "gap_end": traj.gap[-1],
        "modes": [
            {"s": s, "strength": p, "learned": k in quality.learned, "learned_at": learned[k]}
            for k, (s, p) in enumerate(
                zip(traj.problem.modes.s, traj.mode_strengths[-1], strict=True)
            )
        ],
        "monotone": quality.monotone,
        "largest_rise": quality.largest_rise,
        "drift": quality.drift,
        "balance_start": quality.balance_start,
        "balance_end": quality.balance_end,
        "alignment": [
            {"modes": list(a.modes), "left": a.left, "right": a.right} for a in quality.alignment
        ],
        "largest_eigenvalue": quality.largest_eigenvalue,
        "stats": vars(traj.stats),
        "segments": [vars(segment) for segment in traj.segments],
        "notes": list(traj.problem.notes),
        "elapsed": run.elapsed,
    }
    return dict(plain(found))


def aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Name and text in two columns, no line wider than the terminal; a repeated name once."""
    width = min(shutil.get_terminal_size().columns, 100)
    rows = list(rows)
    column = max(len(name) for name, _ in rows) + 2
    lines, before = [], ""
    for name, words in rows:
        first = f"  {'' if name == before else name:{column}}"
        lines += textwrap.wrap(
            words,
            width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
        before = name
    return lines


def plain(value: Any) -> Any:
    """Plain JSON values: NumPy numbers become Python's, and NaN and infinity null."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _quality(run: Finished) -> list[tuple[str, str]]:
    traj = run.traj
    loss = f"{traj.loss[0]:.6g} to {traj.loss[-1]:.6g}, gap {traj.gap[-1]:.3g}"
    rows = dict(run.quality.rows())
    notes = [("note", note) for note in traj.problem.notes]
    first = [("learned", rows.pop("learned")), ("loss", loss), ("loss", rows.pop("loss"))]
    return [*first, *rows.items(), *notes]
