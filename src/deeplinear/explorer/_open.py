"""What `explore` was asked to show, as the settings of the first page and what they refer to."""

import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from deeplinear import Problem, datasets, init, load
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DeeplinearError
from deeplinear.explorer import _limits as limits
from deeplinear.explorer import _uploads
from deeplinear.explorer._mistakes import SettingsError
from deeplinear.explorer._sessions import House
from deeplinear.explorer._settings import PLANTED, UPLOAD, Settings
from deeplinear.explorer._store import Store
from deeplinear.explorer._suggestions import suggested
from deeplinear.solve import Trajectory

Target = str | os.PathLike[str] | Trajectory | None

_FILES = (*_uploads.TABLES, *_uploads.ARCHIVES)
_NEAREST = "The page shows the run as it was recorded; a change runs the gradient flow anew."


def opened(target: Target) -> House:
    """Return a house whose first page shows the target.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataFileError, StoreError, LimitError
        There is no such target, it cannot be read, or it is too large for the page.
    """
    if target is None:
        return House()
    if isinstance(target, Trajectory):
        return _of_trajectory(target, Store())
    if not isinstance(target, str | os.PathLike):
        raise ArgumentTypeError(
            "Argument `target` must be a trajectory, a path or the name of a data set, "
            f"but it is of type {type(target).__name__}."
        )
    path = Path(target)
    if path.suffix.lower() == ".toml" and path.is_file():
        return _of_toml(path)
    if path.suffix.lower() in _FILES and path.is_file():
        return _of_file(path)
    if path.is_dir():
        return _of_folder(path)
    if str(target) in datasets.names():
        return House(settings=suggested(str(target)))
    names = ", ".join(datasets.names())
    raise ArgumentError(
        "Argument `target` must be the folder of a run, a run.toml, a .csv, .tsv or .npz file, or "
        f"a data set ({names}), but it is {str(target)!r}: there is no such file or name."
    )


def _of_file(path: Path) -> House:
    store = Store()
    upload = store.put(_uploads.read(path.name, path.read_bytes()))
    settings = suggested(UPLOAD, upload)
    return House(settings=settings, store=store, notice=upload.description)


def _of_folder(folder: Path) -> House:
    """A run's folder: its trajectory, and its settings if it has a run.toml."""
    traj = load(folder)
    if not isinstance(traj, Trajectory):
        raise ArgumentError(
            f"Argument `target` must be the folder of one run, but {folder} holds an ensemble. "
            "Save one of its members, or run it alone."
        )
    toml = folder / "run.toml"
    if not toml.is_file():
        toml = folder.parent / "run.toml" if folder.suffix == ".zarr" else toml
    if not toml.is_file():
        return _of_trajectory(traj, Store())
    _require_small(traj)
    try:
        found = _of_toml(toml)
    except DeeplinearError as error:
        found = _of_trajectory(traj, Store())
        found.notice = f"{toml.name} could not be used: {error} {_NEAREST}"
        return found
    found.recorded = traj
    return found


def _of_trajectory(traj: Trajectory, store: Store) -> House:
    """A trajectory alone: data with its moments, its start as it is."""
    _require_small(traj)
    x, y = moments_as_data(traj.problem)
    upload = store.put(_uploads.of_arrays("run", x, y, "The data of a saved run, as moments."))
    flow = {k: traj.options.get(k) for k in ("method", "rtol", "structure", "atol", "max_steps")}
    gap, t_end = traj.options.get("gap"), traj.options.get("t_end")
    flow |= {"stop": gap, "t_end": abs(t_end) if t_end is not None else None}
    tree = {
        "data": {"source": UPLOAD, "upload": upload.digest, "mean": False},
        "hidden": traj.widths[1:-1],
        "start": {"name": "saved", "saved": store.put_start(traj.initial)},
        "flow": {k: v for k, v in flow.items() if v is not None},
    }
    notice = _NEAREST if "step_size" in traj.options or traj.t_end < traj.t[0] else ""
    return House(settings=Settings.of(tree), recorded=traj, store=store, notice=notice)


def moments_as_data(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Samples with these moments, for ``mean=False``: the rows of Sxx^{1/2}, and one of the floor.

    X^T X = Sxx, Y^T X = Syx and tr Y^T Y = syy, up to round-off.
    """
    target = problem.target
    rest = max(problem.syy - float(np.sum(target**2)), 0.0)
    x = np.vstack([problem.sqrt_sxx, np.zeros((1, problem.d_in))])
    y = np.vstack([target.T, np.zeros((1, problem.d_out))])
    y[-1, 0] = np.sqrt(rest)
    return x, y


def _of_toml(file: Path) -> House:
    """A run file as `deeplinear run` takes it."""
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArgumentError(
            f"Argument `target` must be a run file, but {file} cannot be read: {error}."
        ) from None
    store = Store()
    data, network = _table(tree, "data", file), _table(tree, "network", file)
    start, flow = _table(tree, "init", file), _table(tree, "flow", file)
    widths = network.get("widths")
    if not isinstance(widths, list) or len(widths) < 2:
        raise ArgumentError(
            f"Argument `target` must be a run file with `network.widths`, but {file} has none."
        )
    flow.pop("save", None)
    try:
        settings = Settings.of(
            {
                "data": _data(data, widths, file, store),
                "hidden": widths[1:-1],
                "start": _start(start, file, store),
                "flow": {
                    k: float(v) if k in ("rtol", "t_end", "atol") else v for k, v in flow.items()
                },
            }
        )
    except SettingsError as error:
        raise ArgumentError(f"The page cannot show {file}: {error}") from None
    return House(settings=settings, store=store)


def _table(tree: dict[str, Any], name: str, file: Path) -> dict[str, Any]:
    found = tree.get(name, {})
    if not isinstance(found, dict):
        raise ArgumentError(
            f"Argument `target` must be a run file, but `{name}` in {file} is no table."
        )
    return dict(found)


def _data(data: dict[str, Any], widths: list[Any], file: Path, store: Store) -> dict[str, Any]:
    """The data section, with files read into the store."""
    given = data.pop("source", PLANTED)
    parts = given if isinstance(given, list) else str(given).split(",")
    options = data.pop("options", {})
    data.pop("sha256", None)
    targets = data.pop("targets", None)
    if len(parts) == 1 and parts[0] in datasets.names():
        data["source"] = parts[0]
        if parts[0] == PLANTED:
            s = data.get("s", [1.0])
            s = s if isinstance(s, list) else [s]
            data["s"] = [float(value) for value in s]
            ends = {"d_in": max(widths[0], len(s)), "d_out": max(widths[-1], len(s))}
            n_samples = options.pop("n_samples", None)
            merged = {**ends, **options}
            if n_samples not in (None, 10 * merged["d_in"]):
                data["n_samples"] = n_samples  # refused: the page has no such setting
            return data | {k: v for k, v in merged.items() if (k, v) not in _usual(len(s))}
        return data | {"options": options}
    paths = [file.parent / part for part in parts]
    found = datasets.read(paths[0] if len(paths) == 1 else (paths[0], paths[1]), targets=targets)
    upload = _uploads.of_arrays(paths[0].name, found.x, found.y, found.description)
    return data | {"source": UPLOAD, "upload": store.put(upload).digest}


def _usual(count: int) -> list[tuple[str, int]]:
    """Sizes that need not be given."""
    return [("d_in", count), ("d_out", count)]


def _start(start: dict[str, Any], file: Path, store: Store) -> dict[str, Any]:
    options = dict(start.get("options", {}))
    if start.get("name") == "saved":
        net = init.from_file(file.parent / str(options.get("path", "")))
        return {"name": "saved", "saved": store.put_start(net)}
    if isinstance(start.get("scale"), int):
        start["scale"] = float(start["scale"])
    return start


def _require_small(traj: Trajectory) -> None:
    limits.require(
        "The number of weights",
        traj.n_params,
        limits.PARAMETERS,
        "Use `deeplinear report`, which has no such limit.",
    )
