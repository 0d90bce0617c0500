"""A real Ctrl-C keeps whole members; the bar of an ensemble appears, fits and goes away."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from tests.solve.test_ensemble_store import differences

WIDTHS = (5, 5, 5, 5)
PROBLEM = dl.Problem.from_modes([5.0, 4.0, 3.0, 2.0, 1.0])
ROOT = Path(__file__).parents[2]

needs_signals = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals, a terminal")


def vectors(n: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((n, 75))


def lazily(n: int):
    for _, vector in zip(range(n), vectors(n), strict=True):
        yield dl.LinearNetwork.from_vector(vector, WIDTHS)


def tell(done: int, total: int | None) -> None:
    print("done", done, flush=True)


def start(script: str, **options) -> subprocess.Popen:
    """Run a script in which this file is called t."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1"}
    for name in ("COLUMNS", "LINES"):
        environment.pop(name, None)
    script = (
        "from tests.solve import test_ensemble_interrupt as t\nimport deeplinear as dl\n" + script
    )
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **options)


def interrupt(script: str) -> list[str]:
    """Press Ctrl-C once some hundreds of members are done; the lines printed after that."""
    with start(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                if int(line.split()[1]) >= 300:
                    break
            pressed = time.monotonic()
            process.send_signal(signal.SIGINT)
            said, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert time.monotonic() - pressed < 3.0
    assert process.returncode == 0, errors
    return [line for line in said.splitlines() if not line.startswith("done")]


IN_MEMORY = """
members = dl.ensemble(t.PROBLEM, {starts}, progress=t.tell)
last = members[len(members) - 1].status
print(len(members), *sorted(members.statuses), sum(members.statuses.values()), sep=",")
"""


@needs_signals
def test_ctrl_c_ends_lazy_starts_with_what_is_done():
    (line,) = interrupt(IN_MEMORY.format(starts="t.lazily(200_000)"))
    count, *statuses, counted = line.split(",")
    assert sorted(statuses) == ["converged", "interrupted"]
    assert 300 <= int(count) < 200_000
    assert counted == count


@needs_signals
def test_ctrl_c_leaves_a_status_for_every_start_of_an_array():
    (line,) = interrupt(IN_MEMORY.format(starts="t.vectors(50_000), widths=t.WIDTHS"))
    assert line == "50000,converged,interrupted,50000"


N_STORED = 12_000

STORED = f"""
members = dl.ensemble(t.PROBLEM, t.lazily({N_STORED}), store={{folder!r}}, progress=t.tell)
print(len(members), members.statuses)
"""


@needs_signals
def test_ctrl_c_leaves_whole_members_in_a_store_and_the_same_call_completes_it(tmp_path):
    folder = tmp_path / "e.zarr"
    interrupt(STORED.format(folder=str(folder)))
    left = dl.load(folder)
    assert len(left) < N_STORED
    missing = left.statuses.get("interrupted", 0)
    assert left.statuses.get("converged", 0) == len(left) - missing
    whole = dl.ensemble(PROBLEM, lazily(N_STORED), store=folder)
    assert whole.statuses == {"converged": N_STORED}
    dl.ensemble(PROBLEM, vectors(N_STORED), widths=WIDTHS, store=tmp_path / "undisturbed.zarr")
    assert differences(folder, tmp_path / "undisturbed.zarr") == []


SHORT = """
from deeplinear._core import tally as p
p.QUIET_FOR, p.EVERY = {quiet_for}, 0.2
dl.ensemble(t.PROBLEM, {starts}, progress={progress}, n_threads=1)
"""
ARRAY = "t.vectors(4000), widths=t.WIDTHS"


def in_a_terminal(script: str, columns: int = 80) -> tuple[str, "Screen"]:
    """What a script wrote to standard error, a terminal; and the screen after it."""
    import fcntl
    import pty
    import struct
    import termios

    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with start(script, stderr=terminal, stdout=subprocess.PIPE) as process:
        os.close(terminal)
        written = b""
        while True:
            try:
                read = os.read(master, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not read:
                break
            written += read
        os.close(master)
        assert process.wait(timeout=60) == 0, written
    screen = Screen()
    screen.write(written.decode())
    return written.decode(), screen


class Screen:
    """A terminal that knows carriage returns, new lines, erased lines and the cursor going up."""

    def __init__(self) -> None:
        self.lines: dict[int, str] = {}
        self.row = self.column = self.widest = 0

    def write(self, text: str) -> None:
        for control, letter in re.findall(r"\x1b\[([0-9;?]*[a-zA-Z])|([\s\S])", text):
            if control == "2K":
                self.lines[self.row] = ""
            elif control.endswith("A"):
                self.row -= int(control[:-1] or 1)
            elif letter == "\r":
                self.column = 0
            elif letter == "\n":
                self.row += 1
            elif letter:
                before = self.lines.get(self.row, "").ljust(self.column)
                self.lines[self.row] = before[: self.column] + letter + before[self.column + 1 :]
                self.column += 1
                self.widest = max(self.widest, self.column)

    @property
    def text(self) -> str:
        return "\n".join(self.lines[row] for row in sorted(self.lines)).strip()


@needs_signals
@pytest.mark.parametrize(("progress", "quiet_for"), [(True, 60.0), (None, 0.1)])
def test_a_bar_in_a_terminal_fits_counts_members_and_disappears(progress, quiet_for):
    script = SHORT.format(starts=ARRAY, progress=progress, quiet_for=quiet_for)
    written, screen = in_a_terminal(script)
    assert re.search(r"[0-9,]+ of 4,000 members  [0-9]+%  [0-9,.]+/s", written)
    assert "left" in written
    assert "━" in written
    assert 40 < screen.widest < 80
    assert screen.text == ""
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h")  # the cursor is back


@needs_signals
def test_a_bar_of_unknown_length_counts_members():
    script = SHORT.format(starts="t.lazily(3000)", progress=True, quiet_for=60.0)
    written, screen = in_a_terminal(script)
    assert re.search(r"[0-9,]+ members  [0-9,.]+/s", written)
    assert " of " not in written
    assert screen.text == ""


@needs_signals
def test_a_narrow_terminal_cuts_the_line():
    script = SHORT.format(starts=ARRAY, progress=True, quiet_for=60.0)
    _, screen = in_a_terminal(script, columns=30)
    assert screen.widest < 30
    assert screen.text == ""


@needs_signals
@pytest.mark.parametrize("progress", [False, None])
def test_a_short_run_and_progress_false_write_nothing_to_a_terminal(progress):
    script = SHORT.format(starts=ARRAY, progress=progress, quiet_for=60.0)
    assert in_a_terminal(script)[0] == ""


@needs_signals
def test_the_bar_disappears_on_ctrl_c():
    script = SHORT.format(starts="stopping()", progress=True, quiet_for=60.0)
    stopping = """
import os, signal
def stopping():
    yield from t.lazily(3000)
    os.kill(os.getpid(), signal.SIGINT)
    yield from t.lazily(200_000)
"""
    written, screen = in_a_terminal(stopping + script)
    assert "members" in written
    assert screen.text == ""


@pytest.mark.parametrize("progress", [True, False, None])
def test_without_a_terminal_only_progress_true_writes_plain_lines(progress):
    script = SHORT.format(starts=ARRAY, progress=progress, quiet_for=0.1)
    with start(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said == ""
    lines = errors.splitlines()
    assert bool(lines) == (progress is True)
    form = r"[0-9,]+ of 4,000 members  [0-9]+%  [0-9,.]+/s(  [0-9:]+ left)?"
    assert all(re.fullmatch(form, line) and len(line) <= 79 for line in lines)


@pytest.mark.parametrize("progress", [3, "yes", [True]])
def test_progress_that_is_no_choice_and_no_function_is_named(progress):
    with pytest.raises(TypeError, match="`progress` must be None, True, False or callable"):
        dl.ensemble(PROBLEM, vectors(1), widths=WIDTHS, progress=progress)


MEMORY = """
import resource, sys
from tests.solve import test_ensemble_store as s
n = int({n})
dl.ensemble(s.PROBLEM, s.vectors(2048), widths=s.WIDTHS, store={folder!r} + "-first")
nets = (dl.init.gaussian(s.WIDTHS, scale=1e-2, seed=k) for k in range(n))
members = dl.ensemble(s.PROBLEM, nets, store={folder!r})
assert len(members) == n
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak / (2**20 if sys.platform == "darwin" else 2**10))
"""


@needs_signals
@pytest.mark.slow
def test_memory_does_not_grow_with_the_members_of_a_store(tmp_path):
    peaks = []
    for n in (2000, 20_000):
        script = MEMORY.format(n=n, folder=str(tmp_path / f"{n}.zarr"))
        with start(script, stdout=subprocess.PIPE) as process:
            peaks.append(float(process.communicate(timeout=120)[0]))
        assert process.returncode == 0
    assert (peaks[1] - peaks[0]) / 1.8 < 6.0  # megabytes in 10,000 members
