"""Controls of the data: a planted spectrum, a shipped data set, or an upload."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from deeplinear import datasets
from deeplinear._core.errors import DeeplinearError
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs import _uploads
from deeplinear.explorer._inputs._suggestions import suggested
from deeplinear.explorer._page import _fields as fields
from deeplinear.explorer._page._option_fields import option_fields
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import PLANTED, UPLOAD, Settings, sources
from deeplinear.plot.data import mode_style

if TYPE_CHECKING:
    from deeplinear.explorer._page._controls import Controls

HIGHEST = 5.0  # singular value that a slider reaches, or the largest if that is larger


def data_controls(controls: "Controls", settings: Settings) -> None:
    """Build the fields."""
    data = settings.data
    _source(controls, data.source)
    if data.source == PLANTED:
        _planted(controls, settings)
    elif data.source == UPLOAD:
        _uploaded(controls, settings)
    else:
        known = datasets.options(data.source)
        own = {name: value for name, value in known.items() if name != "standardize"}
        option_fields(own, data.options, lambda options: controls.change({"data.options": options}))
    if data.source != PLANTED:
        _preparation(controls, settings)
    controls.mistake("data.s", "data.options", "data.upload", "data")


def choose_file(controls: "Controls") -> None:
    """Build the choice of the data, and where a file is uploaded."""
    _source(controls, UPLOAD)
    upload_field(controls)
    controls.mistake("data.upload", "data")


def _source(controls: "Controls", source: str) -> None:
    names = {name: name.replace("_", " ") for name in sources()}
    fields.select("data", names, source, lambda name: _choose(controls, name))


def _planted(controls: "Controls", settings: Settings) -> None:
    values = settings.data.s
    top = max(HIGHEST, *values)

    def moved(k: int, value: float) -> None:
        s = list(controls.desk.settings.data.s)
        s[k] = round(value, 4)
        controls.change({"data.s": tuple(s), "nudge": None}, keep="data")

    with ui.element("div").classes("dl-values"):
        for k, value in enumerate(values):
            fields.slider(
                f"s{k}",
                value,
                0.0,
                top,
                0.05,
                partial(moved, k),
                color=mode_style(k)["color"],
            )
    with ui.element("div").classes("dl-buttons"):
        fields.button("+ mode", lambda: _add(controls), "Add a singular value")
        if len(values) > 1:
            fields.button("− mode", lambda: _remove(controls), "Remove the last singular value")


def _add(controls: "Controls") -> None:
    s = controls.desk.settings.data.s
    _set_values(controls, (*s, round(s[-1] / 2, 2)))


def _remove(controls: "Controls") -> None:
    _set_values(controls, controls.desk.settings.data.s[:-1])


def _set_values(controls: "Controls", s: tuple[float, ...]) -> None:
    controls.change({"data.s": s, "data.d_in": None, "data.d_out": None, "nudge": None})


def _preparation(controls: "Controls", settings: Settings) -> None:
    data = settings.data
    with ui.element("div").classes("dl-checks"):
        for name, about in (
            ("standardize", "Inputs and outputs with mean 0 and variance 1"),
            ("center", "Remove the means"),
            ("whiten", "Make the inputs' moment the identity"),
        ):
            fields.toggle(
                name,
                getattr(data, name),
                partial(_prepare, controls, name),
                about,
            )


def _prepare(controls: "Controls", name: str, on: bool) -> None:
    controls.change({f"data.{name}": on, "nudge": None})


async def _choose(controls: "Controls", name: str) -> None:
    if name == controls.desk.settings.data.source:
        controls.show(controls.desk.settings)
        return
    if name == UPLOAD:
        controls.choose_file()
        return
    try:
        found = await asyncio.to_thread(suggested, name)
    except DeeplinearError as error:
        controls.refuse({"data": str(error)})
    else:
        controls.desk.change(found)


def _uploaded(controls: "Controls", settings: Settings) -> None:
    digest = settings.data.upload or ""
    try:
        held = controls.desk.session.store.upload(digest)
    except SettingsError:
        held = None
    if held is not None:
        ui.label(held.description).classes("dl-story")
        if held.columns:
            fields.select(
                "target",
                list(held.columns),
                held.targets[0],
                lambda name: _take(controls, held.with_targets((name,))),
            )
    upload_field(controls)


def upload_field(controls: "Controls") -> None:
    """Where a file is chosen or dropped."""

    async def taken(event: Any) -> None:
        name = event.file.name
        try:
            content = await event.file.read()
            upload = await asyncio.to_thread(_uploads.read, name, content)
        except DeeplinearError as error:
            controls.refuse({"data.upload": str(error)})
        else:
            _take(controls, upload)
        finally:
            field.reset()

    def refused() -> None:
        most = limits.megabytes(limits.UPLOAD_BYTES)
        controls.refuse({"data.upload": f"must be a file of at most {most}: CSV, TSV or NPZ."})

    field = ui.upload(
        label="CSV or NPZ: choose or drop",
        auto_upload=True,
        max_file_size=limits.UPLOAD_BYTES,
        on_upload=taken,
        on_rejected=refused,
    )
    field.props("flat square hide-upload-btn").classes("dl-upload")


def _take(controls: "Controls", upload: _uploads.Upload) -> None:
    controls.desk.session.store.put(upload)
    controls.desk.change(suggested(UPLOAD, upload))
