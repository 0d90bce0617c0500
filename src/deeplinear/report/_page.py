"""The page of one run: sections put together, everything escaped."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from html import escape
from importlib.metadata import version
from typing import Any

from deeplinear.analysis import Diagnostics, Itinerary, ModeAlignment
from deeplinear.report._figures import pictures
from deeplinear.report._html import cell, figures, grid, key, section, table, text
from deeplinear.report._itinerary import sections_of_itinerary
from deeplinear.report._style import STYLE
from deeplinear.report._summary import name, summary
from deeplinear.report._words import count
from deeplinear.solve import Trajectory

_BADGES = {
    "converged": "good",
    "t_end": "plain",
    "stopped at a saddle": "warn",
    "step limit": "warn",
    "interrupted": "warn",
    "failed": "bad",
}
_MOST_MODES = 40  # rows of the table of modes


def page(
    traj: Trajectory,
    *,
    title: str | None,
    command: str | None,
    run_toml: str | None,
    notes: Sequence[str],
    itinerary: Itinerary,
    checks: Diagnostics,
) -> str:
    """Return the whole document as HTML."""
    heading = name(traj) if title is None else title
    sections = [
        section("What happened", figures(pictures(traj, itinerary))),
        *sections_of_itinerary(traj, itinerary),
        section("Diagnostics", table(_typeset(checks.rows())) + _modes(traj, checks)),
        section("Method and cost", _cost(traj)),
        section("Problem", _problem(traj, notes)),
        section("How to reproduce", _reproduce(traj, command, run_toml)),
    ]
    status = "ended at t_end" if traj.status == "t_end" else str(traj.status)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{text(heading)}</title>",
            f"<style>{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{text(heading)}</h1>",
            f'<p><span class="badge {_BADGES[str(traj.status)]}">{text(status)}</span></p>',
            f'<p class="summary">{text(summary(traj, checks, itinerary))}</p>',
            *sections,
            f"<footer>deeplinear {text(version('deeplinear'))}</footer>",
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _typeset(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    signs = (("||C_i||", "‖Cᵢ‖"), ("||W_i||^2", "‖Wᵢ‖²"))
    result = []
    for subject, value in rows:
        for plain, typeset in signs:
            value = value.replace(plain, typeset)
        result.append((subject, value))
    return result


def _modes(traj: Trajectory, checks: Diagnostics) -> str:
    s = traj.problem.modes.s
    if len(s) == 0:
        return ""
    by_mode: dict[int, ModeAlignment] = {k: a for a in checks.alignment for k in a.modes}
    rows = []
    for k in range(min(len(s), _MOST_MODES)):
        aligned, t = by_mode.get(k), checks.learning_times[k]
        rows.append(
            [
                f"{key(k)}{k}",
                cell(s[k]),
                cell(traj.mode_strengths[-1, k]),
                "never" if math.isnan(t) else cell(t),
                "" if aligned is None else f"{aligned.left:.6f}",
                "" if aligned is None else f"{aligned.right:.6f}",
            ]
        )
    head = ["mode", "s", "p at the end", "learned at t", "|u<sub>k</sub> · u|",
            "|v<sub>k</sub> · v|"]  # fmt: skip
    more = (
        f"<p>{text(count(len(s) - _MOST_MODES, 'further mode'))} not shown.</p>"
        if len(s) > _MOST_MODES
        else ""
    )
    return grid(head, rows, numbers=range(1, 6)) + more


def _cost(traj: Trajectory) -> str:
    rows = [
        [
            text(segment.method),
            cell(segment.t_start),
            str(segment.n_steps),
            text(segment.reason),
        ]
        for segment in traj.segments
    ]
    parts = [grid(["method", "from t", "steps", "why"], rows, numbers=(1, 2))] if rows else []
    names = {
        "n_steps": "steps",
        "n_rejected": "rejected steps",
        "n_field": "field evaluations",
        "n_hessian": "Hessians",
        "n_factorizations": "factorizations",
        "n_iterations": "Newton iterations",
    }
    stats = asdict(traj.stats)
    spent = ", ".join(f"{stats[key]} {label}" for key, label in names.items() if stats[key])
    cost = [("cost", spent or "no step"), ("time", f"{traj.stats.elapsed:.3g} s")]
    options = [(key, _option(value)) for key, value in traj.options.items()]
    parts.append(table([*cost, ("saved", count(len(traj), "state")), *options]))
    return "\n".join(parts)


def _problem(traj: Trajectory, notes: Sequence[str]) -> str:
    problem = traj.problem
    rows = [
        ("inputs", f"{problem.d_in}, covariance of rank {problem.rank}, condition number "
         f"{problem.condition:.3g}{', whitened' if problem.whitened else ''}"),
        ("outputs", str(problem.d_out)),
        ("modes", str(len(problem.modes))),
        ("floor", f"{problem.floor:.6g}, the loss that no linear map removes"),
        ("optimum", f"{problem.optimum(min(traj.widths)):.6g}, the smallest loss of these widths"),
    ]  # fmt: skip
    remarks = "".join(f"<li>{text(note)}</li>\n" for note in (*problem.notes, *notes))
    return table(rows) + (f"\n<ul>\n{remarks}</ul>" if remarks else "")


def _reproduce(traj: Trajectory, command: str | None, run_toml: str | None) -> str:
    parts = []
    if command is not None:
        parts.append(f"<p>On the command line:</p>\n<pre>{escape(command)}</pre>")
    if run_toml is not None:
        parts.append(
            f"<p>with this <code>run.toml</code>:</p>\n<pre>{escape(run_toml.strip())}</pre>"
        )
    parts.append(f"<p>In Python:</p>\n<pre>{escape(python_lines(traj))}</pre>")
    return "\n".join(parts)


def python_lines(traj: Trajectory) -> str:
    """Return a script that runs the same again from the saved trajectory's start."""
    o = traj.options
    arguments: dict[str, Any]
    if o.get("method") == "gradient descent":
        function = "gradient_descent"
        arguments = {"step_size": o["step_size"], "n_steps": traj.stats.n_steps}
    else:
        function = "gradient_flow"
        arguments = {"t_end": None if o["t_end"] is None else abs(o["t_end"])}
        if o["t_end"] is not None and o["t_end"] < 0:
            arguments["reverse"] = True
        arguments |= {key: o[key] for key in ("rtol", "atol", "method", "max_steps", "norm_cap")}
        if o["gap"] is not None:
            arguments["stop"] = o["gap"]
    lines = "".join(f"    {key}={value!r},\n" for key, value in arguments.items())
    return (
        'import deeplinear as dl\n\nsaved = dl.load("trajectory.zarr")  # what traj.save wrote\n'
        f"traj = dl.{function}(\n    saved.problem,\n    saved.initial,\n{lines})\nprint(traj)\n"
    )


def _option(value: object) -> str:
    if value is None:
        return "not given"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
