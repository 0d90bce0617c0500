"""What a method works on: the state it advances, its counters, the data it reads."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow import Operands

# Entries of State.values.
T, H, T_LIMIT, RTOL, ATOL, STIFF_SEEN, STIFF_AFTER, RATIO_STIFF = range(8)
N_VALUES = 8

# Entries of State.counts.
STEPS, REJECTED, FIELD_CALLS, HESSIANS, FACTORIZATIONS, ITERATIONS = range(6)
N_COUNTS = 6

DENSE_LIMIT = 6000
"""Parameters above which no method forms the dense Hessian (8 n^2 bytes, three times)."""


@dataclass(frozen=True)
class MethodData:
    """The problem as arrays, with `field`'s work array."""

    operands: Operands
    work: Array


@dataclass
class State:
    """One run in progress, shared by the driver and the methods.

    y, slope : weights and -grad L at the current time; values, counts : see the entries above;
    memo, rows : the observer's (see `_monitor.observe`).
    """

    y: Array
    slope: Array
    memo: Array
    rows: Array
    values: Array = field(default_factory=lambda: np.zeros(N_VALUES))
    counts: np.ndarray = field(default_factory=lambda: np.zeros(N_COUNTS, dtype=np.int64))


class Method(Protocol):
    """What the driver asks of an integrator: start at a state, advance it until told to look."""

    name: str
    order: int

    def __init__(self, data: MethodData) -> None: ...

    def start(self, state: State) -> None:
        """Prepare to continue from `state`, whose slope is known."""

    def advance(self, state: State) -> int:
        """Step until something needs the driver; return its code (see `_monitor`)."""
        ...

    @property
    def stiffest_rate(self) -> float:
        """The largest |eigenvalue| of the Jacobian last seen; 0 if none was formed."""
        ...
