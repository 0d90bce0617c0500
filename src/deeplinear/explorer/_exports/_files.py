"""What a run can be taken away as: run.toml, Python, trajectory, report, pictures."""

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.errors import ArgumentError
from deeplinear.explorer._exports import _code, _drawings
from deeplinear.explorer._exports._code import DATA_FILE, START_FILE
from deeplinear.explorer._runs import _setup
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import PLANTED, UPLOAD

if TYPE_CHECKING:
    from deeplinear.solve import Trajectory

_ZIP = "application/zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of files in an archive: the same run gives the same bytes


@dataclass(frozen=True)
class Download:
    """A file for the user."""

    name: str
    content: bytes
    media_type: str


def run_toml(run: Run) -> Download:
    """The file that `deeplinear run` repeats the run from; a .zip if it needs other files too.

    Raises
    ------
    ArgumentError
        The run has not ended.
    """
    return _with_files(run, "run.toml", toml(run), "application/toml")


def python(run: Run) -> Download:
    """The Python lines that repeat the run; a .zip if they need other files too."""
    return _with_files(run, "run.py", code(run), "text/x-python", start_is_made=True)


def trajectory(run: Run) -> Download:
    """`trajectory.zarr`, zipped, with the run.toml: the folder opens with `deeplinear.load`."""
    traj = _finished(run)
    with tempfile.TemporaryDirectory(prefix="deeplinear-") as folder:
        root = Path(folder)
        traj.save(root / "trajectory.zarr")
        files = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
    files |= {"run.toml": toml(run).encode(), **companions(run)}
    return Download(f"{title(run)}.zip", _zipped(files), _ZIP)


def report(run: Run) -> Download:
    """The report of the run, one HTML page."""
    from deeplinear.report import write_report

    traj = _finished(run)
    with tempfile.TemporaryDirectory(prefix="deeplinear-") as folder:
        path = write_report(
            traj,
            Path(folder, "report.html"),
            title=title(run),
            run_toml=toml(run),
            notes=_notes(run),
            itinerary=run.itinerary,
            checks=run.quality,
        )
        return Download(f"{title(run)}.html", path.read_bytes(), "text/html")


def picture(run: Run, panel: str, kind: str, t: float | None = None) -> Download:
    """A panel as PNG, SVG or PDF; of a network at time t.

    Raises
    ------
    ArgumentError
        There is no such panel or format, no run yet, or it is too large to be drawn.
    """
    content = _drawings.drawn(run, panel, kind, t)
    return Download(f"{title(run)}_{panel}.{kind}", content, _drawings.KINDS[kind])


def code(run: Run) -> str:
    """The Python lines as text."""
    traj = _finished(run)
    return _code.python(run.settings, traj.widths, whitened=traj.problem.whitened)


def title(run: Run) -> str:
    """A short name for files: the data and the widths."""
    traj, source = _finished(run), run.settings.data.source
    if source == UPLOAD:
        source = Path(run.store.upload(run.settings.data.upload or "").name).stem
        source = re.sub(r"[^\w-]+", "_", source, flags=re.ASCII).strip("_")[:40] or "data"
    return f"{source}_{'-'.join(map(str, traj.widths))}"


def toml(run: Run) -> str:
    """The text of run.toml."""
    import tomli_w

    traj, settings = _finished(run), run.settings
    data, start = settings.data, settings.start
    source = {"source": DATA_FILE if data.source == UPLOAD else data.source}
    options = _setup.choices(data) if data.source != UPLOAD else {}
    if data.source == PLANTED:
        source["s"] = options.pop("s")
    treated = {k: getattr(data, k) for k in ("whiten", "center", "standardize", "mean")}
    if _is_saved(run):
        begin: dict[str, Any] = {"name": "saved", "options": {"path": START_FILE}}
    else:
        begin = {"name": start.name, "scale": start.scale, "seed": start.seed}
        begin = {k: v for k, v in begin.items() if v is not None}
        begin |= {"options": start.options} if start.options else {}
    tree: dict[str, Any] = {
        "data": source | treated | ({"options": options} if options else {}),
        "network": {"widths": list(traj.widths)},
        "init": begin,
        "flow": settings.flow.model_dump(exclude_none=True),
        "made_by": {
            "deeplinear": version("deeplinear"),
            "command": "deeplinear explore",
            "notes": _notes(run),
        },
    }
    head = "# Repeat this run: deeplinear run run.toml -o FOLDER\n"
    if companions(run):
        head += f"# It needs the files beside it: {', '.join(companions(run))}.\n"
    return f"{head}\n{tomli_w.dumps(tree)}"


def companions(run: Run) -> dict[str, bytes]:
    """The files that a run.toml of this run refers to: uploaded data, a start that is no recipe."""
    files = {}
    if run.settings.data.source == UPLOAD:
        held = run.store.upload(run.settings.data.upload or "")
        files[DATA_FILE] = _archive({"x": held.x, "y": held.y})
    if _is_saved(run):
        weights = _finished(run).initial.weights
        files[START_FILE] = _archive({f"w{i}": w for i, w in enumerate(weights)})
    return files


def _is_saved(run: Run) -> bool:
    return run.settings.nudge is not None or run.settings.start.name == "saved"


def _notes(run: Run) -> list[str]:
    data = _setup.dataset(run.settings.data, run.store)
    return [data.description, *data.notes]


def _finished(run: Run) -> "Trajectory":
    if run.traj is None:
        raise ArgumentError("There is nothing to export yet: the run has not ended.")
    return run.traj


def _with_files(
    run: Run, name: str, text: str, media_type: str, *, start_is_made: bool = False
) -> Download:
    files = companions(run)
    if start_is_made and run.settings.start.name != "saved":
        files.pop(START_FILE, None)
    if not files:
        return Download(name, text.encode(), media_type)
    stem, suffix = name.rsplit(".", 1)
    return Download(f"{stem}_{suffix}.zip", _zipped({name: text.encode(), **files}), _ZIP)


def _archive(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
