"""`deeplinear run`: what a finished run tells and leaves."""

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray

import deeplinear as dl
from deeplinear.cli import _settings

QUICK = ["planted", "--modes", "3,2", "--widths", "3,3,2", "--scale", "0.01"]


def same(a: Path, b: Path) -> bool:
    x, y = dl.load(a), dl.load(b)
    return np.array_equal(x.t, y.t) and np.array_equal(x.vectors, y.vectors)


def write_table(path: Path) -> None:
    rows = ["area,price,age,weight", *(f"{k},{2 * k + 1},{k * k},{k % 3}" for k in range(12))]
    path.write_text("\n".join(rows) + "\n")


def test_the_folder_holds_report_trajectory_and_settings_alone(finished):
    held = sorted(entry.name for entry in finished.iterdir())
    assert held == ["report.html", "run.toml", "trajectory.zarr"]
    assert [entry.name for entry in finished.parent.iterdir()] == ["quick"]


def test_the_trajectory_opens_with_xarray(finished):
    data = xarray.open_zarr(finished / "trajectory.zarr", consolidated=False)
    assert data.sizes["parameter"] == 3 * 3 + 3 * 2


def test_the_trajectory_is_what_the_library_computes(finished):
    x, y = dl.datasets.planted([3, 2], d_in=3, d_out=2)
    problem = dl.Problem.from_data(x, y)
    traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 2), scale=0.01, seed=0))
    assert np.array_equal(dl.load(finished).vectors, traj.vectors)


@pytest.mark.usefixtures("short_report")
def test_the_summary_says_outcome_quality_cost_and_where_the_report_is(cli):
    done = cli("run", *QUICK, "-o", "out/a")
    assert done.code == 0
    assert done.err == ""
    for words in ("converged", "2 of 2 modes", "drift", "monotone", "cosine", "max ||C_i||"):
        assert words in done.out
    for words in ("Hessian eigenvalue", "not known to be stiff", "steps", "out/a/report.html"):
        assert words in done.out
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.usefixtures("short_report")
def test_json_is_one_document_and_nothing_else(cli):
    done = cli("run", *QUICK, "-o", "out/a", "--json")
    assert done.document["ok"] is True
    assert done.document["exit_code"] == 0
    assert done.document["status"] == "converged"
    assert [mode["learned"] for mode in done.document["modes"]] == [True, True]
    assert Path(done.document["report"]).is_file()


def test_quiet_prints_nothing(quiet_run):
    _, done = quiet_run
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.usefixtures("short_report")
def test_the_folder_is_named_after_the_source_by_default(cli):
    assert cli("run", *QUICK, "-q").code == 0
    assert Path("out/planted/report.html").is_file()


@pytest.mark.usefixtures("short_report", "one_figure")
def test_figures_adds_pdf_and_png(cli):
    assert cli("run", *QUICK, "-o", "out/a", "--figures", "-q").code == 0
    kinds = {path.suffix for path in Path("out/a/figures").iterdir()}
    assert kinds == {".pdf", ".png"}


def test_a_failed_run_exits_with_3_and_keeps_what_it_has(cli):
    words = ["planted", "--modes", "3,2", "--widths", "2,2,2", "--scale", "1e120"]
    done = cli("run", *words, "-o", "out/a", "--json")
    assert done.code == 3
    assert done.document["ok"] is False
    assert done.document["status"] == "failed"
    assert "smaller weights" in done.document["remedy"]
    assert Path("out/a/report.html").is_file()


@pytest.mark.usefixtures("short_report")
def test_a_failed_run_says_so_even_when_quiet(cli):
    words = ["planted", "--modes", "3,2", "--widths", "2,2,2", "--scale", "1e120"]
    done = cli("run", *words, "-o", "out/a", "--quiet")
    assert done.code == 3
    assert "overflows" in done.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--t-end", "0.5"], "t_end"),
        (["--set", "flow.max_steps=3"], "step limit"),
        (["--scale", "0"], "stopped at a saddle"),
    ],
)
@pytest.mark.usefixtures("short_report")
def test_every_other_ending_is_done(cli, words, status):
    done = cli("run", *QUICK, *words, "-o", "out/a", "--json")
    assert done.code == 0
    assert done.document["status"] == status


@pytest.mark.usefixtures("short_report")
def test_run_toml_repeats_a_named_run_bit_for_bit(cli, a_run):
    assert cli("run", "out/quick/run.toml", "-o", "out/again", "-q").code == 0
    assert same(a_run, Path("out/again"))


@pytest.mark.usefixtures("short_report")
def test_run_toml_repeats_a_run_from_a_file_from_anywhere(cli, tmp_path, monkeypatch):
    write_table(tmp_path / "houses.csv")
    words = ["--targets", "price,weight", "--widths", "2,3,2", "--standardize", "--center"]
    assert cli("run", "houses.csv", *words, "-o", "out/a", "-q").code == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shutil.move(tmp_path / "out" / "a", "moved")
    assert cli("run", "moved/run.toml", "-o", "again", "-q").code == 0
    assert same(Path("moved"), Path("again"))


@pytest.mark.usefixtures("short_report")
def test_run_toml_keeps_every_option_that_was_given(cli):
    words = ["--init", "delta_balanced", "--init-option", "delta=0.1", "--seed", "4"]
    words += ["--method", "gauss", "--rtol", "1e-8", "--t-end", "0.1", "--data-option", "noise=0.1"]
    assert cli("run", *QUICK, *words, "-o", "out/a", "-q").code == 0
    settings = tomllib.loads(Path("out/a/run.toml").read_text())
    assert settings["init"] == {
        "name": "delta_balanced", "scale": 0.01, "seed": 4, "options": {"delta": 0.1},
    }  # fmt: skip
    assert settings["flow"] == {
        "method": "gauss", "rtol": 1e-8, "t_end": 0.1, "max_steps": 1_000_000,
    }  # fmt: skip
    assert settings["data"]["options"] == {"noise": 0.1}
    assert settings["made_by"]["deeplinear"] == "0.1.0"
    assert cli("run", "out/a/run.toml", "-o", "out/b", "-q").code == 0
    assert same(Path("out/a"), Path("out/b"))


@pytest.mark.usefixtures("short_report")
def test_data_that_changed_since_the_run_are_noticed(cli, tmp_path):
    write_table(tmp_path / "houses.csv")
    words = ["--targets", "price", "--widths", "3,1"]
    assert cli("run", "houses.csv", *words, "-o", "out/a", "-q").code == 0
    with (tmp_path / "houses.csv").open("a") as file:
        file.write("1,2,3,4\n")
    done = cli("run", "out/a/run.toml", "-o", "out/b")
    assert done.code == 2
    assert "have changed" in done.err
    assert not Path("out/b").exists()
    assert cli("run", "out/a/run.toml", "--set", "data.source=houses.csv", "-q").code == 0


@pytest.mark.usefixtures("short_report")
def test_another_version_is_noted(cli, a_run):
    file = a_run / "run.toml"
    file.write_text(file.read_text().replace('deeplinear = "0.1.0"', 'deeplinear = "0.0.1"'))
    done = cli("run", str(file), "-o", "out/again")
    assert done.code == 0
    assert "deeplinear 0.0.1 wrote this file" in done.err


@pytest.mark.usefixtures("short_report")
def test_arrays_can_be_one_archive_or_two_files(cli):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 3)), rng.standard_normal((20, 2))
    np.savez("data.npz", x=x, y=y)
    np.save("x.npy", x)
    np.save("y.npy", y)
    for source, name in ((["data.npz"], "a"), (["x.npy", "y.npy"], "b"), (["x.npy,y.npy"], "c")):
        assert cli("run", *source, "--widths", "3,2,2", "-o", f"out/{name}", "-q").code == 0
    assert same(Path("out/a"), Path("out/b"))
    assert same(Path("out/a"), Path("out/c"))
    assert cli("run", "out/b/run.toml", "-o", "out/d", "-q").code == 0
    assert same(Path("out/a"), Path("out/d"))


@pytest.mark.usefixtures("short_report")
def test_a_saved_start_is_found_again(cli, tmp_path, monkeypatch):
    net = dl.init.gaussian((3, 3, 2), scale=0.02, seed=5)
    np.savez("start.npz", **{f"w{i}": w for i, w in enumerate(net.weights)})
    words = ["planted", "--modes", "3,2", "--widths", "3,3,2", "--init", "saved"]
    assert cli("run", *words, "--init-option", "path=start.npz", "-o", "out/a", "-q").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert cli("run", "../out/a/run.toml", "-o", "b", "-q").code == 0
    assert dl.load("b").initial == net
    assert same(Path("../out/a"), Path("b"))


@pytest.mark.usefixtures("short_report")
def test_force_replaces_a_run(cli, a_run):
    done = cli("run", *QUICK, "--seed", "1", "-o", "out/quick", "--force", "-q")
    assert done.code == 0
    assert tomllib.loads((a_run / "run.toml").read_text())["init"]["seed"] == 1
    assert sorted(entry.name for entry in a_run.parent.iterdir()) == ["quick"]


def test_options_and_settings_win_over_the_file(cli, a_run):
    config = _settings.gather([str(a_run / "run.toml")], {"--seed": "7"}, [("flow.rtol", "1e-9")])
    assert (config.init.seed, config.flow.rtol, config.init.scale) == (7, 1e-9, 0.01)


def test_report_is_written_again_byte_for_byte(cli, a_run):
    before = (a_run / "report.html").read_bytes()
    (a_run / "report.html").unlink()
    done = cli("report", "out/quick")
    assert done.code == 0
    assert done.out.split() == ["report", "out/quick/report.html"]
    assert (a_run / "report.html").read_bytes() == before


@pytest.mark.usefixtures("short_report", "one_figure")
def test_report_adds_figures(cli, a_run):
    done = cli("report", "out/quick", "--figures", "--json")
    assert done.document["report"] == "out/quick/report.html"
    assert any((a_run / "figures").iterdir())
