"""Trajectories as zarr folders that open with xarray; written whole or not at all."""

import json
import os
import shutil
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.errors import StoreError
from deeplinear.problem import Problem
from deeplinear.solve._status import Segment, Stats, Status
from deeplinear.solve._store_reduction import (
    reduction_facts,
    reduction_from,
    reduction_to_arrays,
)
from deeplinear.solve._trajectory import Trajectory

if TYPE_CHECKING:
    import xarray

    from deeplinear.solve._ensembles._ensemble import Ensemble

FORMAT = "deeplinear trajectory 1"


def to_dataset(traj: Trajectory) -> "xarray.Dataset":
    """Everything that a trajectory holds, with named dimensions and the rest as attributes."""
    import xarray

    problem = traj.problem
    variables = {
        "weights": (("time", "parameter"), traj.reduced_vectors),
        "loss": (("time",), traj.loss),
        "gap": (("time",), traj.gap),
        "singular_values": (("time", "rank"), traj.singular_values),
        "mode_strengths": (("time", "mode"), traj.mode_strengths),
        "drift": (("time",), traj.drift),
        "modes": (("mode",), problem.modes.s),
        "sxx": (("input", "input_2"), problem.sxx),
        "syx": (("output", "input"), problem.syx),
    }
    if traj.reduction is not None:
        variables |= reduction_to_arrays(traj.reduction)
    attributes = {
        "format": FORMAT,
        "widths": list(traj.widths),
        "syy": problem.syy,
        "problem_notes": json.dumps(problem.notes),
        "status": str(traj.status),
        "status_reason": traj.status.reason,
        "status_remedy": traj.status.remedy,
        "stats": json.dumps(asdict(traj.stats)),
        "segments": json.dumps([asdict(segment) for segment in traj.segments]),
        "options": json.dumps(traj.options),
        "largest_rise": traj.largest_rise,
    }
    if traj.reduction is not None:
        attributes["reduction"] = json.dumps(reduction_facts(traj.reduction))
    return xarray.Dataset(
        {name: (dims, np.asarray(values)) for name, (dims, values) in variables.items()},
        coords={"time": traj.t},
        attrs=attributes,
    )


def save(traj: Trajectory, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write beside the target, then rename: a reader never sees half a trajectory."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise StoreError(
            f"The folder {target} must not exist, but it does. Choose another, or overwrite=True."
        )
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.draft")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        to_dataset(traj).to_zarr(draft, mode="w-", consolidated=False, zarr_format=3)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif target.exists():
            target.unlink()
        os.replace(draft, target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StoreError(
            f"The trajectory cannot be written to {target}: {error.strerror or error}. Nothing "
            "was left behind; free some space or choose another place."
        ) from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def load(path: str | os.PathLike[str]) -> "Trajectory | Ensemble":
    """Open a trajectory that `Trajectory.save` wrote, or an ensemble's store.

    Parameters
    ----------
    path
        The zarr folder, or a run's output folder that holds ``trajectory.zarr``; or the store of an
        ensemble.

    Returns
    -------
    Trajectory or Ensemble
        As it was saved. Between saved times a trajectory integrates again from the nearest earlier
        one; an ensemble reads its members when they are asked for.

    Raises
    ------
    StoreError
        Nothing is there, it is truncated, or something else wrote it.

    Examples
    --------
    >>> import tempfile
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((1, 1, 1), scale=0.1, seed=1), t_end=1.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     traj.save(folder + "/trajectory.zarr")
    ...     dl.load(folder + "/trajectory.zarr").final == traj.final
    True
    """
    import xarray

    folder = Path(path)
    if (folder / "trajectory.zarr").is_dir():
        folder = folder / "trajectory.zarr"
    from deeplinear.solve._ensembles._reading import is_ensemble, open_source

    if is_ensemble(folder):
        from deeplinear.solve._ensembles._ensemble import Ensemble

        return Ensemble(open_source(folder))
    if not folder.exists():
        raise StoreError(f"There must be a saved trajectory at {folder}, but nothing is there.")
    try:
        with xarray.open_zarr(folder, consolidated=False, chunks=None) as opened:
            data = opened.load()
    except Exception as error:
        raise StoreError(
            f"The folder {folder} must hold a saved trajectory, but it cannot be read "
            f"({type(error).__name__}: {error}). It is truncated, or something else wrote it."
        ) from error
    if data.attrs.get("format") != FORMAT:
        raise StoreError(
            f"The folder {folder} must hold a saved trajectory in the format {FORMAT!r}, but its "
            f"format is {data.attrs.get('format')!r}. Something else wrote it."
        )
    try:
        return _from_dataset(data)
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"The trajectory in {folder} must be complete, but it is not "
            f"({type(error).__name__}: {error}). Run it again from its run.toml."
        ) from error


def _from_dataset(data: "xarray.Dataset") -> Trajectory:
    attributes: dict[str, Any] = data.attrs
    # A missing chunk reads as its fill value: NaN here, which no finished run holds.
    for name in ("time", "weights", "loss", "sxx", "syx"):
        if np.isnan(data[name].values).any():
            raise ValueError(f"array {name!r} has missing chunks")
    problem = Problem(
        data["sxx"].values,
        data["syx"].values,
        float(attributes["syy"]),
        notes=tuple(json.loads(attributes["problem_notes"])),
    )
    widths = tuple(int(d) for d in attributes["widths"])
    reduction = None
    if "reduction" in attributes:
        reduction = reduction_from(data, json.loads(attributes["reduction"]), widths)
    traj = Trajectory(
        problem,
        widths,
        data["time"].values,
        data["weights"].values,
        status=Status(
            attributes["status"], attributes["status_reason"], attributes["status_remedy"]
        ),
        stats=Stats(**json.loads(attributes["stats"])),
        segments=tuple(Segment(**segment) for segment in json.loads(attributes["segments"])),
        options=json.loads(attributes["options"]),
        largest_rise=float(attributes["largest_rise"]),
        reduction=reduction,
    )
    stored = data["loss"].values
    if stored.shape != traj.t.shape or not np.allclose(stored, traj.loss, rtol=1e-9):
        raise ValueError("the stored losses are not those of the stored weights")
    return traj
