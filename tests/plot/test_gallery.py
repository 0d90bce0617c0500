"""The gallery: every public plot, drawn by the example in its docstring, as the page prints it."""

import inspect
import re
import runpy
from pathlib import Path

import pytest

from deeplinear import plot

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "gallery.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
FUNCTIONS = [name for name in plot.__all__ if inspect.isfunction(getattr(plot, name))]
FOLDER = ROOT / "docs" / "images" / "gallery"
WINDOWS = {">>> import matplotlib", '>>> matplotlib.use("agg")'}


def test_every_public_function_and_nothing_else_is_in_the_gallery() -> None:
    assert sorted(SECTIONS) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_code_on_the_page_is_that_of_the_docstring(name: str) -> None:
    (printed,) = re.findall(r"^```python\n(.*?)^```$", SECTIONS[name], re.MULTILINE | re.DOTALL)
    docstring = inspect.getdoc(getattr(plot, name)) or ""
    lines = docstring.split("Examples\n--------\n")[1].split("\n\n")[0].splitlines()
    assert printed.splitlines() == [line for line in lines if line not in WINDOWS]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_picture_is_there_and_small(name: str) -> None:
    (file,) = re.findall(r"\]\(images/gallery/([\w.]+)\)", SECTIONS[name])
    assert Path(file).stem == name
    size = (FOLDER / file).stat().st_size
    assert 1_000 < size < (600_000 if file.endswith(".gif") else 60_000)


def test_no_picture_is_left_over() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(FUNCTIONS)


@pytest.mark.slow
def test_the_script_writes_the_page_from_the_docstrings(tmp_path: Path) -> None:
    runpy.run_path(str(ROOT / "scripts" / "make_gallery.py"))["make"](tmp_path)
    assert (tmp_path / "gallery.md").read_text("utf-8") == PAGE
    drawn = {path.name for path in (tmp_path / "images" / "gallery").iterdir()}
    assert drawn == {path.name for path in FOLDER.iterdir()}
