"""`deeplinear landscape`: the classes of critical points of a network, without training it."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from deeplinear import Problem
from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake, SettingsError
from deeplinear.cli._text import aligned, paragraph, parted, table

_MOST = 1000
_CHAIN = 12  # sets of largest modes that are listed in any case
_GROUPS = 5  # groups of equal modes that are named


def landscape(
    source: options.Source,
    targets: options.Targets = None,
    whiten: options.Whiten = None,
    center: options.Center = None,
    standardize: options.Standardize = None,
    modes: options.Modes = None,
    data_option: options.DataOption = None,
    widths: options.Widths = None,
    count: options.Count = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Map the critical points of the loss: how many classes, which, and what they are.

    A class is the set of modes that a critical point has learned. The classes of lowest loss are
    listed, then the saddles that a small start visits on its way. Nothing is trained.

    [bold]Examples[/bold]

    deeplinear landscape digits --widths 64,32,32,10 --whiten

    deeplinear landscape planted --modes 5,4,3,2,1 --widths 5,3,5 --count 20
    """
    from deeplinear.cli import _problem
    from deeplinear.cli._settings import gather, pair

    wrong: list[Mistake] = []
    most = _count(count, wrong)
    pairs = [pair(text, "--data-option", "data.options.") for text in data_option or []]
    given = {
        "--targets": targets,
        "--whiten": whiten,
        "--center": center,
        "--standardize": standardize,
        "--modes": modes,
        "--widths": widths,
    }
    try:
        config = gather(source, given, pairs)
    except SettingsError as error:
        raise SettingsError([*error.mistakes, *wrong]) from None
    if wrong:
        raise SettingsError(wrong)
    loaded = _problem.load(config.data, config.network.widths)
    found = _found(loaded.problem, tuple(config.network.widths), most)
    name = loaded.dataset.name
    return Answer(
        lambda: {"ok": True, "exit_code": 0, "data": name} | found,
        lambda: "\n".join(_lines(name, found)),
    )


def _count(text: str | None, wrong: list[Mistake]) -> int:
    from deeplinear.cli._settings import parse

    count = 10 if text is None else parse(text)
    if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= _MOST:
        return count
    more = "In Python, deeplinear.landscape.critical_values goes on from there."
    wrong.append(
        Mistake("--count", f"must be an integer from 1 to {_MOST}, but it is {text!r}. {more}")
    )
    return 0


def _found(problem: Problem, widths: tuple[int, ...], most: int) -> dict[str, Any]:
    from deeplinear.landscape import critical_value, critical_values, mode_groups

    problem.require_widths(widths)
    s, classes = problem.modes.s, critical_values(problem, widths)
    convex = len(widths) == 2
    tops = [] if convex else [tuple(range(r)) for r in range(classes.rank + 1)]
    if len(tops) > max(most, _CHAIN):  # the first ones, and the minimum
        tops = [*tops[: max(most, _CHAIN) - 1], tops[-1]]
    return {
        "widths": list(widths),
        "depth": len(widths) - 1,
        "n_modes": len(s),
        "s": s,
        "equal_modes": [group for group in mode_groups(s) if len(group) > 1],
        "convex": convex,
        "rank": classes.rank,
        "n_classes": classes.count,
        "floor": problem.floor,
        "optimum": problem.optimum(min(widths)),
        "loss_of_zero": problem.optimum(0),
        "lowest": [_class(problem, widths, modes, loss) for modes, loss in islice(classes, most)],
        "largest_modes": [
            _class(problem, widths, modes, critical_value(problem, modes)) for modes in tops
        ],
        "notes": problem.notes,
    }


def _class(
    problem: Problem, widths: tuple[int, ...], modes: tuple[int, ...], value: float
) -> dict[str, Any]:
    """A class of critical points, and what its canonical point is."""
    from deeplinear.landscape import classify, critical_point

    verdict = classify(problem, critical_point(problem, widths, modes))
    return {
        "modes": modes,
        "value": value,
        "excess": max(value - problem.optimum(min(widths)), 0.0),
        "kind": verdict.kind,
        "escape_order": verdict.escape_order,
        "decided_by": verdict.decided_by,
    }


def _lines(name: str, found: dict[str, Any]) -> list[str]:
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
    rows += [
        ("classes", _whole(found["n_classes"])),
        ("optimum", f"{found['optimum']:.6g}"),
        ("zero map", f"{found['loss_of_zero']:.6g}"),
    ]
    return rows + [("note", note) for note in found["notes"]]


def _table(classes: Iterable[dict[str, Any]]) -> list[str]:
    rows = [
        (
            _set_name(one["modes"]),
            f"{one['value']:.6g}",
            f"{one['excess']:.5g}",
            one["kind"],
            "" if one["escape_order"] is None else str(one["escape_order"]),
        )
        for one in classes
    ]
    head = ("learned", "loss", "above optimum", "canonical point", "order")
    return table(head, rows, right=(1, 2, 4))


def _set_name(modes: Sequence[int]) -> str:
    from deeplinear.analysis import set_name

    name = set_name(modes)
    return name if len(name) <= 24 else f"{len(modes)} modes, {set_name(modes[:1])} first"


def _legend(found: dict[str, Any]) -> str:
    """What the columns say, as far as it occurs."""
    told = [
        "The canonical point of a class has no weights beside its modes; others can be of lower "
        "order."
    ]
    kinds = {one["kind"] for one in [*found["lowest"], *found["largest_modes"]]}
    if "strict saddle" in kinds:
        told.append(
            "A strict saddle (order 2) has a direction of negative curvature: a smaller mode is "
            "learned before a larger one, or there are two layers only."
            if found["depth"] > 2
            else "A strict saddle (order 2) has a direction of negative curvature."
        )
    if "non-strict saddle" in kinds:
        told.append(
            "At a non-strict one there is none, and the loss falls only like distance^order."
        )
    return " ".join(told)


def _whole(n: int) -> str:
    """An integer with its power of two, if it is one; beyond 40 figures, about."""
    figures = str(n)
    text = (
        figures if len(figures) <= 40 else f"about {figures[0]}.{figures[1:3]}e{len(figures) - 1}"
    )
    power = n.bit_length() - 1
    return f"{text} = 2^{power}" if power > 4 and n == 1 << power else text
