"""The figures show the peers that count, and files stay small and the same each time."""

from dataclasses import asdict

import pytest

from benchmarks import figures
from benchmarks.method import STOCK, TUNED
from benchmarks.results import Row


def row(library, name, variant, seconds):
    return asdict(Row.timed(library, name, variant, [seconds], rtol=1e-6, error=1e-6))


@pytest.fixture
def content():
    rows = [
        row("deeplinear", "auto", "", 1e-3),
        row("SciPy", "Radau", STOCK, 90e-3),
        row("SciPy", "LSODA", STOCK, 50e-3),
        row("SciPy", "LSODA", TUNED, 10e-3),
        asdict(Row("PyTorch", "gradient descent", STOCK, failure="not feasible")),
    ]
    titles = ["deeplinear auto", "SciPy Radau (stock)", "SciPy LSODA (stock)"]
    points = [[1e-2, float("inf"), 1e-3], [1e-3, 5.0, 1e-3], [1e-4, 1e-3, 2e-3], [1e-5, 1e-7, 3e-3]]
    easy = {"target": "1e-05", "goal": 20.0, "ratio": 50.0, "tuned_ratio": 10.0, "rows": rows}
    easy |= {"best_stock": "SciPy LSODA (stock)", "best_tuned": "SciPy LSODA (tuned)"}
    hard = {"target": "1e-07", "goal": 20.0, "ratio": None, "tuned_ratio": None, "rows": rows[:2]}
    hard |= {"best_stock": None, "best_tuned": None}
    return {
        "problem": "P2",
        "title": "a title",
        "reference": {"differences": {"Gauss": 3e-12}},
        "comparisons": [easy, hard],
        "precision": dict.fromkeys([*titles, "SciPy LSODA (tuned)"], points),
    }


def curves(figure):
    return {line.get_label(): line for line in figure.axes[0].lines if line.get_marker() != "None"}


def test_of_the_fastest_peers_those_that_reach_most_targets_come_first(content):
    shown = list(curves(figures.precision(content)))
    assert shown == [
        "deeplinear auto",
        "SciPy Radau (stock)",
        "SciPy LSODA (stock)",
        "SciPy LSODA (tuned)",
    ]


def test_curves_leave_out_failed_and_useless_runs(content):
    line = curves(figures.precision(content))["deeplinear auto"]
    assert line.get_ydata().tolist() == [1e-3, 1e-7]
    assert line.get_xdata().tolist() == [2.0, 3.0]


def test_curves_differ_without_color(content):
    looks = [
        (c.get_marker(), c.get_linestyle()) for c in curves(figures.precision(content)).values()
    ]
    assert len({marker for marker, _ in looks}) == len(looks)


def test_bars_say_who_is_compared_and_where_nobody_arrives(content):
    texts = [text.get_text() for text in figures.ratios([content]).axes[0].texts]
    assert texts == ["50x  SciPy LSODA", "10x  SciPy LSODA", "none reached it", "none reached it"]


def test_files_are_small_and_the_same_each_time(content, tmp_path):
    for draw in (lambda: figures.precision(content), lambda: figures.ratios([content])):
        first, second = tmp_path / "first.svg", tmp_path / "second.svg"
        figures.save(draw(), first)
        figures.save(draw(), second)
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size < 150_000
