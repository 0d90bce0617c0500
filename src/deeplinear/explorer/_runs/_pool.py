"""The threads that compute, shared fairly by all users."""

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable

from deeplinear.explorer import _limits as limits

_log = logging.getLogger("deeplinear.explorer")

Job = Callable[[], None]


class Pool:
    """At most `size` jobs at a time; next is the user with the fewest running, then the first come.

    Kernels release the interpreter's lock, so that the page answers while they compute.
    """

    def __init__(self, size: int = limits.COMPUTING) -> None:
        self._size = size
        self._ready = threading.Condition()
        self._waiting: list[tuple[Hashable, Job]] = []
        self._busy: Counter[Hashable] = Counter()
        self._threads: list[threading.Thread] = []
        self._numbers = itertools.count(1)

    def submit(self, owner: Hashable, job: Job) -> None:
        """Run `job` in a thread when its turn comes.

        Raises
        ------
        LimitError
            Too many are waiting.
        """
        with self._ready:
            limits.require(
                "The number of waiting runs",
                len(self._waiting) + 1,
                limits.WAITING,
                "Others are computing; try again in a minute.",
            )
            self._waiting.append((owner, job))
            if len(self._threads) < self._size:
                name = f"deeplinear-run-{next(self._numbers)}"
                # A daemon: the program may end while a run is being stopped.
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._ready.notify()

    def withdraw(self, job: Job) -> bool:
        """Take back a job that waits; False if its turn has come."""
        with self._ready:
            found = [entry for entry in self._waiting if entry[1] == job]
            for entry in found:
                self._waiting.remove(entry)
            return bool(found)

    def ahead(self, job: Job) -> int:
        """How many wait before this one."""
        with self._ready:
            jobs = [entry[1] for entry in self._waiting]
            return jobs.index(job) if job in jobs else 0

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._waiting:
                    self._ready.wait()
                owner, job = min(self._waiting, key=lambda entry: self._busy[entry[0]])
                self._waiting.remove((owner, job))
                self._busy[owner] += 1
            try:
                job()
            except Exception:
                _log.exception("A job failed")
            finally:
                with self._ready:
                    self._busy[owner] -= 1
                    if not self._busy[owner]:
                        del self._busy[owner]
