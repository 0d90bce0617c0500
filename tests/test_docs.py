"""The pages of docs/ run as printed: blocks in order, in one session a page and an empty folder."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PAGES_WITH_BLOCKS = [
    "python.md",
    "running.md",
    "plateaus.md",
    "methods.md",
    "landscape.md",
    "survey.md",
]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page, as (language, text)."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run_python(text: str, names: dict[str, object], where: str) -> None:
    """Execute a block; one with prompts must also print what the page says."""
    if not text.startswith(">>>"):
        exec(compile(text, where, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(text, names, where, where, 0)
    problems: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=problems.append, clear_globs=False)
    assert problems == []
    names.update(test.globs)


def run_commands(text: str) -> None:
    """Run the commands of a block, each of which must succeed; tests/cli runs the demo."""
    from deeplinear.cli import main

    for line in text.splitlines():
        if line.startswith("deeplinear demo"):
            continue
        program, *arguments = shlex.split(line, comments=True)
        assert program == "deeplinear"
        assert main([*arguments, "--no-progress"] if arguments[0] == "run" else arguments) == 0


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES_WITH_BLOCKS)
def test_the_page_runs_as_printed(name, empty_folder):
    names: dict[str, object] = {"__name__": "__main__"}
    found = blocks(DOCS / name)
    assert len(found) > 5
    for language, text in found:
        if language == "python":
            run_python(text, names, name)
        else:
            run_commands(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prefix"), [("plateaus.md", "plateau"), ("landscape.md", "landscape")]
)
def test_the_pictures_of_the_page_come_from_its_script(name, prefix, tmp_path):
    import runpy

    script = DOCS.parent / "examples" / f"{prefix}_pictures.py"
    runpy.run_path(str(script))["draw"](tmp_path)
    shown = re.findall(rf"images/({prefix}_\w+\.png)", (DOCS / name).read_text("utf-8"))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(shown)
    for picture in shown:
        assert (DOCS / "images" / picture).stat().st_size <= 150_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_the_page_leads_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_claim_of_survey_names_tests_that_exist():
    page = (DOCS / "survey.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert page.count("::") == len(named)
    for file, test in named:
        path = DOCS.parent / file
        assert path.exists(), file
        assert re.search(rf"^def {test}\(", path.read_text("utf-8"), re.MULTILINE), (file, test)
    rows = re.findall(r"^\| .*\]\(#([\w-]+)\)", page, re.MULTILINE)
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sorted(rows) == sorted(title.lower().replace(" ", "-") for title in titles)
    for section in page.split("\n## ")[1:]:
        assert "```python" in section
        assert "Checked by" in section


def test_every_page_is_in_the_table_of_contents():
    contents = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [p.name for p in PAGES if p.name != "index.md" and f"{p.name})" not in contents]
    assert missing == []


def test_every_option_of_run_is_in_the_table_of_options():
    from deeplinear.cli._settings import OPTIONS

    page = (DOCS / "running.md").read_text(encoding="utf-8")
    assert [o for o, key in OPTIONS.items() if o != "SOURCE" and f"`{key}`" not in page] == []
    assert [o for o in OPTIONS if o != "SOURCE" and f"`{o}" not in page] == []
