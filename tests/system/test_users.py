"""Several visitors, visitors who leave, and visitors from elsewhere."""

from playwright.sync_api import Browser

from tests.system.server import Server, eventually
from tests.system.test_changing import LONG, STREAMING
from tests.system.visitor import Visitor


def test_two_users_do_not_see_or_disturb_one_another(visitor: Visitor, other: Visitor) -> None:
    visitor.open()
    before = visitor.drawn(), visitor.plot("loss"), visitor.query()
    other.open(LONG, wait=False)
    other.page.wait_for_function(STREAMING)
    assert (visitor.drawn(), visitor.plot("loss"), visitor.query()) == before
    visitor.slide("s0", 3.5)
    assert "converged" in visitor.status()
    assert "computing" in other.status()
    other.find(".cancel").click()
    other.settled()
    assert "converged" in visitor.status()


def test_a_closed_tab_ends_its_run(browser: Browser) -> None:
    with Server() as server:
        with Visitor(browser, server) as visitor:
            visitor.open(LONG, wait=False)
            visitor.page.wait_for_function(STREAMING)
            assert eventually(lambda: server.busy() > 0.35, 20.0)  # the tests share the cores
        assert eventually(lambda: server.busy() < 0.2, 20.0)


def test_visitors_from_other_machines_must_bring_the_token(browser: Browser) -> None:
    with Server("--host", "0.0.0.0") as server:
        query = server.address.split("/", 3)[3]
        assert query.startswith("?token=")
        with Visitor(browser, server) as stranger:
            answer = stranger.page.goto(server.base)
            assert answer is not None
            assert answer.status == 401
            assert "address that was printed" in stranger.page.content()
            assert stranger.wrong
            stranger.wrong.clear()
        with Visitor(browser, server) as guest:
            guest.open(query)
            assert "converged" in guest.status()
            assert "token" not in guest.page.url
