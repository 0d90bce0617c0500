"""The table says what is reached, keeps failures, and fits 80 columns."""

import json
import platform
from pathlib import Path

import pytest

from benchmarks import machine, results, table
from benchmarks.method import STOCK, TUNED
from benchmarks.results import Comparison, Outcome, Row

FAST = Row.timed("deeplinear", "auto", "", [2e-3, 1e-3, 9e-3], rtol=1e-6, error=1e-6)
PEER = Row.timed("SciPy", "LSODA (odeint)", STOCK, [50e-3], rtol=1e-8, error=1e-6)
HELPED = Row.timed("SciPy", "LSODA (odeint)", TUNED, [10e-3], rtol=1e-8, error=1e-6)
SLOW = Row.timed("torchdiffeq", "dopri8", STOCK, [1.9], rtol=1e-8, error=1e-6)
FAILED = Row("PyTorch", "gradient descent", STOCK, failure="not feasible: 2e+08 steps, 6e-04")


def comparison(ours=FAST, *, goal=20.0, peers=(PEER, HELPED, SLOW, FAILED)):
    return Comparison("P2", "1e-05", goal, ours, (ours, *peers))


def test_goal_counts_against_the_best_stock_peer():
    c = comparison()
    assert c.ours.seconds == 2e-3
    assert c.best_stock == PEER
    assert c.ratio == pytest.approx(25.0)
    assert c.reached is True
    assert comparison(goal=30.0).reached is False
    assert comparison(goal=None).reached is None


def test_ratio_to_the_best_tuned_peer_stands_in_the_line_below():
    c = comparison()
    assert c.best_tuned == HELPED
    assert c.tuned_ratio == pytest.approx(5.0)
    stock, tuned = table.summary([c]).splitlines()[2:]
    assert "LSODA (odeint) (stock)" in stock
    assert "25x" in stock
    assert "LSODA (odeint) (tuned)" in tuned
    assert "5x" in tuned


def test_best_tuned_peer_is_a_stock_one_that_no_help_makes_up_for():
    c = comparison(peers=(PEER, SLOW))
    assert c.best_tuned == PEER
    assert c.tuned_ratio == c.ratio


def test_our_failure_is_a_goal_not_reached():
    failed = Row("deeplinear", "auto", failure="status: step limit")
    c = comparison(failed)
    assert c.ratio is None
    assert c.reached is False
    assert "status: step limit" in table.details(c)
    assert "failed" in table.summary([c])
    assert "NO" in table.summary([c])


def test_no_peer_reaches_the_target():
    c = comparison(peers=(FAILED,))
    assert c.best_stock is None
    assert c.reached is True
    assert "none" in table.summary([c])


def test_failures_are_kept_last_with_their_reason():
    lines = table.details(comparison()).splitlines()
    assert "auto" in lines[2]
    assert "not feasible: 2e+08 steps" in lines[-1]


def test_tables_fit_80_columns():
    long = Row("SUNDIALS", "CVODE Adams GMRES", STOCK, failure="x" * 200)
    c = comparison(peers=(PEER, HELPED, SLOW, long))
    for text in (table.summary([c]), table.details(c)):
        assert max(map(len, text.splitlines())) <= 80


def test_file_holds_rows_failures_and_work_precision(tmp_path):
    curve = {"SciPy DOP853": [(1e-3, 1e-2, 0.1)]}
    outcome = Outcome("P2", "a title", "Taylor", {"Gauss": 1e-12}, [comparison()], {}, curve)
    path = results.write(outcome, {"cores": 2}, tmp_path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["reference"] == {"method": "Taylor", "differences": {"Gauss": 1e-12}}
    assert stored["comparisons"][0]["ratio"] == pytest.approx(25.0)
    assert stored["comparisons"][0]["tuned_ratio"] == pytest.approx(5.0)
    assert stored["comparisons"][0]["best_tuned"] == "SciPy LSODA (odeint) (tuned)"
    assert stored["comparisons"][0]["rows"][-1]["failure"] == FAILED.failure
    assert stored["precision"]["SciPy DOP853"] == [[1e-3, 1e-2, 0.1]]


def test_report_states_how_good_the_reference_is():
    outcome = Outcome("P2", "a title", "Taylor", {"Gauss": 2e-12}, [comparison()])
    text = table.report(outcome)
    assert "P2: a title\nreference: Taylor; others differ from it by\n  2e-12  Gauss\n" in text
    assert table.details(comparison()) in text


def test_machine_facts_name_no_host():
    text = json.dumps(machine.facts())
    assert platform.node() not in text
    assert str(Path.home()) not in text
