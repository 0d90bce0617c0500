"""Escape and arrival as lines for people."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from deeplinear.cli._nearby import refined_rows
from deeplinear.cli._text import aligned, figures, named, paragraph, parted, table

_ROOM = 30  # a longer set of modes is told by its size


def lines(found: dict[str, Any]) -> list[str]:
    """Everything; what a point does not have is left out."""
    return parted(
        [
            [*paragraph(found["title"], ""), *aligned(_rows(found))],
            _ways(found),
            _rays(found),
            _orbits(found),
            *map(paragraph, found["notes"]),
        ]
    )


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    from deeplinear.analysis import set_name

    modes, order, index = found["modes"], found["escape_order"], found["index"]
    rows = [
        *refined_rows(found.get("refined")),
        ("kind", found["kind"]),
        ("learned", f"mode{'s' * (len(modes) > 1)} {set_name(modes)}" if modes else "no mode"),
        ("loss", f"{found['loss']:.6g}, gradient {found['gradient_norm']:.2g}"),
    ]
    if order is not None:
        rows.append(("order", f"{order}: the loss falls by c eps^{order} at distance eps"))
    if index is not None:
        rows.append(("index", f"{index} negative Hessian eigenvalue{'s' * (index != 1)}"))
    rows.append(("reason", found["reason"]))
    rows += _here(found.get("here"))
    return rows if found["kind"] == "not critical" else [*rows, ("arrival", _arrival(found))]


def _here(here: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What the state's distance predicts, beside what the run did."""
    if here is None:
        return []
    rows = []
    if here["leaving_time"] is not None:
        text = (
            f"from the state, at distance {here['distance']:.2g}, in about "
            f"{_number(here['leaving_time'])}, were all of it along the first way down"
        )
        rows.append(("leaving", text))
    if here["learned_at"] is not None:
        text = (
            f"mode {here['next_mode']} is learned {_number(here['learned_after'])} later, at "
            f"t = {here['learned_at']:.6g}"
        )
        rows.append(("the run", text))
    return rows


def _arrival(found: dict[str, Any]) -> str:
    rates = found["arrival"]
    if rates is None:
        return "not known, there are too many parameters"
    n, low, high = rates["number"], rates["slowest"], rates["largest"]
    if n == 0:
        return "no stable direction: nothing comes in exponentially fast"
    if n == 1:
        return f"along 1 direction the distance falls like exp(-r t), r = {low:.4g}"
    text = f"along {n} directions the distance falls like exp(-r t), the slowest r = {low:.4g}"
    return f"{text}, the largest {high:.4g}"


def _ways(found: dict[str, Any]) -> list[str]:
    """The ways down; equal ones in one line, with their number."""
    ways, distances = found["directions"], found["distances"]
    if not ways:
        return []
    strict = ways[0]["order"] == 2
    groups = [(cells, len(list(same))) for cells, same in groupby(_cells(one) for one in ways)]
    numbered = any(n > 1 for _, n in groups)
    head = ["layers", "c", "p", *(["rate"] if strict else []), *(f"t({d:g})" for d in distances)]
    rows = [[*cells[:1], *([str(n)] if numbered else []), *cells[1:]] for cells, n in groups]
    if numbered:
        head.insert(1, "number")
    left = (found["n_directions"] or len(ways)) - len(ways)
    more = [f"  and {left} more"] if left > 0 else []
    if strict and found["n_directions"] is None:
        more = ["  and possibly more: the index is in doubt"]
    return [
        "Ways down, the fastest first",
        *table(head, rows, range(1, len(head))),
        *more,
        *paragraph(_legend(ways, strict=strict)),
    ]


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from deeplinear.analysis import set_name

    first = tuple(i for i in one["layers"] if one["exponents"][i] == 1)
    second = tuple(i for i in one["layers"] if one["exponents"][i] == 2)
    layers = set_name(one["layers"]) if not second else f"{set_name(first)}; {second[0]} by eps^2"
    rate = [f"{one['rate']:.4g}"] if one["order"] == 2 else []
    times = (_number(t) for t in one["leaving_times"])
    return (layers, f"{one['coefficient']:.4g}", f"{one['measured_order']:.2f}", *rate, *times)


def _legend(ways: Sequence[dict[str, Any]], *, strict: bool) -> str:
    text = (
        "At distance eps along a way, the loss has fallen by c eps^p; p was measured. t(eps): the "
        "time to leave from there, "
    )
    if strict:
        return f"{text}log(w/eps) / rate, until w = s_0^(1/depth), the weight of the largest mode."
    return f"{text}1 / (p (p - 2) c eps^(p - 2)), to leading order."


def _rays(found: dict[str, Any]) -> list[str]:
    rays = found.get("rays")
    if not rays:
        return []
    a, depth = found["amplitude"], len(found["widths"]) - 1
    rows = [
        (named(ray["modes"], _ROOM), f"{ray['rate']:.5g}", _number(ray["leaving_time"]))
        for ray in rays
    ]
    left = found["n_rays"] - len(rays)
    power = "a^2" if depth == 3 else f"a^{depth - 1}"
    return [
        "Escape rays: modes that grow together, the fastest first",
        *table(("modes", "rate", f"t({a:g})"), rows, right=(1, 2)),
        *([f"  and {figures(left)} more"] if left else []),
        *paragraph(
            f"Along a ray every layer grows by a norm a with da/dt = rate {power}, to leading "
            f"order; t: the time to leave from a = {a:g}."
        ),
    ]


def _orbits(found: dict[str, Any]) -> list[str]:
    orbits = found.get("orbits")
    if not orbits:
        return []
    a0 = found["amplitude"]
    rows = [
        (
            str(one["mode"]),
            f"{one['s']:.5g}",
            named(one["to"], _ROOM),
            f"{one['drop']:.5g}",
            "none" if one["duration"] is None else _number(one["duration"]),
        )
        for one in orbits
    ]
    left = found["n_orbits"] - len(orbits)
    head = ("mode", "value", "leads to", "loss falls by", f"t({a0:g})")
    text = f"t: the time from an amplitude of {a0:g} until the mode has half its value, exactly."
    if any(one["duration"] is None for one in orbits):
        text += " None: at this amplitude it has more."
    return [
        "Orbits to the classes with one more mode",
        *table(head, rows, right=(0, 1, 3, 4)),
        *([f"  and {left} more"] if left else []),
        *paragraph(text),
    ]


def _number(t: float) -> str:
    return "inf" if math.isinf(t) else f"{t:.4g}"
