"""The Python lines that repeat a run exactly."""

from collections.abc import Mapping
from typing import Any

from deeplinear import init
from deeplinear.explorer._runs import _nudge, _setup
from deeplinear.explorer._settings._model import UPLOAD, Nudge, Settings

DATA_FILE, START_FILE = "data.npz", "start.npz"


def python(settings: Settings, widths: tuple[int, ...], *, whitened: bool) -> str:
    """Return a script that computes `traj` and `visits` as the page did.

    Uploads and held starts are read from files that are exported with it. `whitened` says which
    ways down a canonical saddle has.
    """
    lines = [
        f'"""A run of deeplinear, widths {"-".join(map(str, widths))}."""',
        "",
        *(
            ["from itertools import islice", ""]
            if _has_rays(settings.nudge, widths, whitened)
            else []
        ),
        "import deeplinear as dl",
        "",
        *_data(settings),
        "",
        f"widths = {widths}",
        f"start = {_start(settings)}",
    ]
    options = settings.flow.options()
    flow = "".join(f", {name}={value!r}" for name, value in options.items())
    if settings.nudge is not None:
        lines += ["", *_nudged(settings.nudge, widths, whitened, flow)]
    lines += [
        "",
        f"traj = dl.gradient_flow(problem, start{flow})",
        "visits = dl.itinerary(traj)",
        "print(traj)",
        "print(visits)",
    ]
    return "\n".join(lines) + "\n"


def _data(settings: Settings) -> list[str]:
    data = settings.data
    if data.source == UPLOAD:
        call = f'dl.datasets.read("{DATA_FILE}")'
    else:
        call = _call(f"dl.datasets.{data.source}", _setup.choices(data))
    if data.standardize:
        call += ".standardized()"
    treated = {name: True for name in ("whiten", "center") if getattr(data, name)}
    if not data.mean:
        treated["mean"] = False
    return [
        f"data = {call}",
        f"problem = {_call('dl.Problem.from_data', treated, 'data.x', 'data.y')}",
    ]


def _start(settings: Settings) -> str:
    start = settings.start
    if start.name == "saved":
        return f'dl.init.from_file("{START_FILE}")'
    leading = ["problem", "widths"] if start.name == "decoupled" else ["widths"]
    defaults = init.options(start.name)
    changed = {
        k: v for k, v in start.choices().items() if v != defaults[k] or k in ("scale", "seed")
    }
    return _call(f"dl.init.{start.name}", changed, *leading)


def _has_rays(nudge: Nudge | None, widths: tuple[int, ...], whitened: bool) -> bool:
    return nudge is not None and nudge.modes is not None and whitened and len(widths) >= 4


def _nudged(nudge: Nudge, widths: tuple[int, ...], whitened: bool, flow: str) -> list[str]:
    size = repr(nudge.size)
    if _has_rays(nudge, widths, whitened):
        rays = f"dl.landscape.escape_rays(problem, widths, {list(nudge.modes or ())})"
        return [f"ray = next(islice({rays}, {nudge.ray}, None))", f"start = ray({size})"]
    if nudge.visit is None:
        modes = list(nudge.modes or ())
        lines = [f"saddle = dl.landscape.critical_point(problem, widths, {modes})"]
    else:
        lines = [
            f"first = dl.gradient_flow(problem, start{flow})",
            f"saddle = dl.itinerary(first)[{nudge.visit}].network",
        ]
    escape = f"dl.landscape.escape(problem, saddle, k={_nudge.WAYS})"
    return [*lines, f"way = {escape}.directions[{nudge.ray}]", f"start = way({size})"]


def _call(name: str, options: Mapping[str, Any], *leading: str) -> str:
    given = [*leading, *(f"{key}={value!r}" for key, value in options.items())]
    line = f"{name}({', '.join(given)})"
    if len(line) <= 88:
        return line
    inner = "".join(f"    {part},\n" for part in given)
    return f"{name}(\n{inner})"
