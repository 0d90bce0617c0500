"""What the kernels that run eight members side by side work on: addresses, and a row a quantity.

Kernels freeze these constants: after changing a number, delete the cache (`make clean`).
"""

import numpy as np
from numba import types

KERNEL_SIGNATURE = types.void(types.intp)
"""kernel(block): block is the address of the integers below."""

NORM_SIGNATURE = types.void(*[types.intp] * 5)
"""norm(block, y, y_new, error, out): each but the block is an address."""

# Integers of a block: addresses of kernels, of arrays, sizes.
(
    FIELD, PRODUCT, NORM, ACCEPT, BEGIN, LEARN,
    WIDTHS, TARGET, FACTOR, WORK, VECTORS, ROWS, COMMON, TABLE, ORDER, LEFT, RIGHT, HALVES, LAYERS,
    DEPTH, P, Q, N, MODES,
) = range(24)  # fmt: skip
BLOCK_SIZE = 24

# Vectors of a block, each N entries of eight numbers: weights, slope, the power method's direction,
# which a member takes along, then scratch. K + i is the slope of stage i.
Y, K = 0, 1
SLOPE = K
G, Y_NEW, NEW_SLOPE, ERROR_A, ERROR_B, DOMINANT = 13, 14, 15, 16, 17, 18
N_VECTORS = 19

# Rows, of eight numbers each: what a member takes along. Modes' learning times and strengths
# follow at N_ROWS, first all times, then all strengths.
(
    T, CARRY, H, ATOL, FINEST, GAP_TARGET, CAP, START_NORM, LOSS, RISE, SPEED, QUIET_SINCE,
    STEPS, REJECTED, CALLS, METHOD, EXPLICIT_PATIENCE, STABILIZED_PATIENCE, CHANGED_AT,
    STIFF_SEEN, SIZE, LAST_ERROR, HELD_BACK, RADIUS, AGE, LONGEST, NOT_STIFF_SEEN, USABLE,
    STABILIZED_STEPS, STABILIZED_FROM, CODE, ACTIVE,
    # Of one attempt only.
    STEP, WANTED, LANDING, ACCEPTED, WRONG, WRONG_B, LOSS_NEW, NORM_SQUARED,
) = range(40)  # fmt: skip
N_ROWS = 40

# Single numbers that all members share.
(
    RTOL, T_END, MAX_STEPS, OPTIMUM, STOPS, TARGET_NORM, FACTOR_NORM, STIFF_STAGES, NATURAL,
    GIVEN_ATOL, GIVEN_GAP, GIVEN_CAP, ZERO_GAP, ROUNDING, TYPICAL,
) = range(15)  # fmt: skip
N_COMMON = 15

# Why a member stopped; 0 while it runs.
(
    RUNNING, GAP_REACHED, NORM_CAP, T_STOP, QUIET, STEP_UNDERFLOW, STEP_LIMIT,
    STIFF, NOT_STIFF, OVERFLOW_AT_START, SADDLE_AT_START, CONVERGED_AT_START, UNFIT, INTERRUPTED,
) = range(14)  # fmt: skip

ROUND_OFF = 4 * float(np.finfo(np.float64).eps)  # as in `_methods._monitor.error_norm`
