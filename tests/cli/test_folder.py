"""The output folder: complete under its name, or not there at all."""

import errno
import os
from pathlib import Path

import pytest

from deeplinear._core.errors import ArgumentError
from deeplinear.cli._errors import RunError
from deeplinear.cli._folder import Draft

QUICK = ["planted", "--modes", "3,2", "--widths", "3,3,2"]


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_nothing_has_the_final_name_until_it_is_published(tmp_path):
    with Draft(tmp_path / "run", force=False) as draft:
        (draft.path / "report.html").write_text("new")
        assert not (tmp_path / "run").exists()
        draft.publish()
    assert entries(tmp_path) == ["run"]
    assert entries(tmp_path / "run") == ["report.html"]


def write(target: Path, text: str, *, force: bool = False, then: Exception | None = None) -> None:
    """Write a report into a draft; fail, or publish it."""
    with Draft(target, force=force) as draft:
        (draft.path / "report.html").write_text(text)
        if then is not None:
            raise then
        draft.publish()


def test_an_error_leaves_nothing_parents_included(tmp_path):
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "a" / "b" / "run", "new", then=ZeroDivisionError())
    assert entries(tmp_path) == []


def test_parents_that_hold_something_else_stay(tmp_path):
    with Draft(tmp_path / "a" / "run", force=False):
        (tmp_path / "a" / "other").write_text("mine")
    assert entries(tmp_path / "a") == ["other"]


def test_force_keeps_the_old_run_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "run"
    write(target, "old")
    with pytest.raises(ZeroDivisionError):
        write(target, "new", force=True, then=ZeroDivisionError())
    assert (target / "report.html").read_text() == "old"
    with Draft(target, force=True) as draft:
        (draft.path / "report.html").write_text("new")
        assert (target / "report.html").read_text() == "old"
        draft.publish()
    assert (target / "report.html").read_text() == "new"
    assert entries(tmp_path) == ["run"]


def test_an_empty_folder_is_free(tmp_path):
    (tmp_path / "run").mkdir()
    with Draft(tmp_path / "run", force=False) as draft:
        (draft.path / "report.html").write_text("new")
        draft.publish()
    assert entries(tmp_path / "run") == ["report.html"]


def test_a_run_that_appeared_meanwhile_is_kept(tmp_path):
    target = tmp_path / "run"
    with Draft(target, force=False) as draft:
        target.mkdir()
        (target / "report.html").write_text("theirs")
        with pytest.raises(RunError, match="cannot be written"):
            draft.publish()
    assert (target / "report.html").read_text() == "theirs"
    assert entries(tmp_path) == ["run"]


def test_a_draft_in_use_is_left_alone(tmp_path):
    with Draft(tmp_path / "run", force=False) as first:
        (first.path / "report.html").write_text("first")
        with (
            pytest.raises(ArgumentError, match="another run is writing"),
            Draft(tmp_path / "run", force=False),
        ):
            pass
        assert (first.path / "report.html").read_text() == "first"
        first.publish()
    assert (tmp_path / "run" / "report.html").read_text() == "first"


def test_the_draft_of_a_killed_run_is_replaced(tmp_path):
    left = tmp_path / ".run.draft"
    left.mkdir()
    (left / ".lock").touch()
    (left / "report.html").write_text("half")
    with Draft(tmp_path / "run", force=False) as draft:
        assert entries(draft.path) == [".lock"]
        draft.publish()
    assert entries(tmp_path) == ["run"]


def test_a_hidden_folder_of_someone_else_is_left_alone(tmp_path):
    (tmp_path / ".run.draft").mkdir()
    (tmp_path / ".run.draft" / "notes.txt").write_text("mine")
    with (
        pytest.raises(ArgumentError, match=r"\.run\.draft"),
        Draft(tmp_path / "run", force=False),
    ):
        pass
    assert entries(tmp_path / ".run.draft") == ["notes.txt"]


@pytest.mark.parametrize(
    "place",
    ["deeplinear.report.write_report", "deeplinear.solve.Trajectory.save", "pathlib.Path.rename"],
)
@pytest.mark.usefixtures("short_report")
def test_a_full_disk_is_one_error_and_leaves_nothing(cli, tmp_path, monkeypatch, place):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(place, full)
    done = cli("run", *QUICK, "-o", "out/a", "--json")
    assert done.code == 3
    assert "No space left on device" in done.document["error"]["message"]
    assert done.err.count("\n") == 1
    assert entries(tmp_path) == []


@pytest.mark.usefixtures("short_report")
def test_a_full_disk_keeps_the_run_that_force_would_replace(cli, a_run, monkeypatch):
    before = (a_run / "run.toml").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("deeplinear.report.write_report", full)
    assert cli("run", *QUICK, "-o", "out/quick", "--force").code == 3
    assert (a_run / "run.toml").read_bytes() == before
    assert entries(a_run.parent) == ["quick"]
