"""`deeplinear demo`, `deeplinear data`, and the help pages."""

import contextlib
from pathlib import Path

import pytest

import deeplinear as dl
from deeplinear._core.errors import MissingExtraError
from deeplinear.analysis import diagnostics
from deeplinear.cli import main

COMMAND = "deeplinear demo -o out/demo"
"""As docs/running.md has it, whose test leaves it to this one: the two reports take seconds."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What the demo wrote."""
    _, *words = COMMAND.split()
    with contextlib.chdir(tmp_path_factory.mktemp("demo")):
        assert main(words) == 0
        return Path("out/demo").resolve()


@pytest.mark.parametrize(("name", "n_modes"), [("planted", 5), ("digits", 10)])
def test_every_mode_of_the_demo_is_learned(demo, name, n_modes):
    traj = dl.load(demo / name)
    assert traj.status == "converged"
    assert diagnostics(traj).learned == tuple(range(n_modes))
    assert (demo / name / "report.html").is_file()


def test_the_planted_spectrum_has_clean_plateaus(demo):
    """Modes are learned one after the other: at each exit, later ones have not begun."""
    traj = dl.load(demo / "planted")
    s, p = traj.problem.modes.s, traj.mode_strengths
    for k in range(4):
        learned = int((p[:, k] > 0.99 * s[k]).argmax())
        assert p[learned, k + 1] < 0.02 * s[k + 1]


def test_the_demo_is_run_by_the_words_of_the_page():
    page = Path(__file__).parents[2] / "docs" / "running.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("deeplinear demo")] == [COMMAND]


@pytest.mark.usefixtures("short_report")
def test_the_demo_replaces_its_own_folders_and_says_where_the_reports_are(cli):
    for _ in range(2):
        done = cli("demo")
        assert done.code == 0
        for name in ("planted", "digits"):
            assert f"out/demo/{name}/report.html" in done.out
    assert sorted(entry.name for entry in Path("out/demo").iterdir()) == ["digits", "planted"]


@pytest.mark.usefixtures("short_report")
def test_without_scikit_learn_the_planted_spectrum_runs(cli, monkeypatch):
    load = dl.datasets.load

    def without(name: str, **choices: object) -> object:
        if name == "digits":
            raise MissingExtraError("Install deeplinear[data].")
        return load(name, **choices)

    monkeypatch.setattr("deeplinear.datasets.load", without)
    done = cli("demo", "--json")
    assert done.code == 0
    assert [run["data"] for run in done.document["runs"]] == ["planted"]
    assert "deeplinear[data]" in done.document["notes"][0]
    assert "deeplinear[data]" in cli("demo").out


def test_data_lists_every_data_set_with_its_size(cli):
    found = {entry["name"]: entry for entry in cli("data", "--json").document["data"]}
    assert sorted(found) == dl.datasets.names()
    assert (found["digits"]["samples"], found["digits"]["inputs"]) == (1797, 64)
    text = cli("data").out
    assert "1797 samples, 64 inputs, 10 outputs" in text
    assert max(map(len, text.splitlines())) <= 80


def test_the_examples_of_generated_data_run(cli):
    for entry in cli("data", "--json").document["data"]:
        if "example" in entry:
            words = ["run", entry["name"], *entry["example"].split()]
            assert "must be given: the layer widths from" in cli(*words).err


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run",
        "demo",
        "data",
        "saddles",
        "classify",
        "escape",
        "landscape",
        "fiber",
        "report",
    ],
)
def test_help_fits_80_columns_and_has_an_example(cli, command):
    done = cli(*command.split(), "--help")
    assert done.code == 0
    assert "Example" in done.out
    assert "deeplinear demo" in done.out or f"deeplinear {command} " in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_no_words_are_a_call_for_help(cli):
    assert cli().out == cli("--help").out
    assert cli().code == 0


def test_the_version_is_printed(cli):
    assert cli("--version").out == "deeplinear 0.1.0\n"
