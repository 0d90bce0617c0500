"""Controls of the start: which, how large, which seed."""

from typing import TYPE_CHECKING, Any

from deeplinear import init
from deeplinear.explorer._page import _fields as fields
from deeplinear.explorer._page._option_fields import needed, option_fields
from deeplinear.explorer._settings._model import Settings, starts

if TYPE_CHECKING:
    from deeplinear.explorer._page._controls import Controls

SMALLEST, LARGEST = -9, 1  # powers of ten that the slider reaches
UNTIED = 1e-2  # scale of starts that have none of their own


def start_controls(controls: "Controls", settings: Settings) -> None:
    """Build the fields."""
    start = settings.start
    names = [name for name in starts() if name != "saved" or start.name == "saved"]
    fields.select("start", names, start.name, lambda name: _choose(controls, name))
    known = {} if start.name == "saved" else init.options(start.name)

    def moved(scale: float) -> None:
        update(scale=scale)

    def update(**changes: Any) -> None:
        named = {f"start.{name}": value for name, value in changes.items()}
        controls.change(named, keep="start")

    if "scale" in known:
        fields.log_slider("scale", start.scale or 1e-3, SMALLEST, LARGEST, moved)
    if "seed" in known:
        seed = fields.number("seed", start.seed, lambda value: update(seed=value))
        with seed.add_slot("append"):
            fields.button("+1", lambda: _next(controls), "Another seed")
    own = {name: value for name, value in known.items() if name not in ("scale", "seed")}
    option_fields(own, start.options, lambda options: controls.change({"start.options": options}))
    controls.mistake("start.name", "start.scale", "start.seed", "start.options", "start")


def _next(controls: "Controls") -> None:
    controls.change({"start.seed": (controls.desk.settings.start.seed or 0) + 1})


def _choose(controls: "Controls", name: str) -> None:
    """Another start; a scale that the user has set, and the seed, are kept."""
    settings = controls.desk.settings
    start = settings.start
    if name == start.name:
        return
    known = init.options(name)
    before = {} if start.name == "saved" else init.options(start.name)
    tree: dict[str, Any] = {"name": name, "options": needed(known)}
    if "scale" in known:
        own = known["scale"] or UNTIED
        tree["scale"] = own if start.scale in (None, before.get("scale"), UNTIED) else start.scale
    if "seed" in known:
        tree["seed"] = start.seed or 0
    hidden = settings.hidden
    if name == "lambda_balanced":  # made for two layers
        hidden = hidden[:1] or (controls.desk.settings.data.d_in or 3,)
    controls.change({"start": tree, "hidden": hidden, "nudge": None})
