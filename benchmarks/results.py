"""What was measured, as plain data: rows for the tables, one JSON file a problem."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.method import STOCK, title

FOLDER = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Row:
    """One method at one target: its median time, or why there is none."""

    library: str
    method: str
    variant: str = ""
    seconds: float | None = None
    rounds: int = 0
    rtol: float | None = None
    error: float | None = None
    failure: str | None = None

    @property
    def title(self) -> str:
        """Library, method and variant."""
        return title(self.library, self.method, self.variant)

    @classmethod
    def timed(
        cls, library: str, method: str, variant: str, seconds: Sequence[float], **facts: float
    ) -> "Row":
        """A row with the median of these times."""
        return cls(library, method, variant, statistics.median(seconds), len(seconds), **facts)


@dataclass(frozen=True)
class Comparison:
    """The rows at one target.

    goal : how many times faster than the best stock peer we want to be.
    """

    problem: str
    target: str
    goal: float | None
    ours: Row
    rows: tuple[Row, ...]

    @property
    def best_stock(self) -> Row | None:
        """The fastest peer that reached the target as its user writes it."""
        return self._fastest([r for r in self.rows if r.variant == STOCK])

    @property
    def best_tuned(self) -> Row | None:
        """The fastest peer of all, with all the help there is."""
        return self._fastest([r for r in self.rows if r.library != self.ours.library])

    @property
    def ratio(self) -> float | None:
        """How many times faster we are than the best stock peer; None if either has no time."""
        return self._ratio(self.best_stock)

    @property
    def tuned_ratio(self) -> float | None:
        """How many times faster we are than the best tuned peer."""
        return self._ratio(self.best_tuned)

    def _ratio(self, peer: Row | None) -> float | None:
        if peer is None or peer.seconds is None or self.ours.seconds is None:
            return None
        return peer.seconds / self.ours.seconds

    @staticmethod
    def _fastest(rows: Sequence[Row]) -> Row | None:
        timed = [r for r in rows if r.seconds is not None]
        return min(timed, key=lambda r: r.seconds or 0.0, default=None)

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        if self.ours.seconds is None:
            return False
        return self.ratio is None or self.ratio >= self.goal


@dataclass(frozen=True)
class Outcome:
    """All that was measured on one problem.

    differences : how far other methods are from the reference.
    facts : whatever else belongs into the file.
    precision : (rtol, error, seconds) of every rung tried, by title.
    """

    problem: str
    title: str
    reference: str
    differences: Mapping[str, float]
    comparisons: Sequence[Comparison]
    facts: Mapping[str, object] = field(default_factory=dict)
    precision: Mapping[str, list[tuple[float, float, float]]] = field(default_factory=dict)


def write(outcome: Outcome, machine: Mapping[str, object], folder: Path = FOLDER) -> Path:
    """Write one problem's file."""
    content = {
        "problem": outcome.problem,
        "title": outcome.title,
        "reference": {"method": outcome.reference, "differences": outcome.differences},
        **outcome.facts,
        "machine": machine,
        "comparisons": [
            {
                "target": c.target,
                "goal": c.goal,
                "best_stock": c.best_stock.title if c.best_stock else None,
                "best_tuned": c.best_tuned.title if c.best_tuned else None,
                "ours": c.ours.title,
                "ratio": c.ratio,
                "tuned_ratio": c.tuned_ratio,
                "reached": c.reached,
                "rows": [asdict(row) for row in c.rows],
            }
            for c in outcome.comparisons
        ],
        "precision": outcome.precision,
    }
    folder.mkdir(exist_ok=True)
    path = folder / f"{outcome.problem}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path
