"""The itinerary of a run: what `run` prints of it, and `deeplinear saddles`."""

import itertools
from pathlib import Path

import pytest

import deeplinear as dl
from deeplinear.cli import _visits
from deeplinear.cli._visits import brief, full

FIVE = ["planted", "--modes", "5,4,3,2,1", "--widths", "5,5,5,5", "--scale", "1e-3"]
SETS = [list(range(r)) for r in range(6)]


@pytest.fixture
def five(cli, short_report):
    """A run of five plateaus at out/five."""
    done = cli("run", *FIVE, "-o", "out/five", "--json")
    assert done.code == 0
    return done.document


def test_the_json_of_a_planted_run_tells_its_itinerary(five):
    visits = five["itinerary"]
    assert [visit["modes"] for visit in visits] == SETS
    assert [visit["plateau"] for visit in visits[:-1]] == [True] * 5
    assert [visit["escape_order"] for visit in visits] == [3] * 5 + [None]
    assert visits[-1]["kind"] == "global minimum"
    assert all(a["t_out"] == b["t_in"] for a, b in itertools.pairwise(visits))
    assert {"decided_by", "margin", "escape_layers"} <= set(visits[0]["classification"])
    assert "network" not in visits[0]
    assert [one["mode"] for one in five["learning"]] == list(range(5))
    assert "global minimum" in five["limit"]


def test_saddles_finds_the_same_in_the_saved_run(cli, five):
    found = cli("saddles", "out/five", "--json").document
    assert (found["ok"], found["exit_code"], found["status"]) == (True, 0, "converged")
    for key in ("itinerary", "learning", "limit"):
        assert found[key] == five[key]


def test_saddles_tells_every_visit_with_its_test_and_margin(cli, five):
    out = cli("saddles", "out/five").out
    assert out.startswith("out/five, 5-5-5-5: converged at t = ")
    assert out.count("From t = ") == 6
    assert out.count("Margin 1e+06.") + out.count("Margin ") >= 6
    assert "choice of layers has 3 of them" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.usefixtures("short_report")
def test_run_prints_table_sentences_limit_and_learning_times(cli):
    out = cli("run", *FIVE, "-o", "out/a").out
    order = ["status", "learned", "Itinerary", "order-3 saddle", "From t = 0 ", "The limit is"]
    order += ["Learning times", "Quality and cost", "out/a/report.html"]
    places = [out.index(words) for words in order]
    assert places == sorted(places)
    told = " ".join(out.split())
    assert told.count("leaving takes a time") == 1  # what order 3 means is said once
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--t-end", "0.5"], ["the end time was reached", "not yet"]),
        (["--set", "flow.max_steps=3"], ["step limit at t = "]),
        (["--scale", "0"], ["stopped at a saddle", "never", "Start at a distance"]),
        (["--scale", "1e120"], ["failed at t = 0", "none near", "smaller weights"]),
        (["--init", "decoupled"], ["exact (decoupled)", "strict saddle"]),
        (["--widths", "3,2"], ["exact (one layer)", "The predictions are exact"]),
        (["--modes", "0,0"], ["there is no mode to learn"]),
        (["--data-option", "noise=0.1"], ["Learning times"]),
    ],
)
@pytest.mark.usefixtures("short_report")
def test_every_ending_is_told_in_80_columns(cli, words, expected):
    words = ["planted", "--modes", "3,2", "--widths", "3,3,2", *words]
    out = cli("run", *words, "-o", "out/a").out
    for part in expected:
        assert part in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.usefixtures("short_report")
def test_without_whitening_there_is_no_prediction(cli):
    words = ["iris", "--widths", "4,3,3", "--t-end", "2"]
    done = cli("run", *words, "-o", "out/a", "--json")
    assert {one["predicted"] for one in done.document["learning"]} == {None}
    out = cli("run", *words, "-o", "out/b").out
    assert "no predictions for inputs that are not whitened" in out
    assert "predicted t" not in out


def test_a_long_itinerary_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(_visits, "_MOST_ROWS", 4)
    monkeypatch.setattr(_visits, "_ALL_TOLD", 3)
    monkeypatch.setattr(_visits, "_MOST_MODES", 2)
    problem = dl.Problem.from_modes([5.0, 4.0, 3.0, 2.0, 1.0])
    traj = dl.gradient_flow(problem, dl.init.gaussian((5,) * 4, scale=1e-3, seed=0))
    visits = dl.itinerary(traj)
    lines = brief(traj, visits, "out/a")
    assert lines[3] == "  ... 2 more ..."
    assert "  and 3 more" in lines
    text = " ".join(" ".join(lines).split())
    assert "Only plateaus and the end are told here" in text
    assert "deeplinear saddles out/a" in text
    assert text.count("From t = ") == 4
    assert " ".join(full(traj, visits)).count("From t = ") == 6


@pytest.mark.usefixtures("no_drawing")
def test_the_itinerary_is_computed_once(cli, monkeypatch):
    from deeplinear import analysis
    from deeplinear.cli import _execute

    calls = []

    def counting(traj: object) -> object:
        calls.append(traj)
        return found(traj)

    found = analysis.itinerary
    monkeypatch.setattr(_execute, "itinerary", counting)
    monkeypatch.setattr(analysis, "itinerary", counting)
    words = ["planted", "--modes", "2,1", "--widths", "2,2,2", "--figures"]
    assert cli("run", *words, "-o", "out/a", "--json").code == 0
    assert len(calls) == 1


def test_a_folder_without_a_run_has_no_saddles(cli):
    Path("empty").mkdir()
    for folder, words in (("empty", "holds none"), ("missing", "is no folder")):
        done = cli("saddles", folder, "--json")
        assert (done.code, done.document["ok"]) == (2, False)
        assert "`FOLDER`" in done.err
        assert words in done.err


def test_a_truncated_run_has_no_saddles(cli, a_run):
    (a_run / "trajectory.zarr" / "zarr.json").unlink()
    done = cli("saddles", "out/quick", "--json")
    assert done.code == 2
    assert done.document["error"]["type"] == "StoreError"
