"""The controls: everything on the left of the page, bound to one `Settings`."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.element import Element

from deeplinear.explorer._page import _fields as fields
from deeplinear.explorer._page._data_controls import choose_file, data_controls
from deeplinear.explorer._page._nudge_controls import NudgeControls
from deeplinear.explorer._page._start_controls import start_controls
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import METHODS, STRUCTURES, Settings
from deeplinear.explorer._settings._presets import PRESETS

if TYPE_CHECKING:
    from deeplinear.explorer._page._desk import Desk

OWN = "your own"
_SHAPES: Mapping[str, Callable[[Settings], Any]] = {
    "data": lambda settings: settings.data,
    "network": lambda settings: settings.hidden,
    "start": lambda settings: settings.start,
    "flow": lambda settings: settings.flow,
}
"""What the fields of a part show."""

LAYERS, WIDEST = 8, 24  # that the sliders reach; more can be written


class Controls:
    """The left side.

    Parts whose fields depend on what is chosen are built anew when that changes, never while one
    of their sliders moves.
    """

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk
        self._mistakes: dict[str, ui.label] = {}
        self._shapes: dict[str, Any] = {}
        self._parts: dict[str, Element] = {}
        self._sections: dict[str, Element] = {}
        with ui.element("aside").classes("dl-side").props('aria-label="Settings"') as self.side:
            ui.html("deep<b>linear</b>", sanitize=False, tag="h1").classes("dl-name")
            self._story_part()
            for name, title, opened in (
                ("data", "Data", True),
                ("network", "Network", True),
                ("start", "Start", True),
                ("flow", "Flow", False),
                ("nudge", "Nudge", False),
                ("export", "Export", False),
            ):
                self._parts[name] = self._section(name, title, opened)
        self.nudge = NudgeControls(desk, self._parts["nudge"], self._mistake)
        with self._parts["export"]:
            self._export_part()
        self.show(desk.settings)

    def _section(self, name: str, title: str, opened: bool) -> Element:
        details = ui.element("details").classes("dl-section").props(f'data-section="{name}"')
        self._sections[name] = details
        if opened:
            details.props("open")
        with details:
            with ui.element("summary"):
                ui.html(title, sanitize=False, tag="span")
            return ui.element("div").classes("dl-fields")

    def show(self, settings: Settings) -> None:
        """Show these settings, and build anew what has other fields now."""
        self._part("data", settings.data, lambda: data_controls(self, settings))
        self._part("network", settings.hidden, lambda: self._network(settings))
        self._part("start", settings.start, lambda: start_controls(self, settings))
        self._part("flow", settings.flow, lambda: self._flow(settings))
        self.nudge.show(settings)
        self._start_is_used(settings.nudge is None)
        self._clear_mistakes()
        if self._preset.value != OWN and PRESETS[self._preset.value].settings != settings:
            self._preset.set_value(OWN)
            self._story.text = ""

    def _start_is_used(self, used: bool) -> None:
        """A nudge takes the place of the start: its fields fade, and the nudge's are seen."""
        start = self._parts["start"]
        if used == ("dl-idle" not in start.classes):
            return
        start.classes(**({"remove": "dl-idle"} if used else {"add": "dl-idle"}))
        if not used:
            self._sections["nudge"].props("open")

    def _part(self, name: str, shape: Any, build: Callable[[], None]) -> None:
        if name in self._shapes and self._shapes[name] == shape:
            return
        self._shapes[name] = shape
        part = self._parts[name]
        part.clear()
        with part:
            build()

    def choose_file(self) -> None:
        """Show where a file is uploaded; the settings stay until there is one."""
        self._part("data", "a file is chosen", lambda: choose_file(self))

    def change(self, changes: Mapping[str, Any], *, keep: str = "") -> None:
        """Take over changes of dotted fields, or say beside them what is wrong.

        The part `keep` shows them already: the user's hand is on it, and it is not built anew.
        """
        try:
            settings = self.desk.settings.replace(**changes)
        except SettingsError as error:
            self.refuse(error.mistakes)
            return
        if keep:
            self._shapes[keep] = _SHAPES[keep](settings)
        self.desk.change(settings)

    def refuse(self, mistakes: Mapping[str, str]) -> None:
        """Write each sentence beside its field, or where its part ends, and unfold the part."""
        self._clear_mistakes()
        elsewhere = []
        for field, sentence in mistakes.items():
            place = self._mistakes.get(field) or self._mistakes.get(field.split(".")[0])
            if place is None or place.is_deleted:
                elsewhere.append((field, sentence))
                continue
            named = sentence[:1].islower()
            place.text = f"{field.split('.')[-1]} {sentence}" if named else sentence
            place.set_visibility(True)
            self.unfold(field.split(".")[0])
        if elsewhere:
            self.desk.warn("This cannot be run.", elsewhere)

    def unfold(self, part: str) -> None:
        """Open the section of a part of the settings."""
        name = "network" if part == "hidden" else part
        if name in self._parts:
            ui.run_javascript(f"document.querySelector('[data-section={name}]').open = true")

    def _clear_mistakes(self) -> None:
        for place in self._mistakes.values():
            if not place.is_deleted and place.visible:
                place.set_visibility(False)

    def _mistake(self, *names: str) -> None:
        for name in names:
            self._mistakes[name] = fields.mistake(name)

    mistake = _mistake

    def _story_part(self) -> None:
        names = {OWN: OWN} | {name: preset.title for name, preset in PRESETS.items()}
        with ui.element("div").classes("dl-section dl-fields"):
            self._preset = fields.select("story", names, OWN, self._tell)
            self._story = ui.label("").classes("dl-story").props("role=note")

    def _tell(self, name: str) -> None:
        if name == OWN:
            self._story.text = ""
            return
        preset = PRESETS[name]
        self._story.text = preset.story
        self.desk.tell(preset.settings, preset.beside)

    def tell(self, name: str) -> None:
        """Choose a preset."""
        self._preset.set_value(name)

    def _network(self, settings: Settings) -> None:
        hidden = settings.hidden
        width = max(set(hidden), key=hidden.count) if hidden else 4

        def deepen(depth: float) -> None:
            new = int(depth) - 1
            kept = list(self.desk.settings.hidden)[:new]
            last = kept[-1] if kept else width
            take((*kept, *[last] * (new - len(kept))))

        def widen(value: float) -> None:
            take((int(value),) * len(self.desk.settings.hidden))

        def take(sizes: tuple[int, ...]) -> None:
            widths.value = ", ".join(map(str, sizes))
            self.change({"hidden": sizes, "nudge": None}, keep="network")

        def written(line: str) -> None:
            sizes = tuple(fields.read_number(part) for part in line.split(",") if part.strip())
            if sizes != self.desk.settings.hidden:
                self.change({"hidden": sizes, "nudge": None})

        whole = "{:.0f}".format
        fields.slider(
            "depth", len(hidden) + 1, 1, max(LAYERS, len(hidden) + 1), 1, deepen, shown=whole
        )
        if hidden:
            fields.slider("width", width, 1, max(WIDEST, width), 1, widen, shown=whole)
        widths = fields.text(
            "hidden", ", ".join(map(str, hidden)), written, "widths of the hidden layers, e.g. 3, 5"
        )
        self._mistake("hidden")

    def _flow(self, settings: Settings) -> None:
        flow = settings.flow
        kept: dict[Any, str] = {None: "nothing", **{name: name for name in STRUCTURES}}

        def tighten(rtol: float) -> None:
            self.change({"flow.rtol": rtol}, keep="flow")

        fields.select(
            "method",
            list(METHODS),
            flow.method,
            lambda value: self.change({"flow.method": value}),
        )
        fields.log_slider("rtol", flow.rtol, -14, -1, tighten)
        fields.select(
            "keep", kept, flow.structure, lambda value: self.change({"flow.structure": value})
        )
        fields.number(
            "until t",
            flow.t_end,
            lambda value: self.change({"flow.t_end": value}),
            "end of the run; empty: until it has converged",
        )
        self._mistake("flow.method", "flow.rtol", "flow.structure", "flow.t_end", "flow")

    def pinned(self, there: bool) -> None:
        """Offer to export the pinned run, too, if there is one."""
        self._exported.set_visibility(there)
        if not there:
            self._export_choice.set_value("main")

    def _export_part(self) -> None:
        with ui.element("div") as self._exported:
            runs = {"main": "settings on the left", "pinned": "pinned"}
            self._export_choice = fields.select("run", runs, "main", lambda _: None)
        self._exported.set_visibility(False)
        with ui.element("div").classes("dl-buttons"):
            for kind, label, about in (
                ("run_toml", "run.toml", "Save the settings as run.toml"),
                ("trajectory", "trajectory.zarr", "Save the trajectory as trajectory.zarr, zipped"),
                ("report", "report", "Save a report"),
                ("python", "Python", "Save the Python lines that reproduce this run"),
            ):
                fields.button(label, partial(self._export, kind), about)

    def _export(self, kind: str) -> None:
        self.desk.export(kind, self._export_choice.value)
