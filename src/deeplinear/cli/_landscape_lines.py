"""A landscape as lines for people."""

from collections.abc import Iterable
from typing import Any

from deeplinear.cli._text import aligned, figures, named, paragraph, parted, table, whole

_GROUPS = 5  # groups of equal modes that are named
_TIMES = 12  # modes whose learning times are listed
_WIDTH = 80
_NAME = 18  # a set of modes with a longer name is told by its size, where there is no room


def lines(name: str, found: dict[str, Any]) -> list[str]:
    """Everything, a few lines also for a huge landscape."""
    widths, classes = "-".join(map(str, found["widths"])), found["n_classes"]
    head = [f"{name}, {widths}", *aligned(_rows(found))]
    if found["convex"]:
        return parted([head, paragraph("One layer: the loss is convex, and has no saddles.")])
    if found["n_modes"] == 0:
        return parted([head, paragraph("Every critical point is a global minimum.")])
    lowest = found["lowest"]
    title = f"The {len(lowest)} classes of lowest loss" if len(lowest) < classes else "All classes"
    m, tops = found["rank"] + 1, found["largest_modes"]
    chain = _table(tops)
    if left := m - len(tops):
        chain.insert(len(tops), f"  ... {left} more ...")
    return parted(
        [
            head,
            [title, *_table(lowest)],
            paragraph(_legend(found)),
            ["The saddles that a small start visits, one after the other", *chain],
            _times(found),
        ]
    )


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    from deeplinear.analysis import set_name

    s, m, rank = found["s"], found["n_modes"], found["rank"]
    spectrum = {0: "none, the target is zero", 1: f"1, singular value {s[0]:.5g}" if m else ""}.get(
        m, f"{m}, singular values {s[0]:.5g} to {s[-1]:.5g}" if m else ""
    )
    groups = [f"modes {set_name(group)}" for group in found["equal_modes"]]
    rows = [("modes", spectrum)]
    if groups:
        more = f", and {len(groups) - _GROUPS} more groups" if len(groups) > _GROUPS else ""
        rows.append(("equal", "; ".join(groups[:_GROUPS]) + more))
    if rank < m:
        rows.append(("learnable", f"at most {rank} modes, the smallest width"))
    lattice = found["lattice"]
    joined = f", joined by {lattice['n_edges']} orbits" if lattice and lattice["n_edges"] else ""
    rows.append(("classes", whole(found["n_classes"]) + joined))
    rows += [("kinds", f"{figures(n)} {_plural(kind, n)}") for kind, n in found["kinds"].items()]
    if lattice:
        low, high = lattice["dimensions"]
        rows.append(("index", f"at most {lattice['largest_index']}"))
        rows.append(("dimension", f"{low}" if low == high else f"{low} to {high}"))
    rows += [("optimum", f"{found['optimum']:.6g}"), ("zero map", f"{found['loss_of_zero']:.6g}")]
    return rows + [("note", note) for note in found["notes"]]


def _plural(kind: str, n: int) -> str:
    return kind if n == 1 else f"{kind}s"


def _table(classes: Iterable[dict[str, Any]]) -> list[str]:
    classes = list(classes)
    head = ["learned", "loss", "excess", "canonical point", "index", "dim"]
    rows = [
        [
            "",
            f"{one['value']:.6g}",
            f"{one['excess']:.5g}",
            _kind(one),
            str(one["index"]),
            str(one["dimension"]),
        ]
        for one in classes
    ]
    right = (1, 2, 4, 5)
    room = max(_NAME, _WIDTH - max(map(len, table(["", *head[1:]], rows, right))))
    for row, one in zip(rows, classes, strict=True):
        row[0] = named(one["modes"], room)
    return table(head, rows, right)


def _kind(one: dict[str, Any]) -> str:
    order = one["escape_order"]
    return one["kind"] if order in (None, 2) else f"order-{order} saddle"


def _legend(found: dict[str, Any]) -> str:
    """What the columns say, as far as it occurs."""
    listed = [*found["lowest"], *found["largest_modes"]]
    told = [
        "Excess: loss above the optimum. The canonical point of a class has no weights beside its "
        "modes; others can be of lower order. Index: its negative Hessian eigenvalues. "
        "Dim: dimension of the set of all points of the class."
    ]
    kinds = {one["kind"] for one in listed}
    if "strict saddle" in kinds:
        told.append(
            "A strict saddle (order 2) has a direction of negative curvature: a smaller mode is "
            "learned before a larger one, or there are two layers only."
            if found["depth"] > 2
            else "A strict saddle (order 2) has a direction of negative curvature."
        )
    if "non-strict saddle" in kinds:
        told.append(
            "At a non-strict one, of order p > 2, there is none, and the loss falls only like "
            "distance^p."
        )
    return " ".join(told)


def _times(found: dict[str, Any]) -> list[str]:
    """The learning time of each mode, if an amplitude was given."""
    times, a0 = found["learning_times"], found["amplitude"]
    if not times:
        return []
    rows = [
        (str(k), f"{s:.5g}", f"{t:.5g}")
        for k, (s, t) in enumerate(zip(found["s"], times, strict=True))
    ]
    left = len(rows) - _TIMES
    if left > 1:
        rows = [*rows[: _TIMES - 1], rows[-1]]
    listed = table(("mode", "value", "time"), rows, right=(0, 1, 2))
    if left > 1:
        listed.insert(-1, f"  ... {left} more ...")
    return [
        f"Learning times, from weights of {a0:g} in every layer until half the value",
        *listed,
    ]
