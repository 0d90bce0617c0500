"""Settings as the query of an address, and back."""

import difflib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from deeplinear import datasets, init
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._parts import UPLOAD

Tree = Mapping[str, Any]

_KEYS = {
    "data": ("data", "source"),
    "s": ("data", "s"),
    "d_in": ("data", "d_in"),
    "d_out": ("data", "d_out"),
    "noise": ("data", "noise"),
    "data_seed": ("data", "seed"),
    "upload": ("data", "upload"),
    "whiten": ("data", "whiten"),
    "center": ("data", "center"),
    "standardize": ("data", "standardize"),
    "mean": ("data", "mean"),
    "hidden": ("", "hidden"),
    "start": ("start", "name"),
    "scale": ("start", "scale"),
    "seed": ("start", "seed"),
    "saved": ("start", "saved"),
    "method": ("flow", "method"),
    "structure": ("flow", "structure"),
    "rtol": ("flow", "rtol"),
    "t_end": ("flow", "t_end"),
    "atol": ("flow", "atol"),
    "stop": ("flow", "stop"),
    "max_steps": ("flow", "max_steps"),
    "saddle": ("nudge", "modes"),
    "visit": ("nudge", "visit"),
    "ray": ("nudge", "ray"),
    "push": ("nudge", "size"),
}
"""Each key of a link: the part of the settings, and the field."""

_OPTIONS = {"d": "data", "i": "start"}
_LISTS = ("s", "hidden", "modes")
_LEADING = ("source", "upload", "name", "saved")
"""Fields that say what the others of their part mean."""
_TEXTS = (*_LEADING, "method", "structure")


def written(tree: Tree, defaults: Tree) -> str:
    """Return the query of a tree of settings: what differs from the defaults, in short."""
    pairs = []
    data, start = tree["data"], tree["start"]
    usual = init.options(start["name"])
    for key, (part, field) in _KEYS.items():
        value, default = _at(tree, part, field), _at(defaults, part, field)
        if part == "start" and field in ("scale", "seed"):
            default = usual.get(field)
        if value != default and value is not None:
            pairs.append((key, _text(value)))
    known = {} if data["source"] == UPLOAD else datasets.options(data["source"])
    for prefix, part, own in (("d.", data, known), ("i.", start, usual)):
        pairs += [
            (prefix + name, json.dumps(value, separators=(",", ":")))
            for name, value in part["options"].items()
            if value != own.get(name)
        ]
    return urlencode(pairs, quote_via=quote, safe=",()[]:")


def read(query: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the tree of a query, for the model to check, and what in it is no setting.

    Raises
    ------
    SettingsError
        It is too long.
    """
    query = query.removeprefix("?")
    if len(query) > limits.LINK_CHARACTERS:
        text = f"must have at most {limits.LINK_CHARACTERS} characters, but it has {len(query)}."
        raise SettingsError({"link": text})
    tree: dict[str, Any] = {}
    wrong, unknown = {}, False
    pairs = parse_qsl(query, keep_blank_values=True)
    counts = Counter(key for key, _ in pairs)
    for key, text in pairs:
        prefix, dot, name = key.partition(".")
        if key in _KEYS:
            part, field = _KEYS[key]
            owner = tree.setdefault(part, {}) if part else tree
            owner[field] = _read(text, field)
        elif dot and name and prefix in _OPTIONS:
            owner = tree.setdefault(_OPTIONS[prefix], {})
            owner.setdefault("options", {})[name] = _value(text)
        else:
            hint = _nearest(key, tell=not unknown)
            wrong[f"link.{key}"] = f"is no setting of this page. {hint}".rstrip()
            unknown = True
            continue
        if counts[key] > 1:
            wrong[f"link.{key}"] = f"must be given once, but it is given {counts[key]} times."
    return tree, wrong


def word(field: str) -> str:
    """Return what a link calls a dotted field."""
    owner, _, name = field.rpartition(".")
    if owner == "link":
        return name
    if name == "options":
        return next(f"{prefix}.*" for prefix, part in _OPTIONS.items() if part == owner)
    return next((key for key, place in _KEYS.items() if place == (owner, name)), field)


def without(tree: Tree, fields: Iterable[str], *, parts: bool = False) -> dict[str, Any]:
    """Return the tree without some dotted fields, so that their defaults take their places.

    With a leading field, or with `parts`, the whole part goes.
    """
    kept = {name: dict(part) if isinstance(part, dict) else part for name, part in tree.items()}
    for field in fields:
        part, _, name = field.partition(".")
        if parts or not name or name in _LEADING or part == "nudge":
            kept.pop(part, None)
        elif part in kept:
            kept[part].pop(name.partition(".")[0], None)
    return kept


def _nearest(key: str, *, tell: bool) -> str:
    near = difflib.get_close_matches(key, _KEYS, n=2, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    words = f"The words of a link are {', '.join(_KEYS)}, and d. or i. with the name of an option."
    return words if tell else ""


def _at(tree: Tree, part: str, field: str) -> Any:
    owner = tree[part] if part else tree
    return None if owner is None else owner[field]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_text, value)) or "none"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _read(text: str, field: str) -> Any:
    """A value as typed; what cannot be read is left to the model to refuse."""
    if field in _TEXTS:
        return text
    if field in _LISTS:
        parts = [] if text in ("", "none") else text.split(",")
        return tuple(_number(part) for part in parts)
    if field in ("whiten", "center", "standardize", "mean"):
        return {"1": True, "0": False, "true": True, "false": False}.get(text.lower(), text)
    return _number(text)


def _number(text: str) -> Any:
    for reader in (int, float):
        try:
            value = reader(text)
            return value if math.isfinite(value) else text
        except (ValueError, OverflowError):
            continue
    return text


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return text


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no number.")
