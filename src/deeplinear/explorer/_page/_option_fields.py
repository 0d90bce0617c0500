"""Fields for the options of a data set or a start, whatever they are."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from deeplinear.explorer._page import _fields as fields

NEEDED: Mapping[str, Any] = {
    "delta": 1.0,
    "lam": 1.0,
    "rank": 1,
    "widths": [4, 3, 3],
    "n_samples": 200,
    "amplitudes": 1e-2,
}
"""What options that must be given begin with."""

ABOUT = {
    "delta": "imbalance of the layers",
    "lam": "relative scale of the last and the first layer",
    "rank": "of every layer",
    "product": "the map of the start, as rows: [[1, 0], [0, 1]]",
    "amplitudes": "one for every mode, or one for all",
    "widths": "of the teacher",
    "n_samples": "rows of the data",
}


def needed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return values for the options that must be given."""
    return {name: NEEDED.get(name, 1) for name, default in options.items() if default is ...}


def option_fields(
    options: Mapping[str, Any], given: Mapping[str, Any], change: Callable[[dict[str, Any]], None]
) -> None:
    """Build a field for each option; a change gives all of them."""
    for name, default in options.items():
        value = given.get(name, None if default is ... else default)

        def taken(written: str, name: str = name) -> None:
            options = {key: one for key, one in given.items() if key != name}
            if written.strip():
                options[name] = _read(written)
            if options != dict(given):
                change(options)

        fields.text(name, _written(value), taken, ABOUT.get(name, ""))


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _read(written: str) -> Any:
    """JSON, a list without its brackets, or plain text."""
    for text in (written, f"[{written}]"):
        try:
            return json.loads(text)
        except ValueError:
            continue
    return written.strip()
