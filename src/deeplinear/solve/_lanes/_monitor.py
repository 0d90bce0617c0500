"""Eight members at once: the size of an error, the start, and what follows an accepted step.

The rules are those of `_methods._monitor`, `_methods._drive` and `_driver`, one member a lane.
"""

import numba
import numpy as np

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import integer_at, number_at
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._calls import evaluate, kernel_at
from deeplinear.solve._lanes._numbers import fma, load, root, spread, store, where
from deeplinear.solve._methods._monitor import LAYER_FLOOR, LOUD


@compiled(ls.NORM_SIGNATURE)
def error_norm(block, y, y_new, error, out):  # type: ignore[no-untyped-def]
    """As `_methods._monitor.error_norm`; out is one entry."""
    widths, h = integer_at(block, ls.WIDTHS), integer_at(block, ls.DEPTH)
    rows, layers = integer_at(block, ls.ROWS), integer_at(block, ls.LAYERS)
    rtol = number_at(integer_at(block, ls.COMMON), ls.RTOL)
    atol, finest = load(rows, ls.ATOL), load(rows, ls.FINEST)
    total = spread(0.0)
    start = 0
    for i in range(h):
        count = integer_at(widths, i) * integer_at(widths, i + 1)
        before, after, wrong = spread(0.0), spread(0.0), spread(0.0)
        for p in range(start, start + count):
            old, new, e = load(y, p), load(y_new, p), load(error, p)
            old, new = old * old, new * new
            before, after, wrong = before + old, after + new, fma(e, e, wrong)
            total = total + where(new > old, new, old)
        store(layers, 2 * i, where(after > before, after, before))
        store(layers, 2 * i + 1, wrong)
        start += count
    worst = spread(0.0)
    floor = LAYER_FLOOR * LAYER_FLOOR * total
    for i in range(h):
        count = integer_at(widths, i) * integer_at(widths, i + 1)
        largest = load(layers, 2 * i)
        scale = root(where(floor > largest, floor, largest))
        fine = rtol * where(finest < scale, finest, scale)
        coarse = ls.ROUND_OFF * scale
        allowed = where(coarse > fine, coarse, fine)
        ratio = root(load(layers, 2 * i + 1)) / (atol * np.sqrt(count) + allowed)
        ratio = where(worst == worst, ratio, worst)  # a NaN must not be lost
        worst = where(ratio <= worst, worst, ratio)
    store(out, 0, worst)


@numba.njit(error_model="numpy")
def _quiet_below(block, y):  # type: ignore[no-untyped-def]
    """As `_methods._drive.quiet_below`."""
    widths, h = integer_at(block, ls.WIDTHS), integer_at(block, ls.DEPTH)
    layers, common = integer_at(block, ls.LAYERS), integer_at(block, ls.COMMON)
    start = 0
    whole = spread(1.0)
    for i in range(h):
        count = integer_at(widths, i) * integer_at(widths, i + 1)
        total = spread(0.0)
        for p in range(start, start + count):
            total = fma(load(y, p), load(y, p), total)
        store(layers, i, total)
        whole = whole * root(total)
        start += count
    others = spread(0.0)
    for i in range(h):
        rest = spread(1.0)
        for j in range(h):
            if j != i:
                rest = rest * load(layers, j)
        others = others + rest
    factor = number_at(common, ls.FACTOR_NORM)
    below = ls.ROUND_OFF * factor * (number_at(common, ls.TARGET_NORM) + factor * whole)
    below = below * root(others)
    return where(below - below == 0.0, below, spread(-1.0))


@compiled(ls.KERNEL_SIGNATURE)
def prepare(block):  # type: ignore[no-untyped-def]
    """Set every row from the weights of eight starts; FINEST must be there."""
    rows, common = integer_at(block, ls.ROWS), integer_at(block, ls.COMMON)
    n, work = integer_at(block, ls.N), integer_at(block, ls.WORK)
    modes = integer_at(block, ls.MODES)
    y = integer_at(block, ls.VECTORS)
    slope = y + 64 * n * ls.SLOPE
    finest = load(rows, ls.FINEST)
    for k in range(ls.N_ROWS + 2 * modes):
        store(rows, k, spread(0.0))
    store(rows, ls.FINEST, finest)
    evaluate(block, y, slope)
    loss = load(work, 0)
    norm, speed = spread(0.0), spread(0.0)
    for p in range(n):
        norm = fma(load(y, p), load(y, p), norm)
        speed = fma(load(slope, p), load(slope, p), speed)
    norm, speed = root(norm), root(speed)
    natural, rtol = number_at(common, ls.NATURAL), number_at(common, ls.RTOL)

    typical = spread(number_at(common, ls.TYPICAL))
    entry = norm / np.sqrt(n)
    entry = where((entry > 0.0) & (entry < typical), entry, typical)
    atol = 1e-3 * rtol * entry
    if number_at(common, ls.GIVEN_ATOL) >= 0.0:
        atol = spread(number_at(common, ls.GIVEN_ATOL))
    cap = 1e6 * where(norm > natural, norm, spread(natural))
    if number_at(common, ls.GIVEN_CAP) > 0.0:
        cap = spread(number_at(common, ls.GIVEN_CAP))
    gap = loss - number_at(common, ls.OPTIMUM)
    gap = where(gap > 0.0, gap, spread(0.0))
    target = spread(number_at(common, ls.GIVEN_GAP))
    if number_at(common, ls.GIVEN_GAP) == -2.0:
        zero = spread(number_at(common, ls.ZERO_GAP))
        scale = where((zero > 0.0) & (zero < gap), zero, gap)
        rounding = spread(number_at(common, ls.ROUNDING))
        target = where(1e-10 * scale > rounding, 1e-10 * scale, rounding)
    short = 0.01 * norm
    least = 1e-4 / rtol * atol
    first = where(least > short, least, short) / speed
    first = where((speed > 0.0) & (speed - speed == 0.0), first, spread(1.0))

    store(rows, ls.ATOL, atol)
    store(rows, ls.CAP, cap)
    store(rows, ls.GAP_TARGET, target)
    store(rows, ls.H, first)
    store(rows, ls.LOSS, loss)
    store(rows, ls.SPEED, speed)
    store(rows, ls.START_NORM, norm)
    store(rows, ls.QUIET_SINCE, spread(np.inf))
    store(rows, ls.EXPLICIT_PATIENCE, spread(1.0))
    store(rows, ls.STABILIZED_PATIENCE, spread(1.0))
    store(rows, ls.STABILIZED_FROM, spread(np.inf))

    code = spread(0.0)
    if number_at(common, ls.STOPS) > 0.0:
        quiet = speed <= 4.0 * _quiet_below(block, y)
        code = where(quiet, spread(float(ls.SADDLE_AT_START)), code)
        code = where(gap <= target, spread(float(ls.CONVERGED_AT_START)), code)
    elif number_at(common, ls.T_END) == 0.0:
        code = spread(float(ls.T_STOP))
    # Squares overflow before the weights do: scaled norms decide about such starts.
    fit = (loss - loss == 0.0) & (speed - speed == 0.0) & (norm < 1e150)
    fit = fit & ((norm > 1e-150) | (norm == 0.0))
    store(rows, ls.CODE, where(fit, code, spread(float(ls.UNFIT))))

    kernel_at(integer_at(block, ls.BEGIN))(block)


@compiled(ls.KERNEL_SIGNATURE)
def accept(block):  # type: ignore[no-untyped-def]
    """Take the new weights and slopes of the lanes whose step was accepted; decide who stops.

    Reads the rows STEP, LANDING, ACCEPTED, LOSS_NEW; the field was evaluated last at Y_NEW.
    """
    rows, common = integer_at(block, ls.ROWS), integer_at(block, ls.COMMON)
    n = integer_at(block, ls.N)
    y = integer_at(block, ls.VECTORS)
    slope = y + 64 * n * ls.SLOPE
    y_new, new_slope = y + 64 * n * ls.Y_NEW, y + 64 * n * ls.NEW_SLOPE
    if integer_at(block, ls.MODES) > 0:
        kernel_at(integer_at(block, ls.LEARN))(block)
    accepted = load(rows, ls.ACCEPTED) > 0.0
    norm, speed = spread(0.0), spread(0.0)
    for p in range(n):
        value = where(accepted, load(y_new, p), load(y, p))
        change = where(accepted, load(new_slope, p), load(slope, p))
        store(y, p, value)
        store(slope, p, change)
        norm, speed = fma(value, value, norm), fma(change, change, speed)
    speed = root(speed)
    store(rows, ls.SPEED, speed)
    store(rows, ls.NORM_SQUARED, norm)

    # Compensated: after a long plateau round-off of t would shift the next exit.
    t, landing = load(rows, ls.T), load(rows, ls.LANDING) > 0.0
    t_end = number_at(common, ls.T_END)
    step = load(rows, ls.STEP) + load(rows, ls.CARRY)
    reached = t + step
    carry = where(landing, spread(0.0), step - (reached - t))
    reached = where(landing, spread(t_end), reached)
    store(rows, ls.CARRY, where(accepted, carry, load(rows, ls.CARRY)))
    t = where(accepted, reached, t)
    store(rows, ls.T, t)
    one = where(accepted, spread(1.0), spread(0.0))
    steps = load(rows, ls.STEPS) + one
    store(rows, ls.STEPS, steps)
    loss = where(accepted, load(rows, ls.LOSS_NEW), load(rows, ls.LOSS))
    rise, largest = loss - load(rows, ls.LOSS), load(rows, ls.RISE)
    store(rows, ls.RISE, where(rise > largest, rise, largest))
    store(rows, ls.LOSS, loss)

    code = load(rows, ls.CODE)
    code = where((code == 0.0) & accepted & landing, spread(float(ls.T_STOP)), code)
    limit = accepted & (steps >= number_at(common, ls.MAX_STEPS)) & (code == 0.0)
    code = where(limit, spread(float(ls.STEP_LIMIT)), code)
    if number_at(common, ls.STOPS) > 0.0:
        since = load(rows, ls.QUIET_SINCE)
        still = where(since < np.inf, spread(LOUD), spread(1.0))
        loud = speed > still * _quiet_below(block, y)
        ended = accepted & ~loud & (t > 1e6 * since)
        since = where(since < t, since, t)
        store(rows, ls.QUIET_SINCE, where(loud, spread(np.inf), since))
        least, natural = load(rows, ls.START_NORM), number_at(common, ls.NATURAL)
        least = 1e-14 * where(least < natural, least, spread(natural))
        ended = ended | (accepted & (norm < least * least))
        code = where(ended, spread(float(ls.QUIET)), code)
    cap = load(rows, ls.CAP)
    code = where(accepted & ~(norm <= cap * cap), spread(float(ls.NORM_CAP)), code)
    gap = loss - number_at(common, ls.OPTIMUM)
    gap = where(gap > 0.0, gap, spread(0.0))
    done = accepted & (gap <= load(rows, ls.GAP_TARGET))
    store(rows, ls.CODE, where(done, spread(float(ls.GAP_REACHED)), code))
