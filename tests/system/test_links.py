"""Presets, links, and two runs side by side."""

from deeplinear.explorer._settings._presets import PRESETS
from tests.system.visitor import Visitor


def test_every_preset_runs_and_tells_its_story(visitor: Visitor) -> None:
    visitor.open()
    for preset in PRESETS.values():
        visitor.choose("story", preset.title)
        visitor.find(".dl-story").first.wait_for()
        assert preset.story[:40] in visitor.find(".dl-side").inner_text()
        assert visitor.find(".dl-mistake:visible").count() == 0
        state = "detached" if preset.beside is None else "visible"
        visitor.panel("loss", "pinned").wait_for(state=state)


def test_a_link_brings_back_the_same_state(visitor: Visitor, other: Visitor) -> None:
    visitor.open()
    visitor.slide("s1", 2.5)
    visitor.slide("scale", -2.0)
    visitor.after(lambda: visitor.find("button[aria-label='Another seed']").click())
    visitor.find(".dl-scrub").evaluate(
        "one => { one.value = 400; one.dispatchEvent(new Event('input')); }"
    )
    visitor.page.wait_for_url("**/*#t=*")
    other.open(visitor.query())
    assert other.query() == visitor.query()
    assert other.plot("loss")["data"] == visitor.plot("loss")["data"]
    assert abs(other.time() / visitor.time() - 1) < 0.01


def test_the_link_is_copied(visitor: Visitor) -> None:
    visitor.open("?s=3,1")
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.find("button.link").click()
    visitor.find(".q-notification").filter(has_text="Link copied").wait_for()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == visitor.page.url


def test_a_pinned_run_stays_beside_the_next_ones_and_in_the_link(
    visitor: Visitor, other: Visitor
) -> None:
    visitor.open()
    visitor.find("button.pin").click()
    visitor.panel("loss", "pinned").wait_for()
    visitor.slide("s0", 3.0)
    pinned = visitor.plot("strengths", "pinned")
    assert round(pinned["data"][0]["y"][-1], 3) == 4.0
    assert round(visitor.plot("strengths")["data"][0]["y"][-1], 3) == 3.0
    main = visitor.plot("strengths")["layout"]["xaxis"]["range"]
    assert pinned["layout"]["xaxis"]["range"] == main
    other.open(visitor.query())
    other.panel("loss", "pinned").wait_for()
    visitor.find("button.pin").click()
    visitor.panel("loss", "pinned").wait_for(state="detached")
    visitor.page.wait_for_function("!location.hash.includes('beside')")
