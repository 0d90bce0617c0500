"""Reports and figures as files: written whole, or not at all."""

import contextlib
import io
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path

from deeplinear import analysis
from deeplinear._core.errors import ArgumentTypeError, StoreError
from deeplinear.report._figures import Picture, pictures, plateau_pictures, plateaus
from deeplinear.report._page import page
from deeplinear.solve import Trajectory


def write_report(
    traj: Trajectory,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    command: str | None = None,
    run_toml: str | None = None,
    notes: Sequence[str] = (),
    itinerary: analysis.Itinerary | None = None,
    checks: analysis.Diagnostics | None = None,
) -> Path:
    """Write one run as a page that opens offline in any browser, without scripts.

    What happened in words and pictures; the itinerary as a table and in sentences; predicted and
    observed learning times; spectrum and network at every plateau, the 12 most prominent at most;
    the end with the test that decided it; diagnostics, the solver's choices and cost, the data, and
    how to reproduce the run. The same trajectory gives the same bytes.

    Parameters
    ----------
    traj
        A run, whatever its status.
    path
        The HTML file; written beside it first and renamed when complete, replacing an older one.

    Other Parameters
    ----------------
    title
        None: the method and the widths.
    command, run_toml
        The command line and the text of the run file that made this run, if any.
    notes
        Further remarks about the data or the run, one sentence each.
    itinerary, checks
        `analysis.itinerary` and `analysis.diagnostics` of this run, if they have been computed
        already: for large networks they take seconds.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StoreError
        The file cannot be written (a full disk, a folder of that name); nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> import deeplinear as dl
    >>> from deeplinear.report import write_report
    >>> problem = dl.Problem.from_modes([2.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1]], [[0.2]]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     text = write_report(traj, folder + "/report.html").read_text(encoding="utf-8")
    >>> "learned the only mode" in text
    True
    """
    _require_run(traj)
    if isinstance(notes, str):
        raise ArgumentTypeError(
            "Argument `notes` must be a sequence of sentences, but it is one string. "
            "Put it in a list."
        )
    if not isinstance(checks, analysis.Diagnostics | None):
        raise ArgumentTypeError(
            f"Argument `checks` must be Diagnostics or None, but it is of type "
            f"{type(checks).__name__}."
        )
    text = page(
        traj,
        title=title,
        command=command,
        run_toml=run_toml,
        notes=notes,
        itinerary=_itinerary(traj, itinerary),
        checks=analysis.diagnostics(traj) if checks is None else checks,
    )
    target = Path(path)
    draft = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.draft"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except OSError as error:
        raise _not_written("report", target, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return target


def save_figures(
    traj: Trajectory,
    folder: str | os.PathLike[str],
    itinerary: analysis.Itinerary | None = None,
) -> list[Path]:
    """Write each figure of the report as PDF and as PNG (300 dpi) into a folder.

    Parameters
    ----------
    traj
        A run, whatever its status.
    folder
        Made if missing. Files of the same names are replaced, others are left alone.
    itinerary
        `analysis.itinerary` of this run, if it has been computed already.

    Returns
    -------
    list of Path
        ``loss.pdf``, ``loss.png``, ``gradient_norm.pdf`` and so on; ``plateau_1_spectrum.pdf`` and
        ``plateau_1_adjacency.pdf`` for the first plateau.

    Raises
    ------
    StoreError
        A file cannot be written (a full disk); no half-written file is left behind.

    Examples
    --------
    >>> import tempfile
    >>> import deeplinear as dl
    >>> from deeplinear.report import save_figures
    >>> problem = dl.Problem.from_modes([2.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1]], [[0.2]]]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save_figures(traj, folder)][:3]
    ['loss.pdf', 'loss.png', 'gradient_norm.pdf']
    """
    _require_run(traj)
    visits = _itinerary(traj, itinerary)
    drawn = pictures(traj, visits)
    for j, visit in enumerate(plateaus(visits), 1):
        drawn += plateau_pictures(traj.problem, visit, f"plateau_{j}")
    target = Path(folder)
    existed = target.exists()
    draft = target / f".{uuid.uuid4().hex[:8]}.draft"
    try:
        target.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        names = [name for picture in drawn for name in _save(picture, draft)]
        for name in names:
            os.replace(draft / name, target / name)
    except OSError as error:
        raise _not_written("figures", target, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if not existed:
            with contextlib.suppress(OSError):  # it is not empty unless something went wrong
                target.rmdir()
    return [target / name for name in names]


def _save(picture: Picture, folder: Path) -> list[str]:
    """Write one figure without a date or a program's name in it; return the file names."""
    metadata = {
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
    figure = picture.figure()
    for kind, entries in metadata.items():
        # By way of memory: on a full disk matplotlib's own writers raise more than OSError.
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=300, metadata=entries)
        (folder / f"{picture.name}.{kind}").write_bytes(buffer.getvalue())
    return [f"{picture.name}.{kind}" for kind in metadata]


def _itinerary(traj: Trajectory, given: analysis.Itinerary | None) -> analysis.Itinerary:
    if given is None:
        return analysis.itinerary(traj)
    if not isinstance(given, analysis.Itinerary):
        raise ArgumentTypeError(
            f"Argument `itinerary` must be an Itinerary or None, but it is of type "
            f"{type(given).__name__}."
        )
    return given


def _require_run(traj: object) -> None:
    if not isinstance(traj, Trajectory):
        raise ArgumentTypeError(
            f"Argument `traj` must be a Trajectory, but it is of type {type(traj).__name__}."
        )


def _not_written(what: str, target: Path, error: OSError) -> StoreError:
    return StoreError(
        f"The {what} cannot be written to {target}: {error.strerror or error}. Nothing was left "
        "behind; free some space or choose another place."
    )
