"""A run's output folder: assembled in a hidden draft beside it, renamed when it is complete."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deeplinear._core.errors import ArgumentError, StoreError
from deeplinear.cli._errors import RunError

REPORT, TRAJECTORY, SETTINGS, FIGURES = "report.html", "trajectory.zarr", "run.toml", "figures"
_LOCK = ".lock"


class Draft:
    """The folder of a run being made; a context manager that leaves nothing unless published.

    The draft is locked while it is in use, so that a second run into the same folder is refused,
    and the draft of a run that was killed is known as such and removed by the next one.

    Raises
    ------
    ArgumentError
        The target holds a run already and `force` is False, or is no folder of a run.
    RunError
        The draft cannot be made or renamed.
    """

    def __init__(self, target: Path, *, force: bool) -> None:
        require_free(target, force=force)
        self._force = force
        self.target = target.resolve()
        self.path = self.target.with_name(f".{self.target.name}.draft")
        self._made: list[Path] = []
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            with writing(self.target):
                self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _make(self) -> None:
        if self.path.exists():
            _require_abandoned(self.path, self.target)
            shutil.rmtree(self.path)
        self._made = [p for p in (self.path, *self.path.parents) if not p.exists()]
        self.path.mkdir(parents=True)
        self._lock = (self.path / _LOCK).open("wb")
        _try_lock(self._lock)

    def _remove(self) -> None:
        """Remove what was made and not published, with the parents made for it."""
        self._unlock()
        if self.path in self._made:
            shutil.rmtree(self.path, ignore_errors=True)
        for folder in self._made:
            with contextlib.suppress(OSError):  # one that holds something stays
                folder.rmdir()

    def publish(self) -> None:
        """Rename the draft to its target; with `force`, an old run there goes only now."""
        with writing(self.target):
            self._unlock()
            old = self.target.with_name(f".{self.target.name}.replaced")
            if self._force and self.target.exists():
                shutil.rmtree(old, ignore_errors=True)
                self.target.rename(old)
            try:
                self.path.rename(self.target)
            except OSError:
                if old.exists():
                    old.rename(self.target)
                raise
            (self.target / _LOCK).unlink()
            shutil.rmtree(old, ignore_errors=True)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def require_free(target: Path, *, force: bool) -> None:
    """Raise ArgumentError unless a run may be written to `target`."""
    if target.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise ArgumentError(
            f"Option `--output` must be a new folder, but {target} is the current folder or "
            "holds it."
        )
    for path in (target, *target.parents):
        if path.exists() and not path.is_dir():
            raise ArgumentError(f"Option `--output` must be a folder, but {path} is a file.")
    if not target.exists():
        return
    held = {entry.name for entry in target.iterdir()}
    foreign = sorted(held - {REPORT, TRAJECTORY, SETTINGS, FIGURES, _LOCK})
    if foreign:
        raise ArgumentError(
            f"Option `--output` must be a new folder or one that holds a run alone, but {target} "
            f"holds {foreign[0]!r}, which is no part of a run."
        )
    if held and not force:
        raise ArgumentError(
            f"Option `--output` must be a new folder, but {target} already holds a run. "
            "Choose another, or replace the run with --force."
        )


@contextlib.contextmanager
def writing(target: Path) -> Iterator[None]:
    """Turn a failure to write (a full disk, no permission) into one clear error."""
    try:
        yield
    except (OSError, StoreError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        reason = getattr(cause, "strerror", None) or str(error)
        raise RunError(
            f"The run cannot be written to {target}: {reason}. Nothing was left behind. "
            "Free some space there, or choose another place with --output."
        ) from error


def _require_abandoned(draft: Path, target: Path) -> None:
    """Raise unless the draft was left by a run that was killed."""
    held = [entry.name for entry in draft.iterdir()]
    if not held:
        return
    if _LOCK in held:
        with (draft / _LOCK).open("ab") as lock:
            if _try_lock(lock):
                return
    raise ArgumentError(
        f"Option `--output` must be a folder of its own, but another run is writing to {target} "
        f"now. If none is, remove {draft}."
    )


def _try_lock(file: IO[bytes]) -> bool:
    """Lock a file for as long as it is open; False if another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows cannot remove the folder of an open file anyway
        return os.name == "nt"
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
