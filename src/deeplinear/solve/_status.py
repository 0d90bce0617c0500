"""How a run ended, in words: a failure is a value whose text is the remedy."""

from dataclasses import dataclass
from typing import Self

from deeplinear._core.checks import Array


class Status(str):
    """How a run ended: a string with the reason and the remedy in sentences.

    One of "converged", "stopped at a saddle", "t_end", "step limit", "interrupted", "failed".
    """

    reason: str
    remedy: str

    NAMES = ("converged", "stopped at a saddle", "t_end", "step limit", "interrupted", "failed")

    def __new__(cls, name: str, reason: str = "", remedy: str = "") -> Self:
        if name not in cls.NAMES:
            raise ValueError(f"A status must be one of {cls.NAMES}, but it is {name!r}.")
        status = super().__new__(cls, name)
        status.reason = reason
        status.remedy = remedy
        return status

    def __getnewargs__(self) -> tuple[str, str, str]:  # type: ignore[override]
        return (str(self), self.reason, self.remedy)

    def sentence(self) -> str:
        """Status, reason and remedy in one line."""
        return " ".join(part for part in (f"{self}:", self.reason, self.remedy) if part)


@dataclass(frozen=True)
class Stats:
    """What a run cost: accepted and rejected steps, evaluations, and wall time in seconds."""

    n_steps: int
    n_rejected: int
    n_field: int
    n_hessian: int
    n_factorizations: int
    n_iterations: int
    elapsed: float


@dataclass(frozen=True)
class Segment:
    """A stretch of a run that one method integrated: from when, how many steps, and why."""

    method: str
    t_start: float
    n_steps: int
    reason: str


@dataclass(frozen=True)
class Progress:
    """Where a run is: passed to the `progress` callable about ten times a second.

    t : gradient-flow time; loss, gap : now; gap_start, gap_target : where it began and where it
    stops; learned : modes with p_k > s_k / 2, of the n_modes that can be learned; mode_strengths :
    ``(m,)`` p_k of the whole problem, also while a smaller one is integrated.
    """

    t: float
    loss: float
    gap: float
    gap_start: float
    gap_target: float
    learned: int
    n_modes: int
    n_steps: int
    method: str
    elapsed: float
    mode_strengths: Array
