"""Light and dark, narrow and wide, and without motion."""

import pytest
from playwright.sync_api import Browser

from tests.system.server import Server
from tests.system.visitor import PANELS, Visitor

INK = "getComputedStyle(document.body).getPropertyValue('--dl-ink').trim()"


def test_the_system_chooses_between_light_and_dark_and_the_switch_overrides(
    server: Server, browser: Browser
) -> None:
    with Visitor(browser, server, color_scheme="dark") as visitor:
        visitor.open()
        dark = visitor.page.evaluate(INK)
        assert visitor.plot("loss")["data"][0]["line"]["color"] == dark
        visitor.find("button.theme").click()
        visitor.page.wait_for_function(f"{INK} !== '{dark}'")
        light = visitor.page.evaluate(INK)
        assert visitor.plot("loss")["data"][0]["line"]["color"] == light
        visitor.open()
        assert visitor.page.evaluate(INK) == light


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_is_cut_off_at_any_width(server: Server, browser: Browser, width: int) -> None:
    size = {"width": width, "height": 740}
    with Visitor(browser, server, viewport=size) as visitor:
        visitor.open()
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert visitor.page.evaluate(overflow) <= 0
        for name in PANELS:
            box = visitor.panel(name).bounding_box()
            assert box is not None
            assert box["width"] >= 250
            assert box["height"] >= 150
        for button in (".dl-play", ".pin", ".link", ".theme", ".help"):
            box = visitor.find(f".dl-transport {button}").bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= width


def test_two_runs_are_one_below_the_other_in_a_narrow_window(
    server: Server, browser: Browser
) -> None:
    with Visitor(browser, server, viewport={"width": 390, "height": 844}) as visitor:
        visitor.open("#beside=s%3D3")
        visitor.panel("loss", "pinned").wait_for()
        last = visitor.panel("drift", "pinned").bounding_box()
        first = visitor.panel("loss").bounding_box()
        assert last is not None
        assert first is not None
        assert last["y"] + last["height"] < first["y"]


def test_the_settings_are_a_drawer_in_a_narrow_window(server: Server, browser: Browser) -> None:
    with Visitor(browser, server, viewport={"width": 360, "height": 740}) as visitor:
        visitor.open()
        assert not visitor.slider("s0").is_visible()
        visitor.find("button.side").click()
        visitor.slider("s0").wait_for(state="visible")
        visitor.slide("s0", 3.0)
        visitor.press("Escape")
        visitor.slider("s0").wait_for(state="hidden")
        assert "s=3,2,1" in visitor.query()


def test_a_panel_fills_the_board_and_goes_back(visitor: Visitor) -> None:
    visitor.open()
    small = visitor.panel("lattice").bounding_box()
    button = visitor.panel("lattice").locator(".dl-enlarge")
    button.click()
    visitor.page.wait_for_timeout(300)
    large = visitor.panel("lattice").bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] > 1.9 * small["width"]
    drawn = visitor.plot("lattice")["layout"]
    assert drawn["width"] > 1.9 * small["width"]
    assert drawn["font"]["size"] > 18  # for the last row
    assert visitor.plot("loss")["layout"]["font"]["size"] < 13
    button.click()
    visitor.page.wait_for_timeout(300)
    assert visitor.panel("lattice").bounding_box() == small


def test_play_jumps_where_motion_is_to_be_reduced(server: Server, browser: Browser) -> None:
    with Visitor(browser, server, reduced_motion="reduce") as visitor:
        visitor.open()
        seen = visitor.page.evaluate(
            """async () => { const slider = document.querySelector(".dl-scrub"), seen = new Set();
              document.querySelector(".dl-play").click();
              const end = performance.now() + 1500;
              while (performance.now() < end) {
                await new Promise(requestAnimationFrame);
                seen.add(slider.value);
              }
              document.querySelector(".dl-play").click(); return seen.size; }"""
        )
        assert 2 <= seen <= 6
