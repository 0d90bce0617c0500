"""The command line, run in this process; and one finished run to look at."""

import contextlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deeplinear.cli import main
from deeplinear.report._figures import Picture, pictures

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
def quiet_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a finished run, and what `--quiet` left of its words."""
    folder = tmp_path_factory.mktemp("finished") / "quick"
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = main(["run", *QUICK, "-o", str(folder), "--quiet"])
    return folder, Result(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def finished(quiet_run: tuple[Path, Result]) -> Path:
    """The folder of a finished run; copy it before changing it."""
    folder, done = quiet_run
    assert done.code == 0
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


@pytest.fixture
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the report together as ever, with an empty figure for each; save empty figures."""

    def save(picture: Picture, folder: Path) -> list[str]:
        names = [f"{picture.name}.{kind}" for kind in ("pdf", "png")]
        for name in names:
            (folder / name).touch()
        return names

    monkeypatch.setattr(Picture, "svg", lambda picture: "<svg></svg>")
    monkeypatch.setattr("deeplinear.report._write._save", save)


@pytest.fixture
def one_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save the first figure alone: each takes a fifth of a second."""
    monkeypatch.setattr("deeplinear.report._write.pictures", lambda *given: pictures(*given)[:1])
    monkeypatch.setattr("deeplinear.report._write.plateaus", lambda itinerary: [])


def tree(folder: Path) -> list[str]:
    """Every path below a folder, sorted."""
    return sorted(
        os.path.join(root, name)
        for root, folders, files in os.walk(folder)
        for name in (*folders, *files)
    )
