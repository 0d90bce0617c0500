"""`deeplinear escape`: how the flow leaves a saddle, and how it arrives there."""

from pathlib import Path
from typing import Any

from deeplinear.cli import _options as options
from deeplinear.cli import _target
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake
from deeplinear.cli._escape_class import canonical
from deeplinear.cli._escape_facts import document, here, ways
from deeplinear.cli._escape_lines import lines
from deeplinear.cli._nearby import nearby
from deeplinear.cli._progress import working

_DISTANCES = (1e-1, 1e-2, 1e-3)
_AMPLITUDE = 1e-3  # where rays and orbits are entered
_NEEDED = (
    "must be given: the folder of a run or a file of weights, or --data, --widths and --learned in "
    "its place, but it is missing."
)


def escape(
    target: options.EscapeTarget = None,
    at: options.At = None,
    data: options.EscapeData = None,
    targets: options.Targets = None,
    whiten: options.Whiten = None,
    center: options.Center = None,
    standardize: options.Standardize = None,
    modes: options.Modes = None,
    data_option: options.DataOption = None,
    widths: options.Widths = None,
    learned: options.Learned = None,
    distance: options.Distance = None,
    count: options.WaysCount = None,
    refine: options.Refine = True,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Tell how the flow leaves a saddle, how long it takes, and how it comes in.

    Of a run or of weights, the saddle is the critical point near the state.
    Without them, it is the canonical point that has learned the modes given;
    this one has exact rays and orbits, if the data are whitened.

    [bold]Examples[/bold]

    deeplinear escape out/digits --at 6300

    deeplinear escape weights.npz --data xy.npz --distance 1e-4

    deeplinear escape --data digits --widths 64,32,32,10 --whiten --learned 0,1
    """
    from deeplinear.cli import _numbers

    of_data = {
        "--data": data,
        "--targets": targets,
        "--whiten": whiten,
        "--center": center,
        "--standardize": standardize,
        "--modes": modes,
        "--data-option": data_option or None,
    }
    of_class = {"--widths": widths, "--learned": learned}
    wrong: list[Mistake] = []
    most = _numbers.count(count, "escape_rays", wrong)
    eps = _numbers.positive("--distance", distance, wrong)
    distances = _DISTANCES if eps is None else (eps,)
    if target is not None:
        wrong += _target.misused(of_data, is_run=target.is_dir())
        wrong += _left_out(of_class, "with a TARGET")
        return _near(target, at, of_data, wrong, refine=refine, distances=distances, most=most)
    if not any(value is not None for value in (data, *of_class.values())):
        _target.require([Mistake("TARGET", _NEEDED), *wrong])
    wrong += _left_out({"--at": at}, "without a TARGET")
    if not refine:
        wrong.append(Mistake("--no-refine", "must be left out without a TARGET."))
    with working("Looking for the ways down ..."):
        found = canonical(
            of_data, of_class, wrong, distances=distances, amplitude=eps or _AMPLITUDE, most=most
        )
    return _answer(found)


def _near(
    target: Path,
    at: str | None,
    of_data: dict[str, Any],
    wrong: list[Mistake],
    *,
    refine: bool,
    distances: tuple[float, ...],
    most: int,
) -> Answer:
    """The critical point near a state."""
    state = _target.read(target, at, wrong)
    problem = _target.problem(state, of_data)
    with working("Looking for the critical point and the ways down ..."):
        near = nearby(problem, state.net, refine=refine)
        found = ways(problem, near.network, most)
        facts = document(problem, near.network, found, distances, most)
    head = {
        "title": f"{target}, {state.where}",
        "target": str(target),
        "point": state.where,
        "refined": near.document(),
    }
    return _answer(head | facts | {"here": here(state, near, found.out)})


def _answer(found: dict[str, Any]) -> Answer:
    shown = {key: value for key, value in found.items() if key != "title"}
    return Answer(
        lambda: {"ok": True, "exit_code": 0} | shown,
        lambda: "\n".join(lines(found)),
    )


def _left_out(given: dict[str, Any], when: str) -> list[Mistake]:
    return [
        Mistake(name, f"must be left out {when}, but it is {value!r}.")
        for name, value in given.items()
        if value is not None
    ]
