"""What a method works on: the state it advances, its counters, the data it reads.

Compiled kernels freeze these constants, and the disk cache notices edits of a kernel's own file
only: after changing a number here, touch the files that import it.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.flow import Operands

# What a method reports to the driver.
CONTINUE, ROWS_FULL, GAP_REACHED, NORM_CAP, BUDGET, T_STOP = range(6)
STIFF, NOT_STIFF, STEP_UNDERFLOW, QUIET = range(6, 10)

# Entries of State.memo, which `_monitor.observe` reads and writes.
N_ROWS, T_SAVED, GAP_SAVED, OPTIMUM, GAP_TARGET, NORM_CAP_SQUARED = 0, 1, 2, 3, 4, 5
RESOLUTION, LOSS_LAST, LOSS_RISE, STEPS_LEFT, RECORDING = 6, 7, 8, 9, 10
QUIET_BELOW, QUIET_SINCE = 11, 12
MEMO_SIZE = 13

# Entries of State.values.
T, H, T_LIMIT, RTOL, ATOL, FINEST, STIFF_SEEN, STIFF_AFTER, RATIO_STIFF, T_CARRY = range(10)
N_VALUES = 10

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
