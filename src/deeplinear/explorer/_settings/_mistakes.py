"""What is wrong with the settings, in one sentence for each field."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from deeplinear._core.errors import ArgumentError, unknown_name

_WANTED = {
    "int_type": "be a whole number",
    "int_from_float": "be a whole number",
    "float_type": "be a number",
    "finite_number": "be finite",
    "bool_type": "be on or off",
    "string_type": "be text",
    "tuple_type": "be a list",
    "dict_type": "be a table",
    "greater_than_equal": "be at least {ge:g}",
    "greater_than": "be greater than {gt:g}",
    "less_than_equal": "be at most {le:g}",
    "less_than": "be less than {lt:g}",
    "string_pattern_mismatch": "be a content hash of 16 digits",
}


class SettingsError(ArgumentError):
    """Everything that is wrong with the settings: `mistakes` maps a field to its sentence.

    Fields are dotted: "data.s", "hidden", "start.scale", "flow.rtol", "nudge.ray".
    """

    def __init__(self, mistakes: Mapping[str, str]) -> None:
        self.mistakes = dict(mistakes)
        super().__init__(" ".join(f"`{field}` {text}" for field, text in self.mistakes.items()))


def mistakes(error: ValidationError) -> dict[str, str]:
    """One sentence for each field; of a list, one for each entry."""
    found: dict[str, str] = {}
    for detail in error.errors():
        path = [part for part in detail["loc"] if isinstance(part, str)]
        entries = [part + 1 for part in detail["loc"] if isinstance(part, int)]
        kind, limits = detail["type"], detail.get("ctx", {})
        if kind == "value_error":
            text = str(limits["error"])
        elif kind == "extra_forbidden":
            text = "is no setting of this page."
        else:
            wanted = _WANTED.get(kind, "").format(**limits) or f"be valid ({detail['msg']})"
            text = f"must {wanted}, but it is {_shown(detail['input'])}."
        field = ".".join(path) or "settings"
        if entries and field in found:
            found[field] += f" Entry {entries[0]} {text}"
        elif field not in found:
            found[field] = f"entry {entries[0]} {text}" if entries else text
    return found


def known(value: str, names: Iterable[str]) -> str:
    """Return `value` if it is one of the names; the error names the nearest ones."""
    names = list(names)
    if value not in names:
        text = str(unknown_name("", value[:60], names))
        raise ValueError(text.removeprefix("Argument `` "))
    return value


def needed_options(options: dict[str, Any], taken: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the options with their defaults; none may be unknown, none that is needed missing."""
    unknown = [name for name in options if name not in taken]
    filled = {name: options.get(name, default) for name, default in taken.items()}
    missing = [name for name, value in filled.items() if value is ...]
    if unknown or missing:
        verb = "is" if len(missing) == 1 else "are"
        found = f"it holds {', '.join(unknown)}" if unknown else ""
        found = found or f"{', '.join(missing)} {verb} missing"
        listing = ", ".join(taken) or "none"
        raise ValueError(f"must hold the options of {what} ({listing}), but {found}.")
    return {name: value for name, value in filled.items() if value is not None}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
