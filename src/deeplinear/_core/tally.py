"""Things done, told on standard error: a live line at a terminal, plain lines elsewhere."""

import collections
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

from deeplinear._core.errors import ArgumentTypeError
from deeplinear._core.progress import EVERY, QUIET_FOR, bar, clock

Tell = Callable[[int, int | None], None]
"""To be called with things done, and things in all (None: not known)."""

_WIDEST = 79  # columns
_LOOK_BACK = 15.0  # seconds over which the speed is measured: members found in a store fly by


def display(
    progress: bool | Tell | None, things: str = "members"
) -> contextlib.AbstractContextManager[Tell]:
    """What to call about ten times a second, for an argument `progress`."""
    if callable(progress):
        return contextlib.nullcontext(_at_changes(progress))
    if progress is not None and not isinstance(progress, bool):
        raise ArgumentTypeError(
            f"Argument `progress` must be None, True, False or callable, but it is {progress!r}."
        )
    if progress is False or sys.stderr is None:
        return contextlib.nullcontext(lambda done, total: None)
    if sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
        return _bar(0.0 if progress else QUIET_FOR, things)
    return contextlib.nullcontext(_plain_lines(things) if progress else lambda done, total: None)


def line(done: int, total: int | None, speed: float, things: str = "members") -> str:
    """Things done, percent, things a second, time left."""
    pace = f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.2g}/s"
    if total is None:
        return f"{done:,} {things}  {pace}"
    left = f"  {clock(round((total - done) / speed))} left" if speed > 0 else ""
    return f"{done:,} of {total:,} {things}  {100 * done // total}%  {pace}{left}"


def _at_changes(progress: Tell) -> Tell:
    last = -1

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        if done != last:
            last = done
            progress(done, total)

    return tell


def _now_and_then(
    show: Callable[[str, float], None], quiet_for: float, every: float, things: str
) -> Tell:
    """Show the line and the share that is done, at most once in `every` seconds."""
    began = time.monotonic()
    due = began + quiet_for
    seen = collections.deque([(began, 0)])

    def tell(done: int, total: int | None) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return
        due = now + every
        seen.append((now, done))
        while len(seen) > 2 and seen[1][0] < now - _LOOK_BACK:
            seen.popleft()
        speed = (done - seen[0][1]) / max(now - seen[0][0], 1e-3)
        show(line(done, total, speed, things), done / total if total else 0.0)

    return tell


def _plain_lines(things: str) -> Tell:
    def show(text: str, share: float) -> None:
        print(text[:_WIDEST], file=sys.stderr, flush=True)

    return _now_and_then(show, QUIET_FOR, EVERY, things)


@contextlib.contextmanager
def _bar(quiet_for: float, things: str) -> Iterator[Tell]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, force_terminal=True)
    printed_here = sys.stdout is not None and sys.stdout.isatty()  # else it stays in its file
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=printed_here)

    def show(text: str, share: float) -> None:
        widest = min(console.width - len("^C"), _WIDEST)
        width = min(widest - len(text) - 2, 30)
        if share > 0 and width >= 5:
            text = f"{bar(int(width * share), width, console.encoding)}  {text}"
        shown = Text(text, no_wrap=True)
        shown.truncate(widest, overflow="ellipsis")
        live.start()
        live.update(shown, refresh=True)

    try:
        yield _now_and_then(show, quiet_for, 0.1, things)
    finally:
        live.stop()
