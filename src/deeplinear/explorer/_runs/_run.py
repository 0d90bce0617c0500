"""One run of the page: computed in a thread, streamed while it computes, cancelled at any time."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

import deeplinear as dl
from deeplinear import LinearNetwork, Problem
from deeplinear._core.checks import Array
from deeplinear._core.errors import DeeplinearError
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._runs import _nudge, _setup
from deeplinear.explorer._runs._pool import Pool
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import Settings

if TYPE_CHECKING:
    from deeplinear.analysis import Diagnostics, Itinerary
    from deeplinear.solve import Progress, Trajectory

State = Literal["new", "waiting", "computing", "done", "cancelled", "failed"]

_log = logging.getLogger("deeplinear.explorer")

EVERYBODY = Pool()
"""The pool of a server."""


@dataclass(frozen=True)
class Point:
    """Where a run is while it computes; strengths ``(m,)`` are those of all modes."""

    t: float
    loss: float
    gap: float
    strengths: Array


class _Stopped(BaseException):
    """The run is to end now, with what there is."""


class Run:
    """A run of some settings.

    Attributes
    ----------
    settings : what is run.
    state : "new", "waiting" (for a thread), "computing", "done", "cancelled" or "failed".
    message : in words, why it failed, or what its limits left out; else empty.
    mistakes : of a failed run, the settings that are wrong, field -> sentence.
    points : streamed while it computes, at most about ten a second.
    problem, start_network : as soon as they are known.
    traj : when the flow has ended, also of a cancelled run.
    itinerary : soon after; None if it was cut short.
    without_nudge : of the run whose visit a nudge starts from; else None.
    elapsed : seconds of computing.

    `recorded` is a trajectory of these settings that need not be computed again. `on_update` is
    called with the run, from its thread, whenever one of these has changed.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store | None = None,
        *,
        on_update: Callable[["Run"], None] | None = None,
        owner: Hashable = None,
        pool: Pool = EVERYBODY,
        seconds: float = limits.SECONDS,
        recorded: "Trajectory | None" = None,
    ) -> None:
        self.settings = settings
        self.store = Store() if store is None else store
        self.state: State = "new"
        self.message = ""
        self.mistakes: dict[str, str] = {}
        self.points: list[Point] = []
        self.problem: Problem | None = None
        self.start_network: LinearNetwork | None = None
        self.traj: Trajectory | None = None
        self.itinerary: Itinerary | None = None
        self.without_nudge: Itinerary | None = None
        self.elapsed = 0.0
        self._on_update, self._owner, self._pool = on_update, owner, pool
        self._seconds, self._began = seconds, 0.0
        self._cancelled, self._ended = threading.Event(), threading.Event()
        self._abandoned = threading.Event()
        self._out_of_time = False
        self._recorded = recorded

    def start(self) -> "Run":
        """Begin when a thread is free.

        Raises
        ------
        LimitError
            Too many runs are waiting.
        """
        self._change("waiting")
        try:
            self._pool.submit(self._owner, self.compute)
        except limits.LimitError:
            self._change("cancelled")
            raise
        return self

    def cancel(self) -> None:
        """End the run within a fraction of a second; what has been computed is kept."""
        self._cancelled.set()
        if self._pool.withdraw(self.compute):
            self._change("cancelled")
            self._ended.set()

    def abandon(self) -> None:
        """Cancel, and tell nobody any more: another run has taken its place."""
        self._on_update = None
        self._abandoned.set()
        self.cancel()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run has ended; False if it has not after so many seconds."""
        return self._ended.wait(timeout)

    @property
    def running(self) -> bool:
        """Whether more is to come."""
        return self.state in ("waiting", "computing")

    @property
    def nbytes(self) -> int:
        """What it takes of the memory: the weights and maps at the saved times."""
        if self.traj is None:
            return 0
        widths = self.traj.widths
        return 8 * len(self.traj) * (self.traj.n_params + widths[0] * widths[-1])

    @cached_property
    def quality(self) -> "Diagnostics":
        """`analysis.diagnostics` of the finished run; computed when it is asked for."""
        from deeplinear.analysis import diagnostics

        assert self.traj is not None
        return diagnostics(self.traj)

    def compute(self) -> None:
        """Compute it in this thread; `start` does so in one of the pool."""
        self._began = time.perf_counter()
        try:
            self._change("computing")
            self._flow()
            self._change("cancelled" if self._cancelled.is_set() else "done")
        except _Stopped:
            self._change("cancelled" if self._cancelled.is_set() else "failed")
        except SettingsError as error:
            self.mistakes = error.mistakes
            self._fail(str(error))
        except DeeplinearError as error:
            self._fail(str(error))
        except MemoryError:
            self._fail("There is not enough memory for this run. Use a smaller network.")
        except Exception as error:
            _log.exception("A run failed")
            self._fail(f"An unexpected error, {type(error).__name__}: {error}.")
        finally:
            self._ended.set()

    def _flow(self) -> None:
        if self._recorded is not None:
            self.traj = self._recorded
            self.problem, self.start_network = self.traj.problem, self.traj.initial
        else:
            self.traj = self._integrated()
        self._update()
        if not self._cancelled.is_set():
            self.itinerary = self._read(self.traj)

    def _integrated(self) -> "Trajectory":
        self.problem = _setup.problem(self.settings.data, self.store)
        start = _setup.start(self.settings, self.problem, self.store)
        nudge = self.settings.nudge
        if nudge is not None:
            visits = None
            if nudge.visit is not None:
                base = self._integrate(self.problem, start)
                self.points = []
                visits = self._read(base)
                if visits is None:
                    raise _Stopped
                self.without_nudge = visits
            start = _nudge.start(self.problem, start.widths, nudge, visits)
        self.start_network = start
        return self._integrate(self.problem, start)

    def _integrate(self, problem: Problem, start: LinearNetwork) -> "Trajectory":
        with np.errstate(all="ignore"):
            return dl.gradient_flow(
                problem, start, **self.settings.flow.options(), progress=self._watch
            )

    def _watch(self, progress: "Progress") -> None:
        self.points.append(Point(progress.t, progress.loss, progress.gap, progress.mode_strengths))
        self._update()
        if time.perf_counter() - self._began > self._seconds:
            self._out_of_time = True
            self.message = limits.out_of_time(self._seconds)
        if self._cancelled.is_set() or self._out_of_time:
            raise KeyboardInterrupt  # here the solver's state is whole; it keeps what is done

    def _read(self, traj: "Trajectory") -> "Itinerary | None":
        """The saddles; None if the run is cancelled, or they take too long."""
        from deeplinear.analysis import itinerary

        until = time.perf_counter() + limits.SECONDS_OF_SADDLES

        def watch(done: int, count: int) -> None:
            if self._cancelled.is_set():
                raise _Stopped
            if time.perf_counter() > until:
                self.message = limits.no_saddles(limits.SECONDS_OF_SADDLES)
                raise _Stopped

        try:
            return itinerary(traj, progress=watch)
        except _Stopped:
            return None

    def _fail(self, message: str) -> None:
        self.message = message
        self._change("failed")

    def _change(self, state: State) -> None:
        self.state = state
        if self._began:
            self.elapsed = time.perf_counter() - self._began
        self._update()

    def _update(self) -> None:
        listener = self._on_update
        if listener is None:
            return
        try:
            listener(self)
        except Exception:  # a page that has gone must not end the run of another
            _log.exception("An update could not be shown")
