"""`deeplinear escape`: how the flow leaves a saddle, of a run, of weights, or of a class."""

from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from tests.cli.weights import save, write_data

THREE = ["--data", "planted", "--modes", "3,2,1"]


def fits(out: str) -> bool:
    return max(map(len, out.splitlines())) <= 80


@pytest.fixture
def weights(tmp_path, monkeypatch) -> dl.LinearNetwork:
    """A saddle of the data xy.npz that has learned mode 0, saved as weights.npz."""
    monkeypatch.chdir(tmp_path)
    net = dl.landscape.random_critical_point(write_data(), (3, 4, 3, 4, 2), [0], seed=1)
    save(net)
    return net


@pytest.mark.usefixtures("a_run")
def test_nothing_leads_down_from_the_end_of_a_converged_run(cli):
    found = cli("escape", "out/quick", "--json").document
    assert (found["kind"], found["index"], found["escape_order"]) == ("global minimum", 0, None)
    assert (found["directions"], found["leaving_times"]) == ([], None)
    assert found["reason"] == "A global minimum: nothing leads down."
    assert found["here"]["leaving_time"] is None
    assert found["here"]["next_mode"] is None
    assert found["arrival"]["number"] > 0
    out = cli("escape", "out/quick").out
    assert "nothing leads down" in out
    assert "Ways down" not in out
    assert "the run" not in out


def test_a_state_has_its_predicted_time_beside_that_of_the_run(cli, a_run):
    times = dl.analysis.learning_times(dl.load(a_run))
    found = cli("escape", "out/quick", "--at", "start", "--json").document
    here = found["here"]
    assert (found["kind"], found["escape_order"]) == ("strict saddle", 2)
    assert here["distance"] == found["refined"]["displacement"] > 0
    rate = found["directions"][0]["rate"]
    assert here["leaving_time"] == pytest.approx(np.log(3**0.5 / here["distance"]) / rate)
    assert (here["next_mode"], here["learned_at"]) == (0, pytest.approx(times[0]))
    # the run is slower: part of the distance lies along other directions
    assert here["leaving_time"] < here["learned_after"] < 2 * here["leaving_time"]
    out = cli("escape", "out/quick", "--at", "start").out
    assert f"mode 0 is learned {here['learned_after']:.4g} later" in out
    assert fits(out)


def test_between_two_modes_the_second_is_next(cli, a_run):
    first, second = dl.analysis.learning_times(dl.load(a_run))
    at = str((first + second) / 2)
    here = cli("escape", "out/quick", "--at", at, "--json").document["here"]
    assert here["next_mode"] == 1
    assert here["learned_after"] == pytest.approx((second - first) / 2)


@pytest.mark.usefixtures("a_run")
def test_a_point_that_is_not_critical_is_said_to_be_none(cli):
    words = ["escape", "out/quick", "--at", "1", "--no-refine"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["refined"], found["here"]) == ("not critical", None, None)
    assert (found["arrival"], found["directions"]) == (None, [])
    out = cli(*words).out
    assert "refine the point first" in " ".join(out.split())
    assert "arrival" not in out


@pytest.mark.parametrize("count", ["1", "2", "10"])
def test_ways_of_a_strict_saddle_are_counted_by_its_index(cli, count):
    words = ["escape", *THREE, "--widths", "3,3,3", "--learned", "1", "--count", count]
    found = cli(*words, "--json").document
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    wanted = -dl.landscape.canonical_spectrum(problem, (3, 3, 3), [1])[:5]
    assert (found["kind"], found["index"], found["n_directions"]) == ("strict saddle", 5, 5)
    listed = min(int(count), 5)
    assert [one["rate"] for one in found["directions"]] == pytest.approx(wanted[:listed])
    assert all(one["measured_order"] == pytest.approx(2, abs=0.02) for one in found["directions"])
    out = cli(*words).out
    assert (f"and {5 - listed} more" in out) == (listed < 5)
    assert fits(out)


def test_equal_ways_share_a_line_with_their_number(cli):
    out = cli("escape", *THREE, "--widths", "3,3,3", "--learned", "none").out
    assert "\n  0, 1         3  1.5  2.00     3  0.9506    1.718     2.486\n" in out
    assert "With two layers there are no rays" in out


@pytest.mark.parametrize(("widths", "order"), [("3,3,3,3", 3), ("3,3,3,3,3", 4)])
def test_a_non_strict_saddle_is_left_at_its_order(cli, widths, order):
    words = ["escape", *THREE, "--widths", widths, "--learned", "0"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["escape_order"]) == ("non-strict saddle", order)
    (way,) = found["directions"]
    assert way["measured_order"] == pytest.approx(order, abs=0.1)
    assert way["rate"] is None
    eps = np.array(found["distances"])
    wanted = eps ** (2.0 - order) / (order * (order - 2) * way["coefficient"])
    assert eps.tolist() == [0.1, 0.01, 0.001]
    assert found["leaving_times"] == pytest.approx(wanted)
    out = cli(*words).out
    assert f"\n  order    {order}: the loss falls by c eps^{order} at distance eps\n" in out
    assert fits(out)


def test_a_blocked_saddle_is_left_along_a_curve_of_order_4(cli):
    np.savez("xy.npz", x=np.eye(2), y=np.diag([1.0, 0.0]))
    save(dl.LinearNetwork([[[0.0, 1.0]], [[0.0]], [[0.0], [1.0]]]))
    words = ["escape", "weights.npz", "--data", "xy.npz", "--whiten"]
    found = cli(*words, "--json").document
    assert (found["escape_order"], found["directions"][0]["exponents"]) == (4, [1, 2, 1])
    out = cli(*words).out
    assert "\n  0, 2; 1 by eps^2 " in out
    assert "blocked" in out
    assert fits(out)


def test_weights_may_have_data_of_any_covariance(cli, weights):
    words = ["escape", "weights.npz", "--data", "xy.npz"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["modes"], found["escape_order"]) == ("non-strict saddle", [0], 4)
    assert found["refined"]["displacement"] < 1e-6
    assert found["here"] is None
    assert "rays" not in found
    problem = dl.Problem.from_data(*(np.load("xy.npz")[name] for name in "xy"))
    rates = dl.landscape.arrival(problem, weights).rates
    arrival = found["arrival"]
    assert arrival["number"] == len(rates)
    assert [arrival["slowest"], arrival["largest"]] == pytest.approx([rates[0], rates[-1]])
    assert arrival["rates"] == pytest.approx(rates[:10])
    assert fits(cli(*words).out)


def test_doubt_is_an_answer(cli):
    net = dl.landscape.critical_point(write_data(), (3, 3, 3, 3, 2), [0])
    layers = [w.copy() for w in net.weights]
    layers[1][2, 2], layers[2][2, 2] = 3e-6, 1.0
    save(dl.LinearNetwork(layers))
    words = ["escape", "weights.npz", "--data", "xy.npz", "--no-refine"]
    found = cli(*words, "--json").document
    assert (found["kind"], found["index"], found["directions"]) == ("undecided", None, [])
    out = cli(*words).out
    assert "may or may" in out
    assert "Ways down" not in out
    assert fits(out)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["`TARGET`", "--data, --widths and --learned"]),
        (["out/quick", "--at", "soon"], ["`--at`", "start, end, or a time", "'soon'"]),
        (["out/quick", "--data", "digits"], ["`--data`", "left out"]),
        (["out/quick", "--learned", "0"], ["`--learned`", "left out with a TARGET", "'0'"]),
        (["out/quick", "--widths", "3,2"], ["`--widths`", "left out with a TARGET", "'3,2'"]),
        (["out/quick", "--distance", "0"], ["`--distance`", "above 0", "'0'"]),
        (["out/quick", "--distance", "nan"], ["`--distance`", "above 0", "'nan'"]),
        (["out/quick", "--count", "0"], ["`--count`", "1 to 1000", "'0'"]),
        (["out"], ["`TARGET`", "folder of a run", "holds none"]),
        (["nowhere", "--data", "xy.npz"], ["`TARGET`", "nothing at nowhere"]),
        (["weights.npz"], ["`--data`", "must be given", "xy.npz"]),
        (["weights.npz", "--data", "iris"], ["`TARGET`", "4 inputs", "(3, 4, 3, 4, 2)"]),
        (["huge.npz", "--data", "xy.npz"], ["`TARGET`", "round-off"]),
        (["--learned", "0", "--widths", "2,2"], ["`--data`", "without a TARGET"]),
        (["--data", "xy.npz", "--widths", "3,2,2"], ["`--learned`", "0,1, or none", "missing"]),
        (["--data", "xy.npz", "--learned", "0"], ["`--widths`", "3 inputs", "2 outputs"]),
        ([*THREE, "--widths", "3,3,3", "--learned", "x"], ["`--learned`", "0,1, or none", "'x'"]),
        ([*THREE, "--widths", "3,3,3", "--learned", "-1"], ["`--learned`", "'-1'"]),
        ([*THREE, "--widths", "3,3,3", "--learned", "3"], ["`--learned`", "below 3", "is 3"]),
        ([*THREE, "--widths", "3,1,3", "--learned", "0,1"], ["`--learned`", "at most 1 mode,"]),
        ([*THREE, "--widths", "3,3", "--learned", "none"], ["`--learned`", "all 3 modes", "none"]),
        ([*THREE, "--widths", "3,3,2", "--learned", "0"], ["`widths`", "end with 3"]),
        ([*THREE, "--widths", "3,3,3", "--learned", "0", "--at", "1"], ["`--at`", "'1'"]),
        ([*THREE, "--widths", "3,3,3", "--learned", "0", "--no-refine"], ["`--no-refine`"]),
        (["--data", "digts", "--widths", "4,3", "--learned", "0"], ["Did you mean 'digits'"]),
        (["out/quick", "--tol", "1e-3"], ["No such option: --tol", "deeplinear escape --help"]),
    ],
)
@pytest.mark.usefixtures("a_run", "weights")
def test_wrong_use_is_named(cli, words, expected):
    save(dl.init.gaussian((3, 3, 2), scale=1e120, seed=0), "huge.npz")
    before = sorted(map(str, Path().rglob("*")))
    done = cli("escape", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    for part in expected:
        assert part in done.err
    as_json = cli("escape", *words, "--json")
    assert (as_json.code, as_json.document["ok"]) == (2, False)
    assert sorted(map(str, Path().rglob("*"))) == before


@pytest.mark.usefixtures("a_run")
@pytest.mark.parametrize(
    ("words", "places"),
    [
        (
            ["out/quick", "--at", "x", "--learned", "0", "--center", "--count", "x"],
            ["--at", "--center", "--count", "--learned"],
        ),
        (
            ["--data", "digts", "--widths", "4", "--learned", "x", "--at", "3", "--distance", "-1"],
            ["--at", "--data", "--distance", "--learned", "--widths"],
        ),
        (["--widths", "4", "--no-refine"], ["--data", "--learned", "--no-refine", "--widths"]),
        (["--count", "no"], ["--count", "TARGET"]),
    ],
)
def test_all_mistakes_are_reported_at_once(cli, words, places):
    done = cli("escape", *words, "--json")
    assert sorted(entry["where"] for entry in done.document["error"]["mistakes"]) == places
