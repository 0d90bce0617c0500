"""Settings: how values are read, and that a file says all that its run needs."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinear.cli import _config, _settings
from deeplinear.cli._errors import SettingsError
from deeplinear.solve import _gradient_flow


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("1e-4", 1e-4),
        (".5", 0.5),
        ("true", True),
        ("64,32,10", [64, 32, 10]),
        ("[1, 2]", [1, 2]),
        ('"3"', "3"),
        ("gaussian", "gaussian"),
        ("a, b", ["a", "b"]),
        ("x\ny = 1", "x\ny = 1"),
        ("", ""),
    ],
)
def test_values_are_read_as_typed(text, value):
    found = _settings.parse(text)
    assert found == value
    assert type(found) is type(value)


@given(st.floats(allow_nan=False))
def test_every_number_is_read_back_exactly(number):
    assert _settings.parse(repr(number)) == number


widths = st.lists(st.integers(1, 99), min_size=2, max_size=5)
scales = st.floats(0, 1e100)
stops = st.one_of(st.just("gap"), st.floats(0, 1e3))
saves = st.one_of(st.just("ends"), st.integers(2, 9), st.lists(st.floats(0, 9), min_size=1))


@given(widths, scales, st.integers(0, 2**63 - 1), stops, saves, scales)
def test_a_written_file_is_read_back_as_the_same_run(widths, scale, seed, stop, save, t_end):
    config = _config.Config.model_validate(
        {
            "data": {"source": "planted", "s": [3.0, scale], "options": {"noise": scale}},
            "network": {"widths": widths},
            "init": {"name": "gaussian", "scale": scale, "seed": seed},
            "flow": {"stop": stop, "save": save, "t_end": t_end},
        }
    )
    text = _settings.to_toml(config, sha256=None, command=["run", "it's"], notes=['a "note"'])
    again = _config.Config.model_validate(tomllib.loads(text))
    assert again.model_copy(update={"made_by": config.made_by}) == config
    assert again.made_by.notes == ['a "note"']


def test_paths_of_a_file_are_relative_to_it(tmp_path, monkeypatch):
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "data.csv").write_text("a,b\n1,2\n")
    (folder / "run.toml").write_text(
        '[data]\nsource = "data.csv"\n[network]\nwidths = [1, 1]\n'
        '[init]\nname = "saved"\n[init.options]\npath = "net.npz"\n'
    )
    monkeypatch.chdir(tmp_path)
    config = _settings.gather(["experiment/run.toml"], {})
    assert config.data.source == [str(Path("experiment", "data.csv"))]
    assert config.init.options["path"] == str(Path("experiment", "net.npz"))
    text = _settings.to_toml(config, sha256=None, command=[], notes=[])
    assert tomllib.loads(text)["data"]["source"] == str(folder / "data.csv")
    assert tomllib.loads(text)["init"]["options"]["path"] == str(folder / "net.npz")


def test_the_methods_are_those_of_the_library():
    assert _config.METHODS == _gradient_flow.METHOD_NAMES


def test_the_structures_are_those_of_the_library():
    assert _config.STRUCTURES == _gradient_flow.STRUCTURES


def planted(**flow):
    return {
        "data": {"source": "planted", "s": [1.0]},
        "network": {"widths": [1, 1, 1]},
        "flow": flow,
    }


@pytest.mark.parametrize("name", [None, *_gradient_flow.STRUCTURES])
def test_a_structure_is_written_and_read_back(name):
    flow = {} if name is None else {"structure": name}
    text = _settings.to_toml(
        _config.Config.model_validate(planted(**flow)), sha256=None, command=[], notes=[]
    )
    assert tomllib.loads(text)["flow"].get("structure") == name


def test_an_unknown_structure_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match=r"--structure.*'laws'"):
        _settings.gather(["planted"], {"--modes": "1", "--widths": "1,1,1", "--structure": "law"})


def test_every_option_sets_a_key_that_exists():
    for key in _settings.OPTIONS.values():
        table, name = key.split(".")
        section = _config.Config.model_fields[table].annotation
        assert name in section.model_fields
