"""The compiled loop over many members: eight at a time, the next one where one ends.

Members that ask for the other method wait for it in its queue. Since no lane depends on another,
a member's result depends neither on its neighbours nor on the order of the queues.
"""

import numba
import numpy as np
from numba import types

from deeplinear._core.compilation import compiled, function_at
from deeplinear._core.lanes import LANES, address, integer_at, number_at, put
from deeplinear.solve._lanes import _state as ls

_kernel_at = function_at(ls.KERNEL_SIGNATURE)
_MATRIX = types.float64[:, ::1]

_SOON, _MOST_PATIENT = 12.0, 8.0  # as in `_methods._drive`
_PARK = 3  # so few members wait for company while eight want the other method


@numba.njit(error_model="numpy")
def _take(block, lane, member, ends, slopes, directions, records):  # type: ignore[no-untyped-def]
    """Let a member into a lane."""
    vectors, rows = integer_at(block, ls.VECTORS), integer_at(block, ls.ROWS)
    n = ends.shape[1]
    for p in range(n):
        put(vectors, LANES * (ls.Y * n + p) + lane, ends[member, p])
        put(vectors, LANES * (ls.SLOPE * n + p) + lane, slopes[member, p])
        put(vectors, LANES * (ls.DOMINANT * n + p) + lane, directions[member, p])
    for k in range(records.shape[1]):
        put(rows, LANES * k + lane, records[member, k])
    put(rows, LANES * ls.ACTIVE + lane, 1.0)


@numba.njit(error_model="numpy")
def _leave(block, lane, member, ends, slopes, directions, records):  # type: ignore[no-untyped-def]
    """Write down the member in a lane."""
    vectors, rows = integer_at(block, ls.VECTORS), integer_at(block, ls.ROWS)
    n = ends.shape[1]
    for p in range(n):
        ends[member, p] = number_at(vectors, LANES * (ls.Y * n + p) + lane)
        slopes[member, p] = number_at(vectors, LANES * (ls.SLOPE * n + p) + lane)
        directions[member, p] = number_at(vectors, LANES * (ls.DOMINANT * n + p) + lane)
    for k in range(records.shape[1]):
        records[member, k] = number_at(rows, LANES * k + lane)
    put(rows, LANES * ls.ACTIVE + lane, 0.0)


@numba.njit(error_model="numpy")
def _change(record, directions):  # type: ignore[no-untyped-def]
    """Go to the other method, as `_methods._drive._change` does."""
    if record[ls.CODE] == ls.STIFF:
        record[ls.METHOD] = 1.0
        record[ls.STABILIZED_FROM] = min(record[ls.STABILIZED_FROM], record[ls.T])
    else:
        soon = record[ls.STEPS] - record[ls.CHANGED_AT] < _SOON
        more = min(2.0 * record[ls.EXPLICIT_PATIENCE], _MOST_PATIENT)
        record[ls.EXPLICIT_PATIENCE] = more if soon else 1.0
        record[ls.METHOD] = 0.0
    record[ls.CHANGED_AT] = record[ls.STEPS]
    for k in (
        ls.STIFF_SEEN, ls.SIZE, ls.LAST_ERROR, ls.HELD_BACK, ls.RADIUS, ls.AGE, ls.LONGEST,
        ls.NOT_STIFF_SEEN, ls.CODE,
    ):  # fmt: skip
        record[k] = 0.0
    directions[:] = 0.0


@compiled(
    types.void(
        types.int64[::1],  # block
        types.int64[:, ::1],  # of each method: addresses of `advance`, table, order
        types.intp,  # address of `prepare`
        _MATRIX,  # ends (m, n): the starts, then the ends
        _MATRIX,  # slopes (m, n)
        _MATRIX,  # directions (m, n)
        _MATRIX,  # records (m, N_ROWS + 2 modes), FINEST set
        types.int64[::1],  # wishes: whether to stop; how many members are done
    )
)
def run(numbers, methods, prepare, ends, slopes, directions, records, wishes):  # type: ignore[no-untyped-def]
    """Integrate all members until each has a code that is not 0."""
    block = address(numbers)
    rows = numbers[ls.ROWS]
    m = ends.shape[0]
    holds = np.full(LANES, -1)
    first = 0
    while first < m:
        count = min(LANES, m - first)
        for lane in range(count):
            _take(block, lane, first + lane, ends, slopes, directions, records)
        _kernel_at(prepare)(block)
        for lane in range(count):
            _leave(block, lane, first + lane, ends, slopes, directions, records)
        first += count

    # Rings: a member stands in one of them, or in a lane, or is done.
    queues = np.empty((2, m), np.int64)
    heads, lengths = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for member in range(m):
        if records[member, ls.CODE] == 0.0:
            queues[0, lengths[0]] = member
            lengths[0] += 1
        else:
            wishes[1] += 1
    while lengths[0] + lengths[1] > 0:
        method = 0 if lengths[0] >= lengths[1] else 1
        other = 1 - method
        numbers[ls.TABLE], numbers[ls.ORDER] = methods[method, 1], methods[method, 2]
        advance = _kernel_at(methods[method, 0])
        working = 0
        fresh = True
        while fresh or working > 0:
            fresh = False
            for lane in range(LANES):
                if holds[lane] < 0 and lengths[method] > 0:
                    member = queues[method, heads[method]]
                    heads[method] = (heads[method] + 1) % m
                    lengths[method] -= 1
                    _take(block, lane, member, ends, slopes, directions, records)
                    holds[lane] = member
                    working += 1
            park = wishes[0] > 0 or (working <= _PARK and lengths[other] >= LANES)
            if not park:
                advance(block)
            for lane in range(LANES):
                member = holds[lane]
                if member < 0:
                    continue
                code = number_at(rows, LANES * ls.CODE + lane)
                if code == 0.0 and not park:
                    continue
                _leave(block, lane, member, ends, slopes, directions, records)
                holds[lane] = -1
                working -= 1
                goes_to = -1
                if code == 0.0:
                    goes_to = method
                elif code == ls.NOT_STIFF or (code == ls.STIFF and method == 0):
                    _change(records[member], directions[member])
                    goes_to = other
                if goes_to >= 0:
                    queues[goes_to, (heads[goes_to] + lengths[goes_to]) % m] = member
                    lengths[goes_to] += 1
                else:
                    wishes[1] += 1
            if park:
                break
        if wishes[0] > 0:
            break
    for k in range(2):
        for j in range(lengths[k]):
            records[queues[k, (heads[k] + j) % m], ls.CODE] = ls.INTERRUPTED
