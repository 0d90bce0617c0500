"""Everything without a mouse."""

from tests.system.visitor import Visitor

FOCUSED = "document.activeElement.closest('[aria-label]')?.getAttribute('aria-label') ?? ''"


def test_the_focus_goes_through_the_settings_then_the_pictures_then_the_bar(
    visitor: Visitor,
) -> None:
    visitor.open()
    seen = []
    for _ in range(80):
        visitor.press("Tab")
        seen.append(visitor.page.evaluate(FOCUSED))
    for earlier, later in (
        ("story", "s0"), ("s0", "depth"), ("depth", "scale"), ("scale", "Enlarge this panel"),
        ("Enlarge this panel", "Show or hide the settings"),
        ("Show or hide the settings", "Play"), ("Play", "Time"),
        ("Time", "Help (?)"),
    ):  # fmt: skip
        assert seen.index(earlier) < seen.index(later), (earlier, later, seen)


def test_keys_move_the_cursor(visitor: Visitor) -> None:
    visitor.open()
    end = visitor.time()
    visitor.press("ArrowLeft")
    one = visitor.time()
    visitor.press("Shift+ArrowLeft")
    far = visitor.time()
    visitor.press("Home")
    start = visitor.time()
    visitor.press("End")
    assert start < far < one < end == visitor.time()
    visitor.press("Home", " ")
    visitor.page.wait_for_function("document.querySelector('.dl-play').title.startsWith('Pause')")
    visitor.press(" ")
    visitor.page.wait_for_function("document.querySelector('.dl-play').title.startsWith('Play')")


def test_a_slider_is_moved_by_keys_and_the_cursor_stays(visitor: Visitor) -> None:
    visitor.open()
    t = visitor.find(".dl-scrub").input_value()
    visitor.slider("s0").focus()
    visitor.after(lambda: visitor.press("ArrowLeft"))
    assert "s=3.95,2,1" in visitor.query()
    visitor.after(lambda: visitor.press("ArrowLeft"))
    assert "s=3.9,2,1" in visitor.query()
    assert visitor.find(".dl-scrub").input_value() == t


def test_escape_cancels_and_a_question_mark_helps(visitor: Visitor) -> None:
    from tests.system.test_changing import LONG, STREAMING

    visitor.open(LONG, wait=False)
    visitor.page.wait_for_function(STREAMING)
    visitor.press("?")
    dialog = visitor.find("dialog.dl-help")
    dialog.wait_for(state="visible")
    visitor.press("Escape")
    dialog.wait_for(state="hidden")
    assert "computing" in visitor.status()
    visitor.press("Escape")
    visitor.settled()
    assert "cancelled" in visitor.status()


def test_a_visit_in_focus_shows_its_card(visitor: Visitor) -> None:
    visitor.open()
    visitor.find(".dl-visit").nth(1).focus()
    assert "learned: 0" in visitor.find(".dl-card").inner_text()
    assert visitor.panel("loss").locator(".dl-shade").is_visible()
    before = visitor.time()
    visitor.press("Enter")
    assert visitor.time() < before
