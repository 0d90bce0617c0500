"""Somebody at the page: what they do, and what they see."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, Locator, Page

from tests.system.server import Server

PATIENCE = 30_000  # milliseconds: two cores are shared, and kernels may have to be compiled
PANELS = ("loss", "strengths", "lattice", "network", "spectrum", "drift")

_DONE = """before => {
  const root = document.querySelector(".dl-explorer"), drawn = root?.dataset.drawn;
  const ended = drawn && !drawn.endsWith("partial") && !root.classList.contains("computing");
  return ended && drawn !== before;
}"""


class Visitor:
    """A browser context with one page, which keeps what went wrong and where it asked."""

    def __init__(self, browser: Browser, server: Server, **context: Any) -> None:
        self._browser, self.server = browser, server
        self._context = {"viewport": {"width": 1440, "height": 900}, **context}
        self.wrong: list[str] = []
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        self.context = self._browser.new_context(accept_downloads=True, **self._context)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda one: self._console(one.type, one.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.on("websocket", lambda one: self.asked.append(one.url))
        return self

    def __exit__(self, *failure: object) -> None:
        self.context.close()
        if failure[0] is None:
            assert not self.wrong, self.wrong
            assert not self.outside(), self.outside()

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.wrong.append(f"{kind}: {text}")

    def outside(self) -> list[str]:
        """Requests to anybody but this server."""
        host = re.escape(self.server.base.split("//")[1])
        own = re.compile(rf"(?:(?:http|ws)://{host}|data:|blob:)")
        return [url for url in self.asked if not own.match(url)]

    def open(self, query: str = "", *, wait: bool = True) -> Self:
        """Open a state of the page by its link."""
        self.page.goto(self.server.base + query)
        if wait:
            self.settled()
        return self

    def settled(self, before: str | None = None) -> None:
        """Wait until a run (another one than `before`) has ended and been drawn."""
        self.page.wait_for_function(_DONE, arg=before)

    def drawn(self) -> str | None:
        """Which run is drawn."""
        return self.page.evaluate("document.querySelector('.dl-explorer').dataset.drawn ?? null")

    def after(self, action: Callable[[], Any]) -> None:
        """Do something that begins another run, and wait for it."""
        before = self.drawn()
        action()
        self.settled(before)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def find(self, selector: str) -> Locator:
        """An element."""
        return self.page.locator(selector)

    def panel(self, name: str, board: str = "main") -> Locator:
        """One panel."""
        return self.find(f'[data-slot="{board}"] [data-panel="{name}"]')

    def plot(self, name: str, board: str = "main") -> dict[str, Any]:
        """What a panel draws: Plotly's own data and layout."""
        return (
            self.panel(name, board)
            .locator(".dl-plot")
            .evaluate("plot => ({data: plot.data ?? [], layout: plot.layout ?? null})")
        )

    def slider(self, label: str) -> Locator:
        """A slider of the settings."""
        return self.find(f'.dl-side input[type=range][aria-label="{label}"]')

    def slide(self, label: str, value: float) -> None:
        """Move a slider of the settings, and wait for the run."""
        move = "(one, to) => { one.value = to; one.dispatchEvent(new Event('input')); }"
        self.after(lambda: self.slider(label).evaluate(move, value))

    def choose(self, label: str, option: str, *, begins: bool = True) -> None:
        """Choose from a list of the settings."""
        self.find(f'.dl-side [aria-label="{label}"]').first.click()
        entry = self.find(".q-menu .q-item").filter(has_text=re.compile(f"^{re.escape(option)}$"))
        if begins:
            self.after(entry.click)
        else:
            entry.click()

    def unfold(self, section: str) -> None:
        """Open a section of the settings."""
        details = self.find(f'[data-section="{section}"]')
        if details.get_attribute("open") is None:
            details.locator("summary").click()

    def time(self) -> float:
        """The time of the cursor."""
        text = self.find(".dl-time").inner_text().removeprefix("t = ")
        return float(text.replace("−", "-"))

    def status(self) -> str:
        """What the bar says about the run."""
        return self.find(".dl-status").inner_text()

    def query(self) -> str:
        """The state in the address."""
        return self.page.url.removeprefix(self.server.base)

    def download(self, action: Callable[[], Any], folder: Path) -> Path:
        """Save what an action offers."""
        with self.page.expect_download() as saved:
            action()
        path = folder / saved.value.suggested_filename
        saved.value.save_as(path)
        return path
