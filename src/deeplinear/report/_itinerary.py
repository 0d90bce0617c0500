"""Sections of the page that read a run against the landscape: visits, times, plateaus, end."""

import math

from deeplinear.analysis import Itinerary, Visit, point_name, sentence, set_name, stay
from deeplinear.landscape import Classification
from deeplinear.problem import Problem
from deeplinear.report._figures import plateau_pictures, plateaus
from deeplinear.report._html import cell, figures, grid, key, paragraph, section, table, text
from deeplinear.report._words import count
from deeplinear.solve import Trajectory

_MOST = 40  # rows of a table


def sections_of_itinerary(traj: Trajectory, itinerary: Itinerary) -> list[str]:
    """Return the sections in the order of a reader; some runs do not have all of them."""
    return [
        section("Itinerary", *_visits(itinerary)),
        *_learning(traj, itinerary),
        *_plateaus(traj.problem, itinerary),
        section("The end", *_end(traj, itinerary)),
    ]


def _visits(itinerary: Itinerary) -> list[str]:
    head = ["learned", "from t", "to t", "stay", "prominence", "gradient", "distance",
            "loss", "critical value", "near"]  # fmt: skip
    last = len(itinerary) - 1
    shown = list(enumerate(itinerary))
    if len(shown) > _MOST:
        shown = [*shown[: _MOST - 1], shown[-1]]
    rows = [
        [
            text(set_name(visit.modes)),
            cell(visit.t_in),
            cell(visit.t_out),
            stay(visit, last=j == last),
            _depth(visit.prominence),
            text(f"{visit.gradient_norm:.1e}"),
            "" if math.isnan(visit.distance) else text(f"{visit.distance:.1e}"),
            text(f"{visit.loss:.6g}"),
            text(f"{visit.value:.6g}"),
            f'<span class="whole">{text(point_name(visit))}</span>',
        ]
        for j, visit in shown
    ]
    told = "\n".join(f"<li>{text(sentence(visit, last=j == last))}</li>" for j, visit in shown)
    left = len(itinerary) - len(shown)
    return [
        paragraph(
            "The sets of modes that the run had learned, one after the other. For each: how it "
            "stayed, where its gradient was smallest, and the critical point found from there, "
            "with its distance over all weights. The prominence is the depth of that minimum of "
            "log ‖∇L‖; a plateau has at least 2."
        ),
        grid(head, rows, numbers=(1, 2, 4, 5, 6, 7, 8)),
        paragraph(f"{count(left, 'further visit')} before the last not shown.") if left else "",
        f"<ol>\n{told}\n</ol>",
    ]


def _learning(traj: Trajectory, itinerary: Itinerary) -> list[str]:
    if not itinerary.learning:
        return []
    rows = [
        [
            f"{key(mode.mode)}{mode.mode}",
            cell(mode.s),
            text(f"{mode.initial_strength:.2e}"),
            _time(mode.predicted),
            "never" if math.isnan(mode.observed) else cell(mode.observed),
        ]
        for mode in itinerary.learning[:_MOST]
    ]
    left = len(itinerary.learning) - len(rows)
    if traj.problem.whitened:
        meaning = (
            "Predicted is when a balanced mode of this initial strength, alone in its chain, "
            "passes half of s: exact for one layer and for balanced, decoupled starts of the right "
            "sign, an order of magnitude for others."
        )
    else:
        meaning = "There is no prediction: the inputs of these data are not whitened."
    return [
        section(
            "Predicted and observed learning times",
            paragraph(meaning),
            grid(["mode", "s", "initial strength", "predicted", "observed"], rows, range(1, 5)),
            paragraph(f"{count(left, 'further mode')} not shown.") if left else "",
        )
    ]


def _plateaus(problem: Problem, itinerary: Itinerary) -> list[str]:
    shown = plateaus(itinerary)
    if not shown:
        return []
    parts = [_plateau(problem, visit, f"plateau_{j}") for j, visit in enumerate(shown, 1)]
    left = sum(visit.plateau for visit in itinerary[:-1]) - len(shown)
    if left:
        parts.append(paragraph(f"{count(left, 'less prominent plateau')} not shown."))
    meaning = (
        "Where the run waited, and the critical point there. Triangles are negative eigenvalues of "
        "the Hessian, directions in which the loss falls at second order; eigenvalues up to 10⁻⁶ "
        "of the largest count as zero. Each heat map has its own color scale."
    )
    return [section("Plateaus", paragraph(meaning), *parts)]


def _plateau(problem: Problem, visit: Visit, name: str) -> str:
    pictures = plateau_pictures(problem, visit, name)
    about = [
        f"From t = {visit.t_in:.5g} to {visit.t_out:.5g}, prominence {_depth(visit.prominence)}."
    ]
    verdict = visit.classification
    if verdict is None:
        about.append("No critical point with these modes is near.")
    else:
        about.append(f"{point_name(visit).capitalize()}. {verdict.decided_by}")
        about.append(f"Margin {verdict.margin:.2g}.")
        if signs := _signs(verdict):
            about.append(f"Signs of the Hessian: {signs}.")
        if len(pictures) == 1:
            about.append("The spectrum is left out: too many parameters cannot be compressed away.")
    return (
        f'<div class="plateau">\n<h3>{text(_learned(visit))}</h3>\n'
        f"{paragraph(' '.join(about))}\n{figures(pictures, small=True)}\n</div>"
    )


def _end(traj: Trajectory, itinerary: Itinerary) -> list[str]:
    last = itinerary[-1]
    verdict = last.classification
    if verdict is None:
        return [
            paragraph(itinerary.limit),
            paragraph(
                f"No critical point with the learned modes ({set_name(last.modes)}) is near the "
                f"end; the smallest gradient there was {last.gradient_norm:.2g}."
            ),
        ]
    order = "none, it is a minimum" if verdict.kind == "global minimum" else "undecided"
    if verdict.escape_order is not None:
        order = str(verdict.escape_order)
    rows = [
        ("critical point", verdict.kind),
        ("learned", _learned(last).removesuffix(" learned").lower()),
        ("escape order", order),
        ("decided by", verdict.decided_by),
        ("margin", "exact zeros" if math.isinf(verdict.margin) else f"{verdict.margin:.2g}"),
        ("signs of the Hessian", _signs(verdict) or "its signs are in doubt"),
        ("displacement", f"{last.distance:.2g}, from the state at t = {last.t_closest:.6g}"),
        ("gradient", f"{last.gradient_norm:.2g} at that state, {verdict.gradient_norm:.2g} at the "
         "critical point"),
        ("loss", f"{last.loss:.6g} at that state, {last.value:.6g} at the critical point"),
    ]  # fmt: skip
    pictures = plateau_pictures(traj.problem, last, "end")
    return [
        paragraph(itinerary.limit),
        table(rows),
        figures(pictures, small=True) if len(pictures) > 1 else "",
    ]


def _signs(verdict: Classification) -> str:
    """The inertia in words; empty if it is in doubt."""
    found = verdict.inertia
    if found is None or found.index is None:
        return ""
    return (
        f"{found.index} negative, {found.nullity} zero ({found.tangent} of these along the "
        f"critical set), {found.positive} positive"
    )


def _learned(visit: Visit) -> str:
    if not visit.modes:
        return "No mode learned"
    noun = "Mode" if len(visit.modes) == 1 else "Modes"
    return f"{noun} {set_name(visit.modes)} learned"


def _depth(prominence: float) -> str:
    """In figures, unless the gradient was zero."""
    return f"{prominence:.1f}" if prominence < 100 else "above 100"


def _time(value: float) -> str:
    if math.isnan(value):
        return ""
    return "never" if math.isinf(value) else cell(value)
