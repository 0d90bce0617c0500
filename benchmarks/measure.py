"""Equal accuracy first, then time: a ladder of tolerances, then interleaved rounds."""

import signal
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.method import Method, NotFeasibleError
from benchmarks.problems import Array

LADDER = tuple(10.0 ** (-k / 2) for k in range(4, 27))
"""Tolerances 1e-2, 10^-2.5, ..., 1e-13."""


@dataclass(frozen=True)
class Point:
    """One rung: the error and the median time of a solve at a tolerance."""

    rtol: float
    error: float
    seconds: float


@dataclass
class Scan:
    """A method's rungs from loose to tight, and why there are no more (None: the last one)."""

    method: Method
    points: list[Point] = field(default_factory=list)
    failure: str | None = None

    def qualifying(self, target: float) -> Point | None:
        """The loosest rung within the target whose next tighter one is within it too."""
        for point, tighter in zip(self.points[:-1], self.points[1:], strict=True):
            if max(point.error, tighter.error) <= target:
                return point
        return None

    def why_not(self, target: float) -> str:
        """Why no rung qualifies."""
        if not self.points:
            return self.failure or "never run"
        best = min(point.error for point in self.points)
        at = f"best error {best:.0e}"
        return f"{at}; {self.failure or 'not twice in a row'}"


def scan(
    method: Method,
    error: Callable[[Array], float],
    targets: Sequence[float],
    *,
    ladder: Sequence[float] = LADDER,
    longest: float = 10.0,
    spare: float = 0.0,
) -> Scan:
    """Climb the ladder until all targets are met twice in a row and `spare` seconds are spent.

    What is measured past the targets shows in the figures only. A solve that takes `longest`
    seconds ends it, as do all together that take three times as long: the next rungs would take
    longer still. One that fails sooner does not: loose tolerances can fail where tighter ones do
    not.
    """
    found = Scan(method)
    start = time.perf_counter()
    for rtol in ladder:
        begin = time.perf_counter()
        found.failure = None
        try:
            found.points.append(_rung(method, rtol, error, longest))
        except TimeoutError:
            found.failure = "stopped"
        except NotFeasibleError as reason:
            found.failure = str(reason)
            if found.failure.startswith("not feasible"):
                break
        except Exception as problem:  # whatever a peer raises is a row of the table
            found.failure = f"{type(problem).__name__}: {first_line(problem)}"
        if time.perf_counter() - begin > longest:
            found.failure = f"{found.failure or 'done'} after {longest:g} s"
            break
        taken = time.perf_counter() - start
        if taken >= spare and all(found.qualifying(target) for target in targets):
            break
        if taken > 3 * longest:
            found.failure = f"given up after {3 * longest:g} s"
            break
    return found


FAR = 5.0
"""How many times slower than the best stock peer a tuned one must be for its stock to be left."""


def not_worth_it(tuned: Scan, stock: Sequence[Scan], targets: Sequence[float]) -> str | None:
    """Why a peer's stock variant need not run, judged by its tuned one; None if it must.

    It takes the same steps in more time, so it fails where the tuned one fails, and is further
    from the best of the `stock` variants already measured than the tuned one is.
    """
    reached = [(t, point) for t in targets if (point := tuned.qualifying(t))]
    if not reached and (tuned.failure or "").startswith("not feasible"):
        return None  # it says so itself, at once
    if not reached:
        return f"not run; tuned: {tuned.why_not(targets[0])}"
    behind = []
    for target, point in reached:
        rivals = [p.seconds for s in stock if (p := s.qualifying(target))]
        if not rivals:
            return None
        behind.append(point.seconds / min(rivals))
    if min(behind) <= FAR:
        return None
    return f"not run; tuned takes {min(behind):.0f}x the best stock"


def _rung(method: Method, rtol: float, error: Callable[[Array], float], longest: float) -> Point:
    """One solve for the error, and a few more for the time if they are short."""
    seconds: list[float] = []
    while len(seconds) < 5 and sum(seconds) < 0.1:
        with time_limit(longest, method.interruptible), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a loose tolerance may overflow: the error says so
            begin = time.perf_counter()
            states = method.solve(rtol)
            seconds.append(time.perf_counter() - begin)
    return Point(rtol, error(states), statistics.median(seconds))


SHORT = 0.05
"""Seconds below which a call is preceded by an untimed one."""


def interleave(
    entries: Sequence[tuple[Method, float]], *, budget: float, rounds: int = 15
) -> list[list[float]]:
    """Seconds of every (method, rtol), round robin: all see the same state of the machine.

    Every entry runs once, and three times if it takes less than a second; then one stays in the
    rounds while its share of the budget lasts. A short one is called once before, untimed: after
    all others its data and code have left the caches, and reading them back takes as long as it.
    """
    seconds: list[list[float]] = [[] for _ in entries]
    share = budget / max(len(entries), 1)
    for _ in range(rounds):
        for (method, rtol), spent in zip(entries, seconds, strict=True):
            least = 3 if spent and spent[0] < 1.0 else 1
            if len(spent) >= least and sum(spent) + spent[-1] > share:
                continue
            if spent and spent[0] < SHORT:
                method.solve(rtol)
            begin = time.perf_counter()
            method.solve(rtol)
            spent.append(time.perf_counter() - begin)
    return seconds


@contextmanager
def time_limit(seconds: float, possible: bool = True) -> Iterator[None]:
    """Raise TimeoutError inside the block after so many seconds, where signals can do that."""
    if not possible or not hasattr(signal, "setitimer"):
        yield
        return

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)


def first_line(problem: BaseException) -> str:
    """The first line of what an exception says."""
    return (str(problem).splitlines() or [""])[0]
