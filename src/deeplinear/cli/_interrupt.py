"""Ctrl-C as a request: the run ends at its next step, and what it has computed is written."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupt:
    """Whether the user has pressed Ctrl-C. The second time interrupts at once."""

    requested = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal."""
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        print(
            "\nStopping: what has been computed is kept. Press Ctrl-C again to abandon it.",
            file=sys.stderr,
        )


@contextlib.contextmanager
def deferred_interrupts() -> Iterator[Interrupt]:
    """Turn Ctrl-C into a request, in the main thread; elsewhere signals do not arrive."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
