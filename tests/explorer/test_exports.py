"""Exports: what is taken away repeats the run, and opens again."""

import contextlib
import io
import re
import zipfile

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.cli import main
from deeplinear.explorer._exports import _drawings, _files
from deeplinear.explorer._inputs import _uploads
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._open import opened
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings

PNG, PDF = b"\x89PNG\r\n", b"%PDF-"


@pytest.fixture(scope="module")
def store():
    held = Store()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 4))
    held.put(_uploads.of_arrays("my houses!.csv", x, x @ rng.standard_normal((4, 2)), "Houses."))
    return held


def cases(store):
    digest = next(iter(store._held))
    planted = {"data": {"s": (3.0, 1.0)}, "start": {"scale": 0.1}}
    return {
        "planted": planted | {"hidden": (4, 3)},
        "sizes and noise": {
            "data": {
                "s": (3.0, 1.0),
                "d_in": 4,
                "d_out": 3,
                "noise": 0.2,
                "seed": 5,
                "center": True,
            },
            "hidden": (4,),
            "start": {"name": "balanced", "scale": 0.1, "seed": 7},
            "flow": {"method": "gauss", "rtol": 1e-5, "t_end": 20.0, "structure": "laws"},
        },
        "upload": {
            "data": {"source": "upload", "upload": digest, "standardize": True, "whiten": True},
            "hidden": (3,),
            "start": {"name": "standard", "options": {"scheme": "he", "gain": 0.5}},
        },
        "hierarchy": {
            "data": {"source": "semantic_hierarchy", "mean": False},
            "hidden": (8,),
            "start": {"name": "low_rank", "scale": 0.1, "options": {"rank": 3}},
        },
        "decoupled": planted
        | {"start": {"name": "decoupled", "options": {"amplitudes": [0.1, 0.2]}}, "hidden": (2,)},
        "ray": planted | {"hidden": (3, 3), "nudge": {"modes": (0,), "size": 0.1}},
        "direction": planted | {"hidden": (3,), "nudge": {"modes": (), "ray": 1, "size": 0.1}},
        "visit": planted | {"hidden": (3,), "nudge": {"visit": 1, "size": 0.1}},
        "one layer": planted | {"hidden": ()},
        "steps": planted | {"hidden": (2,), "flow": {"max_steps": 5, "stop": 0.1, "atol": 1e-9}},
    }


NAMES = (
    "planted",
    "sizes and noise",
    "upload",
    "hierarchy",
    "decoupled",
    "ray",
    "direction",
    "visit",
    "one layer",
    "steps",
)


@pytest.fixture(scope="module", params=NAMES)
def run(request, store):
    found = Run(Settings.of(cases(store)[request.param]), store)
    found.compute()
    assert (found.state, found.message) == ("done", "")
    return found


def unpacked(download, folder):
    if download.name.endswith(".zip"):
        zipfile.ZipFile(io.BytesIO(download.content)).extractall(folder)
    else:
        (folder / download.name).write_bytes(download.content)
    return folder


def same(traj, run):
    assert np.array_equal(traj.t, run.traj.t)
    assert np.array_equal(traj.vectors, run.traj.vectors)


def test_the_python_lines_repeat_the_run_bit_for_bit(run, tmp_path, monkeypatch):
    monkeypatch.chdir(unpacked(_files.python(run), tmp_path))
    names = {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile((tmp_path / "run.py").read_text(), "run.py", "exec"), names)
    same(names["traj"], run)
    assert "Itinerary" in out.getvalue()


def test_the_python_lines_are_fit_to_be_read(run):
    text = _files.code(run)
    assert max(map(len, text.splitlines())) <= 100
    compile(text, "run.py", "exec")


def test_run_toml_repeats_the_run_bit_for_bit(run, tmp_path, monkeypatch):
    monkeypatch.chdir(unpacked(_files.run_toml(run), tmp_path))
    monkeypatch.setattr("deeplinear.report.write_report", lambda *args, **options: None)
    assert main(["run", "run.toml", "-o", "again", "--quiet"]) in (0, 3)
    same(dl.load(tmp_path / "again"), run)


def test_the_trajectory_opens_again_and_is_the_run_of_its_page(run, tmp_path):
    folder = unpacked(_files.trajectory(run), tmp_path)
    same(dl.load(folder), run)
    house = opened(folder)
    assert house.recorded is not None
    shown = house.enter().run(house.settings)
    assert shown.wait(20)
    assert (shown.state, shown.message) == ("done", "")
    same(shown.traj, run)
    # What is computed there anew is the same too.
    again = Run(house.settings, house.store)
    again.compute()
    same(again.traj, run)
    if run.settings.nudge is None and run.settings.data.source != "upload":
        assert house.settings == run.settings


def test_a_trajectory_alone_opens_with_data_of_the_same_moments(run, tmp_path):
    folder = unpacked(_files.trajectory(run), tmp_path)
    (folder / "run.toml").unlink()
    house = opened(folder / "trajectory.zarr")
    again = Run(house.settings, house.store)
    again.compute()
    assert again.start_network == run.traj.initial
    for name in ("sxx", "syx", "syy"):
        assert getattr(again.problem, name) == pytest.approx(
            getattr(run.problem, name), rel=1e-12, abs=1e-12
        )


def test_the_report_is_one_page_with_the_run_file_in_it(store):
    run = Run(Settings.of(cases(store)["upload"]), store)
    run.compute()
    found = _files.report(run)
    text = found.content.decode()
    assert (found.name, found.media_type) == ("my_houses_4-3-2.html", "text/html")
    assert "Houses." in text
    assert "data.npz" in text
    assert "/tmp" not in text
    assert not re.search(r'(src|href)="https?:', text)


@pytest.fixture(scope="module")
def planted(store):
    found = Run(Settings.of(cases(store)["planted"]), store)
    found.compute()
    return found


@pytest.mark.parametrize("panel", _drawings.PANELS)
def test_every_panel_is_drawn_in_every_format(planted, panel):
    png = _files.picture(planted, panel, "png", t=1.0)
    assert png.name == f"planted_2-4-3-2_{panel}.png"
    assert png.media_type == "image/png"
    assert png.content.startswith(PNG)
    assert _files.picture(planted, panel, "pdf").content.startswith(PDF)
    svg = _files.picture(planted, panel, "svg")
    assert b"<svg" in svg.content
    assert svg.media_type == "image/svg+xml"


def test_pictures_of_a_network_are_those_of_the_cursor(planted):
    early, late = (_files.picture(planted, "adjacency", "svg", t=t).content for t in (0.0, None))
    assert early != late
    assert _files.picture(planted, "loss", "svg", t=0.0).content == (
        _files.picture(planted, "loss", "svg").content
    )


def test_the_same_run_gives_the_same_bytes(planted):
    for export in (_files.trajectory, _files.python, _files.run_toml):
        assert export(planted).content == export(planted).content
    for kind in _drawings.KINDS:
        one, two = (_files.picture(planted, "loss", kind).content for _ in range(2))
        assert one == two


def test_what_cannot_be_exported_says_why(planted):
    waiting = Run(planted.settings)
    for export in (_files.run_toml, _files.trajectory, _files.report, _files.python):
        with pytest.raises(ValueError, match="the run has not ended"):
            export(waiting)
    with pytest.raises(ValueError, match="the run has not ended"):
        _files.picture(waiting, "loss", "png")
    with pytest.raises(ValueError, match="`panel` must be one of"):
        _files.picture(planted, "los", "png")
    with pytest.raises(ValueError, match="`kind` must be one of"):
        _files.picture(planted, "loss", "gif")


def test_a_lattice_that_is_too_large_is_refused_with_its_size(store):
    run = Run(Settings.of({"data": {"s": tuple(range(20, 0, -1))}, "hidden": (20,)}), store)
    run.compute()
    with pytest.raises(ValueError, match="1048576 classes"):
        _files.picture(run, "lattice", "png")
