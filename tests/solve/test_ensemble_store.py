"""Ensembles in a store: complete after a crash, the same to the last byte, refused to others."""

import filecmp
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

import deeplinear as dl
from deeplinear._core.errors import StoreError
from deeplinear.solve._ensembles._reading import open_source

WIDTHS = (2, 2, 2)
PROBLEM = dl.Problem.from_modes([2.0, 1.0])


def vectors(n: int) -> np.ndarray:
    return 1e-2 * np.random.default_rng(0).standard_normal((n, 8))


def write(folder: Path, n: int, **options):
    return dl.ensemble(PROBLEM, vectors(n), widths=WIDTHS, store=folder, **options)


def differences(a: Path, b: Path) -> list[str]:
    """Files that are not the same, to the byte."""
    names = {str(p.relative_to(f)) for f in (a, b) for p in f.rglob("*") if p.is_file()}
    _, wrong, missing = filecmp.cmpfiles(a, b, names, shallow=False)
    return wrong + missing


def test_a_store_reads_as_the_ensemble_in_memory(tmp_path):
    stored = write(tmp_path / "e.zarr", 1100)
    memory = dl.ensemble(PROBLEM, vectors(1100), widths=WIDTHS)
    assert stored.statuses == memory.statuses == {"converged": 1100}
    assert repr(stored) == repr(memory)
    assert xarray.testing.assert_identical(stored.to_xarray(), memory.to_xarray()) is None
    for k in (0, 1023, 1024, -1):
        assert stored[k].final == memory[k].final
        assert stored[k].status.sentence() == memory[k].status.sentence()
        assert stored[k].segments == memory[k].segments
        assert stored[k].options == memory[k].options
    with xarray.open_zarr(tmp_path / "e.zarr", consolidated=False, chunks=None) as data:
        np.testing.assert_array_equal(data["learning_times"], memory.learning_times)


def test_generators_stream_to_the_same_store(tmp_path):
    write(tmp_path / "a.zarr", 1500)
    nets = (dl.LinearNetwork.from_vector(v, WIDTHS) for v in vectors(1500))
    dl.ensemble(PROBLEM, nets, store=tmp_path / "b.zarr", n_threads=1)
    assert differences(tmp_path / "a.zarr", tmp_path / "b.zarr") == []


def test_notes_of_members_that_ran_alone_are_kept(tmp_path):
    aligned = dl.init.decoupled(PROBLEM, WIDTHS, 0.1)
    members = dl.ensemble(PROBLEM, [aligned], store=tmp_path / "e.zarr")
    assert members[0].segments[0].method.startswith("exact")
    assert members[0].status == "converged"


def test_a_complete_store_is_not_computed_again(tmp_path):
    write(tmp_path / "e.zarr", 50)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "e.zarr").rglob("c/*") if p.is_file()}
    write(tmp_path / "e.zarr", 50)
    after = {p: p.stat().st_mtime_ns for p in (tmp_path / "e.zarr").rglob("c/*") if p.is_file()}
    assert before == after


def test_an_interrupt_leaves_what_is_done_and_the_same_call_completes_it(tmp_path):
    def interrupt(done, total):
        if done >= 1100:
            raise KeyboardInterrupt

    part = write(tmp_path / "e.zarr", 4000, n_threads=1, progress=interrupt)
    assert set(part.statuses) <= {"converged", "interrupted"}
    assert len(part) < 4000
    whole = write(tmp_path / "e.zarr", 4000)
    assert whole.statuses == {"converged": 4000}
    write(tmp_path / "undisturbed.zarr", 4000)
    assert differences(tmp_path / "e.zarr", tmp_path / "undisturbed.zarr") == []


SCRIPT = """
import sys
import deeplinear as dl
from tests.solve import test_ensemble_store as t
t.write(t.Path(sys.argv[1]), 6000, n_threads=1)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_a_store_is_completed_after_kill_minus_nine(tmp_path):
    folder = tmp_path / "e.zarr"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    killed = 0
    for units in (1, 3):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder)], cwd=root, env=environment
        )
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if len(list(folder.glob("done/c/*"))) >= units:
                process.kill()
            time.sleep(0.002)
        killed += process.wait() == -signal.SIGKILL
    assert killed >= 1
    left = open_source(folder)
    assert len(left) < 6000
    whole = write(folder, 6000)
    assert len(whole) == 6000
    assert whole.statuses == {"converged": 6000}
    write(tmp_path / "undisturbed.zarr", 6000)
    assert differences(folder, tmp_path / "undisturbed.zarr") == []


def test_the_store_of_another_call_is_refused(tmp_path):
    folder = tmp_path / "e.zarr"
    write(folder, 20)
    with pytest.raises(StoreError, match="options"):
        write(folder, 20, rtol=1e-5)
    with pytest.raises(StoreError, match="complete with 20"):
        write(folder, 10)
    with pytest.raises(StoreError, match="began elsewhere"):
        dl.ensemble(PROBLEM, vectors(20)[::-1], widths=WIDTHS, store=folder)
    other = dl.Problem.from_modes([2.0, 0.5])
    with pytest.raises(StoreError, match="problem"):
        dl.ensemble(other, vectors(20), widths=WIDTHS, store=folder)
    with pytest.raises(StoreError, match="widths"):
        dl.ensemble(PROBLEM, np.zeros((20, 12)), widths=(2, 3, 2), store=folder)
    assert write(folder, 20).statuses == {"converged": 20}


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(StoreError, match="something else"):
        write(tmp_path / "mine", 3)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(StoreError, match="something else"):
        write(tmp_path / "file", 3)
    dl.gradient_flow(PROBLEM, dl.init.gaussian(WIDTHS, scale=0.1, seed=0)).save(tmp_path / "t.zarr")
    with pytest.raises(StoreError, match="something else"):
        write(tmp_path / "t.zarr", 3)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_starts_of_different_widths_and_other_saved_states_have_no_store(tmp_path):
    nets = [dl.init.gaussian(w, scale=0.1, seed=0) for w in (WIDTHS, (2, 3, 2))]
    with pytest.raises(StoreError, match="same widths"):
        dl.ensemble(PROBLEM, nets, store=tmp_path / "e.zarr")
    with pytest.raises(ValueError, match="save"):
        write(tmp_path / "f.zarr", 3, save=10)


def test_a_full_disk_is_a_named_error_and_nothing_half_written_counts(tmp_path, monkeypatch):
    from zarr.storage import _local

    folder, put = tmp_path / "e.zarr", _local._put

    def full(path, *arguments, **options):
        if "final" in path.parts and "c" in path.parts and path.name != "zarr.json":
            raise OSError(28, "No space left on device")
        return put(path, *arguments, **options)

    monkeypatch.setattr(_local, "_put", full)
    with pytest.raises(StoreError, match="No space left"):
        write(folder, 20)
    monkeypatch.undo()
    assert len(open_source(folder)) == 0
    assert write(folder, 20).statuses == {"converged": 20}
    write(tmp_path / "undisturbed.zarr", 20)
    assert differences(folder, tmp_path / "undisturbed.zarr") == []


def test_a_place_that_cannot_be_written_is_a_named_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write(tmp_path / "file" / "e.zarr", 3)


def test_what_is_no_store_cannot_be_read(tmp_path):
    with pytest.raises(StoreError, match="nothing is there"):
        open_source(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        open_source(tmp_path / "empty")
