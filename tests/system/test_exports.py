"""What is exported opens again, and is the same run."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import deeplinear as dl
from deeplinear.solve import Trajectory
from tests.system.visitor import PANELS, Visitor

STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("format", STARTS)
def test_every_picture_is_saved(visitor: Visitor, tmp_path: Path, format: str) -> None:
    visitor.open()
    for name in PANELS:
        visitor.panel(name).hover()
        button = visitor.panel(name).locator(f".dl-save:text-is('{format}')")
        path = visitor.download(button.click, tmp_path)
        assert path.suffix == f".{format}"
        assert path.read_bytes().startswith(STARTS[format])
        if format == "png":
            with Image.open(path) as picture:
                assert min(picture.size) > 300


def save(visitor: Visitor, label: str, folder: Path) -> Path:
    visitor.unfold("export")
    return visitor.download(visitor.find(f"button[aria-label^='{label}']").click, folder)


def test_the_run_file_runs_and_opens_in_the_explorer_with_the_same_result(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.open("?s=3,1&hidden=3&scale=0.01")
    toml = save(visitor, "Save the settings", tmp_path)
    assert toml.name == "run.toml"
    command = [
        sys.executable,
        "-m",
        "deeplinear",
        "run",
        str(toml),
        "--output",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    traj = dl.load(tmp_path / "out" / "trajectory.zarr")
    shown = visitor.plot("strengths")["data"]
    assert abs(traj.mode_strengths[-1, 0] - shown[0]["y"][-1]) < 1e-4
    assert abs(traj.t_end / shown[0]["x"][-1] - 1) < 1e-4


def test_the_trajectory_opens_in_python(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("?s=3,1&hidden=3&scale=0.01")
    archive = save(visitor, "Save the trajectory", tmp_path)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "run")
    traj = dl.load(tmp_path / "run" / "trajectory.zarr")
    assert traj.widths == (2, 3, 2)
    assert traj.status == "converged"
    assert [round(s, 4) for s in traj.mode_strengths[-1]] == [3.0, 1.0]


def test_the_python_lines_repeat_the_run(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("?s=3,1&hidden=3&scale=0.01")
    lines = save(visitor, "Save the Python lines", tmp_path).read_text()
    names: dict[str, object] = {}
    exec(compile(lines, "run.py", "exec"), names)
    found = [one for one in names.values() if isinstance(one, Trajectory)]
    assert len(found) == 1
    assert abs(found[0].t_end / visitor.plot("loss")["data"][0]["x"][-1] - 1) < 1e-4


def test_the_report_is_one_page(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("?s=3,1&hidden=3&scale=0.01")
    page = save(visitor, "Save a report", tmp_path).read_text()
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert "http-equiv" not in page or "refresh" not in page
