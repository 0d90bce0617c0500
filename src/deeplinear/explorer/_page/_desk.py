"""What one open page shows and does: its settings, its runs, its elements."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from nicegui import Client, background_tasks, ui

from deeplinear._core.errors import DeeplinearError
from deeplinear.analysis import set_name
from deeplinear.explorer._exports import _drawings, _files
from deeplinear.explorer._limits import LimitError
from deeplinear.explorer._page._controls import Controls
from deeplinear.explorer._page._pictures import Pictures
from deeplinear.explorer._page._stream import Stream
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._runs._sessions import Session
from deeplinear.explorer._settings._model import PLANTED, Settings
from deeplinear.solve import Trajectory

MAIN, PINNED = "main", "pinned"
SETTLED = 0.02  # seconds without a change after which a run begins

PICTURES = {"strengths": "mode_strengths"}
"""Panels whose picture has another name in `deeplinear.plot`."""


class Desk:
    """One tab.

    Attributes
    ----------
    session : its runs. settings : those on the left. controls, pictures : the two sides.
    """

    def __init__(self, session: Session, client: Client, query: str) -> None:
        self.session = session
        self._client, self._loop = client, asyncio.get_running_loop()
        self._streams: dict[str, Stream] = {}
        self._waiting: asyncio.TimerHandle | None = None
        self._beside: Settings | None = None  # what the story has pinned
        self.settings = session.house.settings
        self._mistakes: dict[str, str] = {}
        if query:
            self.settings, self._mistakes = Settings.rescued(query)
        self._notice = "" if query else session.house.notice
        self.controls = Controls(self)
        self.pictures = Pictures(self.act)
        client.on_delete(session.close)

    def act(self, what: str, details: dict[str, Any]) -> None:
        """Do what the user asked for in the pictures."""
        if what == "ready":
            self._begin(details.get("beside"))
        elif what == "cancel":
            for current in self.session.runs.values():
                current.cancel()
        elif what == "pin":
            self.pin()
        elif what == "unpin":
            self.unpin()
        elif what == "saddle":
            self.controls.nudge.choose(tuple(int(k) for k in details["modes"]))
        elif what == "save":
            self._save(details)

    def _begin(self, beside: str | None) -> None:
        self.restart()
        mistakes = list(self._mistakes.items())
        if beside is not None:
            settings, wrong = Settings.rescued(beside)
            mistakes += [(f"beside: {word}", sentence) for word, sentence in wrong.items()]
            self._run(settings, PINNED)
        if mistakes:
            count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
            heading = f"The link has {count}. The usual values take their place."
            self.warn(heading, mistakes)
        elif self._notice:
            self.warn(self._notice)
        self._tell_link()

    def tell(self, settings: Settings, beside: Settings | None) -> None:
        """Show a story: its run, and the one that it pins beside it."""
        if beside is not None:
            self._run(beside, PINNED)
        elif self._beside is not None and self._pinned() == self._beside:
            self.unpin()
        self._beside = beside
        self.change(settings)

    def _pinned(self) -> Settings | None:
        pinned = self.session.runs.get(PINNED)
        return None if pinned is None else pinned.settings

    def change(self, settings: Settings) -> None:
        """Take over new settings; the run begins when they have settled."""
        if settings != self.settings:
            self.settings = settings
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = self._loop.call_later(SETTLED, self._inside, self.restart)
            self.controls.show(settings)
        self._tell_link()

    def restart(self) -> None:
        """Run the settings as they are."""
        self._run(self.settings, MAIN)

    def pin(self) -> None:
        """Keep the run beside the next ones."""
        current = self.session.runs.get(MAIN)
        if current is None or current.traj is None:
            self.say("There is no finished run to pin yet.")
            return
        self._show(current, PINNED)
        self._tell_link()

    def unpin(self) -> None:
        """Take the pinned run away."""
        self._stop(PINNED)
        self.session.drop(PINNED)
        self.pictures.send("drop")
        self._tell_link()

    def export(self, kind: str, slot: str = MAIN) -> None:
        """Save the run in a slot as one of its documents."""
        current = self.session.runs.get(slot)
        if current is not None:
            self._download(lambda: getattr(_files, kind)(current))

    def warn(self, heading: str, mistakes: Sequence[tuple[str, str]] = ()) -> None:
        """Say what is wrong, each with its name, until the user closes the message."""
        self.pictures.send("notice", heading=heading, mistakes=list(mistakes))

    def say(self, text: str) -> None:
        """Tell the user something in passing."""
        ui.notify(text, position="bottom", multi_line=True, timeout=6000, close_button="OK")

    def _run(self, settings: Settings, slot: str) -> None:
        stream = self._streaming(slot, settings)
        try:
            self.session.run(settings, slot, on_update=self._updates(stream, slot))
        except LimitError as error:
            self.pictures.send("status", text="not run", running=False, words=str(error))

    def _show(self, current: Run, slot: str) -> None:
        """Put a run that exists into a slot."""
        stream = self._streaming(slot, current.settings)
        self.session.show(current, slot)
        update = self._updates(stream, slot)
        background_tasks.create(asyncio.to_thread(update, current))

    def _streaming(self, slot: str, settings: Settings) -> Stream:
        self._stop(slot)
        self._streams[slot] = Stream(self.send, slot, describe(settings))
        return self._streams[slot]

    def _stop(self, slot: str) -> None:
        if slot in self._streams:
            self._streams.pop(slot).stop()

    def _updates(self, stream: Stream, slot: str) -> Callable[[Run], None]:
        """What a run calls from its thread."""

        def update(current: Run) -> None:
            stream.update(current)
            if not current.running:
                self._hop(self._ended, current, slot)
                if current.traj is not None:
                    with contextlib.suppress(LimitError):  # too many wait: curves are enough
                        pool = self.session.house.pool
                        pool.submit(self.session, lambda: stream.spectra(current))

        return update

    def _ended(self, current: Run, slot: str) -> None:
        if slot != MAIN or current.settings != self.settings:
            return
        if current.mistakes:
            self.controls.refuse(current.mistakes)
        elif current.state == "done":
            self.controls.nudge.offer()

    def send(self, kind: str, **details: Any) -> None:
        """Send a message to the pictures, from any thread."""
        self._hop(self.pictures.send, kind, **details)

    def _hop(self, call: Callable[..., None], *given: Any, **named: Any) -> None:
        """Call from the thread of the page, if it is still open."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._inside(lambda: call(*given, **named)))

    def _inside(self, call: Callable[[], None]) -> None:
        if not self.session.closed:
            with self._client:
                call()

    def _tell_link(self) -> None:
        pinned = self._pinned()
        beside = None if pinned is None else pinned.link()
        self.controls.pinned(pinned is not None)
        self.pictures.send("link", query=self.settings.link(), beside=beside)

    def _save(self, details: dict[str, Any]) -> None:
        """Save a picture."""
        current = self.session.runs.get(str(details.get("slot")))
        if current is None or current.traj is None:
            return
        panel, form = str(details.get("panel")), str(details.get("format"))
        if panel == "network" and not (details.get("network") and panel in _drawings.PANELS):
            panel = "adjacency"
        name = PICTURES.get(panel, panel)
        t = _within(current.traj, float(details.get("t") or 0.0))
        self._download(lambda: _files.picture(current, name, form, t=t))

    def _download(self, make: Callable[[], Any]) -> None:
        async def download() -> None:
            try:
                found = await asyncio.to_thread(make)
            except DeeplinearError as error:
                text = str(error)
                self._inside(lambda: self.warn(text))
            else:
                with self._client:
                    ui.download.content(found.content, found.name, found.media_type)

        background_tasks.create(download())


def _within(traj: Trajectory, x: float) -> float:
    """The time of a run at a place of the cursor, whose axis goes on beyond the end."""
    start, end = float(traj.t[0]), traj.t_end
    x = min(max(x, 0.0), abs(end - start))
    return start + x if end >= start else start - x


def describe(settings: Settings) -> str:
    """What is run, in a line."""
    data, start, nudge = settings.data, settings.start, settings.nudge
    if data.source == PLANTED:
        what = "s = " + ", ".join(f"{s:g}" for s in data.s)
    else:
        what = data.source.replace("_", " ")
    hidden = ", ".join(map(str, settings.hidden)) or "none"
    if nudge is None:
        scale = [] if start.scale is None else [f"scale {start.scale:g}"]
        options = [f"{name} {value}" for name, value in start.options.items()]
        begin = " ".join([start.name.replace("_", "-"), *scale, *options])
    elif nudge.visit is not None:
        begin = f"pushed {nudge.size:g} off visit {nudge.visit}"
    else:
        begin = f"pushed {nudge.size:g} off saddle {set_name(nudge.modes or ())}"
    return f"{what} · hidden {hidden} · {begin}"
