"""What pydantic found wrong, in this project's words: where, what it must be, what it is."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from deeplinear._core.errors import DeeplinearError
from deeplinear.cli._config import Config, Data
from deeplinear.cli._errors import Mistake

_WANTED = {
    "int_type": "be an integer",
    "int_from_float": "be an integer",
    "float_type": "be a real number",
    "finite_number": "be finite",
    "bool_type": "be true or false",
    "string_type": "be text",
    "list_type": "be a list",
    "dict_type": "be a table of key = value",
    "model_type": "be a table of key = value",
    "greater_than_equal": "be at least {ge:g}",
    "less_than_equal": "be at most {le:g}",
    "too_short": "hold at least {min_length} entry",
    "too_long": "hold at most {max_length} entries",
}


def mistakes(
    error: ValidationError, tree: Mapping[str, Any], labels: Mapping[str, str]
) -> list[Mistake]:
    """One `Mistake` for each error; `labels` names the option that set a key."""
    return [_mistake(detail, tree, labels) for detail in error.errors()]


def _mistake(detail: ErrorDetails, tree: Mapping[str, Any], labels: Mapping[str, str]) -> Mistake:
    path = detail["loc"]
    names = [part for part in path if isinstance(part, str)]
    key = ".".join(names)
    entry = "".join(f"[{part}]" for part in path if isinstance(part, int))
    if key == "network.widths" and detail["type"] == "missing":
        return Mistake(labels.get(key, key), _widths_wanted(tree))
    return Mistake(labels.get(key, key) + entry, _text(detail, names))


def _text(detail: ErrorDetails, names: Sequence[str]) -> str:
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind == "value_error":
        return str(limits["error"])
    if kind == "missing":
        return "must be given, but it is missing."
    if kind == "extra_forbidden":
        return _unknown_key(names)
    wanted = _WANTED.get(kind, "").format(**limits) or f"be valid ({detail['msg']})"
    return f"must {wanted}, but it is {detail['input']!r}."


def _unknown_key(names: Sequence[str]) -> str:
    model: type[BaseModel] = Config
    for name in names[:-1]:
        model = model.model_fields[name].annotation  # type: ignore[assignment]
    near = difflib.get_close_matches(names[-1], model.model_fields, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"must be one of the keys {', '.join(model.model_fields)}, but there is none such.{hint}"


def _widths_wanted(tree: Mapping[str, Any]) -> str:
    """What the widths must be, with an example for these data if they can be read."""
    from deeplinear.cli._problem import load

    try:
        loaded = load(Data.model_validate(tree.get("data")), widths=None)
    except (ValidationError, DeeplinearError):
        return "must be given: the layer widths from the inputs to the outputs."
    d_in, d_out = loaded.problem.d_in, loaded.problem.d_out
    hidden = max(d_out, min(d_in, 32))
    return (
        f"must be given: the layer widths from the {d_in} inputs to the {d_out} outputs of "
        f"{loaded.dataset.name}, for example {d_in},{hidden},{hidden},{d_out}."
    )
