"""What a method works on: the state it advances, its counters, the reasons why it returns.

Compiled kernels freeze these constants, and the disk cache notices edits of a kernel's own file
only: after changing a number here, delete the cache (`make clean`).
"""

from dataclasses import dataclass, field

import numpy as np

from deeplinear._core.checks import Array

# What a method reports to the driver.
CONTINUE, ROWS_FULL, GAP_REACHED, NORM_CAP, BUDGET, T_STOP = range(6)
STIFF, NOT_STIFF, STEP_UNDERFLOW, QUIET = range(6, 10)
NO_SPACE = 10  # the ladder has come to its dense method for the first time

# Entries of State.memo, which `_monitor.observe` reads and writes.
N_ROWS, T_SAVED, GAP_SAVED, OPTIMUM, GAP_TARGET, NORM_CAP_SQUARED = 0, 1, 2, 3, 4, 5
RESOLUTION, LOSS_LAST, LOSS_RISE, STEPS_LEFT, RECORDING = 6, 7, 8, 9, 10
QUIET_BELOW, QUIET_SINCE = 11, 12
MEMO_SIZE = 13

# Entries of State.values.
T, H, T_LIMIT, T_CARRY, RTOL, ATOL, FINEST = range(7)
STARTING = 7  # positive: the method has not run from this state yet
STIFF_FROM, NOT_STIFF_BELOW = 8, 9  # where a method reports that another one pays, see `_drive`
STIFF_SEEN, STIFF_AFTER = 10, 11  # steps of that kind so far, and how many it takes
USABLE = 12  # h |lambda| that the stabilized method can take before round-off drowns it
N_VALUES = 13

# Entries of State.policy, which `_drive.drive` reads and writes.
METHOD, LADDER = 0, 1  # the method in use, counted along the ladder; whether it may change
LONGEST = 2  # steps that accuracy allows the stiff method, over those of the stabilized one
STIFF_STAGES = 3  # of a stabilized step, from which a stiff step is cheaper
NOISY = 4  # the tolerance is so close to round-off that the stabilized method is left out
PATIENCE = 5  # and 6: of the explicit and of the stabilized method
T_END, TIMES_DONE, N_SEGMENTS, STEPS_TO_LOOK = range(7, 11)
STOPS, TARGET_NORM, FACTOR_NORM = range(11, 14)  # for the slope that round-off can make
STIFF_STEPS_TO_LOOK = 14  # stiff steps that take about 50 ms
N_POLICY = 15

# Entries of State.counts.
STEPS, REJECTED, FIELD_CALLS, HESSIANS, FACTORIZATIONS, ITERATIONS = range(6)
N_COUNTS = 6

DENSE_LIMIT = 6000
"""Parameters above which no method forms the dense Hessian (8 n^2 bytes, three times)."""


MAX_SEGMENTS = 64


@dataclass
class State:
    """One run in progress, shared by the driver and the methods.

    y, slope : weights and -grad L at the current time; values, counts, policy : see the entries
    above; memo, rows : the observer's (see `_monitor.observe`); segments : (method, time, steps,
    code) at each change of method; saved : the states at the times that were asked for.
    """

    y: Array
    slope: Array
    memo: Array
    rows: Array
    saved: Array
    values: Array = field(default_factory=lambda: np.zeros(N_VALUES))
    counts: np.ndarray = field(default_factory=lambda: np.zeros(N_COUNTS, dtype=np.int64))
    policy: Array = field(default_factory=lambda: np.zeros(N_POLICY))
    segments: Array = field(default_factory=lambda: np.zeros((MAX_SEGMENTS, 4)))
