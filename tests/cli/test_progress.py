"""Progress: one line of at most 80 columns in a terminal, a plain line now and then elsewhere."""

import io
import re
import time

import numpy as np
import pytest
from rich.console import Console

from deeplinear.cli import _progress
from deeplinear.solve import Progress


def at(**changes: object) -> Progress:
    values = {
        "t": 12.0,
        "loss": 2.0,
        "gap": 1.0,
        "gap_start": 100.0,
        "gap_target": 0.01,
        "learned": 1,
        "n_modes": 3,
        "n_steps": 50,
        "method": "explicit",
        "elapsed": 3.0,
        "mode_strengths": np.array([5.0, 0.1, 0.0]),
    }
    return Progress(**(values | changes))  # type: ignore[arg-type]


LONGEST = at(
    t=1.23456e-10,
    gap=1.2345e-100,
    gap_target=1e-12,
    learned=1000,
    n_modes=1000,
    n_steps=10**7,
    elapsed=1e5,
)


def test_the_fraction_is_the_mean_of_modes_and_log_gap():
    assert _progress.fraction(at(), None) == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert _progress.fraction(at(gap=100.0, learned=0), None) == 0.0
    assert _progress.fraction(at(gap=0.01, learned=3), None) == pytest.approx(1.0)


def test_the_fraction_is_that_of_the_time_if_only_that_ends_the_run():
    assert _progress.fraction(at(gap_target=-1.0), 48.0) == 0.25
    assert _progress.fraction(at(), 16.0) == 0.75


@pytest.mark.parametrize("gap", [0.0, 1e300, 1e-300])
def test_the_fraction_stays_between_0_and_1(gap):
    assert 0.0 <= _progress.fraction(at(gap=gap), None) <= 1.0


def test_a_line_tells_gap_and_modes():
    assert _progress.line(at(), None) == "gap 1.0e+00 to 1e-02  modes 1/3  t 12  50 steps  0:03"
    assert "t 12 of 48" in _progress.line(at(), 48.0)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("progress", [at(), LONGEST])
@pytest.mark.parametrize("t_end", [None, 1.5e100])
def test_the_live_line_never_wraps_not_even_with_ctrl_c_typed(width, progress, t_end):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    with _progress._Live(console, t_end) as live:
        live.say("x" * 300)
        live.show(progress)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    frames = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", text).splitlines()
    assert any("xxx" in frame for frame in frames)
    assert any("gap" in frame for frame in frames)
    assert max(map(len, frames)) <= width - len("^C")


def test_a_short_run_prints_no_plain_line(capsys):
    with _progress._Plain(None) as plain:
        plain.show(at())
        plain.say("writing")
    assert capsys.readouterr().err == ""


def test_plain_lines_are_sparse(capsys, monkeypatch):
    clock = {"now": 0.0}
    monkeypatch.setattr("time.monotonic", lambda: clock["now"])
    with _progress._Plain(None) as plain:
        for tick in range(121):  # twelve seconds, ten looks a second
            clock["now"] = tick / 10
            plain.show(at(elapsed=clock["now"]))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[-1] for line in lines] == ["0:02", "0:07", "0:12"]


def test_no_progress_is_silent(capsys):
    with _progress.display(False, t_end=None) as silent:
        silent.say("reading")
        silent.show(at())
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(("seconds", "told"), [(0.0, ""), (0.3, "Thinking ...\n")])
def test_a_command_that_takes_long_says_once_what_it_does(monkeypatch, capsys, seconds, told):
    monkeypatch.setattr(_progress, "QUIET_FOR", 0.05)
    with _progress.working("Thinking ..."):
        time.sleep(seconds)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", told)
