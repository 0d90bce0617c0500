"""Let an accepted step lower the loss: by relaxation, or else by trying it shorter (theory §13).

The loss falls at the rate ||f||^2, and a Runge-Kutta step of weights b_i says by how much:
h sum_i b_i ||f_i||^2 =: h F. The step d = y_new - y is stretched to gamma d, and its time to
gamma h, with gamma the root near 1 of L(y + gamma d) = L(y) - gamma h F: the order stays, and the
loss falls wherever F > 0. D. I. Ketcheson, SIAM J. Numer. Anal. 57 (2019) 2850-2870.
"""

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import address, square, square_of_difference
from deeplinear.flow import Operands
from deeplinear.solve._methods._state import ATOL, FIELD_CALLS, FINEST, LOSS_LAST, RTOL
from deeplinear.solve._methods._structure import LONGEST, OWN, SETTLE_SIGNATURE, STIFFER, STRETCH

# Entries of the memory, among them the loss as computed at y (negative: unknown); two vectors.
_TARGET_NORM, _FACTOR_NORM, _MAY_STRETCH, _LOSS, _HEADER = range(OWN, OWN + 5)

_MAX_NEWTON = 4
_EXACT = 1e-10  # of h F: how exactly the loss has to fall by gamma h F
_FARTHEST = 0.5  # gamma may differ by as much from 1
_SHARE = 0.05  # of the step's tolerance: what stretching may change in the state
_UNSEEN = 1e-26  # of ||y||^2: a move of no account
_ROUND_OFF = 8 * np.finfo(np.float64).eps


@compiled(SETTLE_SIGNATURE)
def fall(  # type: ignore[no-untyped-def]
    field, norm, widths, target, factor, copies, work, y, slope, y_new, slope_new, loss, h, table,
    row, slopes, stages, state, counts, memo, keep,
):  # fmt: skip
    """Stretch the step; return the smallest loss so far, or NaN if the step raises it.

    A rise above that smallest loss by no more than its round-off is none: on a long plateau the
    loss falls by less than that, and the step is good. Beyond it steps are tried shorter, down to a
    move that cannot be seen: then the state stays as it is while time goes on.
    """
    keep[STRETCH] = 0.5
    if not np.isfinite(loss):
        return loss
    n, smallest = y.size, memo[LOSS_LAST]
    before = keep[_LOSS] if keep[_LOSS] >= 0.0 else smallest
    step, change = keep[_HEADER : _HEADER + n], keep[_HEADER + n : _HEADER + 2 * n]
    for p in range(n):
        step[p] = y_new[p] - y[p]
    product, w = keep[_FACTOR_NORM], address(y_new)
    for i in range(widths.size - 1):
        size = widths[i] * widths[i + 1]
        product *= np.sqrt(square(w, size))
        w += 8 * size
    scale = keep[_TARGET_NORM] + product
    noise = _ROUND_OFF * (before + scale * np.sqrt(2.0 * before) + _ROUND_OFF * scale * scale)

    keep[STRETCH], rate = 1.0, 0.0
    if stages > 0 and keep[_MAY_STRETCH] > 0.0:
        for i in range(stages):
            rate += table[row, i] * square(address(slopes[i]), n)
    # What the loss has to fall by, and by how much more it stands.
    expected = h * rate
    missing = loss - before + expected
    if expected > 0.0 and abs(missing) > noise + _EXACT * expected:
        gamma, found = 1.0, False
        for _ in range(_MAX_NEWTON):
            gain = expected
            for p in range(n):
                gain -= slope_new[p] * step[p]
            gamma -= missing / gain
            if not abs(gamma - 1.0) <= _FARTHEST:
                break
            for p in range(n):
                y_new[p] = y[p] + gamma * step[p]
            loss = field(y_new, widths, target, factor, copies, work, slope_new)
            counts[FIELD_CALLS] += 1
            missing = loss - before + gamma * expected
            if abs(missing) <= noise + _EXACT * expected:
                found = True
                break
        if found:
            for p in range(n):
                change[p] = (gamma - 1.0) * (step[p] - h * slope_new[p])
            wrong = norm(widths, y, y_new, change, state[RTOL], state[ATOL], state[FINEST])
            found = wrong <= _SHARE
        if found:
            keep[STRETCH] = gamma
        else:
            for p in range(n):
                y_new[p] = y[p] + step[p]
            loss = field(y_new, widths, target, factor, copies, work, slope_new)
            counts[FIELD_CALLS] += 1

    if loss > max(smallest + noise, before):
        moved = square_of_difference(address(y_new), address(y), n)
        if not (loss <= before + noise and moved <= _UNSEEN * square(address(y), n)):
            keep[STRETCH] = 0.5
            return np.nan
        loss = before
        for p in range(n):
            y_new[p], slope_new[p] = y[p], slope[p]
    keep[_LOSS] = loss
    return min(loss, smallest)


def memory(operands: Operands) -> Array:
    """What `fall` remembers, for a run of this problem."""
    keep = np.zeros(_HEADER + 2 * operands.n_params)
    keep[_LOSS], keep[LONGEST], keep[STIFFER] = -1.0, np.inf, 1.0  # stiff parts raise the loss
    keep[_TARGET_NORM] = np.linalg.norm(operands.target)
    factor = operands.factor
    keep[_FACTOR_NORM] = np.linalg.norm(factor, 2) if factor.size else 1.0
    # Where rows count several times, the loss does not fall at the rate ||f||^2.
    keep[_MAY_STRETCH] = bool(np.all(operands.copies == 1.0))
    return keep
