"""Saved trajectories: complete and equal, or a named error and nothing left behind."""

import errno
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray

import deeplinear as dl
from deeplinear._core.errors import StoreError
from tests.solve.conftest import planted_run


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    problem, net = planted_run(3, 1e-2, seed=0)
    traj = dl.gradient_flow(problem, net)
    path = tmp_path_factory.mktemp("store") / "trajectory.zarr"
    traj.save(path)
    return traj, path


def test_what_is_loaded_is_what_was_saved(saved):
    traj, path = saved
    other = dl.load(path)
    for name in ("t", "vectors", "loss", "gap", "singular_values", "mode_strengths", "drift"):
        assert np.array_equal(getattr(other, name), getattr(traj, name)), name
    assert other.status == traj.status
    assert other.status.reason == traj.status.reason
    assert (other.stats, other.segments, other.options) == (
        traj.stats,
        traj.segments,
        traj.options,
    )
    assert repr(other) == repr(traj)


def test_a_loaded_trajectory_evaluates_anywhere_to_its_own_error(saved):
    traj, path = saved
    other = dl.load(path)
    for t in np.linspace(0, traj.t_end, 7):
        assert np.abs(other(t).to_vector() - traj(t).to_vector()).max() < 1e-12


def test_it_opens_with_xarray_alone(saved):
    traj, path = saved
    with xarray.open_zarr(path, consolidated=False) as data:
        assert data["loss"].dims == ("time",)
        assert np.array_equal(data["time"].values, traj.t)
        assert data.attrs["status"] == "converged"
    assert traj.to_xarray()["weights"].shape == traj.vectors.shape


def test_an_existing_folder_is_kept_unless_overwritten(saved, tmp_path):
    traj, _ = saved
    target = tmp_path / "t.zarr"
    target.mkdir()
    (target / "mine").write_text("keep")
    with pytest.raises(StoreError, match="must not exist"):
        traj.save(target)
    assert (target / "mine").read_text() == "keep"
    traj.save(target, overwrite=True)
    assert dl.load(target).final == traj.final


def test_nothing_at_the_path_is_said(tmp_path):
    with pytest.raises(StoreError, match="nothing is there"):
        dl.load(tmp_path / "no.zarr")


def test_every_truncation_is_noticed(saved, tmp_path):
    _, path = saved
    files = [p.relative_to(path) for p in path.rglob("*") if p.is_file()]
    assert len(files) > 10
    needed = ("weights", "loss", "time", "sxx", "syx")
    for k, file in enumerate(files):
        if file.parts[0] not in needed and file.name != "zarr.json":
            continue
        copy = tmp_path / f"{k}.zarr"
        shutil.copytree(path, copy)
        (copy / file).write_bytes((copy / file).read_bytes()[:20])
        with pytest.raises(StoreError, match=r"truncated|complete|else wrote it"):
            dl.load(copy)


def test_missing_chunks_are_noticed(saved, tmp_path):
    _, path = saved
    for name in ("weights", "loss", "time"):
        copy = tmp_path / f"{name}.zarr"
        shutil.copytree(path, copy)
        shutil.rmtree(copy / name / "c")
        with pytest.raises(StoreError):
            dl.load(copy)


def test_foreign_stores_are_refused(tmp_path):
    xarray.Dataset({"loss": ("time", np.zeros(3))}).to_zarr(
        tmp_path / "foreign.zarr", consolidated=False, zarr_format=3
    )
    (tmp_path / "text.zarr").write_text("no zarr")
    (tmp_path / "empty.zarr").mkdir()
    for name in ("foreign.zarr", "text.zarr", "empty.zarr"):
        with pytest.raises(StoreError, match=name):
            dl.load(tmp_path / name)


def test_weights_that_do_not_give_the_stored_losses_are_refused(saved, tmp_path):
    traj, _ = saved
    data = traj.to_xarray()
    data["weights"] = data["weights"] * np.where(np.arange(len(traj)) == 1, 2.0, 1.0)[:, None]
    data.to_zarr(tmp_path / "t.zarr", consolidated=False, zarr_format=3)
    with pytest.raises(StoreError, match="losses"):
        dl.load(tmp_path / "t.zarr")


def test_a_full_disk_leaves_nothing_behind(saved, tmp_path, monkeypatch):
    traj, _ = saved

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        traj.save(tmp_path / "t.zarr")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_real_file_size_limit_leaves_nothing_behind(saved, tmp_path):
    _, path = saved
    program = f"""
import resource, signal, deeplinear as dl
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
traj = dl.load({str(path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    traj.save({str(tmp_path / "t.zarr")!r})
except dl.load.__globals__["StoreError"] as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "cannot be written" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_notes_of_the_problem_survive(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 3)) * [1.0, 1.0, 0.0]
    problem = dl.Problem.from_data(x, x[:, :2], whiten=True)
    traj = dl.gradient_flow(problem, dl.init.gaussian((3, 2, 2), scale=0.1, seed=0))
    traj.save(tmp_path / "t.zarr")
    loaded = dl.load(tmp_path / "t.zarr").problem
    assert loaded.notes == problem.notes
    assert json.loads(traj.to_xarray().attrs["problem_notes"]) == list(problem.notes)
