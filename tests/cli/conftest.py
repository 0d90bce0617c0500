"""The command line, run in this process; and one finished run to look at."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deeplinear.cli import main

QUICK = ["planted", "--modes", "3,2", "--widths", "3,3,2", "--scale", "0.01"]
"""A run of milliseconds."""


@dataclass(frozen=True)
class Result:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        """Standard output as one JSON document."""
        return json.loads(self.out)


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """Run a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> Result:
        code = main(list(words))
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run; copy it before changing it."""
    folder = tmp_path_factory.mktemp("finished") / "quick"
    assert main(["run", *QUICK, "-o", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture
def a_run(finished: Path, tmp_path: Path) -> Path:
    """A finished run at out/quick of the current folder, free to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "out" / "quick"))


@pytest.fixture
def short_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a line instead of the report, whose figures take a second."""

    def write_report(traj: object, path: Path, **_: object) -> None:
        path.write_text("a report")

    monkeypatch.setattr("deeplinear.report.write_report", write_report)


def tree(folder: Path) -> list[str]:
    """Every path below a folder, sorted."""
    return sorted(
        os.path.join(root, name)
        for root, folders, files in os.walk(folder)
        for name in (*folders, *files)
    )
