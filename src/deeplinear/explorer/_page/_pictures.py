"""The pictures: one element, whose script draws the views that it is sent."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui.element import Element

STATIC = Path(__file__).parents[1] / "static"


def plotly_script() -> Path:
    """Return Plotly's own script, found without the import of its package, which takes long."""
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js"


class Pictures(Element, component=STATIC / "explorer.js", esm={"deeplinear-explorer": str(STATIC)}):
    """All charts, the time cursor and its bar.

    `on_act` is called with what the user did: ready, cancel, pin, unpin, saddle or save, and its
    details.
    """

    def __init__(self, on_act: Callable[[str, dict[str, Any]], None]) -> None:
        super().__init__()

        def act(event: Any) -> None:
            details = event.args if isinstance(event.args, dict) else {}
            on_act(str(details.pop("what", "")), details)

        self.on("act", act)

    def send(self, kind: str, **details: Any) -> None:
        """Send a message: link, status, view, frames, notice or drop."""
        self.run_method("receive", {"kind": kind, **details})
