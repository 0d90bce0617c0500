"""`deeplinear escape` without a target: the canonical saddle of a class."""

import numpy as np
import pytest

import deeplinear as dl

THREE = ["--data", "planted", "--modes", "3,2,1"]


def fits(out: str) -> bool:
    return max(map(len, out.splitlines())) <= 80


def test_a_class_of_whitened_data_has_rays_and_orbits(cli):
    words = ["escape", *THREE, "--widths", "3,3,3,3", "--learned", "0"]
    found = cli(*words, "--json").document
    assert (found["target"], found["data"], found["learned"]) == (None, "planted", [0])
    assert [ray["modes"] for ray in found["rays"]] == [[1], [2], [1, 2]]
    assert [ray["rate"] for ray in found["rays"]] == pytest.approx([2, 1, 0.8**0.5])
    assert [ray["leaving_time"] for ray in found["rays"]] == pytest.approx([500, 1000, 1118.034])
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    assert [one["to"] for one in found["orbits"]] == [[0, 1], [0, 2]]
    for one in found["orbits"]:
        orbit = dl.landscape.heteroclinic(problem, (3, 3, 3, 3), [0], one["mode"])
        assert one["duration"] == pytest.approx(orbit.duration(1e-3))
        assert one["drop"] == pytest.approx(orbit.drop)
    out = cli(*words).out
    assert out.startswith("planted, 3-3-3-3: the canonical point that has learned mode 0\n")
    assert "\n  1, 2   0.89443      1118\n" in out
    assert "\n     2      1  0, 2                0.5     999.1\n" in out


def test_a_distance_and_a_count_are_kept_to(cli):
    words = ["escape", *THREE, "--widths", "3,3,3,3", "--learned", "none", "--count", "2"]
    words += ["--distance", "1e-4"]
    found = cli(*words, "--json").document
    assert (found["distances"], found["amplitude"]) == ([1e-4], 1e-4)
    assert (len(found["rays"]), found["n_rays"]) == (2, 7)
    assert (len(found["orbits"]), found["n_orbits"]) == (2, 3)
    out = cli(*words).out
    assert "and 5 more" in out
    assert "t(0.0001)" in out


def test_the_number_of_rays_is_that_of_the_sets_that_fit(cli):
    words = ["escape", "--data", "planted", "--modes", "5,4,3,2,1", "--widths", "5,3,5,5"]
    found = cli(*words, "--learned", "0", "--count", "1000", "--json").document
    assert len(found["rays"]) == found["n_rays"] == 4 + 6


def test_the_empty_set_has_two_names(cli):
    words = ["escape", *THREE, "--widths", "3,3,3,3", "--json", "--learned"]
    assert cli(*words, "none").document == cli(*words, "").document
    assert cli(*words, "0,1").document == cli(*words, "1,0").document


def test_data_that_are_not_whitened_have_no_exact_rays(cli):
    rng = np.random.default_rng(0)
    np.savez("xy.npz", x=rng.standard_normal((30, 3)), y=rng.standard_normal((30, 2)))
    words = ["escape", "--data", "xy.npz", "--widths", "3,3,3,2", "--learned", "none"]
    found = cli(*words, "--json").document
    assert (found["rays"], found["orbits"], found["escape_order"]) == (None, None, 3)
    assert len(found["directions"]) == 1
    assert "no exact rays" in cli(*words).out
    assert cli(*words, "--whiten", "--json").document["n_rays"] == 3


def test_a_mode_that_counts_as_learned_has_no_duration(cli):
    words = ["escape", *THREE, "--widths", "3,3,3,3", "--learned", "none", "--distance", "0.9"]
    durations = [one["duration"] for one in cli(*words, "--json").document["orbits"]]
    assert durations[0] > 0
    assert durations[2] is None
    assert "None: at this amplitude" in cli(*words).out


def test_times_that_floats_cannot_hold_are_infinite(cli):
    words = ["escape", *THREE, "--widths", "3,3,3,3,3", "--learned", "0", "--distance", "1e-200"]
    assert cli(*words, "--json").document["leaving_times"] == [None]
    assert "inf" in cli(*words).out


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (["--modes", "2,1", "--widths", "2,2", "--learned", "0,1"], "One layer"),
        (["--modes", "2,1", "--widths", "2,2,2,2", "--learned", "0,1"], ""),
        (["--modes", "0", "--widths", "2,2,2", "--learned", "none"], ""),
    ],
)
def test_a_class_of_minima_is_never_left(cli, words, note):
    found = cli("escape", "--data", "planted", *words, "--json").document
    assert found["kind"] == "global minimum"
    assert (found["rays"] or [], found["orbits"] or []) == ([], [])
    out = cli("escape", "--data", "planted", *words).out
    assert note in out
    assert "rays" not in out
    assert fits(out)


@pytest.mark.usefixtures("a_run")
def test_the_settings_of_a_run_tell_its_widths(cli):
    found = cli("escape", "--data", "out/quick/run.toml", "--learned", "0", "--json").document
    assert (found["widths"], found["learned"]) == ([3, 3, 2], [0])


def test_many_modes_fit_80_columns(cli):
    s = ",".join(f"{1e6 - 12345.678 * k:.3f}" for k in range(30))
    learned = ",".join(str(k) for k in range(0, 30, 2))
    words = ["escape", "--data", "planted", "--modes", s, "--widths", "30,30,30,30"]
    out = cli(*words, "--learned", learned, "--count", "60").out
    assert "modes, 0 first" in out
    assert fits(out)
