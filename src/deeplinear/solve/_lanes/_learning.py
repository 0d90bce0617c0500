"""When eight members learn each mode: its strength first passes half its value (theory §11).

Between the ends of a step by the cubic with their strengths and rates of change.
"""

import numba
import numpy as np
from numba import types

from deeplinear._core.compilation import compiled
from deeplinear._core.lanes import LANES, integer_at, number_at, put
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._calls import multiply_out
from deeplinear.solve._lanes._numbers import any_of, fma, load, root, spread, store, where

_NUDGE = 1e-6  # of the weights: the step of the difference that gives a strength's rate


@numba.njit(error_model="numpy")
def _strengths(block, product, out):  # type: ignore[no-untyped-def]
    """Write u_k^T (P F) w_k for every mode, from the product (p, q)."""
    p, q, modes = integer_at(block, ls.P), integer_at(block, ls.Q), integer_at(block, ls.MODES)
    left, right = integer_at(block, ls.LEFT), integer_at(block, ls.RIGHT)
    for k in range(modes):
        total = spread(0.0)
        for i in range(p):
            u = number_at(left, k * p + i)
            if u != 0.0:
                inner = spread(0.0)
                for j in range(q):
                    w = number_at(right, k * q + j)
                    if w != 0.0:
                        inner = fma(load(product, i * q + j), spread(w), inner)
                total = fma(inner, spread(u), total)
        store(out, k, total)


@compiled(types.float64(*[types.float64] * 5))
def _crossing(low, high, rate_low, rate_high, level):  # type: ignore[no-untyped-def]
    """Where in [0, 1] the cubic with these values and rates at the ends passes the level."""
    a, b = 0.0, 1.0
    for _ in range(30):
        x = 0.5 * (a + b)
        rest = 1.0 - x
        value = (
            low * rest * rest * (1.0 + 2.0 * x) + high * x * x * (3.0 - 2.0 * x)
            + rate_low * x * rest * rest - rate_high * x * x * rest
        )  # fmt: skip
        if value > level:
            b = x
        else:
            a = x
    return 0.5 * (a + b)


@numba.njit(error_model="numpy")
def _rates(block, y, slope, strengths, out):  # type: ignore[no-untyped-def]
    """Write how fast the strengths change along the slope, by a difference."""
    n, modes, work = (
        integer_at(block, ls.N),
        integer_at(block, ls.MODES),
        integer_at(block, ls.WORK),
    )
    moved = integer_at(block, ls.VECTORS) + 64 * n * ls.ERROR_A
    norm, speed = spread(0.0), spread(0.0)
    for i in range(n):
        norm = fma(load(y, i), load(y, i), norm)
        speed = fma(load(slope, i), load(slope, i), speed)
    reach = _NUDGE * root(norm / speed)
    for i in range(n):
        store(moved, i, fma(reach, load(slope, i), load(y, i)))
    multiply_out(block, moved, work + 64)
    _strengths(block, work + 64, out)
    for k in range(modes):
        store(out, k, (load(out, k) - load(strengths, k)) / reach)


@compiled(ls.KERNEL_SIGNATURE)
def learn(block):  # type: ignore[no-untyped-def]
    """Note when a mode's strength first passes half its value, between the ends of the step."""
    n, y = integer_at(block, ls.N), integer_at(block, ls.VECTORS)
    slope = y + 64 * n * ls.SLOPE
    y_new, new_slope = y + 64 * n * ls.Y_NEW, y + 64 * n * ls.NEW_SLOPE
    rows, modes = integer_at(block, ls.ROWS), integer_at(block, ls.MODES)
    work, halves = integer_at(block, ls.WORK), integer_at(block, ls.HALVES)
    times, old = rows + 64 * ls.N_ROWS, rows + 64 * (ls.N_ROWS + modes)
    new = integer_at(block, ls.LAYERS)
    accepted = load(rows, ls.ACCEPTED) > 0.0
    _strengths(block, work + 64, new)
    crossed = False
    for k in range(modes):
        passed = accepted & (load(times, k) == np.inf) & (load(new, k) > number_at(halves, k))
        crossed = crossed or any_of(passed)
    if crossed:
        rate, new_rate = new + 64 * modes, new + 128 * modes
        _rates(block, y, slope, old, rate)
        _rates(block, y_new, new_slope, new, new_rate)
        for k in range(modes):
            half = number_at(halves, k)
            for lane in range(LANES):
                at = LANES * k + lane
                if (
                    number_at(rows, LANES * ls.ACCEPTED + lane) > 0.0
                    and number_at(times, at) == np.inf
                    and number_at(new, at) > half
                ):
                    step = number_at(rows, LANES * ls.STEP + lane)
                    where_in_step = _crossing(
                        number_at(old, at), number_at(new, at),
                        number_at(rate, at) * step, number_at(new_rate, at) * step, half,
                    )  # fmt: skip
                    put(times, at, number_at(rows, LANES * ls.T + lane) + where_in_step * step)
    for k in range(modes):
        store(old, k, where(accepted, load(new, k), load(old, k)))


@compiled(ls.KERNEL_SIGNATURE)
def begin(block):  # type: ignore[no-untyped-def]
    """Write the strengths at the start, where the field was evaluated; time 0 for learned modes."""
    rows, modes = integer_at(block, ls.ROWS), integer_at(block, ls.MODES)
    times, strengths = rows + 64 * ls.N_ROWS, rows + 64 * (ls.N_ROWS + modes)
    _strengths(block, integer_at(block, ls.WORK) + 64, strengths)
    for k in range(modes):
        learned = load(strengths, k) > number_at(integer_at(block, ls.HALVES), k)
        store(times, k, where(learned, spread(0.0), spread(np.inf)))
