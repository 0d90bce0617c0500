"""Equal accuracy first: which rung of the ladder counts, and what happens to failures."""

import time

import pytest

from benchmarks.measure import LADDER, Point, Scan, interleave, not_worth_it, scan
from benchmarks.method import Method, NotFeasibleError


def method(solve):
    return Method("library", "method", solve)


def test_ladder_descends_from_1e_2_to_1e_13_by_half_decades():
    assert LADDER[0] == 1e-2
    assert LADDER[-1] == 1e-13
    assert len(LADDER) == 23


def test_a_lucky_rung_does_not_qualify():
    errors = [1e-2, 1e-6, 1e-4, 1e-6, 1e-7]
    points = [Point(10.0**-k, error, 1.0) for k, error in enumerate(errors)]
    found = Scan(method(None), points)
    assert found.qualifying(1e-5) == points[3]
    assert found.qualifying(1e-7) is None
    assert found.why_not(1e-8) == "best error 1e-07; not twice in a row"


def test_scan_stops_once_the_target_is_met_twice():
    found = scan(method(lambda rtol: rtol), lambda states: 10 * states, [1e-5])
    assert found.qualifying(1e-5).rtol == pytest.approx(1e-6)
    assert found.points[-1].rtol == pytest.approx(10**-6.5)


def test_whole_ladder_is_climbed_while_there_is_spare_time():
    found = scan(method(lambda rtol: rtol), float, [1e-2], spare=10.0)
    assert [point.rtol for point in found.points] == list(LADDER)


def climbed(seconds, error=1e-6):
    return Scan(method(None), [Point(10.0**-k, error, seconds) for k in (3, 4)])


def test_stock_variant_runs_unless_its_tuned_one_is_five_times_slower_than_the_best_stock():
    stock = [climbed(1.0), climbed(9.0), Scan(method(None), failure="stopped")]
    assert not_worth_it(climbed(4.0), stock, [1e-5]) is None
    reason = not_worth_it(climbed(6.0), stock, [1e-5])
    assert reason == "not run; tuned takes 6x the best stock"
    assert not_worth_it(climbed(1e3), [], [1e-5]) is None
    assert not_worth_it(climbed(1e3, 1e-9), stock, [1e-5, 1e-7]) is None


def test_stock_variant_does_not_run_where_its_tuned_one_reaches_nothing():
    failed = Scan(method(None), failure="stopped after 5 s")
    assert not_worth_it(failed, [], [1e-5]) == "not run; tuned: stopped after 5 s"


def test_slow_solve_ends_the_scan_with_its_reason():
    found = scan(method(lambda rtol: time.sleep(1 / rtol)), float, [1e-5], longest=0.01)
    assert not found.points
    assert found.why_not(1e-5) == "stopped after 0.01 s"


def test_infeasible_problem_is_not_tried_again():
    calls = []

    def solve(rtol):
        calls.append(rtol)
        raise NotFeasibleError("not feasible: too big")

    found = scan(method(solve), float, [1e-5])
    assert len(calls) == 1
    assert found.why_not(1e-5) == "not feasible: too big"


def test_failures_that_take_long_end_the_scan():
    calls = []

    def solve(rtol):
        calls.append(rtol)
        time.sleep(0.02)
        raise NotFeasibleError("status: step limit")

    found = scan(
        Method("library", "method", solve, interruptible=False), float, [1e-5], longest=0.01
    )
    assert len(calls) == 1
    assert found.why_not(1e-5) == "status: step limit after 0.01 s"


def test_exception_at_loose_tolerances_does_not_end_the_scan():
    def solve(rtol):
        if rtol > 1e-4:
            raise ValueError("a step failed\nat great length")
        return rtol

    found = scan(method(solve), float, [1e-5])
    assert found.qualifying(1e-5).rtol == pytest.approx(1e-5)
    hopeless = scan(method(solve), float, [1e-5], ladder=[1e-2, 1e-3])
    assert hopeless.why_not(1e-5) == "ValueError: a step failed"


def test_rounds_are_interleaved_and_slow_entries_run_less_often():
    order = []

    def entry(name, seconds):
        def solve(rtol):
            order.append(name)
            time.sleep(seconds)

        return method(solve), 1e-3

    spent = interleave([entry("quick", 0.0), entry("slow", 0.05)], budget=0.2, rounds=4)
    assert order[:4] == ["quick", "slow", "quick", "slow"] or order[:3] == [
        "quick",
        "slow",
        "quick",
    ]
    assert len(spent[0]) == 4
    assert len(spent[1]) == 3
