"""An itinerary as lines for people, and as a document for programs."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from deeplinear.analysis import Itinerary, Learning, Visit, itinerary_table, sentence
from deeplinear.cli._text import paragraph, parted, table
from deeplinear.landscape import Classification
from deeplinear.solve import Trajectory

_MOST_ROWS = 40  # visits in a brief table
_ALL_TOLD = 12  # visits up to which each gets its sentence, if brief
_MOST_MODES = 12  # rows of a brief table of learning times

_DISTANCE = (
    "Distances are over all weights, to the critical point near the state of smallest gradient."
)
_PLATEAU = "On a plateau the gradient falls at least 7-fold below its peaks before and after."
_STRICT = "A strict saddle has a direction of negative curvature."
_ORDER = "At a saddle of order p > 2 there is none, and the loss falls only like distance^p."
_TESTS = (
    "Margin: the factor by which what was tested clears its tolerance. A choice of layers is open "
    "if the loss falls once exactly these are perturbed."
)


def brief(traj: Trajectory, visits: Itinerary, folder: str) -> list[str]:
    """The table, sentences for the visits that matter, the limit, and the learning times."""
    rows, shown = itinerary_table(visits), list(range(len(visits)))
    if len(visits) > _MOST_ROWS:
        half = _MOST_ROWS // 2
        rows = [*rows[: half + 1], f"... {len(visits) - 2 * half} more ...", *rows[-half:]]
        shown = [*shown[:half], *shown[-half:]]
    told, note = shown, ""
    if len(visits) > _ALL_TOLD:
        told = [j for j in shown if visits[j].plateau or j == len(visits) - 1]
        note = f"Only plateaus and the end are told here; all visits: deeplinear saddles {folder}"
    return parted(
        [
            [f"  {row}" for row in rows],
            paragraph(_words(visits)),
            *map(paragraph, _sentences(visits, told)),
            paragraph(note),
            paragraph(visits.limit),
            ["Learning times", *_learning_lines(traj, visits.learning, _MOST_MODES)],
        ]
    )


def full(traj: Trajectory, visits: Itinerary) -> list[str]:
    """Everything: the table, each visit with the test that decided, limit, learning times."""
    told = zip(_sentences(visits, range(len(visits))), visits, strict=True)
    return parted(
        [
            ["Itinerary", *(f"  {row}" for row in itinerary_table(visits))],
            paragraph(_words(visits)),
            paragraph(_TESTS) if any(visit.near for visit in visits) else [],
            *(paragraph(words + _decision(visit.classification)) for words, visit in told),
            paragraph(visits.limit),
            ["Learning times", *_learning_lines(traj, visits.learning, len(visits.learning))],
        ]
    )


def itinerary_document(visits: Itinerary) -> dict[str, Any]:
    """Visits without their networks, learning times, and the limit."""
    return {
        "itinerary": [_visit_document(visit) for visit in visits],
        "learning": [vars(one) for one in visits.learning],
        "limit": visits.limit,
    }


def _visit_document(visit: Visit) -> dict[str, Any]:
    fields = {name: value for name, value in vars(visit).items() if name != "network"}
    found = visit.classification
    return fields | {"classification": None if found is None else found.facts()}


def _words(visits: Itinerary) -> str:
    """What the words of the table mean, as far as they occur."""
    kinds = {visit.kind for visit in visits}
    occurs = {
        _DISTANCE: any(visit.near for visit in visits),
        _PLATEAU: any(visit.plateau for visit in visits[:-1]),
        _STRICT: "strict saddle" in kinds,
        _ORDER: "non-strict saddle" in kinds,
    }
    return " ".join(words for words, does in occurs.items() if does)


def _sentences(visits: Itinerary, told: Iterable[int]) -> list[str]:
    """What happened in each of these visits; what an escape order means is said once."""
    explained: set[int | None] = set()
    found = []
    for j in told:
        visit, last = visits[j], j == len(visits) - 1
        found.append(sentence(visit, last=last, why=visit.escape_order not in explained))
        if visit.plateau and visit.near and not last:
            explained.add(visit.escape_order)
    return found


def _decision(found: Classification | None) -> str:
    return "" if found is None else f" {found.decided_by} Margin {found.margin:.2g}."


def _learning_lines(traj: Trajectory, learning: Sequence[Learning], most: int) -> list[str]:
    """When each mode was learned, and when a balanced one would be."""
    if not learning:
        return ["  The target is zero: there is no mode to learn."]
    never = "never" if traj.status in ("converged", "stopped at a saddle") else "not yet"
    head = ["mode", "singular value", "initial strength", "predicted t", "observed t"]
    rows = [
        [
            str(one.mode),
            f"{one.s:.5g}",
            f"{one.initial_strength:.1e}",
            _predicted(one.predicted),
            never if math.isnan(one.observed) else f"{one.observed:.5g}",
        ]
        for one in learning[:most]
    ]
    if not traj.problem.whitened:
        about = "There are no predictions for inputs that are not whitened."
        head, rows = [*head[:3], head[4]], [[*row[:3], row[4]] for row in rows]
    elif len(traj.widths) == 2:
        about = "The predictions are exact: without hidden layers each mode evolves on its own."
    else:
        about = (
            "Predicted: for a balanced mode on its own that starts at the modulus of this "
            "strength. Exact if the whole start is balanced and decoupled with positive "
            "strengths, an order of magnitude for others."
        )
    left = len(learning) - most
    more = [f"  and {left} more"] if left > 0 else []
    return [*table(head, rows, range(len(head))), *more, *paragraph(about)]


def _predicted(t: float) -> str:
    if math.isnan(t):
        return "none"
    return "never" if math.isinf(t) else f"{t:.5g}"
