"""The command line as a process of its own: signals, a full disk, a terminal, exit codes."""

import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

import deeplinear as dl
from deeplinear.cli import main

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-m", "deeplinear"]
QUICK = ["run", "planted", "--modes", "3,2", "--widths", "3,3,2", "--scale", "0.01"]
ENDLESS = ["run", "planted", "--modes", "1000,1e-4", "--widths", "2,2,2", "--method", "explicit"]
ENDLESS += ["--set", "flow.stop=0", "--set", "flow.max_steps=1000000000", "-o", "out/a"]
"""Stability holds the steps at 1e-3 while the second mode takes a time of 1e5: minutes."""

ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "80", "MPLBACKEND": "agg"}


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def start(*words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        **options,  # type: ignore[call-overload]
    )


def wait_for_line(process: subprocess.Popen[str]) -> str:
    """Wait for the first progress line: the run is on its way."""
    assert process.stderr is not None
    return process.stderr.readline()


def held(folder: str) -> list[str]:
    return sorted(os.listdir(folder))


def test_json_goes_to_standard_output_and_everything_else_elsewhere():
    # On a slow machine there is time for a progress line, which belongs to standard error.
    process = start(*QUICK, "-o", "out/a", "--json", "--no-progress")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["ok"] is True
    assert out.count("\n") == 1


def test_wrong_use_exits_with_2_and_a_failed_run_with_3():
    wrong = start(*QUICK, "--seed", "x", "--json")
    out, err = wrong.communicate()
    assert wrong.returncode == 2
    assert json.loads(out)["error"]["mistakes"][0]["where"] == "--seed"
    assert err.startswith("Error: `--seed`")
    failed = start(*QUICK, "--scale", "1e120", "--quiet")
    out, err = failed.communicate()
    assert (failed.returncode, out) == (3, "")
    assert err.startswith("failed: ")


def test_ctrl_c_keeps_what_has_been_computed():
    process = start(*ENDLESS, "--json")
    assert "gap" in wait_for_line(process)
    assert held("out") == [".a.draft"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["status"] == "interrupted"
    assert "what has been computed is kept" in err
    assert held("out") == ["a"]
    assert held("out/a") == ["report.html", "run.toml", "trajectory.zarr"]
    assert dl.load("out/a").status == "interrupted"


@pytest.mark.usefixtures("no_drawing")
def test_a_killed_run_leaves_nothing_under_its_name_and_a_rerun_works():
    process = start(*ENDLESS)
    wait_for_line(process)
    process.kill()
    process.communicate()
    assert not Path("out/a").exists()
    assert main([*QUICK, "-o", "out/a", "-q"]) == 0  # this is another process, too
    assert held("out") == ["a"]


def test_two_runs_into_one_folder_are_refused(capsys):
    first = start(*ENDLESS)
    wait_for_line(first)
    assert main([*QUICK, "-o", "out/a"]) == 2
    assert "another run is writing" in capsys.readouterr().err
    first.kill()
    first.communicate()


def _small_files_only() -> None:
    """Files may not grow beyond 20 kB: writes fail as on a full disk."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def test_a_disk_that_takes_no_more_leaves_nothing():
    words = [*QUICK, "-o", "out/a", "--json", "--no-progress"]
    process = start(*words, preexec_fn=_small_files_only)
    out, err = process.communicate()
    assert process.returncode == 3
    assert "cannot be written" in json.loads(out)["error"]["message"]
    assert err.count("\n") == 1
    assert os.listdir(".") == []


def in_a_terminal(*words: str, keys: bytes = b"", after: bytes = b"") -> tuple[int, str]:
    """Run in a terminal of 80 columns; press `keys` once `after` was seen."""
    pid, terminal = os.forkpty()
    if pid == 0:
        os.execve(PROGRAM[0], [*PROGRAM, *words], {**ENVIRONMENT, "TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the end, on Linux
            break
        if keys and after in seen:
            os.write(terminal, keys)
            keys = b""
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), re.sub(
        r"\x1b\[[0-9;?]*[a-zA-Z]", "\n", seen.decode()
    ).replace("\r", "\n")


def test_a_terminal_of_80_columns_shows_one_live_line_and_no_wider_one():
    code, text = in_a_terminal(*ENDLESS, keys=b"\x03", after=b"gap")
    assert code == 0
    assert "modes" in text
    assert "Stopping: what has been computed is kept." in text
    assert "interrupted" in text
    assert "out/a/report.html" in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_error_in_a_terminal_is_wrapped_at_80_columns():
    code, text = in_a_terminal("run", "digts")
    assert code == 2
    assert "Did you mean" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_reader_that_goes_away_is_no_error():
    with start("data") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_help_does_not_wait_for_heavy_imports():
    seen = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "deeplinear", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    for heavy in ("matplotlib", "xarray", "zarr", "sklearn", "pandas", "scipy.integrate"):
        assert not re.search(rf"\| +{re.escape(heavy)}$", seen, re.MULTILINE)
