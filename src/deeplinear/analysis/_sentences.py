"""An itinerary in words: a table that fits a terminal, and a sentence for each visit."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deeplinear.analysis._itinerary import Itinerary, Visit


def set_name(modes: Sequence[int]) -> str:
    """Return a short name of a set of modes.

    Examples
    --------
    >>> from deeplinear.analysis import set_name
    >>> [set_name(s) for s in ((), (2,), (0, 1), (0, 1, 2, 5))]
    ['none', '2', '0, 1', '0–2, 5']
    """
    runs: list[list[int]] = []
    for k in modes:
        if runs and k == runs[-1][-1] + 1:
            runs[-1].append(k)
        else:
            runs.append([k])
    parts = [f"{run[0]}–{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(parts) or "none"


def point_name(visit: "Visit") -> str:
    """What is near a visit: the kind of its critical point, with the escape order.

    At most 26 characters.
    """
    if visit.escape_order is not None and visit.escape_order > 2:
        return f"{visit.kind}, order {visit.escape_order}"
    return visit.kind


def itinerary_table(itinerary: "Itinerary") -> list[str]:
    """Return the visits as aligned lines that fit 80 columns: a head, then one for each."""
    head = ("learned", "from t", "to t", "stay", "gradient", "distance", "near")
    rows = [
        (
            shortened(set_name(v.modes), 12),
            f"{v.t_in:.5g}",
            f"{v.t_out:.5g}",
            stay(v, last=j == len(itinerary) - 1),
            f"{v.gradient_norm:.1e}",
            "" if math.isnan(v.distance) else f"{v.distance:.1e}",
            _short_name(v),
        )
        for j, v in enumerate(itinerary)
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    right = (False, True, True, False, True, True, False)
    lines = []
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _short_name(visit: "Visit") -> str:
    if visit.kind == "non-strict saddle":
        return (
            "non-strict saddle"
            if visit.escape_order is None
            else f"order-{visit.escape_order} saddle"
        )
    return visit.kind


def stay(visit: "Visit", *, last: bool) -> str:
    """How a run stayed: "limit", "plateau" or "passed"."""
    if last:
        return "end"
    return "plateau" if visit.plateau else "passed"


def sentence(visit: "Visit", *, last: bool, why: bool = True) -> str:
    """Return what happened during a visit and why, in two or three short sentences.

    With ``why=False`` the last one, how long leaving takes at that escape order, is left out.
    """
    span = f"t = {visit.t_in:.5g} to {visit.t_out:.5g}"
    held = {0: "no mode is", 1: f"mode {visit.modes[0]} is"} if visit.modes else {0: "no mode is"}
    who = held.get(len(visit.modes), f"modes {set_name(visit.modes)} are")
    opening = f"From {span} {who} learned."
    if not visit.near:
        how = (
            "The run waits"
            if visit.plateau and not last
            else "The run ends"
            if last
            else "The run passes"
        )
        return (
            f"{opening} {how} with a gradient of at least {visit.gradient_norm:.2g}, and no "
            "critical point with these modes is near."
        )
    place = f"a {visit.kind} at distance {visit.distance:.2g}"
    if last:
        return f"{opening} The run ends near {place}."
    if not visit.plateau:
        return (
            f"{opening} The run passes {place} without waiting (prominence "
            f"{visit.prominence:.2g}, a plateau has 2)."
        )
    told = (
        f"{opening} The run waits near {place}, where the gradient falls to "
        f"{visit.gradient_norm:.2g}."
    )
    return f"{told} {_why(visit)}" if why else told


def _why(visit: "Visit") -> str:
    order = visit.escape_order
    if order is None:
        return "Its escape order is undecided."
    if order == 2:
        return "The Hessian there has negative curvature: leaving takes a time ~ log(1 / distance)."
    power = "1 / distance" if order == 3 else f"distance^-{order - 2}"
    return (
        f"The Hessian there has no negative eigenvalue and the loss falls only at order {order}: "
        f"leaving takes a time ~ {power}."
    )


def shortened(text: str, width: int) -> str:
    """Cut a text that is too long, with an ellipsis."""
    return text if len(text) <= width else text[: width - 1] + "…"
