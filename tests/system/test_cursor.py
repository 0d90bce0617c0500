"""The time cursor and what follows it."""

import re

from playwright.sync_api import expect

from tests.system.visitor import Visitor

LINES = """() => ["loss", "strengths", "drift"].map(name => {
  const line = document.querySelector(`[data-panel=${name}] .dl-cursor`);
  return line.hidden ? null : new DOMMatrix(getComputedStyle(line).transform).m41;
})"""


RANGES = """() => ["loss", "strengths", "drift"].map(
  name => document.querySelector(`[data-panel=${name}] .dl-plot`).layout.xaxis.range)"""


def ready(visitor: Visitor) -> Visitor:
    """The first run, with its frames."""
    visitor.open()
    visitor.find("[data-panel=spectrum] .dl-reading").filter(has_text="negative").wait_for()
    return visitor


def test_scrubbing_moves_the_line_in_every_panel_without_a_redraw(visitor: Visitor) -> None:
    ready(visitor)
    visitor.page.evaluate(
        """() => { window.redraws = 0; for (const name of ["loss", "strengths", "drift"])
          document.querySelector(`[data-panel=${name}] .dl-plot`)
            .on("plotly_afterplot", () => redraws++); }"""
    )
    before, network = visitor.page.evaluate(LINES), visitor.plot("network")["data"]
    slider = visitor.find(".dl-scrub")
    slider.evaluate("one => { one.value = 300; one.dispatchEvent(new Event('input')); }")
    visitor.page.wait_for_timeout(300)
    after = visitor.page.evaluate(LINES)
    assert all(a < b for a, b in zip(after, before, strict=True))
    assert max(after) - min(after) < 1.5
    assert visitor.page.evaluate("redraws") == 0
    assert visitor.plot("network")["data"] != network


def test_play_runs_to_the_end_and_stops(visitor: Visitor) -> None:
    ready(visitor)
    slider = visitor.find(".dl-scrub")
    slider.evaluate("one => { one.value = 850; one.dispatchEvent(new Event('input')); }")
    start = visitor.time()
    visitor.find(".dl-play").click()
    visitor.page.wait_for_function("document.querySelector('.dl-play').title.startsWith('Pause')")
    visitor.page.wait_for_function("document.querySelector('.dl-play').title.startsWith('Play')")
    assert visitor.time() > start
    assert slider.input_value() == "1000"
    end = visitor.plot("loss")["data"][0]["x"][-1]
    assert abs(visitor.time() / end - 1) < 1e-3  # not where the axis ends, a little later


def test_a_click_on_a_curve_puts_the_cursor_there_and_into_the_link(visitor: Visitor) -> None:
    ready(visitor)
    box = visitor.panel("drift").locator(".dl-plot").bounding_box()
    assert box is not None
    visitor.page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    visitor.page.wait_for_url("**/*#t=*")
    t = visitor.time()
    visitor.open(visitor.query())
    assert abs(visitor.time() / t - 1) < 0.01


def test_zooming_one_panel_zooms_all_and_is_undone(visitor: Visitor) -> None:
    ready(visitor)
    whole = visitor.page.evaluate(RANGES)
    box = visitor.panel("loss").locator(".dl-plot").bounding_box()
    assert box is not None
    y = box["y"] + 0.5 * box["height"]
    visitor.page.mouse.move(box["x"] + 0.3 * box["width"], y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 0.45 * box["width"], y, steps=4)
    visitor.page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=4)
    visitor.page.mouse.up()
    visitor.find(".whole").wait_for(state="visible")
    assert visitor.find(".plotly-notifier").count() == 0
    zoomed = visitor.page.evaluate(RANGES)
    assert zoomed[0][0] > whole[0][0]
    assert all(abs(a - b) < 1e-6 for one in zoomed for a, b in zip(one, zoomed[0], strict=True))
    visitor.find(".whole").click()
    assert visitor.page.evaluate(RANGES) == whole


def test_pointing_at_a_plateau_shows_its_saddle_everywhere(visitor: Visitor) -> None:
    ready(visitor)
    spectrum = visitor.panel("spectrum").locator(".dl-reading")
    expect(spectrum).to_contain_text("positive at the cursor")
    at_the_end = spectrum.inner_text()
    counts = re.findall(r"(\d+) (?:negative|zero|positive)", at_the_end)
    assert sum(map(int, counts)) == 27  # close to a minimum, but not on it: any signs
    network = visitor.plot("network")["data"]
    box = visitor.panel("strengths").locator(".dl-plot").bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    card = visitor.find(".dl-card")
    card.wait_for(state="visible")
    text = card.inner_text()
    for word in (
        "learned: 0",
        "non-strict saddle",
        "index",
        "escape order",
        "predicted",
        "observed",
    ):
        assert word in text
    expect(spectrum).to_have_text(re.compile(r"^[1-9]\d* negative .* near this saddle$"))
    expect(visitor.find(".dl-panel.pointed")).to_have_count(2)
    assert visitor.plot("network")["data"] != network
    for name in ("loss", "strengths", "drift"):
        assert visitor.panel(name).locator(".dl-shade").is_visible()
    assert visitor.panel("lattice").locator(".dl-ring.hot").is_visible()
    visitor.page.mouse.move(5, 5)
    card.wait_for(state="hidden")
    assert not visitor.panel("loss").locator(".dl-shade").is_visible()
    expect(spectrum).to_have_text(at_the_end)
    assert visitor.plot("network")["data"] == network


def test_equal_modes_have_one_label_and_the_lattice_a_legend(visitor: Visitor) -> None:
    visitor.open("?s=3,3,3,1&hidden=4,4&scale=0.02")
    labels = [note["text"] for note in visitor.plot("strengths")["layout"]["annotations"]]
    assert labels == ["modes 0–2", "mode 3"]
    legend = visitor.panel("lattice").locator(".dl-reading")
    expect(legend).to_have_text("★ minimum · ▼ strict · ◆ non-strict · equal modes 0–2")


def test_the_network_is_shown_as_a_matrix_too(visitor: Visitor) -> None:
    ready(visitor)
    visitor.panel("network").locator(".dl-toggle").click()
    picture = visitor.plot("network")["data"][0]
    assert picture["type"] == "heatmap"
    assert len(picture["z"]) == 12
    assert picture["z"][0] == [None] * 12
    assert picture["z"][3][0] is not None
