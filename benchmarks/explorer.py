"""How fast the explorer is in headless Chromium: ``python -m benchmarks.explorer``.

Each figure is the median of several visits, with the slowest beside it, and what was promised.
"""

import os
import shutil
import statistics
from collections.abc import Callable

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import facts
from tests.system import measure
from tests.system.server import Server
from tests.system.visitor import Visitor

VISITS = 5
NETWORKS = {
    "widths 3, depth 3": "?s=4,2,1",
    "widths 10, depth 5": "?s=5,4.5,4,3.5,3,2.5,2,1.5,1,0.5&hidden=10,10,10,10&scale=0.2",
}


def main() -> None:
    """Measure and print."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    machine = facts()
    print(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        _starts(browser)
        with Server() as server:
            _row("first paint from the request, s", "< 1.5", _visits(browser, server, "", _paint))
            for name, query in NETWORKS.items():
                times = _visits(browser, server, query, _slide)
                _row(f"slider to drawn curves, s ({name})", "< 0.3", times)
                times = _visits(browser, server, query, _slide_to_saddles)
                _row(f"slider to drawn saddles, s ({name})", "< 0.3", times)
                frames = _visits(browser, server, query, measure.frames_per_second)
                _row(f"cursor, frames a second ({name})", "> 30", frames, slowest=min)
        browser.close()


def _starts(browser: Browser) -> None:
    """From the command to the first paint, each time with a new server."""
    times = []
    for _ in range(VISITS):
        with Server() as server, Visitor(browser, server) as visitor:
            visitor.open(wait=False)
            visitor.find(".dl-panel").first.wait_for()
            times.append(server.started_in + measure.first_paint(visitor))
    _row("first paint from the command, s", "< 4", times)


def _visits(
    browser: Browser, server: Server, query: str, look: Callable[[Visitor], float]
) -> list[float]:
    found = []
    for _ in range(VISITS):
        with Visitor(browser, server) as visitor:
            visitor.open(query)
            visitor.page.wait_for_timeout(1500)
            found.append(look(visitor))
    return found


def _paint(visitor: Visitor) -> float:
    return measure.first_paint(visitor)


def _slide(visitor: Visitor) -> float:
    return statistics.median(measure.slider_to_pictures(visitor, 5))


def _slide_to_saddles(visitor: Visitor) -> float:
    return statistics.median(measure.slider_to_pictures(visitor, 5, saddles=True))


def _row(
    name: str, promised: str, values: list[float], slowest: Callable[[list[float]], float] = max
) -> None:
    middle, worst = statistics.median(values), slowest(values)
    print(f"{name:48} {middle:8.3g}   slowest {worst:8.3g}   promised {promised}", flush=True)


if __name__ == "__main__":
    main()
