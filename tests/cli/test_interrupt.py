"""Ctrl-C keeps what has been computed, and says so."""

import os
import signal
from pathlib import Path

import pytest

import deeplinear as dl
from deeplinear.cli import _demo, _progress

LONG = ["digits", "--widths", "64,20,20,10", "--scale", "1e-4", "--rtol", "1e-9"]


@pytest.fixture
def press(monkeypatch):
    """Press Ctrl-C at the n-th call of a method of the display."""

    def at(name: str, n: int = 1, times: int = 1) -> None:
        calls = {"made": 0}

        class Pressing(_progress._Silent):
            def _pressed(self, *_: object) -> None:
                calls["made"] += 1
                if calls["made"] == n:
                    for _ in range(times):
                        os.kill(os.getpid(), signal.SIGINT)

        setattr(Pressing, name, Pressing._pressed)
        monkeypatch.setattr(_progress, "display", lambda *_, **__: Pressing())

    return at


@pytest.mark.usefixtures("short_report")
def test_an_interrupted_run_is_kept_and_done(cli, press):
    press("show", n=2)
    done = cli("run", *LONG, "-o", "out/a", "--json")
    assert done.code == 0
    assert done.document["status"] == "interrupted"
    assert "kept" in done.document["reason"]
    assert "what has been computed is kept" in done.err
    assert dl.load("out/a").status == "interrupted"
    assert {entry.name for entry in Path("out/a").iterdir()} == {
        "report.html",
        "run.toml",
        "trajectory.zarr",
    }


@pytest.mark.usefixtures("short_report")
def test_an_interrupted_demo_goes_no_further(cli, press, monkeypatch):
    longer = _demo._EXAMPLES["digits"] | {"flow": {"rtol": 1e-9}}
    monkeypatch.setitem(_demo._EXAMPLES, "planted", longer)
    press("show", n=1)
    done = cli("demo", "--json")
    assert done.code == 0
    assert [run["status"] for run in done.document["runs"]] == ["interrupted"]


def test_an_interrupt_before_the_run_leaves_nothing(cli, press, tmp_path):
    press("say", n=1)
    done = cli("run", *LONG, "-o", "out/a", "--json")
    assert done.code == 3
    assert "nothing was written" in done.document["error"]["message"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("short_report")
def test_one_interrupt_while_writing_lets_it_finish(cli, press):
    press("say", n=2)
    done = cli("run", *LONG, "--t-end", "1", "-o", "out/a", "--json")
    assert (done.code, done.document["status"]) == (0, "t_end")


@pytest.mark.usefixtures("short_report")
def test_two_interrupts_while_writing_abandon_it(cli, press, tmp_path):
    press("say", n=2, times=2)
    done = cli("run", *LONG, "--t-end", "1", "-o", "out/a", "--json")
    assert done.code == 3
    assert "nothing was written" in done.document["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_the_handler_is_put_back(cli, press):
    before = signal.getsignal(signal.SIGINT)
    press("say", n=2, times=2)
    cli("run", *LONG, "--t-end", "1", "-o", "out/a", "-q")
    assert signal.getsignal(signal.SIGINT) is before
