"""Users: each has runs of his own, and none sees those of another."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._runs._pool import Pool
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings
from deeplinear.solve import Trajectory


@dataclass(eq=False)
class Session:
    """One open page. `slot` names a place for a run on it: "main", and those pinned beside it."""

    house: "House"
    runs: dict[str, Run] = field(default_factory=dict)
    closed: bool = False

    @property
    def store(self) -> Store:
        """Uploads and starts."""
        return self.house.store

    def run(
        self,
        settings: Settings,
        slot: str = "main",
        *,
        on_update: Callable[[Run], None] | None = None,
    ) -> Run:
        """Start a run in a slot; the run that was computing there is cancelled.

        Raises
        ------
        LimitError
            Too many runs wait, or those of this session take too much memory.
        """
        self.drop(slot)
        held = sum(run.nbytes for run in self.runs.values())
        limits.require(
            "The memory of your runs, in bytes,",
            held,
            limits.SESSION_BYTES,
            "Unpin a run.",
        )
        run = Run(
            settings,
            self.store,
            on_update=on_update,
            owner=self,
            pool=self.house.pool,
            recorded=self.house.recorded if settings == self.house.settings else None,
        )
        if self.closed:  # the page went away while it asked
            run.abandon()
            return run
        self.runs[slot] = run
        return run.start()

    def show(self, run: Run, slot: str = "main") -> None:
        """Put a run that exists into a slot: pin it, or show an opened one."""
        if self.runs.get(slot) is not run:
            self.drop(slot)
        self.runs[slot] = run

    def drop(self, slot: str) -> None:
        """Empty a slot, and end its run unless it is in another slot too."""
        run = self.runs.pop(slot, None)
        if run is not None and run not in self.runs.values():
            run.abandon()

    def close(self) -> None:
        """End every run: the page is closed."""
        self.closed = True
        for slot in list(self.runs):
            self.drop(slot)
        self.house.leave(self)


@dataclass(eq=False)
class House:
    """What all users of one server share: the threads, the store, and what it was started with.

    settings : the first page's; recorded : the trajectory of these settings, if a run was opened;
    notice : what the first page says.
    """

    settings: Settings = field(default_factory=Settings)
    recorded: Trajectory | None = None
    notice: str = ""
    store: Store = field(default_factory=Store)
    pool: Pool = field(default_factory=Pool)
    sessions: set[Session] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> Session:
        """Open a session.

        Raises
        ------
        LimitError
            There are too many.
        """
        with self._lock:
            limits.require(
                "The number of open pages",
                len(self.sessions) + 1,
                limits.SESSIONS,
                "Close one; a closed page frees its place within a few seconds.",
            )
            session = Session(self)
            self.sessions.add(session)
            return session

    def leave(self, session: Session) -> None:
        """Forget a session."""
        with self._lock:
            self.sessions.discard(session)

    def close(self) -> None:
        """End all runs."""
        for session in list(self.sessions):
            session.close()
