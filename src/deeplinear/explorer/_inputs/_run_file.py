"""The run file of `deeplinear run` as settings of the page."""

import tomllib
from pathlib import Path
from typing import Any

from deeplinear import datasets, init
from deeplinear._core.errors import ArgumentError
from deeplinear.explorer._inputs import _uploads
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import PLANTED, UPLOAD, Settings

Table = dict[str, Any]


def settings(file: Path, store: Store) -> Settings:
    """Read a run file; data files and a saved start are put into the store.

    Raises
    ------
    ArgumentError, DataFileError, StoreError
        The file, or one that it names, cannot be read, or the page has no such settings.
    """
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ArgumentError(
            f"Argument `target` must be a run file, but {file} cannot be read: {error}."
        ) from None
    data, start, flow = (_table(tree, name, file) for name in ("data", "init", "flow"))
    widths = _table(tree, "network", file).get("widths")
    if not (isinstance(widths, list) and len(widths) >= 2 and all(map(_is_whole, widths))):
        raise ArgumentError(
            f"Argument `target` must be a run file with whole `network.widths`, but in {file} "
            f"they are {widths!r}."
        )
    flow.pop("save", None)  # which states are kept does not change the run
    sections = {
        "data": _data(data, widths, file, store),
        "hidden": widths[1:-1],
        "start": _start(start, file, store),
        "flow": flow,
    }
    try:
        return Settings.of(sections)
    except SettingsError as error:
        raise ArgumentError(f"The page cannot show {file}: {error}") from None


def _table(tree: Table, name: str, file: Path) -> Table:
    """A section of the file, with its own table of options."""
    found = tree.get(name, {})
    for key, table in ((name, found), (f"{name}.options", _options(found))):
        if not isinstance(table, dict):
            raise ArgumentError(
                f"Argument `target` must be a run file, but `{key}` in {file} is no table."
            )
    return dict(found)


def _options(section: object) -> object:
    return section.get("options", {}) if isinstance(section, dict) else {}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _data(data: Table, widths: list[int], file: Path, store: Store) -> Table:
    source = data.pop("source", None)
    if source is None:
        raise ArgumentError(
            f"Argument `target` must be a run file with `data.source`, but {file} has none."
        )
    targets = data.pop("targets", None)
    data.pop("sha256", None)
    parts = source if isinstance(source, list) else str(source).split(",")
    if parts == [PLANTED]:
        return {"source": PLANTED} | _planted(data, widths)
    if len(parts) == 1 and parts[0] in datasets.names():
        return {"source": parts[0]} | data
    paths = [file.parent / str(part).strip() for part in parts]
    found = datasets.read(paths[0] if len(paths) == 1 else tuple(paths), targets=targets)  # type: ignore[arg-type]
    upload = _uploads.of_arrays(paths[0].name, found.x, found.y, found.description)
    return data | {"source": UPLOAD, "upload": store.put(upload).digest}


def _planted(data: Table, widths: list[int]) -> Table:
    """The spectrum, with the sizes that `deeplinear run` takes from the widths."""
    s = data.get("s")
    s = s if isinstance(s, list) else [s]
    ends = {"d_in": max(widths[0], len(s)), "d_out": max(widths[-1], len(s))}
    options = ends | data.pop("options", {})
    if options.get("n_samples") == 10 * options["d_in"]:
        del options["n_samples"]  # the default; the page has no other
    usual = {"d_in": len(s), "d_out": len(s)}
    return data | {"s": s} | {k: v for k, v in options.items() if usual.get(k) != v}


def _start(start: Table, file: Path, store: Store) -> Table:
    if start.get("name") != "saved":
        return start
    path = file.parent / str(start.get("options", {}).get("path", ""))
    return {"name": "saved", "saved": store.put_start(init.from_file(path))}
