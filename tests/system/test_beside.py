"""Two runs side by side, compared by one time cursor."""

from pathlib import Path

from playwright.sync_api import expect

from tests.system.test_exports import save
from tests.system.visitor import PANELS, Visitor

TWO = "?s=5,3,2,1&hidden=4,4&scale=0.1#beside=s%3D5,3,2,1%26hidden%3D4,4%26scale%3D0.01"

LINES = """() => [...document.querySelectorAll(".dl-board")].flatMap(board =>
  ["loss", "strengths"].map(name => {
    const line = board.querySelector(`[data-panel=${name}] .dl-cursor`);
    return line.hidden ? null : new DOMMatrix(getComputedStyle(line).transform).m41;
  }))"""


def both(visitor: Visitor, query: str = TWO) -> Visitor:
    """Two runs, with everything that follows them."""
    visitor.open(query)
    for board in ("main", "pinned"):
        reading = visitor.panel("spectrum", board).locator(".dl-reading")
        reading.filter(has_text="negative").wait_for()
    return visitor


def test_two_runs_are_seen_whole_in_an_ordinary_window(visitor: Visitor) -> None:
    both(visitor)
    left = visitor.find('[data-slot="pinned"]').bounding_box()
    right = visitor.find('[data-slot="main"]').bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    scroll = "b => [b.scrollHeight - b.clientHeight, b.scrollWidth - b.clientWidth]"
    assert visitor.find(".dl-boards").evaluate(scroll) == [0, 0]
    for board in ("main", "pinned"):
        for name in PANELS:
            box = visitor.panel(name, board).bounding_box()
            assert box is not None
            assert box["width"] >= 280
            assert box["height"] >= 205
            assert box["y"] + box["height"] <= 900


def test_one_cursor_moves_both_runs_on_one_scale(visitor: Visitor) -> None:
    both(visitor)
    before = {board: visitor.plot("network", board)["data"] for board in ("main", "pinned")}
    slider = visitor.find(".dl-scrub")
    slider.evaluate("one => { one.value = 500; one.dispatchEvent(new Event('input')); }")
    visitor.page.wait_for_timeout(300)
    places = visitor.page.evaluate(LINES)
    assert None not in places
    assert max(places) - min(places) < 1.5
    for board in ("main", "pinned"):
        assert visitor.plot("network", board)["data"] != before[board]
    for name in ("loss", "strengths", "drift"):
        one, other = visitor.plot(name)["layout"], visitor.plot(name, "pinned")["layout"]
        assert one["xaxis"]["range"] == other["xaxis"]["range"]
        assert one["yaxis"]["range"] == other["yaxis"]["range"]


def test_the_headings_tell_the_runs_apart_by_what_differs(visitor: Visitor) -> None:
    both(visitor)
    for board, text in (("pinned", "gaussian scale 0.01"), ("main", "gaussian scale 0.1")):
        heading = visitor.find(f'[data-slot="{board}"] .dl-board-title')
        expect(heading.locator("b")).to_have_text([text])
        expect(heading).to_contain_text("hidden 4, 4")


def test_the_pinned_run_is_exported_too(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("?s=3,1")
    visitor.unfold("export")
    choice = visitor.find('[data-section="export"] [aria-label="run"]').first
    expect(choice).to_be_hidden()
    visitor.find("button.pin").click()
    visitor.slide("scale", -1.0)
    visitor.choose("run", "pinned", begins=False)
    assert "scale = 0.001" in save(visitor, "Save the settings", tmp_path).read_text()
    visitor.choose("run", "settings on the left", begins=False)
    assert "scale = 0.1" in save(visitor, "Save the settings", tmp_path).read_text()
    visitor.find("button.pin").click()
    expect(choice).to_be_hidden()


def test_lazy_stands_at_the_left_of_rich(visitor: Visitor) -> None:
    visitor.open()
    visitor.choose("story", "Lazy versus rich")
    expect(visitor.find('[data-slot="pinned"] .dl-board-title b')).to_contain_text("lam 16")
    expect(visitor.find('[data-slot="main"] .dl-board-title b')).to_contain_text("lam 0")
