"""From a file, options and `--set` to one checked `Config`; and back to a run.toml."""

import shlex
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deeplinear._core.errors import ArgumentError
from deeplinear.cli._config import Config, is_file_name, sources
from deeplinear.cli._errors import SettingsError
from deeplinear.cli._mistakes import mistakes

Tree = dict[str, Any]

OPTIONS = {
    "SOURCE": "data.source",
    "--targets": "data.targets",
    "--whiten": "data.whiten",
    "--center": "data.center",
    "--standardize": "data.standardize",
    "--modes": "data.s",
    "--data-option": "data.options",
    "--widths": "network.widths",
    "--init": "init.name",
    "--scale": "init.scale",
    "--seed": "init.seed",
    "--init-option": "init.options",
    "--method": "flow.method",
    "--structure": "flow.structure",
    "--rtol": "flow.rtol",
    "--t-end": "flow.t_end",
    "--figures": "output.figures",
}
"""Which key of the file each option of `deeplinear run` sets."""

_WORDS = ("--targets", "--init", "--method", "--structure")


def gather(
    source: Sequence[str],
    options: Mapping[str, object],
    settings: Sequence[tuple[str, str]] = (),
    *,
    name: str = "SOURCE",
) -> Config:
    """Merge a TOML file (or a data source), the given options, and key=value settings.

    `name` is what the user knows the source by.

    Options and settings win over the file. Relative paths in the file are relative to it.

    Raises
    ------
    SettingsError
        Everything that is wrong, each with its key path or the option that set it.
    """
    file = source[0] if len(source) == 1 and source[0].endswith(".toml") else None
    tree: Tree = _read(Path(file), name) if file else {}
    typed = None if file else source[0] if len(source) == 1 else list(source)
    known = {option: key for option, key in OPTIONS.items() if option != "SOURCE"}
    known[name] = OPTIONS["SOURCE"]
    given = {name: typed, **options}
    labels = {}
    for option, value in given.items():
        if value is not None:
            if isinstance(value, str) and option not in (name, *_WORDS):
                value = parse(value)
            _assign(tree, known[option], value)
            labels[known[option]] = option
    for key, text in settings:
        _assign(tree, key, parse(text))
        labels[key] = key
    if "data.source" in labels and isinstance(tree["data"], dict):
        tree["data"].pop("sha256", None)  # the digest was that of other data
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        # Without a file there are no keys to name, only the options that would set them.
        labels = {key: option for option, key in known.items() if not file} | labels
        raise SettingsError(mistakes(error, tree, labels), file=file) from None


def parse(text: str) -> Any:
    """Read a value as typed: a number, true or false, text, any TOML value, or a comma list."""
    for reader in (int, float, _toml_value):
        try:
            return reader(text)
        except (ValueError, RecursionError):
            continue
    return [parse(part.strip()) for part in text.split(",")] if "," in text else text


def pair(text: str, option: str, table: str = "") -> tuple[str, str]:
    """Split key=value; the key belongs to a table."""
    key, equals, value = text.partition("=")
    if not (equals and key.strip()):
        raise ArgumentError(f"Option `{option}` must have the form key=value, but it is {text!r}.")
    return table + key.strip(), value.strip()


def to_toml(
    config: Config, *, sha256: str | None, command: Sequence[str], notes: Sequence[str]
) -> str:
    """The file that repeats this run from anywhere: every default explicit, paths absolute.

    sha256 is the digest of the data's files, so that changed data are noticed; command and
    notes (what the data are) are recorded only.
    """
    import tomli_w

    tree = config.model_dump(exclude_none=True, exclude={"made_by"})
    data, start = tree["data"], tree["init"]
    parts = [str(Path(p).resolve()) if is_file_name(p) else p for p in data["source"]]
    data["source"] = parts if len(parts) > 1 else parts[0]
    choices = {k: v for k, v in config.init.choices().items() if v is not None}
    if "path" in choices:
        choices["path"] = str(Path(choices["path"]).resolve())
    start |= {k: choices.pop(k) for k in ("scale", "seed") if k in choices}
    start["options"] = choices
    if sha256 is not None:
        data["sha256"] = sha256
    words = shlex.join(["deeplinear", *command])
    made_by = {"deeplinear": version("deeplinear"), "command": words, "notes": list(notes)}
    tree["made_by"] = made_by
    for table in (data, start):
        if not table["options"]:
            del table["options"]
    return "# Repeat this run: deeplinear run run.toml -o FOLDER\n\n" + tomli_w.dumps(tree)


def other_version(config: Config) -> str:
    """A note if another version of deeplinear wrote the run's file, else nothing."""
    wrote, now = config.made_by.deeplinear, version("deeplinear")
    if wrote in (None, now):
        return ""
    return f"Note: deeplinear {wrote} wrote this file; {now} may differ in the last digits."


def _toml_value(text: str) -> Any:
    value = tomllib.loads(f"value = {text}")
    if set(value) != {"value"}:
        raise ValueError("more than one value")
    return value["value"]


def _read(file: Path, name: str) -> Tree:
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArgumentError(
            f"Argument `{name}` must be a file that exists, but there is none at {file}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(
            f"Argument `{name}` must be a text file, but {file} cannot be read: {error}."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(
            f"Argument `{name}` must be a TOML file, but {file} is not one: {error}."
        ) from None
    data, start = tree.get("data"), tree.get("init")
    if isinstance(data, dict) and "source" in data:
        parts = sources(data["source"])
        if isinstance(parts, list):
            data["source"] = [
                str(file.parent / p) if isinstance(p, str) and is_file_name(p) else p for p in parts
            ]
    options = start.get("options") if isinstance(start, dict) else None
    if isinstance(options, dict) and isinstance(options.get("path"), str):
        options["path"] = str(file.parent / options["path"])
    return tree


def _assign(tree: Tree, key: str, value: object) -> None:
    """Set a dotted key. A parent that is no table is left: the model says what is wrong with it."""
    *parents, last = key.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            return
    tree[last] = value
