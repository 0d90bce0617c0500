"""What a finished run tells: aligned lines for people, a document for programs."""

from typing import Any

from deeplinear.cli import _folder
from deeplinear.cli._errors import DONE, FAILED
from deeplinear.cli._execute import Finished
from deeplinear.cli._text import aligned
from deeplinear.cli._visits import brief, itinerary_document


def exit_code(run: Finished) -> int:
    """3 for a failed run, 0 for all others: what they computed is kept, and the status says how."""
    return FAILED if run.traj.status == "failed" else DONE


def text(run: Finished) -> str:
    """The run in aligned lines: outcome, itinerary, quality, cost, and where the report is."""
    traj = run.traj
    stats = traj.stats
    status = "the end time was reached" if traj.status == "t_end" else traj.status
    cost = f"{stats.n_steps} steps ({stats.n_rejected} rejected), {stats.n_field} field evaluations"
    if stats.n_hessian:
        cost += f", {stats.n_hessian} Hessians"
    quality = dict(run.quality.rows())
    learned = quality.pop("learned").partition(";")[0]  # the table below says when
    outcome = [
        ("status", f"{status} at t = {traj.t_end:.6g}, {len(traj)} states saved"),
        ("learned", learned),
        ("loss", f"{traj.loss[0]:.6g} to {traj.loss[-1]:.6g}, gap {traj.gap[-1]:.3g}"),
        ("loss", quality.pop("loss")),
    ]
    if traj.status.remedy:
        outcome.append(("remedy", traj.status.remedy))
    rest = [
        *quality.items(),
        *(("note", note) for note in traj.problem.notes),
        *(("method", f"{s.method}, {s.n_steps} steps: {s.reason}") for s in traj.segments),
        ("cost", f"{cost}, {stats.elapsed:.3g} s"),
        ("report", str(run.folder / _folder.REPORT)),
        ("elapsed", f"{run.elapsed:.3g} s"),
    ]
    widths = "-".join(map(str, traj.widths))
    title = f"{run.name}, {widths}, {traj.n_params} parameters"
    itinerary = brief(traj, run.itinerary, str(run.folder))
    blocks = [
        [title, *aligned(outcome)],
        ["Itinerary", *itinerary],
        ["Quality and cost", *aligned(rest)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def document(run: Finished) -> dict[str, Any]:
    """The run as a JSON document."""
    traj, quality = run.traj, run.quality
    learned = quality.learning_times
    return {
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
        "n_params": traj.n_params,
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
        **itinerary_document(run.itinerary),
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
