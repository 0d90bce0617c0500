"""`deeplinear landscape`: the classes of critical points of a network, without training it."""

from itertools import islice
from typing import Any

from deeplinear import Problem
from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake, SettingsError

_CHAIN = 12  # sets of largest modes that are listed in any case

_LATTICE = 1 << 18  # classes up to which the whole lattice is built, in half a second


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
    amplitude: options.Amplitude = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Map the critical points of the loss: how many classes, which, and what.

    A class is the set of modes that a critical point has learned. The classes
    of lowest loss are listed, then the saddles that a small start visits on
    its way. Nothing is trained.

    [bold]Examples[/bold]

    deeplinear landscape digits --widths 64,32,32,10 --whiten

    deeplinear landscape planted --modes 3,2,1 --widths 3,2,3 --count 20

    deeplinear landscape planted --modes 3,2 --widths 2,2,2 --amplitude 0.01
    """
    from deeplinear.cli import _numbers, _problem
    from deeplinear.cli._landscape_lines import lines
    from deeplinear.cli._progress import working
    from deeplinear.cli._settings import gather, pair

    wrong: list[Mistake] = []
    most = _numbers.count(count, "critical_values", wrong)
    a0 = _numbers.positive("--amplitude", amplitude, wrong)
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
    sizes = tuple(config.network.widths)
    loaded.problem.require_widths(sizes)
    times = None if a0 is None else _learning_times(loaded.problem, len(sizes) - 1, a0)
    with working("Building the lattice ..."):
        found = _found(loaded.problem, sizes, most)
    found |= {"amplitude": a0, "learning_times": times}
    name = loaded.dataset.name
    return Answer(
        lambda: {"ok": True, "exit_code": 0, "data": name} | found,
        lambda: "\n".join(lines(name, found)),
    )


def _learning_times(problem: Problem, depth: int, a0: float) -> list[float]:
    """How long each mode takes from this amplitude to half its value: the edges of the lattice."""
    from deeplinear.exact import mode_time

    half = (problem.modes.s / 2) ** (1 / depth)
    text = ""
    if depth == 1:
        text = "must be left out for one layer, which has no saddles to leave"
    elif not problem.whitened:
        text = "must be left out for data that are not whitened, where learning times have no "
        text += "closed form, or --whiten must be given"
    elif len(half) and a0 >= half[-1]:
        text = f"must be below {half[-1]:.4g}, where the smallest mode counts as learned"
    if text:
        raise SettingsError([Mistake("--amplitude", f"{text}, but it is {a0:g}.")])
    pairs = zip(problem.modes.s, half, strict=True)
    return [float(mode_time(float(s), depth, a0, float(a))) for s, a in pairs]


def _found(problem: Problem, widths: tuple[int, ...], most: int) -> dict[str, Any]:
    from deeplinear.landscape import critical_value, critical_values, mode_groups

    s, classes = problem.modes.s, critical_values(problem, widths)
    convex, n_classes = len(widths) == 2, classes.count
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
        "n_classes": n_classes,
        "kinds": _kinds(n_classes, classes.rank, len(widths) - 1),
        "lattice": _lattice(problem, widths, n_classes),
        "floor": problem.floor,
        "optimum": problem.optimum(min(widths)),
        "loss_of_zero": problem.optimum(0),
        "lowest": [_class(problem, widths, modes, loss) for modes, loss in islice(classes, most)],
        "largest_modes": [
            _class(problem, widths, modes, critical_value(problem, modes)) for modes in tops
        ],
        "notes": problem.notes,
    }


def _kinds(n_classes: int, rank: int, depth: int) -> dict[str, int]:
    """Classes of each kind: one minimum; of r < rank largest modes, one class for each r."""
    silent = rank if depth > 2 else 0
    numbers = {
        "global minimum": 1,
        "strict saddle": n_classes - 1 - silent,
        "non-strict saddle": silent,
    }
    return {kind: n for kind, n in numbers.items() if n}


def _lattice(problem: Problem, widths: tuple[int, ...], n_classes: int) -> dict[str, Any] | None:
    """What only the whole lattice tells; None where it is large."""
    from deeplinear.landscape import lattice

    if n_classes > _LATTICE:
        return None
    found = lattice(problem, widths).summary()
    names = ("n_edges", "by_rank", "escape_orders", "largest_index", "dimensions")
    return {name: found[name] for name in names}


def _class(
    problem: Problem, widths: tuple[int, ...], modes: tuple[int, ...], value: float
) -> dict[str, Any]:
    """A class of critical points, what its canonical point is, and its dimension."""
    from deeplinear.landscape import (
        canonical_index,
        classify,
        critical_dimension,
        critical_point,
    )

    verdict = classify(problem, critical_point(problem, widths, modes))
    return {
        "modes": modes,
        "value": value,
        "excess": max(value - problem.optimum(min(widths)), 0.0),
        "kind": verdict.kind,
        "escape_order": verdict.escape_order,
        "index": canonical_index(problem, widths, modes),
        "dimension": critical_dimension(problem, widths, modes),
        "decided_by": verdict.decided_by,
    }
