"""What `explore` was asked to show, as the settings of the first page and what they refer to."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from deeplinear import Problem, datasets, load
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DeeplinearError
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs import _run_file as run_file
from deeplinear.explorer._inputs import _uploads
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._inputs._suggestions import suggested
from deeplinear.explorer._runs._sessions import House
from deeplinear.explorer._settings._model import UPLOAD, Settings
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
    return House(settings=settings, store=store)


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
    except DeeplinearError as error:  # its data may be gone: the trajectory holds what it needs
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
    options = traj.options
    if "step_size" in options:  # gradient descent: the flow up to the same time
        flow: dict[str, Any] = {"t_end": traj.t_end}
    else:
        names = ("method", "rtol", "structure", "atol", "max_steps", "t_end")
        flow = {name: options.get(name) for name in names} | {"stop": options.get("gap")}
        flow["t_end"] = None if flow["t_end"] is None else abs(flow["t_end"])
    tree = {
        "data": {"source": UPLOAD, "upload": upload.digest, "mean": False},
        "hidden": traj.widths[1:-1],
        "start": {"name": "saved", "saved": store.put_start(traj.initial)},
        "flow": {k: v for k, v in flow.items() if v is not None},
    }
    notice = _NEAREST if "step_size" in options or traj.t_end < traj.t[0] else ""
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
    store = Store()
    return House(settings=run_file.settings(file, store), store=store)


def _require_small(traj: Trajectory) -> None:
    limits.require(
        "The number of weights",
        traj.n_params,
        limits.PARAMETERS,
        "Use `deeplinear report`, which has no such limit.",
    )
