"""The page: valid, self-contained, escaped, legible, and the same each time."""

import base64
import itertools
import re
import struct
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.plot import mode_style
from deeplinear.report import write_report
from deeplinear.report._page import python_lines
from deeplinear.solve import Trajectory

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """Elements in order, their attributes, and whether every tag is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.words.setdefault(self._open[-1], []).append(data)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_every_tag_is_closed_and_every_id_is_unique(hostile_page: str) -> None:
    outline = Outline(hostile_page)
    ids = Counter(a["id"] for _, a in outline.elements if "id" in a)
    assert ids
    assert max(ids.values()) == 1
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', hostile_page))
    assert used <= set(ids)


def test_the_page_names_its_language_and_title_and_suits_a_phone(hostile_page: str) -> None:
    outline = Outline(hostile_page)
    assert hostile_page.startswith("<!DOCTYPE html>")
    assert outline.attributes("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in outline.attributes("meta")
    assert any(a.get("name") == "viewport" for a in outline.attributes("meta"))
    assert len(outline.words["title"]) == 1


def test_text_from_users_stays_text(hostile_page: str) -> None:
    outline = Outline(hostile_page)
    assert "script" not in {tag for tag, _ in outline.elements}
    for place in ("title", "h1", "pre", "li"):
        assert any("<script>alert('x')</script>" in words for words in outline.words[place])


def test_nothing_is_fetched_from_elsewhere(hostile_page: str) -> None:
    outline = Outline(hostile_page)
    for tag, attributes in outline.elements:
        assert tag not in {"script", "link", "iframe", "object"}
        for name in ("src", "href", "xlink:href"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"url\((?!#)", hostile_page)
    assert "@import" not in hostile_page


def test_every_figure_is_described_and_captioned(hostile_page: str) -> None:
    outline = Outline(hostile_page)
    figures = [a for a in outline.attributes("svg") if a.get("role") == "img"]
    assert len(figures) == len(outline.attributes("figure"))
    assert len(figures) == 8 + 2 * hostile_page.count('<div class="plateau">') + 2
    assert all(len(a["aria-label"] or "") > 20 for a in figures)
    assert len(outline.attributes("figcaption")) == len(figures)
    rest = [a for a in outline.attributes("svg") if a.get("role") != "img"]
    assert all(a.get("aria-hidden") == "true" for a in rest)


def test_sections_come_in_the_order_of_a_reader(hostile_page: str) -> None:
    headings = re.findall(r"<h[123]>(.*?)</h[123]>", hostile_page)
    assert headings[1:] == [
        "What happened",
        "Loss",
        "Gradient norm",
        "Mode strengths",
        "Landscape",
        "Singular values",
        "Conservation laws",
        "Network at the start",
        "Network at the end",
        "Itinerary",
        "Predicted and observed learning times",
        "Plateaus",
        "No mode learned",
        "Mode 0 learned",
        "Modes 0, 1 learned",
        "The end",
        "Diagnostics",
        "Method and cost",
        "Problem",
        "How to reproduce",
    ]
    badge, summary = hostile_page.index('class="badge'), hostile_page.index('class="summary"')
    assert badge < summary < hostile_page.index("What happened")


def test_heat_maps_are_small_rasters_and_curves_are_lines(hostile_page: str) -> None:
    images = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)", hostile_page)
    assert len(images) >= 2
    for image in images:
        width, height = struct.unpack(">II", base64.b64decode(image)[16:24])
        assert max(width, height) <= 600
    assert len(hostile_page.encode()) < 1e6


def test_figures_follow_the_colors_of_the_page(hostile_page: str) -> None:
    figures = hostile_page[hostile_page.index("<figure>") : hostile_page.rindex("</figure>")]
    assert "var(--ink)" in figures
    assert not re.search(r"#1b1f24|#000000|#ffffff", figures)
    variables = set(re.findall(r"var\((--\w+)\)", hostile_page))
    light, dark = re.findall(r":root \{(.*?)\}", hostile_page, flags=re.DOTALL)
    assert all(f"{variable}:" in light and f"{variable}:" in dark for variable in variables)
    for k in range(3):
        assert figures.count(mode_style(k)["color"]) >= 4


def luminance(color: str) -> float:
    linear = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_text_has_contrast_in_light_and_dark(hostile_page: str) -> None:
    for theme in re.findall(r":root \{(.*?)\}", hostile_page, flags=re.DOTALL):
        colors = dict(re.findall(r"(--\w+): (#\w{6})", theme))
        for text, ground in itertools.product(
            ("--ink", "--muted", "--good", "--warn", "--bad", "--plain"), ("--paper", "--card")
        ):
            pair = sorted([luminance(colors[text]), luminance(colors[ground])])
            assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (text, ground)


def test_the_same_run_gives_the_same_bytes(
    hostile_page: str, hostile_texts: dict, run: Trajectory, tmp_path: Path
) -> None:
    again = write_report(run, tmp_path / "other.html", **hostile_texts)
    assert again.read_text(encoding="utf-8") == hostile_page


def test_the_python_lines_run_the_same_again(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    descent = dl.gradient_descent(run.problem, run.initial, step_size=0.05, n_steps=30)
    backward = dl.gradient_flow(run.problem, run.final, t_end=0.1, reverse=True)
    timed = dl.gradient_flow(run.problem, run.initial, t_end=3.0, method="gauss")
    for traj in (run, descent, backward, timed):
        traj.save("trajectory.zarr", overwrite=True)
        names: dict[str, Trajectory] = {}
        exec(python_lines(traj), names)
        again = names["traj"]
        assert again.t_end == traj.t_end
        np.testing.assert_array_equal(again.vectors[-1], traj.vectors[-1])
        assert str(traj.status) in capsys.readouterr().out


def test_the_command_and_the_run_file_are_shown_only_if_given(
    hostile_page: str, run: Trajectory, tmp_path: Path
) -> None:
    assert "On the command line" in hostile_page
    assert "run.toml" in hostile_page
    plain = write_report(run, tmp_path / "plain.html").read_text(encoding="utf-8")
    assert "On the command line" not in plain
    assert "run.toml" not in plain
    assert "dl.gradient_flow(" in plain


def test_the_table_of_modes_shows_values_times_and_keys(hostile_page: str, run: Trajectory) -> None:
    table = hostile_page[hostile_page.index("p at the end") :]
    table = table[: table.index("</table>")]
    assert table.count('class="key"') == table.count("<tr>") == 3
    assert [float(s) for s in re.findall(r'</td><td class="number">(\d)</td>', table)[::2]]
    for k in range(3):
        assert mode_style(k)["color"] in table
