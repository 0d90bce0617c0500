"""Controls of the nudge: a saddle, a way down from it, and how far to push."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui
from nicegui.element import Element

from deeplinear._core.errors import DeeplinearError
from deeplinear.explorer._page import _fields as fields
from deeplinear.explorer._runs._nudge import Saddle, saddles, ways
from deeplinear.explorer._settings._model import Nudge, Settings

if TYPE_CHECKING:
    from deeplinear.explorer._page._desk import Desk

NONE = "none"


class NudgeControls:
    """Offers the saddles of the run that is shown, and the ways down from the chosen one."""

    def __init__(self, desk: "Desk", part: Element, mistake: Callable[..., None]) -> None:
        self._desk, self._part, self._mistake = desk, part, mistake
        self._saddles: list[Saddle] = []
        self._ways: dict[int, str] = {}
        self._known: Any = None
        self._shown: Any = None
        with part:
            ui.label("Start on a saddle and push along a way down.").classes("dl-story")

    def offer(self) -> None:
        """The run has been read: offer its saddles."""
        background_tasks.create(self._offer())

    async def _offer(self) -> None:
        current = self._desk.session.runs.get("main")
        if current is None or current.problem is None or current.start_network is None:
            return
        settings, problem = current.settings, current.problem
        widths, visits = current.start_network.widths, current.itinerary
        known = settings.model_dump(exclude={"nudge"}), _point(settings.nudge)
        nudged = settings.nudge is not None
        try:
            if not nudged:
                self._saddles = await asyncio.to_thread(saddles, problem, widths, visits)
            if settings.nudge is None:
                self._ways = {}
            elif self._known != known:
                visits = current.without_nudge
                found = await asyncio.to_thread(ways, problem, widths, settings.nudge, visits)
                self._ways = {k: way.label for k, way in enumerate(found)}
                self._known = known
                if not self._saddles:
                    self._saddles = await asyncio.to_thread(saddles, problem, widths, visits)
        except DeeplinearError:
            self._ways = {}
        if not self._desk.session.closed and settings == self._desk.settings:
            self.show(settings)

    def show(self, settings: Settings) -> None:
        """Build the fields anew if what they show has changed."""
        nudge = settings.nudge
        shape = (
            _point(nudge),
            nudge and nudge.ray,
            tuple(self._saddles),
            tuple(self._ways.items()),
        )
        if shape == self._shown:
            return
        self._shown = shape
        self._part.clear()
        with self._part:
            ui.label("Start on a saddle and push along a way down.").classes("dl-story")
            self._fields(nudge)

    def _fields(self, nudge: Nudge | None) -> None:
        options = {NONE: NONE} | {_key(one): one.label for one in self._saddles}
        value = NONE if nudge is None else _point(nudge)
        options.setdefault(value, value)
        fields.select("saddle", options, value, self._choose)
        if nudge is not None:
            labels = dict(self._ways)
            labels.setdefault(nudge.ray, f"way {nudge.ray}")
            fields.select("way", labels, nudge.ray, self._turn)
            ui.label(labels[nudge.ray]).classes("dl-story")
            fields.log_slider("push", nudge.size, -6, 0, self._push)
        self._mistake("nudge.modes", "nudge.visit", "nudge.ray", "nudge.size", "nudge")

    def _choose(self, key: str) -> None:
        if key == NONE:
            self._change(None)
            return
        modes, visit = key.removeprefix("modes "), key.removeprefix("visit ")
        if key.startswith("visit "):
            self._change({"visit": int(visit)})
        else:
            self._change({"modes": tuple(int(k) for k in modes.split(",") if k)})

    def choose(self, modes: tuple[int, ...]) -> None:
        """Put the start on the canonical saddle of these modes."""
        self._change({"modes": modes})

    def _turn(self, ray: int) -> None:
        assert self._desk.settings.nudge is not None
        self._change(self._desk.settings.nudge.model_dump() | {"ray": ray})

    def _push(self, size: float) -> None:
        if self._desk.settings.nudge is not None:
            self._change(self._desk.settings.nudge.model_dump() | {"size": size})

    def _change(self, nudge: dict[str, Any] | None) -> None:
        self._desk.controls.change({"nudge": nudge})


def _key(saddle: Saddle) -> str:
    if saddle.visit is not None:
        return f"visit {saddle.visit}"
    return "modes " + ",".join(map(str, saddle.modes))


def _point(nudge: Nudge | None) -> str:
    if nudge is None:
        return NONE
    if nudge.visit is not None:
        return f"visit {nudge.visit}"
    return "modes " + ",".join(map(str, nudge.modes or ()))
