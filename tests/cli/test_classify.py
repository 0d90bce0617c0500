"""`deeplinear classify`: states of runs, and weights of one's own."""

from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from tests.cli.weights import save, write_data


@pytest.fixture
def saddle(tmp_path, monkeypatch) -> dl.LinearNetwork:
    """The saddle of mode 0 of the data xy.npz, saved as weights.npz."""
    monkeypatch.chdir(tmp_path)
    net = dl.landscape.critical_point(write_data(), (3, 3, 3, 2), [0])
    save(net)
    return net


@pytest.mark.usefixtures("a_run")
def test_the_end_of_a_converged_run_is_a_global_minimum(cli):
    found = cli("classify", "out/quick", "--json").document
    assert (found["kind"], found["modes"], found["index"]) == ("global minimum", [0, 1], 0)
    assert 0 < found["refined"]["displacement"] < 0.01
    assert found["refined"]["converged"] is True
    assert found["refined"]["far"] is False
    assert found["gradient_norm"] < 1e-12 < found["given"]["gradient_norm"]
    assert cli("classify", "out/quick", "--at", "end", "--json").document == found


@pytest.mark.usefixtures("a_run")
def test_a_small_start_is_near_the_saddle_at_zero(cli):
    found = cli("classify", "out/quick", "--at", "start", "--json").document
    assert (found["kind"], found["modes"], found["escape_order"]) == ("strict saddle", [], 2)
    assert found["escape_layers"] == [0, 1]
    assert found["refined"]["far"] is False
    assert found["point"] == "the start at t = 0"


@pytest.mark.usefixtures("short_report")
def test_the_index_of_a_deep_saddle_at_zero_is_no_round_off(cli):
    words = ["planted", "--modes", "5,4,3", "--widths", "3,3,3,3", "--scale", "1e-3"]
    assert cli("run", *words, "--t-end", "1", "-o", "out/deep", "-q").code == 0
    found = cli("classify", "out/deep", "--json").document
    assert (found["escape_order"], found["index"]) == (3, 0)


@pytest.mark.usefixtures("a_run")
def test_the_text_fits_80_columns_and_names_everything(cli):
    out = cli("classify", "out/quick", "--at", "1").out
    assert out.startswith("out/quick, a state at t = 1\n")
    for name in ("given", "refined", "kind", "learned", "loss", "decided", "margin"):
        assert f"\n  {name}" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.usefixtures("a_run")
def test_without_refinement_a_state_is_not_critical(cli):
    found = cli("classify", "out/quick", "--at", "1", "--no-refine", "--json").document
    assert (found["kind"], found["refined"], found["index"]) == ("not critical", None, None)
    assert "exceeds its tolerance" in cli("classify", "out/quick", "--at", "1", "--no-refine").out


def test_a_point_that_is_far_is_warned_of(cli, a_run):
    traj = dl.load(a_run)
    half = float(np.interp(1.5, traj.mode_strengths[:, 0], traj.t))
    found = cli("classify", "out/quick", "--at", str(half), "--json").document
    assert found["refined"]["far"] is True
    assert "\n  warning" in cli("classify", "out/quick", "--at", str(half)).out


def test_weights_of_ones_own_are_classified_on_their_data(cli, saddle):
    found = cli("classify", "weights.npz", "--data", "xy.npz", "--json").document
    assert (found["kind"], found["modes"]) == ("non-strict saddle", [0])
    assert (found["escape_order"], found["widths"]) == (3, [3, 3, 3, 2])
    assert found["refined"]["displacement"] < 1e-6


def test_how_the_data_are_treated_matters(cli, saddle):
    done = cli("classify", "weights.npz", "--data", "xy.npz", "--whiten", "--no-refine", "--json")
    assert done.document["kind"] == "not critical"


def test_data_can_be_arrays_a_name_or_those_of_a_run(cli, a_run):
    traj = dl.load(a_run)
    save(traj.final)
    words = ["classify", "weights.npz", "--json", "--data"]
    by_file = cli(*words, "out/quick/run.toml").document
    by_name = cli(*words, "planted", "--modes", "3,2").document
    assert by_file == by_name
    assert by_file["kind"] == "global minimum"
    np.save("x.npy", np.eye(3))
    np.save("y.npy", np.ones((3, 2)))
    assert cli(*words, "x.npy,y.npy").document["ok"] is True


def test_the_inertia_and_the_residual_pattern_are_told(cli, saddle):
    words = ["classify", "weights.npz", "--data", "xy.npz"]
    found = cli(*words, "--json").document
    problem = dl.Problem.from_data(*(np.load("xy.npz")[name] for name in "xy"))
    signs = dl.landscape.spectrum(problem, saddle)
    positive = int((signs > 1e-9).sum())
    assert found["inertia"] == {
        "index": 0,
        "nullity": 24 - positive,
        "positive": positive,
        "tangent": 24 - positive - found["inertia"]["degenerate"],
        "degenerate": found["inertia"]["degenerate"],
        "margin": found["inertia"]["margin"],
        "decided_by": "The residual pattern decides all signs.",
    }
    assert found["index"] == found["inertia"]["index"]
    assert found["pattern"]["widths"] == [2, 2, 2, 1]
    assert found["pattern"]["modes"] == [{"last": 0, "first": 3, "number": 1}]
    assert {"born": 1, "last": 1, "number": 2} in found["pattern"]["paths"]
    out = cli(*words).out
    assert f"\n  inertia   0 negative, {24 - positive} zero, {positive} positive\n" in out
    assert "\n  residual  modes: 1 untouched\n" in out
    assert "along the critical set" in out
    assert "index" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_pattern_with_a_path_between_hidden_layers_is_told(cli):
    problem = dl.Problem.from_data(*dl.datasets.planted([3.0, 2.0, 1.0]))
    pattern = dl.landscape.ResidualPattern((2, 2, 2, 2), {(0, 3): 2}, {(1, 2): 1})
    save(dl.landscape.random_critical_point(problem, (3, 3, 3, 3), [0], pattern=pattern, seed=0))
    words = ["classify", "weights.npz", "--data", "planted", "--modes", "3,2,1"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["escape_order"]) == ("strict saddle", 2)
    assert found["index"] == found["inertia"]["index"] > 0
    assert {"born": 1, "last": 2, "number": 1} in found["pattern"]["paths"]
    assert "paths: 1 of 1-2" in cli(*words).out


def test_networks_of_any_size_have_an_index(cli):
    problem = dl.Problem.from_data(*dl.datasets.planted([3.0, 2.0, 1.0], d_in=160, d_out=3))
    widths = (160, 160, 160, 3)
    save(dl.landscape.random_critical_point(problem, widths, [1, 2], seed=0))
    words = ["classify", "weights.npz", "--data", "planted", "--modes", "3,2,1"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["modes"], found["index"]) == ("strict saddle", [1, 2], 2)
    assert found["inertia"]["nullity"] + found["inertia"]["positive"] + 2 == found["n_params"]
    curvature = found["eigenvalues"]
    assert curvature["lowest"] < 0.0 < curvature["largest"]
    assert 0.0 <= curvature["bound"] < 1e-9 * curvature["largest"]


@pytest.mark.usefixtures("a_run")
def test_a_point_that_is_not_critical_has_no_inertia(cli):
    found = cli("classify", "out/quick", "--at", "1", "--no-refine", "--json").document
    assert (found["inertia"], found["pattern"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["out/quick", "--at", "soon"], ["`--at`", "start, end, or a time", "'soon'"]),
        (["out/quick", "--at", "1e9"], ["`--at`", "from 0 to ", "'1e9'"]),
        (["out/quick", "--at", "-1"], ["`--at`", "'-1'"]),
        (["out/quick", "--at", "nan"], ["`--at`", "'nan'"]),
        (["out/quick", "--data", "digits"], ["`--data`", "left out"]),
        (["out/quick", "--whiten"], ["`--whiten`", "left out"]),
        (["out/quick", "--tol", "1"], ["`--tol`", "at most 0.01", "'1'"]),
        (["out/quick", "--tol", "x"], ["`--tol`", "'x'"]),
        (["out"], ["`TARGET`", "folder of a run", "holds none"]),
        (["nowhere", "--data", "xy.npz"], ["`TARGET`", "nothing at nowhere"]),
        (["weights.npz"], ["`--data`", "must be given", "xy.npz"]),
        (["weights.npz", "--data", "xy.npz", "--at", "3"], ["`--at`", "left out"]),
        (["weights.npz", "--data", "digts"], ["`--data`", "Did you mean 'digits'"]),
        (["weights.npz", "--data", "no.npz"], ["`--data`", "exists", "no.npz"]),
        (["weights.npz", "--data", "planted"], ["`--modes`", "must be given"]),
        (["weights.npz", "--data", "iris"], ["`TARGET`", "4 inputs", "3 outputs", "(3, 3, 3, 2)"]),
        (["xy.npz", "--data", "xy.npz"], ["xy.npz", "w0, w1, ...", "x, y"]),
        (["text.npz", "--data", "xy.npz"], ["text.npz", "cannot be read"]),
        (["huge.npz", "--data", "xy.npz"], ["`TARGET`", "round-off"]),
        ([], ["TARGET", "deeplinear classify --help"]),
    ],
)
@pytest.mark.usefixtures("a_run", "saddle")
def test_wrong_use_is_named(cli, words, expected):
    Path("text.npz").write_text("no archive")
    save(dl.init.gaussian((3, 3, 2), scale=1e120, seed=0), "huge.npz")
    before = sorted(map(str, Path().rglob("*")))
    done = cli("classify", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    for part in expected:
        assert part in done.err
    as_json = cli("classify", *words, "--json")
    assert as_json.code == 2
    assert as_json.document["ok"] is False
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.usefixtures("a_run")
def test_all_mistakes_are_reported_at_once(cli):
    words = ["out/quick", "--at", "soon", "--tol", "0", "--data", "digits", "--center"]
    done = cli("classify", *words, "--json")
    found = [entry["where"] for entry in done.document["error"]["mistakes"]]
    assert sorted(found) == ["--at", "--center", "--data", "--tol"]
    Path("empty").mkdir()
    done = cli("classify", "empty", "--tol", "0", "--data", "digits", "--json")
    found = [entry["where"] for entry in done.document["error"]["mistakes"]]
    assert sorted(found) == ["--data", "--tol", "TARGET"]
