"""One run: settings in, a complete folder out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import deeplinear as dl
from deeplinear.analysis import Diagnostics, Itinerary, diagnostics, itinerary
from deeplinear.cli import _documents, _folder, _problem
from deeplinear.cli._config import Config
from deeplinear.cli._errors import StoppedError
from deeplinear.cli._folder import Draft, writing
from deeplinear.cli._interrupt import deferred_interrupts
from deeplinear.cli._progress import Display
from deeplinear.cli._settings import to_toml
from deeplinear.solve import Progress, Trajectory


@dataclass(frozen=True)
class Finished:
    """A run that is written: what it is, what was found in it, where, and the seconds it took."""

    traj: Trajectory
    itinerary: Itinerary
    quality: Diagnostics
    folder: Path
    name: str
    elapsed: float


def execute(
    config: Config, target: Path, display: Display, *, force: bool, command: Sequence[str]
) -> Finished:
    """Run, and write the folder `target`; nothing is there until it is complete.

    Raises
    ------
    DeeplinearError
        The settings do not fit the data, or the folder is taken; nothing is written.
    RunError
        The folder cannot be written, or the user abandoned the run; nothing is left.
    """
    began = time.perf_counter()
    try:
        return _run_into(target, config, display, force, command, began)
    except KeyboardInterrupt:
        raise StoppedError(
            "Stopped before there was anything to keep; nothing was written."
        ) from None


def _run_into(
    target: Path,
    config: Config,
    display: Display,
    force: bool,
    command: Sequence[str],
    began: float,
) -> Finished:
    folder = Draft(target, force=force)
    display.say("reading the data")
    loaded = _problem.load(config.data, config.network.widths)
    start = _problem.start(config, loaded.problem)
    with folder as draft, deferred_interrupts() as interrupt:

        def watch(progress: Progress) -> None:
            if interrupt.requested:
                raise KeyboardInterrupt  # here the solver's state is whole
            display.show(progress)

        flow = config.flow.model_dump()
        traj = dl.gradient_flow(loaded.problem, start, **flow, progress=watch)
        display.say("finding the saddles that it visited")
        visits, quality = itinerary(traj), diagnostics(traj)
        display.say(f"writing {target}")
        data = loaded.dataset
        notes = [data.description, *data.notes]
        text = to_toml(config, sha256=loaded.sha256, command=command, notes=notes)
        with writing(target):
            traj.save(draft.path / _folder.TRAJECTORY)
            (draft.path / _folder.SETTINGS).write_text(text, encoding="utf-8")
            _documents.write(
                traj,
                draft.path,
                text,
                figures=config.output.figures,
                visits=visits,
                quality=quality,
            )
        draft.publish()
    elapsed = time.perf_counter() - began
    return Finished(traj, visits, quality, target, loaded.dataset.name, elapsed)
