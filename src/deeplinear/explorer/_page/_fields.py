"""Small fields of the controls: a label, a widget, and room for what is wrong with it."""

import math
from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element

Change = Callable[[Any], Any]


def labelled(label: str, about: str = "") -> Element:
    """Return a row that begins with a label; the widgets go into it."""
    row = ui.element("div").classes("dl-row")
    with row:
        name = ui.label(label).classes("dl-label")
        if about:
            name.props(f'title="{about}"')
    return row


def select(
    label: str, options: list[Any] | dict[Any, str], value: Any, change: Change
) -> ui.select:
    """A choice."""
    with labelled(label):
        return (
            ui.select(options, value=value, on_change=lambda event: change(event.value))
            .props(
                f'dense options-dense borderless aria-label="{label}" popup-content-class=dl-menu'
            )
            .classes("dl-field")
        )


def text(label: str, value: str, change: Callable[[str], None], about: str = "") -> ui.input:
    """Text that is taken when the user leaves the field or presses Enter."""
    with labelled(label, about):
        field = ui.input(value=value).props(f'dense borderless aria-label="{label}"')
    field.classes("dl-field")

    def taken() -> None:
        change(str(field.value or ""))

    field.on("blur", taken)
    field.on("keydown.enter", taken)
    return field


def number(
    label: str, value: float | None, change: Callable[[float | None], None], about: str = ""
) -> ui.input:
    """A number, or nothing, that is taken like `text`; what is no number is passed on as it is."""

    def taken(written: str) -> None:
        change(read_number(written))

    return text(label, "" if value is None else f"{value:g}", taken, about)


def read_number(written: str) -> Any:
    """The number that is written, None for nothing; else the text, for the settings to refuse."""
    written = written.strip().replace("−", "-")
    if not written:
        return None
    for reader in (int, float):
        try:
            return reader(written)
        except ValueError:
            continue
    return written


def slider(
    label: str,
    value: float,
    low: float,
    high: float,
    step: float,
    change: Callable[[float], None],
    *,
    shown: Callable[[float], str] = "{:.4g}".format,
    color: str | None = None,
) -> Element:
    """A slider with its value beside it; changes are told while it moves."""
    with labelled(label) as row:
        if color:
            row.style(f"--mode: {color}").classes("dl-mode")
        found = ui.element("input").classes("dl-slide")
        found.props(f'type=range min={low:g} max={high:g} step={step:g} aria-label="{label}"')
        # As an attribute: as a property, each update of the page would move it back.
        found.props["^value"] = min(max(value, low), high)
        found.props(f'aria-valuetext="{shown(value)}"')
        reading = ui.label(shown(value)).classes("dl-value")

    def moved(event: Any) -> None:
        place = float(event.args)
        reading.text = shown(place)
        found.props(f'aria-valuetext="{shown(place)}"')
        change(place)

    found.on("input", moved, js_handler="event => emit(event.target.value)", throttle=0.03)
    return found


def log_slider(
    label: str, value: float, low: int, high: int, change: Callable[[float], None]
) -> Element:
    """A slider over powers of ten, in steps of a tenth of a decade."""
    exponent = math.log10(value) if value > 0 else float(low)
    return slider(
        label,
        exponent,
        low,
        high,
        0.1,
        lambda place: change(float(f"{10**place:.2g}")),
        shown=lambda place: f"{10**place:.1e}".replace("e-0", "e-").replace("e+0", "e"),
    )


def toggle(label: str, value: bool, change: Callable[[bool], None], about: str = "") -> Element:
    """On or off."""
    with ui.element("label").classes("dl-check") as row:
        box = ui.element("input").props(f'type=checkbox aria-label="{label}"')
        box.props["checked"] = value
        ui.label(label)
    if about:
        row.props(f'title="{about}"')
    box.on("change", lambda event: change(event.args), js_handler="e => emit(e.target.checked)")
    return box


def button(label: str, press: Callable[[], Any], about: str = "") -> Element:
    """A small button of the page's own look."""
    found = ui.element("button").classes("dl-button").props("type=button")
    if about:
        found.props(f'title="{about}" aria-label="{about}"')
    with found:
        ui.html(label, sanitize=False, tag="span")
    found.on("click", press)
    return found


def mistake(field: str) -> ui.label:
    """Where the sentence about a field stands when it is wrong."""
    found = ui.label("").classes("dl-mistake").props(f'role=alert data-field="{field}"')
    found.set_visibility(False)
    return found
