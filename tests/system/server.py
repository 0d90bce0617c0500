"""`deeplinear explore` as a process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self


class Server:
    """The command with some arguments, at a free port.

    Attributes
    ----------
    address : the link that was printed. base : the same without a token.
    started_in : seconds from the command until the link was printed.
    """

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "deeplinear", "explore", "--no-browser", "--json"]
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--port", "0", *self._arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.started_in = time.perf_counter() - begun
        if not line:
            assert self.process.stderr is not None
            raise RuntimeError(self.process.stderr.read())
        self.address = json.loads(line)["address"]
        port = self.address.split("//")[1].split("/")[0].split(":")[-1]
        self.base = f"http://127.0.0.1:{port}/"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        _, self.messages = self.process.communicate(timeout=20)

    def busy(self, seconds: float = 1.0) -> float:
        """The share of a core that the process uses."""
        before = self._cpu_seconds()
        time.sleep(seconds)
        return (self._cpu_seconds() - before) / seconds

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether something holds before so many seconds are over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return holds()
