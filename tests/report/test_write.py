"""Files: whole or not at all, without dates."""

import errno
import os
from pathlib import Path

import pytest

from deeplinear import analysis
from deeplinear._core.errors import ArgumentTypeError, StoreError
from deeplinear.analysis import Itinerary
from deeplinear.report import _summary, _write, save_figures, summary, write_report
from deeplinear.report._figures import Picture, pictures
from deeplinear.solve import Trajectory

NAMES = [
    "loss",
    "gradient_norm",
    "mode_strengths",
    "lattice",
    "singular_values",
    "drift",
    "adjacency_start",
    "adjacency_end",
]


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the drawing where only the file matters."""
    monkeypatch.setattr(_write, "page", lambda traj, **_: "<!DOCTYPE html>")


@pytest.mark.usefixtures("quick")
def test_missing_folders_are_made_and_an_old_report_is_replaced(
    run: Trajectory, tmp_path: Path
) -> None:
    path = tmp_path / "a" / "b" / "report.html"
    assert write_report(run, path) == path
    path.write_text("old")
    assert write_report(run, str(path)).read_text() == "<!DOCTYPE html>"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_a_named_error_and_leaves_the_old_report(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr(os, step, no_space)
    with pytest.raises(StoreError, match="cannot be written") as caught:
        write_report(run, path)
    assert "No space left" in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text() == "old"


@pytest.mark.usefixtures("quick")
def test_an_interrupt_leaves_nothing_behind(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(run, tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_a_path_that_cannot_be_a_file_is_a_store_error(run: Trajectory, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "report.html"):
        with pytest.raises(StoreError, match="cannot be written"):
            write_report(run, path)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_wrong_arguments_are_refused_by_name(run: Trajectory, tmp_path: Path) -> None:
    for function in (write_report, save_figures):
        with pytest.raises(ArgumentTypeError, match="`traj` must be a Trajectory"):
            function(run.final, tmp_path / "x")
        with pytest.raises(ArgumentTypeError, match="`itinerary` must be an Itinerary"):
            function(run, tmp_path / "x", itinerary=[])
    with pytest.raises(ArgumentTypeError, match="`checks` must be"):
        write_report(run, tmp_path / "x", checks="good")
    with pytest.raises(ArgumentTypeError, match="`notes` must be a sequence"):
        write_report(run, tmp_path / "x", notes="one")
    assert list(tmp_path.iterdir()) == []


def test_the_figures_of_a_run_have_stable_names(
    run: Trajectory, visits: Itinerary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [picture.name for picture in pictures(run, visits)] == NAMES
    monkeypatch.setattr(_write, "_save", _touch)
    saved = [path.name for path in save_figures(run, tmp_path, visits)]
    plateaus = [f"plateau_{j}_{kind}" for j in (1, 2, 3) for kind in ("spectrum", "adjacency")]
    assert saved == [*NAMES, *plateaus]


def _touch(picture: Picture, folder: Path) -> list[str]:
    (folder / picture.name).touch()
    return [picture.name]


@pytest.mark.usefixtures("quick")
def test_what_was_computed_already_is_not_computed_again(
    run: Trajectory, visits: Itinerary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(_: object) -> None:
        raise AssertionError

    checks = analysis.diagnostics(run)
    for module in (analysis, _summary):
        monkeypatch.setattr(module, "diagnostics", again)
    monkeypatch.setattr(analysis, "itinerary", again)
    monkeypatch.setattr(_write, "_save", _touch)
    write_report(run, tmp_path / "report.html", itinerary=visits, checks=checks)
    assert summary(run, checks, visits)
    assert save_figures(run, tmp_path / "figures", visits)
    with pytest.raises(AssertionError):
        write_report(run, tmp_path / "report.html", checks=checks)


def test_figures_are_saved_as_pdf_and_png_with_the_same_bytes_each_time(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_write, "pictures", lambda *all: pictures(*all)[:1] + pictures(*all)[-1:])
    monkeypatch.setattr(_write, "plateaus", lambda itinerary: [])
    monkeypatch.chdir(tmp_path)
    first, second = save_figures(run, "."), save_figures(run, tmp_path / "second")
    assert [p.name for p in first] == [
        f"{name}.{kind}" for name in ("loss", "adjacency_end") for kind in ("pdf", "png")
    ]
    for one, other in zip(first, second, strict=True):
        data = one.read_bytes()
        assert data.startswith(b"%PDF" if one.suffix == ".pdf" else b"\x89PNG")
        assert other.read_bytes() == data
    assert len(list(tmp_path.iterdir())) == len(first) + 1


def test_figures_on_a_full_disk_are_a_named_error(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_write, "_save", no_space)
    with pytest.raises(StoreError, match="figures cannot be written"):
        save_figures(run, tmp_path / "figures")
    assert list(tmp_path.iterdir()) == []
