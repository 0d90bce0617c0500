"""`deeplinear data` and `deeplinear report`: what can be run, and what was run."""

import re
from typing import Any

from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer

_GENERATED = {
    "planted": "--modes 5,4,3,2,1",
    "teacher_student": "--data-option widths=6,2,3 --data-option n_samples=200",
}
"""Data sets that must be told what to generate."""


def data(as_json: options.Json = False, debug: options.Debug = False) -> Answer:
    """List the data sets: their sizes, and what they are.

    [bold]Example[/bold]

    deeplinear data
    """
    from deeplinear import datasets
    from deeplinear.cli._text import aligned

    found = [_described(name) for name in datasets.names()]
    rows = [(entry["name"], _line(entry)) for entry in found]
    return Answer(
        lambda: {"ok": True, "exit_code": 0, "data": found},
        lambda: "\n".join(["Data sets for deeplinear run NAME:", *aligned(rows)]),
    )


def report(
    folder: options.RunFolder,
    figures: options.Figures = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Write the report of a run again, from its saved trajectory.

    [bold]Example[/bold]

    deeplinear report out/digits
    """
    from deeplinear.cli import _documents

    path = str(_documents.rewrite(folder, figures=bool(figures)))
    return Answer(
        lambda: {"ok": True, "exit_code": 0, "report": path},
        lambda: "" if quiet else f"report  {path}",
    )


def _described(name: str) -> dict[str, Any]:
    """Name, sizes and the first sentence; no sizes for data whose package is missing."""
    from deeplinear import datasets
    from deeplinear._core.errors import MissingExtraError

    if name in _GENERATED:
        about = (getattr(datasets, name).__doc__ or "").split("\n")[0].removeprefix("Return ")
        return {"name": name, "example": _GENERATED[name], "about": about}
    try:
        found = datasets.load(name)
    except MissingExtraError as error:
        return {"name": name, "about": str(error)}
    n, d_in = found.x.shape
    first = re.split(r"(?<=\.) (?=[A-Z])", found.description)[0]
    return {"name": name, "samples": n, "inputs": d_in, "outputs": found.y.shape[1], "about": first}


def _line(entry: dict[str, Any]) -> str:
    if "example" in entry:
        return f"generated: {entry['about']} Example: {entry['example']}"
    if "samples" not in entry:
        return entry["about"]
    sizes = ", ".join(f"{entry[key]} {key}" for key in ("samples", "inputs", "outputs"))
    return f"{sizes}. {entry['about']}"
