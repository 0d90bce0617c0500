"""The pictures of docs/explorer.md, taken in Chromium: ``python -m scripts.explorer_pictures``."""

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.system.server import Server
from tests.system.visitor import Visitor

FOLDER = Path(__file__).parents[1] / "docs" / "images"
STEPS = "?s=5,3,2,1&hidden=4,4&scale=0.01"
LARGEST = 150_000  # bytes of a picture


def main() -> None:
    """Take all pictures."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, Server() as server:
        browser = playwright.chromium.launch(executable_path=path, args=flags)

        def picture(
            name: str, query: str, act: Callable[[Visitor], Any] = lambda _: None, **context: Any
        ) -> None:
            size = {"width": 1440, "height": 900}
            with Visitor(browser, server, **{"viewport": size, **context}) as visitor:
                visitor.open(query)
                act(visitor)
                visitor.page.wait_for_timeout(2500)
                _save(name, visitor.page.screenshot())

        picture("page", STEPS + "#t=60")
        picture("plateau", STEPS + "#t=60", _point_at_the_second_plateau, color_scheme="dark")
        picture("beside", "", lambda one: one.choose("story", "Lazy versus rich"))
        picture("nudge", "?s=4,2,1&saddle=0", lambda one: one.unfold("nudge"))
        browser.close()


def _point_at_the_second_plateau(visitor: Visitor) -> None:
    box = visitor.panel("loss").locator(".dl-plot").bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.6 * box["height"])


def _save(name: str, screenshot: bytes) -> None:
    """Write a picture, with fewer colors if it has too many bytes."""
    whole = Image.open(io.BytesIO(screenshot)).convert("RGB")
    file = io.BytesIO()
    whole.save(file, "PNG", optimize=True)
    if file.tell() > LARGEST:
        file = io.BytesIO()
        whole.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            file, "PNG", optimize=True
        )
    (FOLDER / f"explorer_{name}.png").write_bytes(file.getvalue())


if __name__ == "__main__":
    main()
