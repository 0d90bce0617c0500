"""The README's program runs as printed, and its picture comes from the script it names."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def program() -> str:
    """The one Python block of the README."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_program_runs_as_printed(tmp_path, monkeypatch, capsys):
    import matplotlib

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(program(), "README.md", "exec"), names)
    assert names["traj"].status == "converged"
    assert "5 of 5 modes" in capsys.readouterr().out
    assert {"five.zarr", "five.html", "loss.png"} == {path.name for path in tmp_path.iterdir()}


def test_every_local_link_of_the_readme_exists():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_picture_is_drawn_by_the_script_that_the_caption_names(tmp_path):
    script = ROOT / "examples" / "readme_picture.py"
    target = tmp_path / "planted.png"
    runpy.run_path(str(script))["draw"](target)
    assert target.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", re.findall(r"^deeplinear run .*$", README, re.MULTILINE))
def test_the_command_lines_use_options_that_exist(line):
    from deeplinear.cli._settings import OPTIONS

    words = [word for word in shlex.split(line, comments=True) if word.startswith("--")]
    assert set(words) <= {*OPTIONS, "--set"}
