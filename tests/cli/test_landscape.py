"""`deeplinear landscape`: classes of critical points, without a run."""

import numpy as np
import pytest

import deeplinear as dl

MANY = ",".join(str(100 + k) for k in range(64))


def test_the_lowest_classes_of_a_bottleneck(cli):
    words = ["planted", "--modes", "5,4,3,2,1", "--widths", "5,3,5", "--count", "6", "--json"]
    found = cli("landscape", *words).document
    assert (found["n_classes"], found["rank"], found["n_modes"]) == (26, 3, 5)
    assert found["optimum"] == pytest.approx(2.5)
    assert found["loss_of_zero"] == pytest.approx(27.5)
    assert [one["modes"] for one in found["lowest"]][:3] == [[0, 1, 2], [0, 1, 3], [0, 1, 4]]
    values = [one["value"] for one in found["lowest"]]
    assert values == sorted(values)
    assert [one["excess"] for one in found["lowest"]] == pytest.approx(np.array(values) - 2.5)
    assert found["lowest"][0]["kind"] == "global minimum"
    assert found["lowest"][1]["decided_by"] == (
        "Mode 3 is learned while mode 2, which is larger, is not."
    )
    assert [one["modes"] for one in found["largest_modes"]] == [[], [0], [0, 1], [0, 1, 2]]


def test_the_escape_order_of_canonical_points_is_the_depth(cli):
    words = ["planted", "--modes", "3,2,1", "--widths", "3,3,3,3,3", "--json"]
    tops = cli("landscape", *words).document["largest_modes"]
    assert [one["escape_order"] for one in tops] == [4, 4, 4, None]


def test_the_digits_have_1024_classes(cli):
    done = cli("landscape", "digits", "--widths", "64,32,32,10", "--whiten")
    assert "1024 = 2^10" in done.out
    assert "0.154941" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("depth", [2, 4])
def test_a_huge_landscape_prints_few_lines(cli, depth):
    words = ["planted", "--modes", MANY, "--widths", ",".join(["64"] * (depth + 1))]
    done = cli("landscape", *words)
    assert "18446744073709551616 = 2^64" in done.out
    assert "... 53 more ..." in done.out
    assert len(done.out.splitlines()) < 50
    assert max(map(len, done.out.splitlines())) <= 80
    found = cli("landscape", *words, "--json").document
    assert found["n_classes"] == 2**64
    assert len(found["lowest"]) == 10
    assert len(found["largest_modes"]) == 12


def test_equal_modes_are_named_and_counted_together(cli):
    words = ["planted", "--modes", "3,2,2,1,1,1", "--widths", "6,6,6"]
    found = cli("landscape", *words, "--json").document
    assert found["equal_modes"] == [[1, 2], [3, 4, 5]]
    assert found["n_classes"] == 2 * 3 * 4
    assert "modes 1, 2; modes 3–5" in cli("landscape", *words).out


def test_all_classes_are_listed_if_they_are_few(cli):
    words = ["planted", "--modes", "2,1", "--widths", "2,2,2"]
    assert "All classes" in cli("landscape", *words).out
    assert len(cli("landscape", *words, "--json").document["lowest"]) == 4


@pytest.mark.parametrize(
    ("modes", "widths"),
    [
        ("5,4,3,2,1", "5,3,5"),
        ("3,2,1", "3,3,3,3"),
        ("3,2,2,1", "4,3,4,4"),
        ("2,2,2", "3,3,3"),
        ("3,1", "2,2"),
        ("0", "2,2,2"),
    ],
)
def test_numbers_are_those_of_the_whole_lattice(cli, modes, widths):
    words = ["planted", "--modes", modes, "--widths", widths, "--count", "1000", "--json"]
    found = cli("landscape", *words).document
    s, d = ([float(part) for part in text.split(",")] for text in (modes, widths))
    x, y = dl.datasets.planted(s, d_in=int(d[0]), d_out=int(d[-1]))
    lattice = dl.landscape.lattice(dl.Problem.from_data(x, y), [int(n) for n in d])
    whole = lattice.summary()
    assert found["kinds"] == whole["kinds"]
    assert found["lattice"]["n_edges"] == whole["n_edges"]
    assert found["lattice"]["dimensions"] == list(whole["dimensions"])
    for one in [*found["lowest"], *found["largest_modes"]]:
        wanted = lattice[one["modes"]]
        assert (one["index"], one["dimension"]) == (wanted.index, wanted.dimension)
        assert (one["kind"], one["escape_order"]) == (wanted.kind, wanted.escape_order)


def test_kinds_of_a_huge_landscape_are_counted_exactly(cli):
    words = ["planted", "--modes", MANY, "--widths", "64,64,64,64"]
    found = cli("landscape", *words, "--json").document
    assert found["lattice"] is None
    assert found["kinds"] == {
        "global minimum": 1,
        "strict saddle": 2**64 - 65,
        "non-strict saddle": 64,
    }
    assert "\n            18446744073709551551 strict saddles\n" in cli("landscape", *words).out


def test_a_deep_landscape_has_its_dimensions_too(cli):
    words = ["planted", "--modes", "3,2", "--widths", ",".join(["2"] * 10)]
    found = cli("landscape", *words, "--json").document
    assert [one["dimension"] for one in found["lowest"]] == [32, 31, 31, 30]


def test_an_amplitude_tells_the_learning_times_of_the_lattice(cli):
    words = ["planted", "--modes", "3,2,1", "--widths", "3,3,3,3", "--amplitude", "0.01"]
    found = cli("landscape", *words, "--json").document
    lattice = dl.landscape.lattice(dl.Problem.from_modes([3.0, 2.0, 1.0]), (3, 3, 3, 3))
    for edge in lattice.edges(amplitude=0.01):
        assert found["learning_times"][edge.mode] == pytest.approx(edge.time, rel=1e-9)
    out = cli("landscape", *words).out
    assert "Learning times, from weights of 0.01 in every layer until half the value" in out
    assert f"\n     2      1   {found['learning_times'][2]:.4g}\n" in out
    assert cli("landscape", *words[:-2], "--json").document["learning_times"] is None


def test_many_learning_times_are_cut(cli):
    words = ["planted", "--modes", MANY, "--widths", "64,64,64", "--amplitude", "0.01"]
    out = cli("landscape", *words).out
    assert "... 52 more ..." in out
    assert len(out.splitlines()) < 65
    assert max(map(len, out.splitlines())) <= 80
    assert len(cli("landscape", *words, "--json").document["learning_times"]) == 64


def test_the_table_fits_whatever_the_modes_are_called(cli):
    s = ",".join(f"{1e6 - 12345.678 * k:.3f}" for k in range(30))
    words = ["planted", "--modes", s, "--widths", "30,14,30", "--count", "1000"]
    out = cli("landscape", *words).out
    assert "modes, 0 first" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--modes", "3,1", "--widths", "2,2"], "convex"),
        (["--modes", "0", "--widths", "2,2,2"], ""),
    ],
)
def test_a_landscape_without_saddles_says_so(cli, words, expected):
    done = cli("landscape", "planted", *words)
    assert expected in done.out
    assert "visits" not in done.out
    found = cli("landscape", "planted", *words, "--json").document
    assert [one["kind"] for one in found["lowest"]] == ["global minimum"]


def test_the_settings_of_a_run_describe_its_landscape(cli, a_run):
    found = cli("landscape", "out/quick/run.toml", "--json").document
    assert (found["widths"], found["n_classes"]) == ([3, 3, 2], 4)
    assert found["optimum"] == dl.load(a_run).problem.optimum(2)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["digts", "--widths", "2,2"], ["`SOURCE`", "Did you mean 'digits'"]),
        (["digits", "--widths", "32,10"], ["`widths`", "start with 64", "(32, 10)"]),
        (["digits", "--widths", "64,9"], ["`widths`", "end with 10"]),
        (["digits"], ["`--widths`", "must be given", "64,32,32,10"]),
        (["planted", "--widths", "2,2"], ["`--modes`", "must be given"]),
        (["iris", "--widths", "4,3,3", "--count", "0"], ["`--count`", "1 to 1000", "'0'"]),
        (["iris", "--widths", "4,3,3", "--count", "1001"], ["`--count`", "'1001'"]),
        (["iris", "--widths", "4,3,3", "--count", "2.5"], ["`--count`", "'2.5'"]),
        (["iris", "--widths", "4,3,3", "--amplitude", "no"], ["`--amplitude`", "above 0", "'no'"]),
        (["iris", "--widths", "4,3,3", "--amplitude", "-1"], ["`--amplitude`", "above 0", "'-1'"]),
        (["iris", "--widths", "4,3,3", "--amplitude", "0.1"], ["`--amplitude`", "--whiten"]),
        (["iris", "--widths", "4,3", "--whiten", "--amplitude", "0.1"], ["one layer", "0.1"]),
        (
            ["planted", "--modes", "2,1", "--widths", "2,2,2", "--amplitude", "1"],
            ["`--amplitude`", "below 0.7071", "1."],
        ),
        (["no.csv", "--widths", "4,3"], ["`SOURCE`", "exists", "no.csv"]),
        ([], ["SOURCE", "deeplinear landscape --help"]),
    ],
)
def test_wrong_use_is_named(cli, tmp_path, words, expected):
    done = cli("landscape", *words)
    assert (done.code, done.out) == (2, "")
    for part in expected:
        assert part in done.err
    assert cli("landscape", *words, "--json").document["ok"] is False
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_are_reported_at_once(cli):
    words = ["digts", "--widths", "4", "--count", "no", "--amplitude", "0"]
    done = cli("landscape", *words, "--json")
    found = [entry["where"] for entry in done.document["error"]["mistakes"]]
    assert found == ["SOURCE", "--widths", "--count", "--amplitude"]
