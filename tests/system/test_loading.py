"""The first page: what is there, how soon, and from where it came."""

from playwright.sync_api import Browser

from tests.system.server import Server
from tests.system.visitor import PANELS, Visitor


def test_the_first_run_is_drawn_in_all_six_panels(visitor: Visitor) -> None:
    visitor.open()
    for name in PANELS:
        visitor.page.wait_for_function(
            "name => document.querySelector(`[data-panel=${name}] .dl-plot`).data?.length > 0",
            arg=name,
        )
    assert "converged" in visitor.status()
    strengths = visitor.plot("strengths")["data"]
    assert [round(one["y"][-1], 4) for one in strengths] == [4.0, 2.0, 1.0]
    loss = visitor.plot("loss")
    assert loss["layout"]["yaxis"]["type"] == loss["layout"]["xaxis"]["type"] == "log"
    assert [note["text"] for note in loss["layout"]["annotations"]] == ["none", "0", "0, 1"]


def test_every_request_and_websocket_stays_on_this_machine(visitor: Visitor) -> None:
    visitor.open()
    assert any(url.startswith("ws://") for url in visitor.asked)
    assert len(visitor.asked) > 10
    assert visitor.outside() == []


def test_four_fifths_of_the_first_window_are_pictures(visitor: Visitor) -> None:
    visitor.open()
    boxes = [visitor.panel(name).bounding_box() for name in PANELS]
    pictures = sum(box["width"] * box["height"] for box in boxes if box)
    boards = visitor.find(".dl-boards").bounding_box()
    assert boards is not None
    assert boards["width"] * boards["height"] >= 0.79 * 1440 * 900
    assert pictures >= 0.95 * boards["width"] * boards["height"] * 0.98


def test_a_run_that_was_saved_is_shown_as_it_was_recorded(browser: Browser, tmp_path) -> None:
    import deeplinear as dl

    problem = dl.Problem.from_modes([3.0, 1.0])
    traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2, 2), scale=1e-2, seed=5))
    traj.save(tmp_path / "run.zarr")
    with Server(str(tmp_path / "run.zarr")) as server, Visitor(browser, server) as visitor:
        visitor.open()
        strengths = visitor.plot("strengths")["data"]
        assert len(strengths[0]["x"]) == int((traj.t > 0).sum())
        assert abs(strengths[1]["y"][-1] - 1.0) < 1e-4


def test_what_cannot_be_drawn_is_said_in_words(visitor: Visitor) -> None:
    visitor.open("?s=0,0")
    assert "no mode to learn" in visitor.panel("strengths").inner_text()
    assert "target is zero" in visitor.panel("lattice").inner_text()
    visitor.open("?hidden=none")
    assert "convex" in visitor.panel("lattice").inner_text()
    assert "no conservation law" in visitor.panel("drift").inner_text()
    visitor.open("?scale=1000")
    assert "failed" in visitor.status()
    assert "smaller weights" in visitor.find(".dl-words").inner_text()


def test_a_wrong_link_names_every_mistake_until_it_is_closed_and_shows_the_rest(
    visitor: Visitor,
) -> None:
    visitor.open("?s=2,abc&hidden=5,5&methd=gauss&rtol=7&scale=0.1#beside=hidden%3D0")
    notice = visitor.find(".dl-notice")
    notice.wait_for(state="visible")
    assert notice.locator("li").all_inner_texts() == [
        "s entry 2 must be a number, but it is 'abc'.",
        "rtol must be at most 0.1, but it is 7.",
        "methd is no setting of this page. Did you mean method?",
        "beside: hidden entry 1 must be at least 1, but it is 0.",
    ]
    assert "4 mistakes" in notice.inner_text()
    assert visitor.query().startswith("?hidden=5,5&scale=0.1")
    visitor.slide("s0", 3.0)
    assert notice.is_visible()
    notice.get_by_role("button", name="Close this message").click()
    notice.wait_for(state="hidden")
    visitor.open(visitor.query())
    assert not notice.is_visible()
