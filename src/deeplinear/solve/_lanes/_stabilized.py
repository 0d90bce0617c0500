"""The stabilized method of order 4(3) for eight members at once, each with its own step.

The rules of `_methods._stabilized`, one member a lane. A step takes as many stages as the lane
that needs most of them; the others wait with their own coefficients zero.
"""

import numba
import numpy as np

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import LANES, integer_at, number_at, put
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._calls import evaluate, kernel_at, measure
from deeplinear.solve._lanes._numbers import (
    any_of,
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

# Rows of the method's table, as in `_methods._stabilized`; its row length follows Q in `order`.
_REACHES, _GROWTHS, _BEGINS, _MU, _KAPPA = range(5)
_FINISH, _N_COEFFICIENTS = 5, 15

_REFRESH_AFTER = 25.0  # steps for which an estimate of the spectral radius is trusted
_MARGIN = 1.05  # of the spectral radius: the power method approaches it from below
_ROUND_OFF = 0.5 * float(np.finfo(np.float64).eps)
_NOISE = 0.3  # of the tolerance: what round-off may take up
# Steps of too many stages before reporting it: they cost less than to leave the lanes does.
_STIFF_AFTER = 400.0
_TOO_LONG = 2.0  # a step that accuracy allows, in steps that round-off allows
_NOT_STIFF_BELOW, _PATIENCE = 2.5, 6.0  # h |lambda|, and how many such steps

# Vectors that this method uses for something else.
_D, _K1, _K2, _K3, _K4, _IMAGE, _WRONG = 2, 3, 4, 5, 6, 7, ls.ERROR_A


@numba.njit(error_model="numpy")
def _fourth_root(x):  # type: ignore[no-untyped-def]
    return root(root(x))


@numba.njit(error_model="numpy")
def _entry(block, row, k):  # type: ignore[no-untyped-def]
    """Entry k of a row of the table, whose row length is the first number of `order`."""
    width = integer_at(integer_at(block, ls.ORDER), 0)
    return number_at(integer_at(block, ls.TABLE), row * width + k)


@compiled(ls.KERNEL_SIGNATURE)
def _refresh(block):  # type: ignore[no-untyped-def]
    """Estimate the spectral radius, by the power method, in the lanes that need it.

    The first direction joins the weights (stiff directions scale learned modes) and the slope.
    """
    n, rows = integer_at(block, ls.N), integer_at(block, ls.ROWS)
    y = integer_at(block, ls.VECTORS)
    one = 64 * n
    slope, direction = y + one * ls.SLOPE, y + one * ls.DOMINANT
    moved, image = y + one * ls.G, y + one * _IMAGE
    no = spread(0.0)
    need = (load(rows, ls.RADIUS) <= 0.0) | (load(rows, ls.AGE) >= _REFRESH_AFTER)
    need = need & (load(rows, ls.ACTIVE) > 0.0)
    if not any_of(need):
        return
    length, speed, length_now = no, no, no
    for p in range(n):
        length = fma(load(y, p), load(y, p), length)
        speed = fma(load(slope, p), load(slope, p), speed)
        length_now = fma(load(direction, p), load(direction, p), length_now)
    live = need & (length > 0.0) & (length - length == 0.0) & (speed - speed == 0.0)
    length = root(length)
    warm = length_now > 0.0
    cold = live & ~warm
    tilt = where(speed > 0.0, length / root(speed), no)
    for p in range(n):
        d = load(direction, p)
        store(direction, p, where(cold, fma(tilt, load(slope, p), load(y, p)), d))
    length_now = no
    for p in range(n):
        length_now = fma(load(direction, p), load(direction, p), length_now)
    live = live & (length_now > 0.0)
    reach = 1e-7 * length
    radius, calls = no, load(rows, ls.CALLS)
    patience = where(warm, spread(1.0), spread(4.0))
    iteration = 0
    while iteration < 60 and any_of(live):
        scale = where(live, reach / root(length_now), no)
        for p in range(n):
            store(moved, p, fma(scale, load(direction, p), load(y, p)))
        evaluate(block, moved, image)
        calls = calls + where(live, spread(1.0), no)
        length_now = no
        for p in range(n):
            d = where(live, (load(image, p) - load(slope, p)) / reach, load(direction, p))
            store(direction, p, d)
            length_now = fma(d, d, length_now)
        found = root(length_now)
        fine = (found > 0.0) & (found - found == 0.0)
        lost = live & ~fine
        if any_of(lost):
            for p in range(n):
                store(direction, p, where(lost, no, load(direction, p)))
        settled = (size(found - radius) <= 0.01 * found) & (patience <= float(iteration))
        radius = where(live, where(fine, found, no), radius)
        live = live & fine & ~settled
        iteration += 1
    store(rows, ls.CALLS, calls)
    store(rows, ls.RADIUS, where(need, _MARGIN * radius, load(rows, ls.RADIUS)))
    store(rows, ls.AGE, where(need, no, load(rows, ls.AGE)))
    # The longest formula whose round-off stays below the tolerance.
    measure(block, y, y, y, ls.WRONG)
    last = int(_entry(block, _BEGINS, integer_at(integer_at(block, ls.ORDER), 0) - 1)) - 1
    for lane in range(LANES):
        noise = _ROUND_OFF * number_at(rows, LANES * ls.WRONG + lane)
        longest = last
        while longest > 0 and _entry(block, _GROWTHS, longest) * noise > _NOISE:
            longest -= 1
        at = LANES * ls.LONGEST + lane
        if number_at(rows, LANES * ls.AGE + lane) == 0.0:
            put(rows, at, float(longest))


@compiled(ls.KERNEL_SIGNATURE)
def advance(block):  # type: ignore[no-untyped-def]
    """Attempt one step in every lane."""
    n, rows = integer_at(block, ls.N), integer_at(block, ls.ROWS)
    y = integer_at(block, ls.VECTORS)
    common, scratch = integer_at(block, ls.COMMON), integer_at(block, ls.LAYERS)
    one = 64 * n
    slope, g, d = y + one * ls.SLOPE, y + one * ls.G, y + one * _D
    y_new, new_slope = y + one * ls.Y_NEW, y + one * ls.NEW_SLOPE
    k1, k2, k3, k4 = y + one * _K1, y + one * _K2, y + one * _K3, y + one * _K4
    error = y + one * _WRONG
    yes, no = spread(1.0), spread(0.0)
    active = load(rows, ls.ACTIVE) > 0.0
    _refresh(block)

    # Clip each step to the longest formula, land on the end, choose the formula.
    radius = load(rows, ls.RADIUS)
    for lane in range(LANES):
        longest = int(number_at(rows, LANES * ls.LONGEST + lane))
        put(rows, LANES * ls.USABLE + lane, _entry(block, _REACHES, longest))
    usable = load(rows, ls.USABLE)
    asked = load(rows, ls.H)
    wanted = asked * radius
    asked = where(wanted > usable, usable / radius, asked)
    t, t_end = load(rows, ls.T), number_at(common, ls.T_END)
    left = size((t_end - t) - load(rows, ls.CARRY))
    landing = 1.000001 * asked >= left
    step = where(landing, left, least(asked, 0.5 * left))
    dead = active & ((step <= 4e-16 * t) | (step < 1e-300))
    store(rows, ls.CODE, where(dead, spread(float(ls.STEP_UNDERFLOW)), load(rows, ls.CODE)))
    active = active & ~dead
    store(rows, ls.STEP, step)
    store(rows, ls.LANDING, where(landing, yes, no))
    store(rows, ls.WANTED, step * radius)
    rounds = 0
    for lane in range(LANES):
        need = number_at(rows, LANES * ls.WANTED + lane)
        last = int(number_at(rows, LANES * ls.LONGEST + lane))
        formula = 0
        if number_at(rows, LANES * ls.ACTIVE + lane) > 0.0:
            while formula < last and _entry(block, _REACHES, formula) < need:
                formula += 1
        begin = _entry(block, _BEGINS, formula)
        count = _entry(block, _BEGINS, formula + 1) - begin
        put(scratch, LANES * 15 + lane, begin)
        put(scratch, LANES * 16 + lane, count)
        for k in range(_N_COEFFICIENTS):
            put(scratch, LANES * k + lane, _entry(block, _FINISH + k, formula))
        rounds = max(rounds, int(count))

    counts = load(scratch, 16)
    for j in range(rounds):
        for lane in range(LANES):
            mu, kappa = 0.0, 0.0
            if j < number_at(scratch, LANES * 16 + lane):
                at = int(number_at(scratch, LANES * 15 + lane)) + j
                mu, kappa = _entry(block, _MU, at), _entry(block, _KAPPA, at)
            put(scratch, LANES * 17 + lane, mu)
            put(scratch, LANES * 18 + lane, kappa)
        mu, kappa = step * load(scratch, 17), load(scratch, 18)
        if j == 0:
            for p in range(n):
                moved = mu * load(slope, p)
                store(d, p, moved)
                store(g, p, load(y, p) + moved)
            continue
        evaluate(block, g, k1)
        live = counts > float(j)
        for p in range(n):
            moved = fma(mu, load(k1, p), kappa * load(d, p))
            store(d, p, moved)
            before = load(g, p)
            store(g, p, where(live, before + moved, before))

    evaluate(block, g, k1)
    a21 = step * load(scratch, 0)
    for p in range(n):
        store(y_new, p, fma(a21, load(k1, p), load(g, p)))
    evaluate(block, y_new, k2)
    a31, a32 = step * load(scratch, 1), step * load(scratch, 2)
    pushed, bent = no, no
    for p in range(n):
        a, b = load(k1, p), load(k2, p)
        pushed, bent = fma(a, a, pushed), fma(b - a, b - a, bent)
        store(y_new, p, fma(a31, a, fma(a32, b, load(g, p))))
    evaluate(block, y_new, k3)
    a41, a42, a43 = (
        step * load(scratch, 3), step * load(scratch, 4), step * load(scratch, 5),
    )  # fmt: skip
    for p in range(n):
        total = fma(a43, load(k3, p), load(g, p))
        store(y_new, p, fma(a41, load(k1, p), fma(a42, load(k2, p), total)))
    evaluate(block, y_new, k4)
    b1, b2, b3, b4 = (
        step * load(scratch, 6), step * load(scratch, 7), step * load(scratch, 8),
        step * load(scratch, 9),
    )  # fmt: skip
    v0, v1, v2, v3, v4 = (
        load(scratch, 10), step * load(scratch, 11), step * load(scratch, 12),
        step * load(scratch, 13), step * load(scratch, 14),
    )  # fmt: skip
    for p in range(n):
        s1, s2, s3, s4 = load(k1, p), load(k2, p), load(k3, p), load(k4, p)
        base = load(g, p)
        store(y_new, p, fma(b1, s1, fma(b2, s2, fma(b3, s3, fma(b4, s4, base)))))
        total = fma(v1, s1, fma(v2, s2, fma(v3, s3, v4 * s4)))
        store(error, p, fma(v0, base - load(y, p), total))
    # Two states close by, seen anyway: their slopes bound the spectral radius from below.
    bound = a21 * radius
    exceeded = bent > bound * bound * pushed
    measure(block, y, y_new, error, ls.WRONG)
    wrong = load(rows, ls.WRONG)
    good = active & (wrong <= 1.0)
    evaluate(block, y_new, new_slope)
    loss = load(integer_at(block, ls.WORK), 0)
    accepted = good & (loss - loss == 0.0)
    rejected = active & ~accepted
    store(rows, ls.LOSS_NEW, loss)
    store(rows, ls.ACCEPTED, where(accepted, yes, no))
    calls = load(rows, ls.CALLS) + where(active, counts + 3.0, no)
    store(rows, ls.CALLS, calls + where(good, yes, no))
    store(rows, ls.REJECTED, load(rows, ls.REJECTED) + where(rejected, yes, no))

    shrink = where(wrong > 1.0, most(spread(0.2), 0.8 / _fourth_root(wrong)), spread(0.1))
    shrink = where(wrong - wrong == 0.0, shrink, spread(0.2))
    before, last_error = load(rows, ls.SIZE), load(rows, ls.LAST_ERROR)
    grow = 0.8 / _fourth_root(wrong)
    trend = step / before * _fourth_root(last_error / wrong)
    grow = where((before > 0.0) & (trend < 1.0), grow * trend, grow)
    grow = least(spread(5.0), most(spread(0.2), grow))
    grow = where(wrong > 0.0, grow, spread(5.0))
    held_back = load(rows, ls.HELD_BACK) > 0.0
    grow = where(held_back & (grow > 1.0), yes, grow)
    h = where(5.0 * step > asked, step * grow, asked)
    store(rows, ls.H, where(rejected, step * shrink, where(accepted, h, load(rows, ls.H))))
    store(rows, ls.SIZE, where(accepted, step, before))
    store(rows, ls.LAST_ERROR, where(accepted, most(wrong, spread(1e-4)), last_error))
    held_back = (held_back & ~accepted) | rejected
    store(rows, ls.HELD_BACK, where(held_back, yes, no))
    age = load(rows, ls.AGE)
    refresh = spread(_REFRESH_AFTER)
    older = where(accepted, where(exceeded, refresh, age + 1.0), age)
    store(rows, ls.AGE, where(rejected & (age > 0.0), refresh, older))
    taken = load(rows, ls.STABILIZED_STEPS)
    store(rows, ls.STABILIZED_STEPS, taken + where(accepted, yes, no))

    # Where round-off cuts steps short it would take that many more of them.
    excess = wanted / usable
    stages = (counts + 4.0) * where(excess > 1.0, excess, yes)
    seen = load(rows, ls.STIFF_SEEN)
    many = (stages >= number_at(common, ls.STIFF_STAGES)) | (excess > _TOO_LONG)
    less = most(seen - 0.25, no)
    seen = where(accepted, where(many, seen + 1.0, less), seen)
    store(rows, ls.STIFF_SEEN, seen)
    quiet = load(rows, ls.NOT_STIFF_SEEN)
    quiet = where(accepted, where(wanted < _NOT_STIFF_BELOW, quiet + 1.0, no), quiet)
    store(rows, ls.NOT_STIFF_SEEN, quiet)
    kernel_at(integer_at(block, ls.ACCEPT))(block)
    code = load(rows, ls.CODE)
    running = accepted & (code == 0.0)
    less_stiff = running & (quiet >= _PATIENCE)
    stiff = running & (seen >= _STIFF_AFTER * load(rows, ls.STABILIZED_PATIENCE))
    code = where(less_stiff, spread(float(ls.NOT_STIFF)), code)
    store(rows, ls.CODE, where(stiff, spread(float(ls.STIFF)), code))
