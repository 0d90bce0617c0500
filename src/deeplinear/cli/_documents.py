"""The report and the figures of a run: written into its draft, or again into its folder."""

import tomllib
from pathlib import Path

from deeplinear._core.errors import ArgumentError
from deeplinear.analysis import Diagnostics, Itinerary
from deeplinear.cli import _folder
from deeplinear.cli._folder import writing
from deeplinear.solve import Trajectory, load


def write(
    traj: Trajectory,
    folder: Path,
    run_toml: str,
    *,
    figures: bool,
    visits: Itinerary | None = None,
    quality: Diagnostics | None = None,
) -> None:
    """Write the report, and the figures if they are wanted, into a folder."""
    from deeplinear.report import save_figures, write_report

    settings = tomllib.loads(run_toml) if run_toml else {}
    made_by = settings.get("made_by", {})
    source = settings.get("data", {}).get("source", "a saved run")
    name = Path(source if isinstance(source, str) else source[0]).stem
    write_report(
        traj,
        folder / _folder.REPORT,
        title=f"{name}, {'-'.join(map(str, traj.widths))}",
        command=made_by.get("command"),
        run_toml=run_toml or None,
        notes=made_by.get("notes", []),
        itinerary=visits,
        checks=quality,
    )
    if figures:
        save_figures(traj, folder / _folder.FIGURES, itinerary=visits)


def rewrite(folder: Path, *, figures: bool) -> Path:
    """Write the report of a run's folder again; return its path.

    Raises
    ------
    ArgumentError
        The folder holds no run.
    StoreError
        Its trajectory cannot be read.
    RunError
        The report cannot be written; the old one is kept.
    """
    traj = load_run(folder)
    settings = folder / _folder.SETTINGS
    run_toml = settings.read_text(encoding="utf-8") if settings.is_file() else ""
    with writing(folder):
        write(traj, folder, run_toml, figures=figures)
    return folder / _folder.REPORT


def load_run(folder: Path, argument: str = "FOLDER") -> Trajectory:
    """Load the trajectory of a run's folder.

    Raises
    ------
    ArgumentError
        The folder holds no run.
    StoreError
        Its trajectory cannot be read.
    """
    if not (folder / _folder.TRAJECTORY).is_dir():
        raise ArgumentError(
            f"Argument `{argument}` must be the folder of a run, with a trajectory.zarr in it, but "
            f"{folder} {'holds none' if folder.is_dir() else 'is no folder'}."
        )
    traj = load(folder)
    assert isinstance(traj, Trajectory)
    return traj
