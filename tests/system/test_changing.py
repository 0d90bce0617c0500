"""Changing settings: runs restart, stream, are cancelled, and say what is wrong."""

import pytest
from playwright.sync_api import expect

from tests.system.visitor import Visitor

LONG = "?data=digits&hidden=24,24,24&scale=0.05&rtol=1e-12"
"""A run that takes much longer than any test waits."""

STREAMING = """() => document.querySelector(".dl-explorer").dataset.drawn?.endsWith("partial")
  && document.querySelector("[data-panel=loss] .dl-plot").data?.[0].x.length > 3"""


def test_a_slider_changes_the_data_the_link_and_the_pictures(visitor: Visitor) -> None:
    visitor.open()
    visitor.slide("s0", 3.0)
    assert "s=3,2,1" in visitor.query()
    assert round(visitor.plot("strengths")["data"][0]["y"][-1], 4) == 3.0
    visitor.slide("depth", 4)
    assert "hidden=3,3,3" in visitor.query()
    visitor.slide("scale", -1.0)
    assert "scale=0.1" in visitor.query()


def test_modes_are_added_and_taken_away(visitor: Visitor) -> None:
    visitor.open()
    visitor.after(lambda: visitor.find("button[aria-label='Add a singular value']").click())
    assert len(visitor.plot("strengths")["data"]) == 4
    visitor.after(
        lambda: visitor.find("button[aria-label='Remove the last singular value']").click()
    )
    assert len(visitor.plot("strengths")["data"]) == 3


def test_every_start_can_be_chosen(visitor: Visitor) -> None:
    from deeplinear import init

    visitor.open()
    for name in init.names():
        if name not in ("saved", "gaussian"):
            visitor.choose("start", name)
            assert f"start={name}" in visitor.query()
            assert visitor.find(".dl-mistake:visible").count() == 0, name


@pytest.mark.parametrize("half", [0, 1])
def test_every_shipped_data_set_can_be_chosen(visitor: Visitor, half: int) -> None:
    from deeplinear import datasets

    visitor.open()
    names = [name.replace("_", " ") for name in datasets.names() if name != "planted"]
    for name in names[half::2]:
        visitor.choose("data", name)
        assert f"data={name.replace(' ', '_')}" in visitor.query()
        assert visitor.plot("loss")["data"][0]["y"]


def test_a_long_run_streams_and_is_cancelled(visitor: Visitor) -> None:
    visitor.open(LONG, wait=False)
    visitor.page.wait_for_function(STREAMING)
    assert "computing" in visitor.status()
    assert "follows when the run has ended" in visitor.panel("lattice").inner_text()
    visitor.find(".cancel").click()
    visitor.settled()
    assert "cancelled" in visitor.status()
    assert len(visitor.plot("loss")["data"][0]["x"]) > 3
    assert visitor.find(".cancel").is_disabled()


def test_a_change_takes_the_place_of_a_long_run(visitor: Visitor) -> None:
    visitor.open(LONG, wait=False)
    visitor.page.wait_for_function(STREAMING)
    visitor.choose("data", "planted")
    assert "converged" in visitor.status()
    assert len(visitor.plot("strengths")["data"]) == 3


def test_a_wrong_value_is_said_beside_its_field_and_the_run_stays(visitor: Visitor) -> None:
    visitor.open()
    before = visitor.drawn()
    field = visitor.find('.dl-side input[aria-label="hidden"]')
    field.fill("3, x")
    field.press("Enter")
    mistake = visitor.find('.dl-mistake[data-field="hidden"]')
    mistake.wait_for(state="visible")
    assert "entry 2 must be a whole number" in mistake.inner_text()
    assert visitor.drawn() == before
    field.fill("5, 4")
    visitor.after(lambda: field.press("Enter"))
    assert mistake.count() == 0 or not mistake.is_visible()
    assert "hidden=5,4" in visitor.query()


def test_a_nudge_starts_on_the_saddle_that_was_clicked_in_the_lattice(visitor: Visitor) -> None:
    visitor.open()
    lattice = visitor.plot("lattice")
    nodes = lattice["data"][-1]
    names = [note["text"] for note in lattice["layout"]["annotations"] if note["text"]]
    assert "0" in names
    place = (
        visitor.panel("lattice")
        .locator(".dl-plot")
        .evaluate(
            """plot => { const { xaxis, yaxis } = plot._fullLayout, node = plot.data.at(-1);
          const k = node.x.findIndex((x, k) => Math.abs(x - 1) < 0.45 && node.y[k] === Math.min(
            ...node.y.filter((_, j) => Math.abs(node.x[j] - 1) < 0.45)));
          return [xaxis._offset + xaxis.l2p(node.x[k]), yaxis._offset + yaxis.l2p(node.y[k])]; }"""
        )
    )
    assert nodes["mode"] == "markers"
    box = visitor.panel("lattice").locator(".dl-plot").bounding_box()
    assert box is not None
    visitor.after(lambda: visitor.page.mouse.click(box["x"] + place[0], box["y"] + place[1]))
    assert "saddle=0" in visitor.query()
    assert round(visitor.plot("strengths")["data"][0]["y"][0], 3) == 4.0
    visitor.unfold("nudge")
    visitor.find('.dl-side [aria-label="way"]').first.wait_for(state="visible")
    before = visitor.query()
    visitor.slide("push", -1.0)
    assert visitor.query() != before


def test_a_size_above_the_limit_is_refused_with_the_limit(visitor: Visitor) -> None:
    visitor.open()
    field = visitor.find('.dl-side input[aria-label="hidden"]')
    field.fill("513")
    field.press("Enter")
    mistake = visitor.find('.dl-mistake[data-field="hidden"]')
    expect(mistake).to_have_text("hidden entry 1 must be at most 512, but it is 513.")


def test_a_mistake_in_a_folded_section_unfolds_it(visitor: Visitor) -> None:
    visitor.open("?saddle=0&ray=99", wait=False)
    mistake = visitor.find('.dl-mistake[data-field="nudge.ray"]')
    expect(mistake).to_be_visible()
    expect(mistake).to_contain_text("99")


def test_a_nudge_is_seen_to_take_the_place_of_the_start(visitor: Visitor) -> None:
    visitor.open()
    idle = visitor.find('[data-section="start"] .dl-idle')
    expect(idle).to_have_count(0)
    visitor.choose("story", "A non-strict origin")
    expect(idle).to_have_count(1)
    expect(visitor.find('.dl-side [aria-label="saddle"]').first).to_be_visible()
    visitor.choose("story", "Saddle to saddle")
    expect(idle).to_have_count(0)


def test_the_ways_down_from_a_visited_saddle_are_named(visitor: Visitor) -> None:
    visitor.open("?visit=1&ray=0")
    visitor.unfold("nudge")
    way = visitor.find('[data-section="nudge"] .dl-story').last
    expect(way).to_contain_text("learns mode 1, order 3, rate")
    visitor.find('.dl-side [aria-label="saddle"]').first.click()
    expect(visitor.find(".q-menu")).to_contain_text("visit 2: modes 0, 1")
