"""P1 to P4: one trajectory, many solvers, equal error."""

import math
import sys
import time
from dataclasses import astuple, dataclass

from benchmarks import ours, peers, references
from benchmarks.measure import Scan, interleave, not_worth_it, scan
from benchmarks.method import STOCK, TUNED, Method
from benchmarks.problems import CASES
from benchmarks.references import Reference
from benchmarks.results import Comparison, Outcome, Row

Seconds = dict[tuple[str, float], list[float]]
"""Times by (method, rtol)."""


@dataclass(frozen=True)
class Effort:
    """How much time to spend on one problem.

    longest : seconds after which a solve is stopped.
    spare : seconds of each method's tolerances that may go past the targets, for the figures.
    budget, rounds : seconds and number of the interleaved rounds.
    """

    longest: float
    spare: float
    budget: float
    rounds: int


def compare(name: str, effort: Effort) -> Outcome:
    """Measure one problem."""
    case, reference = CASES[name](), references.load(name)
    found, missing = peers.methods(case, reference.times)
    methods = [*ours.methods(case, reference.times), *found]
    scans = _scan_all(name, methods, reference, tuple(case.goals), effort)
    seconds = _time(name, scans, tuple(case.goals), effort)
    absent = [Row(library, "", STOCK, failure=reason) for library, reason in missing.items()]
    comparisons = []
    for target, goal in case.goals.items():
        rows = [*(_row(s, target, seconds) for s in scans), *absent]
        mine = next(r for r in rows if (r.library, r.method) == (ours.LIBRARY, ours.DEFAULT))
        comparisons.append(Comparison(name, f"{target:.0e}", goal, mine, tuple(rows)))
    return Outcome(
        name,
        case.title,
        reference.method,
        reference.differences,
        comparisons,
        {"t_end": case.t_end},
        {s.method.title: [astuple(p) for p in s.points] for s in scans if s.points},
    )


def _scan_all(
    name: str,
    methods: list[Method],
    reference: Reference,
    targets: tuple[float, ...],
    effort: Effort,
) -> list[Scan]:
    """Everything but stock variants with a tuned one; then these, where they may matter."""
    tuned = {(m.library, m.name): m for m in methods if m.variant == TUNED}
    later = [m for m in methods if m.variant == STOCK and (m.library, m.name) in tuned]
    found = {m.title: _scan(name, m, reference, targets, effort) for m in methods if m not in later}

    def by_tuned(method: Method) -> Scan:
        return found[tuned[method.library, method.name].title]

    def speed(method: Method) -> float:
        points = [by_tuned(method).qualifying(target) for target in targets]
        return min((p.seconds for p in points if p), default=math.inf)

    for method in sorted(later, key=speed):
        stock = [s for s in found.values() if s.method.variant == STOCK]
        reason = not_worth_it(by_tuned(method), stock, targets)
        if reason:
            found[method.title] = Scan(method, failure=reason)
        else:
            found[method.title] = _scan(name, method, reference, targets, effort)
    return [found[method.title] for method in methods]


def _scan(
    name: str, method: Method, reference: Reference, targets: tuple[float, ...], effort: Effort
) -> Scan:
    """The tolerances at which a method meets the targets."""
    begin = time.perf_counter()
    found = scan(method, reference.error, targets, longest=effort.longest, spare=effort.spare)
    taken = time.perf_counter() - begin
    if taken > 2:
        say(f"{name}  {method.title}: {taken:.0f} s for its tolerances")
    return found


def _time(name: str, scans: list[Scan], targets: tuple[float, ...], effort: Effort) -> Seconds:
    """Times of all qualifying (method, rtol), measured in turns."""
    entries = {
        (s.method.title, point.rtol): (s.method, point.rtol)
        for s in scans
        for target in targets
        if (point := s.qualifying(target))
    }
    say(f"{name}  timing {len(entries)} runs in turns, about {effort.budget:.0f} s")
    turns = interleave(list(entries.values()), budget=effort.budget, rounds=effort.rounds)
    return dict(zip(entries, turns, strict=True))


def _row(found: Scan, target: float, seconds: Seconds) -> Row:
    method, point = found.method, found.qualifying(target)
    if point is None:
        reason = found.why_not(target)
        return Row(method.library, method.name, method.variant, failure=reason)
    return Row.timed(
        method.library,
        method.name,
        method.variant,
        seconds[method.title, point.rtol],
        rtol=point.rtol,
        error=point.error,
    )


def say(line: str) -> None:
    """Progress goes to standard error."""
    print(line, file=sys.stderr, flush=True)
