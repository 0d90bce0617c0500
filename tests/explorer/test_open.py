"""What the page is opened with: nothing, a data set, a file, a run, a trajectory."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear._core.errors import DeeplinearError
from deeplinear.cli import main
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs._suggestions import suggested
from deeplinear.explorer._open import moments_as_data, opened
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings

QUICK = ["planted", "--modes", "3,2", "--widths", "3,3,2", "--scale", "0.01"]


@pytest.fixture(autouse=True)
def no_report(monkeypatch):
    monkeypatch.setattr("deeplinear.report.write_report", lambda *args, **options: None)


def computed(house):
    run = Run(house.settings, house.store)
    run.compute()
    assert (run.state, run.message) == ("done", "")
    return run


def written(folder, *words):
    assert main(["run", *words, "-o", str(folder), "--quiet"]) in (0, 3)
    return folder


def test_nothing_opens_the_first_settings():
    assert opened(None).settings == Settings()


@pytest.mark.parametrize("name", dl.datasets.names())
def test_every_data_set_opens_with_a_run_that_shows_something(name):
    house = opened(name)
    assert house.settings == suggested(name)
    run = computed(house)
    assert len(run.itinerary) >= 2
    assert run.elapsed < 5
    assert Settings.from_link(house.settings.link()) == house.settings


@pytest.mark.parametrize(
    "words",
    [
        QUICK,
        [*QUICK, "--init", "balanced", "--seed", "3", "--rtol", "1e-4", "--method", "gauss"],
        [*QUICK, "--t-end", "7", "--data-option", "noise=0.5", "--data-option", "seed=2"],
        [*QUICK, "--set", "flow.stop=1", "--set", "flow.max_steps=50", "--set", "flow.atol=1e-8"],
        ["semantic_hierarchy", "--widths", "8,8,15", "--set", "data.mean=false"],
        ["iris", "--widths", "4,3,3", "--whiten", "--standardize", "--center"],
        [*QUICK, "--init", "low_rank", "--init-option", "rank=1"],
    ],
)
def test_a_run_opens_as_it_was_with_its_settings(words, tmp_path):
    folder = written(tmp_path / "run", *words)
    house = opened(folder)
    traj = dl.load(folder)
    assert house.notice == ""
    assert np.array_equal(house.recorded.vectors, traj.vectors)
    assert np.array_equal(computed(house).traj.vectors, traj.vectors)
    alone = opened(folder / "run.toml")
    assert alone.settings == house.settings
    assert alone.recorded is None


def test_a_run_of_a_file_opens_with_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    table = rng.standard_normal((20, 3))
    np.savetxt("data.csv", table, delimiter=",", header="a,b,price", comments="")
    folder = written(tmp_path / "run", "data.csv", "--targets", "a", "--widths", "2,2,1")
    house = opened(folder)
    assert house.settings.data.source == "upload"
    assert np.array_equal(computed(house).traj.vectors, dl.load(folder).vectors)
    (tmp_path / "data.csv").unlink()
    house = opened(folder)
    assert "run.toml could not be used" in house.notice
    assert np.array_equal(house.recorded.vectors, dl.load(folder).vectors)
    assert computed(house).start_network == dl.load(folder).initial


def test_a_saved_start_opens_with_its_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = dl.init.gaussian((2, 3, 2), scale=0.3, seed=9)
    np.savez("start.npz", **{f"w{i}": w for i, w in enumerate(net.weights)})
    words = ["planted", "--modes", "3,2", "--widths", "2,3,2", "--init", "saved"]
    folder = written(tmp_path / "run", *words, "--init-option", "path=start.npz")
    house = opened(folder)
    assert house.settings.start.name == "saved"
    assert computed(house).start_network == net


def test_a_data_file_opens_as_an_upload(tmp_path):
    file = tmp_path / "houses.csv"
    file.write_text("area,rooms,price\n1,2,1.5\n2,3,2.5\n4,4,1\n")
    house = opened(file)
    assert house.settings.data.source == "upload"
    assert house.notice == ""
    held = house.store.upload(house.settings.data.upload or "")
    assert held.description.startswith("houses.csv: 3 samples")
    assert computed(house).traj.widths[0] == 2


def test_a_trajectory_opens_with_its_start_and_moments():
    problem = dl.Problem.from_moments(np.diag([2.0, 1.0]), [[3.0, 0.0], [0.0, 1.0]], 20.0)
    start = dl.init.gaussian((2, 3, 2), scale=0.1, seed=1)
    traj = dl.gradient_flow(problem, start, rtol=1e-7)
    house = opened(traj)
    assert house.recorded is traj
    again = computed(house)
    assert again.start_network == start
    assert again.traj.status == traj.status
    assert again.traj.t_end == pytest.approx(traj.t_end, rel=1e-3)
    assert again.traj.final.to_vector() == pytest.approx(traj.final.to_vector(), abs=1e-4)


def test_runs_that_are_no_gradient_flow_are_shown_as_they_were():
    problem = dl.Problem.from_modes([2.0, 1.0])
    start = dl.init.gaussian((2, 2, 2), scale=0.1, seed=1)
    descent = dl.gradient_descent(problem, start, step_size=0.01, n_steps=200)
    backward = dl.gradient_flow(problem, start, t_end=0.5, reverse=True)
    for traj in (descent, backward):
        house = opened(traj)
        assert "as it was recorded" in house.notice
        shown = house.enter().run(house.settings)
        assert shown.wait(10)
        assert (shown.state, shown.traj) == ("done", traj)


def test_moments_become_samples_with_the_same_moments():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 4)), rng.standard_normal((5, 3))
    x[:, 3] = x[:, 0]  # singular
    problem = dl.Problem.from_data(x, y)
    again = dl.Problem.from_data(*moments_as_data(problem), mean=False)
    assert again.sxx == pytest.approx(problem.sxx, abs=1e-12)
    assert again.syx == pytest.approx(problem.syx, abs=1e-12)
    assert again.syy == pytest.approx(problem.syy)
    assert again.floor == pytest.approx(problem.floor)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("data = 3", "is no table"),
        ("[data", "cannot be read"),
        ('[data]\nsource = "planted"\ns = [1.0]', "`network.widths`, but"),
        (
            "[network]\nwidths = [1, 1, 1]\n[data]\nsource = 'digits'\n[init]\nname = 'none'",
            "start.name",
        ),
        (
            "[network]\nwidths = [1, 1]\n[data]\nsource = ['a.npy', 'b.npy', 'c.npy']",
            "two for a pair",
        ),
        ("[network]\nwidths = [1, 1]", "`data.source`, but"),
        (
            "[network]\nwidths = [1, 1, 1]\n[data]\nsource = 'digits'\n[flow]\nrtol = 'small'",
            "flow.rtol",
        ),
        ("[network]\nwidths = ['a', 1, 1]", "widths"),
        ("[network]\nwidths = [2, 1, 2]\n[data]\nsource = 'planted'\ns = 'many'", "data.s"),
        ("[network]\nwidths = [2, 1, 2]\n[data]\nsource = 'gone.csv'", "gone.csv"),
        ("[network]\nwidths = [2, 1, 2]\n[data]\noptions = 3", "data.options"),
        ("[network]\nwidths = [2, 1, 2]\n[init]\noptions = 3", "init.options"),
        ("[network]\nwidths = [2, 1, 2]\n[data]\nsource = 'iris'\ncolor = 3", "data.color"),
    ],
)
def test_a_bad_run_file_is_an_error_that_names_the_place(content, text, tmp_path):
    file = tmp_path / "run.toml"
    file.write_text(content)
    with pytest.raises(DeeplinearError) as caught:
        opened(file)
    assert text in str(caught.value)


def test_what_is_no_target_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a data set \\(breast_cancer"):
        opened("digit")
    with pytest.raises(TypeError, match="a trajectory, a path"):
        opened(3)
    with pytest.raises(ValueError, match="saved trajectory"):
        opened(tmp_path)


def test_an_ensemble_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("deeplinear.explorer._open.load", lambda path: object())
    with pytest.raises(ValueError, match="an ensemble"):
        opened(tmp_path)


def test_a_run_that_is_too_large_is_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(limits, "PARAMETERS", 7)
    problem = dl.Problem.from_modes([2.0, 1.0])
    traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), seed=1), t_end=1.0)
    with pytest.raises(limits.LimitError, match="at most 7 here, but it is 8"):
        opened(traj)
