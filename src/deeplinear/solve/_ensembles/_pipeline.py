"""Threads over parts of units of members; finished units go to a sink in their order."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np

from deeplinear.solve._ensembles._members import Block, empty_columns, put_not_started
from deeplinear.solve._ensembles._starts import Part, Starts

if TYPE_CHECKING:
    from deeplinear.solve._ensembles._runs import MemberRuns

_LOOK_EVERY = 0.1  # seconds between looks at the clock, for progress and Ctrl-C
_SMALLEST, _LARGEST = 8, 512  # members of one task

Piece = tuple[np.ndarray, Block]
"""Places within a unit, and the members there."""


class Sink(Protocol):
    """Where finished units go."""

    unit: int
    """Members of a unit."""

    partial: bool
    """Whether it takes units with members that were interrupted."""

    def has(self, index: int, parts: list[Part]) -> bool:
        """Whether unit `index` is there already, from an earlier run."""

    def put(self, index: int, pieces: list[Piece]) -> None:
        """Take a finished unit."""


class _CtrlC:
    """Keeps Ctrl-C until `take`, so that no unit is cut in two; a second one comes through."""

    def __init__(self) -> None:
        self.pressed = 0
        self._through = False
        self._ours = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        # A handler of somebody's own is left alone; its error may come anywhere.
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._press)
            self._ours = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.pressed += 1
        if self._through or self.pressed > 1:
            raise KeyboardInterrupt

    def take(self) -> None:
        """Raise if it was pressed."""
        if self.pressed:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def through(self) -> Iterator[None]:
        """Let it raise at once: code of the caller runs, which may take long."""
        self.take()
        self._through = True
        try:
            yield
        finally:
            self._through = False


@dataclass
class _Unit:
    index: int
    count: int  # pieces
    pieces: dict[int, Piece] = field(default_factory=dict)  # by their first place


class Pipeline:
    """One ensemble in progress."""

    def __init__(
        self,
        runs: "MemberRuns",
        starts: Starts,
        sink: Sink,
        n_threads: int | None,
        tell: Callable[[int, int | None], None],
    ) -> None:
        self._runs, self._starts, self._sink = runs, starts, sink
        self._threads = n_threads or os.cpu_count() or 1
        self._tell = tell
        self._wishes: dict[Future[Block], np.ndarray] = {}
        self._done = 0  # members of tasks that have been taken
        self._ctrl_c = _CtrlC()
        self.interrupted = False

    def run(self) -> None:
        """Integrate everything; on Ctrl-C let the members end as they are."""
        owners: dict[Future[Block], tuple[_Unit, np.ndarray]] = {}
        tasks = self._tasks()
        with self._ctrl_c, ThreadPoolExecutor(self._threads) as pool:
            try:
                exhausted = False
                while True:
                    while not exhausted and len(owners) < 2 * self._threads:
                        self._ctrl_c.take()
                        task = next(tasks, None)
                        if task is None:
                            exhausted = True
                            break
                        unit, part = task
                        self._submit(pool, owners, unit, part)
                    self._show()
                    self._ctrl_c.take()
                    if not owners:
                        break
                    finished, _ = wait(owners, _LOOK_EVERY, FIRST_COMPLETED)
                    for future in finished:
                        self._collect(future, owners)
                self._show()
            except BaseException as error:
                self._runs.stop.raised = self.interrupted = True
                for wishes in self._wishes.values():
                    wishes[0] = 1
                if not isinstance(error, KeyboardInterrupt) or self._ctrl_c.pressed > 1:
                    raise
                wait(owners)
                for future in list(owners):
                    self._collect(future, owners)
                if self._sink.partial:
                    self._leave_the_rest(tasks)

    def _tasks(self) -> Iterator[tuple[_Unit, Part]]:
        size = self._task_size()
        units = enumerate(self._starts.units(self._sink.unit, self._show))
        # After Ctrl-C nothing more is read of starts that come lazily: they may have no end.
        while not (self.interrupted and self._starts.total is None):
            lazy = self._starts.total is None
            with self._ctrl_c.through() if lazy else contextlib.nullcontext():
                index, parts = next(units, (-1, []))
            if not parts:
                return
            if self._sink.has(index, parts):
                self._done += sum(len(part.places) for part in parts)
                self._show()
                self._ctrl_c.take()
                continue
            pieces = [
                Part(part.widths, part.places[k : k + size], part.vectors[k : k + size])
                for part in parts
                for k in range(0, len(part.places), size)
            ]
            unit = _Unit(index, len(pieces))
            for piece in pieces:
                yield unit, piece

    def _task_size(self) -> int:
        total = self._starts.total
        if total is None:
            return _LARGEST
        return int(np.clip(-(-total // (2 * self._threads)), _SMALLEST, _LARGEST))

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        owners: dict[Future[Block], tuple[_Unit, np.ndarray]],
        unit: _Unit,
        part: Part,
    ) -> None:
        wishes = np.zeros(2, dtype=np.int64)
        future = pool.submit(self._runs.integrate, part.widths, part.vectors, wishes)
        owners[future] = unit, part.places
        self._wishes[future] = wishes

    def _collect(
        self, future: Future[Block], owners: dict[Future[Block], tuple[_Unit, np.ndarray]]
    ) -> None:
        """Take a task's members; Ctrl-C may come at any point, and it is taken again then."""
        unit, places = owners[future]
        self._add(unit, places, future.result())
        self._done += len(places)
        self._wishes.pop(future, None)
        del owners[future]

    def _add(self, unit: _Unit, places: np.ndarray, block: Block) -> None:
        unit.pieces[int(places[0])] = places, block
        if len(unit.pieces) == unit.count:
            self._sink.put(unit.index, list(unit.pieces.values()))

    def _leave_the_rest(self, tasks: Iterator[tuple[_Unit, Part]]) -> None:
        """Say that the members of tasks not yet begun were interrupted."""
        n_modes = len(self._runs.problem.modes)
        for unit, part in tasks:
            columns = empty_columns(len(part.places), part.widths, n_modes)
            columns["initial"][:] = part.vectors
            put_not_started(columns, slice(None))
            self._add(unit, part.places, Block(part.widths, columns))

    def _show(self) -> None:
        done = self._done + sum(int(wishes[1]) for wishes in self._wishes.values())
        self._tell(done, self._starts.total)
