"""Progress on standard error: one live line in a terminal, a plain line now and then elsewhere."""

import contextlib
import math
import sys
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from deeplinear._core.progress import EVERY, QUIET_FOR, bar, clock
from deeplinear.solve import Progress

if TYPE_CHECKING:
    from rich.console import Console


class Display(Protocol):
    """What a run tells about itself while it works; a context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def say(self, text: str) -> None:
        """Tell what is being done now."""

    def show(self, progress: Progress) -> None:
        """Show where the run is."""


def display(progress: bool | None, *, t_end: float | None) -> Display:
    """The display for a choice of --progress / --no-progress; by default a terminal gets it."""
    from rich.console import Console

    if progress is False:
        return _Silent()
    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return _Live(console, t_end)
    return _Plain(t_end)


@contextlib.contextmanager
def working(text: str) -> Iterator[None]:
    """Tell, where it takes long, what is being done: live in a terminal, once elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        with console.status(text):
            yield
        return
    timer = threading.Timer(QUIET_FOR, lambda: print(text, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def fraction(progress: Progress, t_end: float | None) -> float:
    """How far the run is, from 0 to 1: the mean of modes learned and of the log gap closed.

    The modes tell plateaus apart, the gap the decay after the last one. Of the time, if that is
    further.
    """
    done = 0.0
    if progress.gap_target > 0 and progress.gap > 0 and progress.gap_start > progress.gap_target:
        whole = math.log(progress.gap_start / progress.gap_target)
        closed = math.log(progress.gap_start / progress.gap) / whole
        done = (progress.learned / max(progress.n_modes, 1) + closed) / 2
    if t_end:
        done = max(done, progress.t / t_end)
    return min(max(done, 0.0), 1.0)


def line(progress: Progress, t_end: float | None) -> str:
    """Gap, modes, time and steps in at most 66 characters."""
    goal = f" to {progress.gap_target:.0e}" if progress.gap_target > 0 else ""
    end = f" of {t_end:.3g}" if t_end else ""
    modes = f"modes {progress.learned}/{progress.n_modes}"
    return (
        f"gap {progress.gap:.1e}{goal}  {modes}  t {progress.t:.3g}{end}  "
        f"{progress.n_steps} steps  {clock(int(progress.elapsed))}"
    )


class _Silent:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def show(self, progress: Progress) -> None:
        pass


class _Plain(_Silent):
    def __init__(self, t_end: float | None) -> None:
        self._t_end = t_end
        self._began = time.monotonic()
        self._next = self._began + QUIET_FOR

    def say(self, text: str) -> None:
        if time.monotonic() > self._began + QUIET_FOR:
            print(text, file=sys.stderr, flush=True)

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY
            print(line(progress, self._t_end), file=sys.stderr, flush=True)


class _Live(_Silent):
    def __init__(self, console: "Console", t_end: float | None) -> None:
        from rich.live import Live

        self._console, self._t_end = console, t_end
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(*error)  # type: ignore[arg-type]

    def say(self, text: str) -> None:
        self._update(text)

    def show(self, progress: Progress) -> None:
        text = line(progress, self._t_end)
        width = min(self._console.width - len(text) - 4, 30)
        if width >= 5:
            full = round(width * fraction(progress, self._t_end))
            text = f"{bar(full, width, self._console.encoding)}  {text}"
        self._update(text)

    def _update(self, text: str) -> None:
        from rich.text import Text

        shown = Text(text, no_wrap=True)
        shown.truncate(self._console.width - 2, overflow="ellipsis")  # leave room for ^C
        self._live.update(shown, refresh=True)
