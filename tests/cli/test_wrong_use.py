"""Wrong use: exit code 2, one clear message that names the argument, nothing written."""

import shutil
from pathlib import Path

import numpy as np
import pytest

QUICK = ["planted", "--modes", "3,2", "--widths", "3,3,2"]

FIVE_MISTAKES = """
[data]
source = "digitz"
[network]
widths = [64, -1, 10]
[init]
name = "gausian"
scale = -1e-3
[flow]
methd = "auto"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digits", "--widths", "32,10"], ["`widths`", "start with 64", "(32, 10)"]),
        (["digits", "--widths", "64,32,9"], ["`widths`", "end with 10", "(64, 32, 9)"]),
        (["digits", "--widths", "64"], ["`--widths`", "at least two", "[64]"]),
        (["digits", "--widths", "64,0,10"], ["`--widths`", "positive", "[64, 0, 10]"]),
        (["digits", "--widths", "64,-3,10"], ["`--widths`", "positive", "[64, -3, 10]"]),
        (["digits", "--widths", "64,x,10"], ["`--widths[1]`", "integer", "'x'"]),
        (["digits", "--widths", "64,2.5,10"], ["`--widths[1]`", "integer", "2.5"]),
        (["digits"], ["`--widths`", "must be given", "64,32,32,10"]),
        (["planted", "--modes", "2,1"], ["`--widths`", "must be given", "2,2,2,2"]),
        ([*QUICK, "--scale", "-1"], ["`--scale`", "at least 0", "-1"]),
        ([*QUICK, "--scale", "nan"], ["`--scale`", "finite", "nan"]),
        ([*QUICK, "--scale", "big"], ["`--scale`", "real number", "'big'"]),
        ([*QUICK, "--seed", "-1"], ["`--seed`", "at least 0", "-1"]),
        ([*QUICK, "--init", "gausian"], ["`--init`", "'gausian'", "Did you mean 'gaussian'"]),
        ([*QUICK, "--method", "stif"], ["`--method`", "'stif'", "Did you mean 'stiff'"]),
        (["digts", "--widths", "2,2"], ["`SOURCE`", "'digts'", "Did you mean 'digits'"]),
        (["no.csv", "--widths", "2,2"], ["`SOURCE`", "exists", "no.csv"]),
        (["no.toml"], ["`SOURCE`", "exists", "no.toml"]),
        (["digits", "wine", "--widths", "2,2"], ["`SOURCE`", "two .npy files", "wine"]),
        ([*QUICK, "--t-end", "-1"], ["`--t-end`", "at least 0", "-1"]),
        ([*QUICK, "--t-end", "inf"], ["`--t-end`", "finite", "inf"]),
        ([*QUICK, "--rtol", "0"], ["`--rtol`", "at least 1e-14", "0"]),
        ([*QUICK, "--rtol", "1"], ["`--rtol`", "at most 0.1", "1"]),
        ([*QUICK, "--targets", "a"], ["`--targets`", "left out", "['a']"]),
        (["planted", "--widths", "2,2"], ["`--modes`", "must be given", "missing"]),
        (["planted", "--modes", "2,-1", "--widths", "2,2"], ["`--modes[1]`", "at least 0", "-1"]),
        (["planted", "--modes", "3,2,1", "--widths", "2,3"], ["`widths`", "start with 3"]),
        (["wine", "--modes", "2", "--widths", "13,3"], ["`--modes`", "left out", "[2.0]"]),
        (["teacher_student", "--widths", "2,2"], ["`--data-option`", "n_samples is missing"]),
        ([*QUICK, "--init-option", "foo=1"], ["`--init-option`", "'gaussian'", "holds foo"]),
        ([*QUICK, "--init", "standard", "--scale", "1"], ["`--scale`", "left out", "'standard'"]),
        ([*QUICK, "--set", "flow.rtoll=1"], ["`flow.rtoll`", "Did you mean 'rtol'"]),
        ([*QUICK, "--set", "flow.stop=never"], ["`flow.stop`", "'gap'", "'never'"]),
        ([*QUICK, "--set", "flow.save=1"], ["`flow.save`", "at least 2", "1"]),
        ([*QUICK, "--set", "flow=3"], ["`flow`", "table", "3"]),
        ([*QUICK, "--set", "flow"], ["`--set`", "key=value", "'flow'"]),
        ([*QUICK, "--bogus"], ["No such option: --bogus", "deeplinear run --help"]),
        ([], ["SOURCE", "deeplinear run --help"]),
    ],
)
def test_the_message_names_the_argument_and_nothing_is_written(cli, tmp_path, words, expected):
    done = cli("run", *words)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    for part in expected:
        assert part in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("a,b\n1,2\n3,x\n", ["--targets", "b"], ["row 3", "`b`", "'x'"]),
        ("a,b\n1,2\n3,nan\n", ["--targets", "b"], ["row 3", "`b`"]),
        ("a,b\n1,2\n3,inf\n", ["--targets", "b"], ["row 3", "`b`"]),
        ("a,b\n", ["--targets", "b"], ["row"]),
        ("a,b\n1,2\n", ["--targets", "c"], ["`targets`", "'c'", "a, b"]),
        ("a,b\n1,2\n", [], ["targets"]),
    ],
)
def test_bad_tables_are_refused(cli, tmp_path, text, words, expected):
    Path("data.csv").unlink(missing_ok=True)
    (tmp_path / "data.csv").write_text(text)
    done = cli("run", "data.csv", "--widths", "1,1", *words)
    assert done.code == 2
    for part in expected:
        assert part in done.err
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (np.ones((4, 2)), np.ones((3, 1)), "same number of rows"),
        (np.ones((0, 2)), np.ones((0, 1)), "at least one row"),
        (np.array([[1.0, np.nan]]), np.ones((1, 1)), "finite"),
        (np.ones((1, 2)), np.array([[np.inf]]), "finite"),
    ],
)
def test_bad_arrays_are_refused(cli, x, y, expected):
    np.savez("data.npz", x=x, y=y)
    done = cli("run", "data.npz", "--widths", "2,1")
    assert done.code == 2
    assert expected in done.err
    assert not Path("out").exists()


def test_five_mistakes_of_a_file_are_all_reported_with_their_keys(cli):
    Path("five.toml").write_text(FIVE_MISTAKES)
    done = cli("run", "five.toml", "--json")
    assert done.code == 2
    found = {entry["where"]: entry["text"] for entry in done.document["error"]["mistakes"]}
    assert set(found) == {"data.source", "network.widths", "init.name", "init.scale", "flow.methd"}
    assert "Did you mean 'digits'" in found["data.source"]
    assert "[64, -1, 10]" in found["network.widths"]
    assert "Did you mean 'gaussian'" in found["init.name"]
    assert "-0.001" in found["init.scale"]
    assert "Did you mean 'method'" in found["flow.methd"]
    for key in found:
        assert key in done.err
    assert "5 mistakes in five.toml" in done.err


def test_a_missing_section_is_named_by_its_key(cli):
    Path("empty.toml").write_text("")
    done = cli("run", "empty.toml", "--json")
    assert {entry["where"] for entry in done.document["error"]["mistakes"]} == {
        "data.source",
        "network.widths",
    }


@pytest.mark.parametrize("text", ["[data", "widths = 64,32", "\x00"])
def test_what_is_no_toml_is_refused(cli, text):
    Path("bad.toml").write_text(text)
    done = cli("run", "bad.toml")
    assert done.code == 2
    assert "must be a TOML file" in done.err


def test_a_binary_toml_is_refused(cli):
    Path("bad.toml").write_bytes(b"\xff\xfe\x00")
    done = cli("run", "bad.toml")
    assert done.code == 2
    assert "must be a text file" in done.err


def test_a_folder_that_holds_a_run_is_refused(cli, a_run):
    before = (a_run / "run.toml").read_bytes()
    done = cli("run", *QUICK, "-o", "out/quick")
    assert done.code == 2
    assert "already holds a run" in done.err
    assert "--force" in done.err
    assert (a_run / "run.toml").read_bytes() == before


def test_force_replaces_nothing_but_runs(cli, a_run):
    (a_run / "notes.txt").write_text("mine")
    done = cli("run", *QUICK, "-o", "out/quick", "--force")
    assert done.code == 2
    assert "notes.txt" in done.err
    assert (a_run / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("target", [".", "..", ""])
def test_the_current_folder_is_refused(cli, tmp_path, target):
    done = cli("run", *QUICK, "-o", target, "--force")
    assert done.code == 2
    assert "--output" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["file.txt", "file.txt/run"])
def test_a_file_as_output_is_refused(cli, target):
    Path("file.txt").write_text("mine")
    done = cli("run", *QUICK, "-o", target, "--force")
    assert done.code == 2
    assert "file.txt is a file" in done.err
    assert Path("file.txt").read_text() == "mine"


def test_a_folder_without_a_run_has_no_report(cli):
    Path("empty").mkdir()
    for folder in ("empty", "missing"):
        done = cli("report", folder)
        assert done.code == 2
        assert folder in done.err


def test_a_truncated_trajectory_is_refused_and_the_report_kept(cli, a_run):
    before = (a_run / "report.html").read_bytes()
    shutil.rmtree(a_run / "trajectory.zarr" / "weights")
    done = cli("report", "out/quick", "--json")
    assert done.code == 2
    assert done.document["error"]["type"] == "StoreError"
    assert (a_run / "report.html").read_bytes() == before


def test_a_foreign_trajectory_is_refused(cli, a_run):
    shutil.rmtree(a_run / "trajectory.zarr")
    (a_run / "trajectory.zarr").mkdir()
    (a_run / "trajectory.zarr" / "zarr.json").write_text('{"zarr_format": 3}')
    assert cli("report", "out/quick").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--json"],
        ["run", "digits", "--json", "--bogus"],
        ["run", "digits", "--widths", "3", "--json"],
        ["report", "nowhere", "--json"],
        ["nonsense", "--json"],
    ],
)
def test_an_error_is_one_json_document_too(cli, words):
    done = cli(*words)
    assert done.code == 2
    assert done.document["ok"] is False
    assert done.document["exit_code"] == 2
    assert done.document["error"]["message"]
    assert done.err.startswith("Error: ")


def test_an_unexpected_error_says_how_to_get_the_traceback(cli, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr("deeplinear.gradient_flow", broken)
    done = cli("run", *QUICK, "--json")
    assert done.code == 3
    assert done.document["error"]["type"] == "RuntimeError"
    assert "out of cheese" in done.err
    assert "--debug" in done.err
    assert "Traceback" not in done.err
    assert not Path("out").exists()
    assert "Traceback" in cli("run", *QUICK, "--debug").err
