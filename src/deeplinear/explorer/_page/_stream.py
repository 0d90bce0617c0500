"""What is sent of a run, and when: points, curves, the reading, frames."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

from deeplinear.explorer._page import _view
from deeplinear.explorer._page._panels import _frames
from deeplinear.explorer._runs._run import Run
from deeplinear.plot.data import time_axis

Send = Callable[..., None]

_numbers = itertools.count(1)


class Stream:
    """Turns the updates of a run into messages, in the thread that computes.

    Parameters
    ----------
    send
        Called with ``kind`` and the details of a message; from any thread.
    slot
        The place of the run on the page.
    title
        What is run, in words.
    """

    def __init__(self, send: Send, slot: str, title: str) -> None:
        self._send, self._slot, self._title = send, slot, title
        self._number = next(_numbers)
        self._view: dict[str, Any] | None = None
        self._read = False
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Send nothing any more."""
        self._stopped.set()

    def update(self, run: Run) -> None:
        """Send what is new."""
        if self._stopped.is_set():
            return
        if run.traj is not None and self._view is None:
            self._view = _view.curves(run.traj)
            self._show(self._view)
            self._frame(weights=_frames.weights(run.traj, time_axis(run.traj)))
        elif run.traj is None and run.problem is not None and len(run.points) > 1:
            self._show(_view.partial(run.problem, run.points))
        if self._view is not None and not self._read and (run.itinerary or not run.running):
            self._read = True
            self._view |= _view.reading(run)
            self._show(self._view)
        self._send("status", slot=self._slot, **_view.status(run))

    def spectra(self, run: Run) -> None:
        """Send the Hessian's eigenvalues along a finished run, as they are computed."""
        if run.traj is None or self._stopped.is_set():
            return
        for part in _frames.spectra(run.traj, time_axis(run.traj), self._stopped.is_set):
            self._frame(spectra=part)

    def _show(self, view: dict[str, Any]) -> None:
        self._send(
            "view", slot=self._slot, view={"run": self._number, "title": self._title, **view}
        )

    def _frame(self, **part: Any) -> None:
        if not self._stopped.is_set():
            self._send("frames", slot=self._slot, run=self._number, **part)
