"""The explicit method of order 8(5,3) for eight members at once, each with its own step.

The rules of `_methods._explicit`, one member a lane: what a lane does depends on that lane alone.
"""

import numba
import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import integer_at, number_at
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._calls import evaluate, kernel_at, measure
from deeplinear.solve._lanes._numbers import (
    fma,
    least,
    load,
    most,
    root,
    size,
    spread,
    store,
    where,
)
from deeplinear.solve._methods import _dop853

_STAGES = _dop853.N_STAGES
_REACH = 6.1  # h |lambda| up to which the method is stable
_STIFF_FROM, _STIFF_AFTER = 4.0, 4.0  # h |lambda| of a stiff step, and how many it takes


def table_and_order() -> tuple[Array, np.ndarray]:
    """Coefficients that are not zero, with their stages: of stages 1 ... 11, B, E5 and E3.

    order[i] is where row i begins in the rest of `order` and in the table.
    """
    rows = [*_dop853.A[1:], _dop853.B, _dop853.E5, _dop853.E3]
    stages = [np.flatnonzero(row) for row in rows]
    begins = np.cumsum([0, *(len(s) for s in stages)])
    table = np.concatenate([row[s] for row, s in zip(rows, stages, strict=True)])
    return table, np.concatenate([begins, *stages]).astype(np.int64)


@numba.njit(error_model="numpy")
def _combine(block, row, base, scale, out):  # type: ignore[no-untyped-def]
    """Out = base + scale * (the slopes combined by a row of the table); base 0: without it."""
    n, order = integer_at(block, ls.N), integer_at(block, ls.ORDER)
    slopes = integer_at(block, ls.VECTORS) + 64 * n * ls.K
    begin, end = integer_at(order, row), integer_at(order, row + 1)
    table = integer_at(block, ls.TABLE) + 8 * begin
    stages = order + 8 * (_STAGES + 3 + begin)
    count = end - begin
    p = 0
    while p + 4 <= n:
        a, b, c, d = spread(0.0), spread(0.0), spread(0.0), spread(0.0)
        for k in range(count):
            factor = spread(number_at(table, k))
            at = slopes + 64 * (integer_at(stages, k) * n + p)
            a, b = fma(factor, load(at, 0), a), fma(factor, load(at, 1), b)
            c, d = fma(factor, load(at, 2), c), fma(factor, load(at, 3), d)
        a, b, c, d = scale * a, scale * b, scale * c, scale * d
        if base != 0:
            a, b = a + load(base, p), b + load(base, p + 1)
            c, d = c + load(base, p + 2), d + load(base, p + 3)
        store(out, p, a)
        store(out, p + 1, b)
        store(out, p + 2, c)
        store(out, p + 3, d)
        p += 4
    while p < n:
        a = spread(0.0)
        for k in range(count):
            at = slopes + 64 * (integer_at(stages, k) * n + p)
            a = fma(spread(number_at(table, k)), load(at, 0), a)
        a = scale * a
        if base != 0:
            a = a + load(base, p)
        store(out, p, a)
        p += 1


@numba.njit(error_model="numpy")
def _eighth_root(x):  # type: ignore[no-untyped-def]
    return root(root(root(x)))


@compiled(ls.KERNEL_SIGNATURE)
def advance(block):  # type: ignore[no-untyped-def]
    """Attempt one step in every lane."""
    n, rows = integer_at(block, ls.N), integer_at(block, ls.ROWS)
    common = integer_at(block, ls.COMMON)
    y = integer_at(block, ls.VECTORS)
    one = 64 * n
    slope, g, y_new = y + one * ls.SLOPE, y + one * ls.G, y + one * ls.Y_NEW
    new_slope = y + one * ls.NEW_SLOPE
    yes, no = spread(1.0), spread(0.0)
    active = load(rows, ls.ACTIVE) > 0.0

    t, t_end = load(rows, ls.T), number_at(common, ls.T_END)
    left = size((t_end - t) - load(rows, ls.CARRY))
    wanted = load(rows, ls.H)
    landing = 1.000001 * wanted >= left
    step = where(landing, left, least(wanted, 0.5 * left))
    dead = active & ((step <= 4e-16 * t) | (step < 1e-300))
    store(rows, ls.CODE, where(dead, spread(float(ls.STEP_UNDERFLOW)), load(rows, ls.CODE)))
    active = active & ~dead
    store(rows, ls.STEP, step)
    store(rows, ls.LANDING, where(landing, yes, no))

    for i in range(1, _STAGES):
        _combine(block, i - 1, y, step, g)
        evaluate(block, g, slope + one * i)
    _combine(block, _STAGES - 1, y, step, y_new)
    error5, error3 = y + one * ls.ERROR_A, y + one * ls.ERROR_B
    _combine(block, _STAGES, 0, step, error5)
    _combine(block, _STAGES + 1, 0, step, error3)
    measure(block, y, y_new, error5, ls.WRONG)
    measure(block, y, y_new, error3, ls.WRONG_B)
    fifth, third = load(rows, ls.WRONG), load(rows, ls.WRONG_B)
    both = root(fifth * fifth + 0.01 * third * third)
    error = where(both == 0.0, fifth, fifth * (fifth / both))
    good = active & (error <= 1.0)

    evaluate(block, y_new, new_slope)
    loss = load(integer_at(block, ls.WORK), 0)
    accepted = good & (loss - loss == 0.0)
    store(rows, ls.LOSS_NEW, loss)
    store(rows, ls.ACCEPTED, where(accepted, yes, no))
    calls = load(rows, ls.CALLS) + (_STAGES - 1.0) * where(active, yes, no)
    store(rows, ls.CALLS, calls + where(good, yes, no))

    # From here on a row changes where its lane is accepted or rejected.
    rejected = active & ~accepted
    shrink = where(error - error == 0.0, most(spread(0.2), 0.9 / _eighth_root(error)), 0.2 * yes)
    shrink = where(good, spread(0.1), shrink)  # the end point overflowed, the stages did not
    store(rows, ls.REJECTED, load(rows, ls.REJECTED) + where(rejected, yes, no))

    change, distance = no, no
    last = slope + one * (_STAGES - 1)
    for p in range(n):
        a, b = load(new_slope, p) - load(last, p), load(y_new, p) - load(g, p)
        change, distance = fma(a, a, change), fma(b, b, distance)
    small = most(error, spread(1e-12))
    grow = 0.9 / _eighth_root(small)
    before = load(rows, ls.SIZE)
    trend = step / before * _eighth_root(load(rows, ls.LAST_ERROR) / small)
    grow = where((before > 0.0) & (trend < 1.0), grow * trend, grow)
    grow = least(spread(6.0), most(spread(0.333), grow))
    held_back = load(rows, ls.HELD_BACK) > 0.0
    grow = where(held_back & (grow > 1.0), yes, grow)
    # A step cut short to land on a time says little about the next one.
    h = where(6.0 * step > wanted, step * grow, wanted)
    # Steps at the stability limit leave noise of the size of the tolerance: stay inside.
    reach = where(distance > 0.0, step * root(change / distance), no)
    h = where(reach > 0.85 * _REACH, least(h, 0.8 * _REACH / reach * step), h)
    h = where(rejected, step * shrink, where(accepted, h, wanted))
    store(rows, ls.H, h)
    store(rows, ls.SIZE, where(accepted, step, before))
    error = most(error, spread(1e-4))
    store(rows, ls.LAST_ERROR, where(accepted, error, load(rows, ls.LAST_ERROR)))
    held_back = (held_back & ~accepted) | rejected
    store(rows, ls.HELD_BACK, where(held_back, yes, no))

    seen = load(rows, ls.STIFF_SEEN)
    more = most(seen + where(reach > _STIFF_FROM, yes, spread(-0.25)), no)
    seen = where(accepted, more, where(rejected & ~good, seen + 0.5, seen))
    store(rows, ls.STIFF_SEEN, seen)
    kernel_at(integer_at(block, ls.ACCEPT))(block)
    code = load(rows, ls.CODE)
    stiff = accepted & (code == 0.0)
    stiff = stiff & (seen >= _STIFF_AFTER * load(rows, ls.EXPLICIT_PATIENCE))
    store(rows, ls.CODE, where(stiff, spread(float(ls.STIFF)), code))
