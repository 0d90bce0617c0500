"""`deeplinear fiber`: the weights with one map, from formulas or through a network."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import geometry
from tests.cli.weights import save


@pytest.mark.parametrize(
    ("widths", "rank", "codimension", "components"),
    [
        ((2, 2, 2), 0, 3, 1),
        ((2, 3, 2), 0, 4, 2),
        ((3, 3, 3), 0, 7, 2),
        ((3, 3, 6), 2, 15, 1),
        ((7, 7, 8, 9, 12, 13), 0, 39, 3),
        ((4, 3), 2, 12, 1),
    ],
)
def test_formulas_need_no_network(cli, widths, rank, codimension, components):
    words = ["fiber", "--widths", ",".join(map(str, widths)), "--rank", str(rank)]
    done = cli(*words, "--json").document
    n_params = sum(a * b for a, b in pairwise(widths))
    value, multiplicity = geometry.learning_coefficient(widths, rank)
    assert (done["target"], done["widths"], done["rank"]) == (None, list(widths), rank)
    assert done["fiber"] == {
        "dimension": n_params - codimension,
        "codimension": codimension,
        "top_components": components,
        "connected_components": 1,
        "learning_coefficient": value,
        "multiplicity": multiplicity,
    }
    out = cli(*words).out
    assert out.startswith(f"The fiber of a map of rank {rank}\n")
    assert f"{n_params - codimension} of {n_params}, codimension {codimension}\n" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("widths", "rank"),
    [((2, 1, 2), 1), ((3, 2, 2, 3), 2), ((3, 2, 3, 3), 2), ((3, 2, 2, 3), 1), ((2, 2), 2)],
)
def test_connected_components_are_those_of_paths_in_the_fiber(cli, widths, rank):
    bars = {(0, len(widths) - 1): rank} | {(i, i): d - rank for i, d in enumerate(widths)}
    net = geometry.representative(bars)
    words = ["fiber", "--widths", ",".join(map(str, widths)), "--rank", str(rank)]
    pieces = cli(*words, "--json").document["fiber"]["connected_components"]
    assert pieces == geometry.fiber_path(net, net).components
    text = "in one piece" if pieces == 1 else f"in {pieces} pieces that no path joins"
    assert text in cli(*words).out


def test_weights_need_no_data(cli):
    first, second = np.diag([1.0, 1.0, 0.0]), np.diag([0.0, 1.0, 1.0])
    net = dl.LinearNetwork([first, second])
    save(net)
    found = cli("fiber", "weights.npz", "--json").document
    bars = geometry.barcode(net)
    assert (found["target"], found["rank"], found["widths"]) == ("weights.npz", 1, [3, 3, 3])
    assert found["fiber"]["codimension"] == geometry.fiber((3, 3, 3), 1).codimension
    code = found["barcode"]
    assert {(b["born"], b["last"]): b["multiplicity"] for b in code["bars"]} == dict(bars)
    assert code["ranks"] == bars.ranks.tolist()
    assert (code["orbit_codimension"], code["orbit_dimension"]) == (3, 15)
    assert (code["certain"], code["tol"]) == (True, 1e-10)
    assert len(code["gaps"]) == 3
    assert found["imbalance"]["norms"] == pytest.approx([np.linalg.norm(net.imbalance()[0])])
    out = cli("fiber", "weights.npz").out
    assert repr(bars) in out
    assert "\n  orbit      codimension 3\n" in out
    for name in ("rank", "imbalance", "dimension", "components", "connected", "learning"):
        assert f"\n  {name}" in out


@pytest.mark.usefixtures("a_run")
def test_a_state_of_a_run_is_the_network_at_that_time(cli, a_run):
    traj = dl.load(a_run)
    found = cli("fiber", "out/quick", "--json").document
    assert found["rank"] == 2
    assert found["point"] == f"the end at t = {traj.t_end:.6g}"
    assert cli("fiber", "out/quick", "--at", "end", "--json").document == found
    early = cli("fiber", "out/quick", "--at", "1", "--json").document
    norms = [np.linalg.norm(c) for c in traj(1.0).imbalance()]
    assert early["imbalance"]["norms"] == pytest.approx(norms)
    out = cli("fiber", "out/quick").out
    assert out.startswith("out/quick, the end at t = ")
    assert max(map(len, out.splitlines())) <= 80


def test_a_tolerance_decides_the_rank_and_doubt_is_said(cli):
    net = dl.LinearNetwork([np.diag([1.0, 1e-3]), np.diag([1.0, 1e-3])])
    save(net)
    sure = cli("fiber", "weights.npz", "--json").document
    assert (sure["rank"], sure["barcode"]["certain"]) == (2, True)
    less = cli("fiber", "weights.npz", "--tol", "0.05", "--json").document
    assert (less["rank"], less["barcode"]["certain"]) == (1, True)
    assert less["fiber"]["codimension"] == geometry.fiber((2, 2, 2), 1).codimension
    doubt = cli("fiber", "weights.npz", "--tol", "2e-3")
    assert "NOT CERTAIN" in doubt.out
    assert "The fiber through it (if the rank is 1, which is not certain)" in doubt.out


def test_the_saddle_near_a_state_has_its_own_barcode(cli, a_run):
    state = cli("fiber", "out/quick", "--at", "start", "--json").document
    saddle = cli("fiber", "out/quick", "--at", "start", "--refine", "--json").document
    assert (state["rank"], state["refined"]) == (2, None)
    assert saddle["rank"] == 0
    assert saddle["refined"]["displacement"] > 0
    assert "refined" in cli("fiber", "out/quick", "--at", "start", "--refine").out


@pytest.mark.parametrize(
    "net",
    [
        dl.LinearNetwork([np.eye(3)]),
        dl.LinearNetwork([np.zeros((3, 2)), np.zeros((2, 3))]),
        dl.LinearNetwork([np.eye(2) * 1e200, np.eye(2) * 1e-200]),
        dl.LinearNetwork([np.eye(2)] * 60),
        dl.init.gaussian((200, 30, 10), seed=0),
    ],
    ids=["one layer", "zero", "huge", "deep", "wide"],
)
def test_every_network_has_a_fiber(cli, net):
    save(net)
    found = cli("fiber", "weights.npz", "--json").document
    assert found["fiber"]["dimension"] + found["fiber"]["codimension"] == net.n_params
    done = cli("fiber", "weights.npz")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["`TARGET`", "--widths and --rank", "missing"]),
        (["--widths", "3,2,3", "--rank", "1", "--refine"], ["`--refine`", "folder of a run"]),
        (["--widths", "3,2"], ["`--rank`", "must be given", "--widths 3,2"]),
        (["--rank", "2"], ["`--widths`", "must be given", "--rank 2"]),
        (["--widths", "3,2,3", "--rank", "3"], ["`--rank`", "from 0 to 2", "'3'"]),
        (["--widths", "3,2,3", "--rank", "-1"], ["`--rank`", "integer", "'-1'"]),
        (["--widths", "3,2,3", "--rank", "1.5"], ["`--rank`", "integer", "'1.5'"]),
        (["--widths", "3", "--rank", "1"], ["`--widths`", "at least two", "(3,)"]),
        (["--widths", "3,0,3", "--rank", "0"], ["`--widths`", "positive", "(3, 0, 3)"]),
        (["--widths", "3,x", "--rank", "0"], ["`--widths`", "integers", "'x'"]),
        (["--widths", "2,2", "--rank", "0", "--at", "3"], ["`--at`", "without a TARGET", "'3'"]),
        (["--widths", "2,2", "--rank", "0", "--tol", "1"], ["`--tol`", "without a TARGET"]),
        (["out/quick", "--widths", "2,2"], ["`--widths`", "left out", "'2,2'"]),
        (["out/quick", "--rank", "1"], ["`--rank`", "left out", "'1'"]),
        (["out/quick", "--tol", "1"], ["`--tol`", "between 0 and 1", "'1'"]),
        (["out/quick", "--tol", "x"], ["`--tol`", "'x'"]),
        (["out/quick", "--at", "soon"], ["`--at`", "start, end, or a time", "'soon'"]),
        (["out/quick", "--at", "1e9"], ["`--at`", "from 0 to ", "'1e9'"]),
        (["out"], ["`TARGET`", "folder of a run", "holds none"]),
        (["nowhere"], ["`TARGET`", "nothing at nowhere"]),
        (["weights.npz", "--at", "3"], ["`--at`", "left out", "'3'"]),
        (["text.npz"], ["text.npz", "cannot be read"]),
        (["out/quick", "--data", "digits"], ["No such option: --data", "deeplinear fiber --help"]),
    ],
)
@pytest.mark.usefixtures("a_run")
def test_wrong_use_is_named(cli, words, expected):
    save(dl.init.gaussian((3, 3, 2), seed=0))
    Path("text.npz").write_text("no archive")
    before = sorted(map(str, Path().rglob("*")))
    done = cli("fiber", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    for part in expected:
        assert part in done.err
    as_json = cli("fiber", *words, "--json")
    assert (as_json.code, as_json.document["ok"]) == (2, False)
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.usefixtures("a_run")
@pytest.mark.parametrize(
    ("words", "places"),
    [
        (
            ["out/quick", "--widths", "3", "--rank", "x", "--tol", "2", "--at", "soon"],
            ["--at", "--rank", "--tol", "--widths"],
        ),
        (["out", "--rank", "1", "--tol", "2"], ["--rank", "--tol", "TARGET"]),
        (["--widths", "3", "--rank", "x", "--at", "1"], ["--at", "--rank", "--widths"]),
        (["--rank", "x", "--tol", "2"], ["--rank", "--tol", "--widths"]),
    ],
)
def test_all_mistakes_are_reported_at_once(cli, words, places):
    done = cli("fiber", *words, "--json")
    assert sorted(entry["where"] for entry in done.document["error"]["mistakes"]) == places
