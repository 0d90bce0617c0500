"""Everything on the left of the page as one frozen value, which is also a link."""

import json
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from deeplinear import datasets, init
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._mistakes import SettingsError, known, mistakes, needed_options

PLANTED, UPLOAD = "planted", "upload"
METHODS = ("auto", "explicit", "gauss", "stabilized", "stiff")
STRUCTURES = ("laws", "monotone")


def sources() -> list[str]:
    """The names of `Data.source`: planted, the shipped data sets, and an upload."""
    return [PLANTED, *(name for name in datasets.names() if name != PLANTED), UPLOAD]


def starts() -> list[str]:
    """The names of `Start.name`; "saved" is a start that the server holds."""
    return init.names()


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Whole = Annotated[int, BeforeValidator(_whole)]
Size = Annotated[float, Field(ge=0, le=limits.SIZE)]
Seed = Annotated[Whole, Field(ge=0, lt=2**63)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Modes = Annotated[tuple[Whole, ...], BeforeValidator(_tuple)]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, validate_default=True
    )


class Data(_Part):
    """What is learned.

    source : "planted", a data set's name, or "upload". s, d_in, d_out, noise, seed : of planted
    data. options : of the named data set. upload : the content hash of an upload.
    """

    source: str = PLANTED
    s: Annotated[tuple[Size, ...], BeforeValidator(_tuple)] = (4.0, 2.0, 1.0)
    d_in: Annotated[Whole, Field(ge=1, le=limits.WIDTH)] | None = None
    d_out: Annotated[Whole, Field(ge=1, le=limits.WIDTH)] | None = None
    noise: Size = 0.0
    seed: Seed = 0
    options: dict[str, Any] = {}
    upload: Digest | None = None
    whiten: bool = False
    center: bool = False
    standardize: bool = False
    mean: bool = True

    @model_validator(mode="before")
    @classmethod
    def _only_its_own(cls, tree: Any) -> Any:
        """What belongs to another source is dropped, so that equal data are equal settings."""
        if not isinstance(tree, dict):
            return tree
        source = tree.get("source", PLANTED)
        foreign = {"s", "d_in", "d_out", "noise", "seed"} if source != PLANTED else {"options"}
        if source == UPLOAD:
            foreign |= {"options"}
        else:
            foreign |= {"upload"}
        return {key: value for key, value in tree.items() if key not in foreign}

    @field_validator("source")
    @classmethod
    def _exists(cls, source: str) -> str:
        return known(source, sources())

    @field_validator("s")
    @classmethod
    def _some(cls, s: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(s) <= limits.VALUES:
            raise ValueError(
                f"must hold 1 to {limits.VALUES} singular values, but it holds {len(s)}."
            )
        return s

    @field_validator("d_in", "d_out")
    @classmethod
    def _room(cls, size: int | None, info: ValidationInfo) -> int | None:
        s = info.data.get("s", ())
        if size is not None and size < len(s):
            raise ValueError(
                f"must be at least {len(s)}, the number of singular values, but it is {size}."
            )
        return size

    @field_validator("options")
    @classmethod
    def _complete(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        source = info.data.get("source")
        if source in (None, PLANTED, UPLOAD):
            return {}
        taken = {k: v for k, v in datasets.options(source).items() if k != "standardize"}
        return needed_options(options, taken, f"the data {source!r}")

    @field_validator("upload")
    @classmethod
    def _given(cls, upload: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("source") == UPLOAD and upload is None:
            raise ValueError("must be given: upload a file first.")
        return upload


class Start(_Part):
    """Where the flow begins: a name of `deeplinear.init` and its options.

    scale, seed : None if the start has none. saved : the content hash of a held start.
    """

    name: str = "gaussian"
    scale: Size | None = None
    seed: Seed | None = None
    options: dict[str, Any] = {}
    saved: Digest | None = None

    @field_validator("name")
    @classmethod
    def _exists(cls, name: str) -> str:
        return known(name, starts())

    @field_validator("scale", "seed")
    @classmethod
    def _taken(cls, value: float | None, info: ValidationInfo) -> float | None:
        """None for a start that has none; else what is given, or the start's own default."""
        name = info.data.get("name")
        if name is None or info.field_name not in init.options(name):
            return None
        return init.options(name)[info.field_name] if value is None else value

    @field_validator("options")
    @classmethod
    def _complete(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        name = info.data.get("name")
        if name in (None, "saved"):  # a path is never taken from a page: it would read any file
            return {}
        own = {k: v for k, v in init.options(name).items() if k not in ("scale", "seed")}
        return needed_options(options, own, f"the start {name!r}")

    @field_validator("saved")
    @classmethod
    def _held(cls, saved: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("name") != "saved":
            return None
        if saved is None:
            raise ValueError("must be given: open a run first.")
        return saved

    def choices(self) -> dict[str, Any]:
        """The keyword arguments of the start's function."""
        named = {"scale": self.scale, "seed": self.seed} | self.options
        return {key: value for key, value in named.items() if value is not None}


class Flow(_Part):
    """The options of `deeplinear.gradient_flow`; the page shows the first four."""

    method: str = "auto"
    structure: str | None = None
    rtol: Annotated[float, Field(ge=1e-14, le=0.1)] = 1e-6
    t_end: Annotated[float, Field(ge=0)] | None = None
    atol: Annotated[float, Field(ge=0)] | None = None
    stop: Annotated[float, Field(ge=0)] | Literal["gap"] | None = None
    max_steps: Annotated[Whole, Field(ge=1, le=limits.STEPS)] = 1_000_000

    @field_validator("method")
    @classmethod
    def _exists(cls, method: str) -> str:
        return known(method, METHODS)

    @field_validator("structure")
    @classmethod
    def _can_be_kept(cls, structure: str | None) -> str | None:
        return None if structure is None else known(structure, STRUCTURES)

    def options(self) -> dict[str, Any]:
        """The keyword arguments that are not the defaults, but always rtol."""
        given = self.model_dump(exclude_defaults=True)
        return {"rtol": self.rtol} | given


class Nudge(_Part):
    """A start on a saddle, pushed along one of its ways down.

    modes : those that the canonical saddle has learned; or visit : which visit of the run without
    the nudge (counted from 0). ray : which way down, the fastest is 0. size : how far.
    """

    modes: Modes | None = None
    visit: Annotated[Whole, Field(ge=0)] | None = None
    ray: Annotated[Whole, Field(ge=0, le=999)] = 0
    size: Annotated[float, Field(gt=0, le=limits.SIZE)] = 1e-2

    @field_validator("modes")
    @classmethod
    def _ascending(cls, modes: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if modes is not None and (len(set(modes)) < len(modes) or min(modes, default=0) < 0):
            raise ValueError(f"must hold different indices from 0, but it is {modes}.")
        return None if modes is None else tuple(sorted(modes))

    @field_validator("visit")
    @classmethod
    def _one_saddle(cls, visit: int | None, info: ValidationInfo) -> int | None:
        if "modes" in info.data and (visit is None) == (info.data["modes"] is None):
            raise ValueError("must be given if no modes are, and only then.")
        return visit


class Settings(_Part):
    """Everything on the left of the page.

    Examples
    --------
    >>> from deeplinear.explorer._settings import Settings
    >>> settings = Settings.of({"data": {"s": [3, 1]}, "hidden": [4, 4]})
    >>> settings.link()
    's=3,1&hidden=4,4'
    >>> Settings.from_link("s=3,1&hidden=4,4") == settings
    True
    """

    data: Data = Data()
    hidden: Annotated[
        tuple[Annotated[Whole, Field(ge=1, le=limits.WIDTH)], ...], BeforeValidator(_tuple)
    ] = (3, 3)
    start: Start = Start()
    flow: Flow = Flow()
    nudge: Nudge | None = None

    @field_validator("hidden")
    @classmethod
    def _layers(cls, hidden: tuple[int, ...]) -> tuple[int, ...]:
        if len(hidden) > limits.HIDDEN_LAYERS:
            raise ValueError(
                f"must hold at most {limits.HIDDEN_LAYERS} widths, but it holds {len(hidden)}."
            )
        return hidden

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Self:
        """Check a tree of plain values.

        Raises
        ------
        SettingsError
            Everything that is wrong, one sentence for each field.
        """
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise SettingsError(mistakes(error)) from None

    def tree(self) -> dict[str, Any]:
        """Plain values, for `of`."""
        return self.model_dump()

    def replace(self, **changes: Any) -> Self:
        """Return settings with other values at dotted fields: ``replace(**{"data.s": (2, 1)})``.

        Raises
        ------
        SettingsError
            What is wrong with them.
        """
        tree = self.tree()
        for field, value in changes.items():
            *parents, last = field.split(".")
            place = tree
            for name in parents:
                if place.get(name) is None:
                    place[name] = {}
                place = place[name]
            place[last] = value
        return type(self).of(tree)

    def link(self) -> str:
        """Return the query string of this state: what differs from the defaults, in short."""
        pairs = []
        for key, (part, field) in _KEYS.items():
            value, default = self._at(part, field), _DEFAULTS[key]
            if part == "start" and field in ("scale", "seed"):
                default = init.options(self.start.name).get(field)
            if value != default and value is not None:
                pairs.append((key, _written(value)))
        for prefix, options, defaults in (
            ("d.", self.data.options, _known_options(datasets.options, self.data.source)),
            ("i.", self.start.options, _known_options(init.options, self.start.name)),
        ):
            pairs += [
                (prefix + name, json.dumps(value, separators=(",", ":")))
                for name, value in options.items()
                if value != defaults.get(name)
            ]
        return urlencode(pairs, quote_via=quote, safe=",()[]:")

    def _at(self, part: str, field: str) -> Any:
        owner = self if part == "" else getattr(self, part)
        return None if owner is None else getattr(owner, field)

    @classmethod
    def from_link(cls, query: str) -> Self:
        """Read a query string that `link` wrote, or that a person typed.

        Raises
        ------
        SettingsError
            Everything that is wrong, one sentence for each field.
        """
        query = query.removeprefix("?")
        if len(query) > limits.LINK_CHARACTERS:
            text = (
                f"must have at most {limits.LINK_CHARACTERS} characters, but it has {len(query)}."
            )
            raise SettingsError({"link": text})
        tree: dict[str, Any] = {}
        wrong = {}
        for key, text in parse_qsl(query, keep_blank_values=True):
            prefix, dot, name = key.partition(".")
            if key in _KEYS:
                part, field = _KEYS[key]
                owner = tree.setdefault(part, {}) if part else tree
                owner[field] = _read(text, field)
            elif dot and name and prefix in _OPTIONS:
                owner = tree.setdefault(_OPTIONS[prefix], {})
                owner.setdefault("options", {})[name] = _value(text)
            else:
                wrong[f"link.{key}"] = "is no setting of this page."
        if wrong:
            raise SettingsError(wrong)
        return cls.of(tree)


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
_TEXTS = ("source", "upload", "name", "saved", "method", "structure")

_plain = Settings()
_DEFAULTS = {
    key: None if part == "nudge" else _plain._at(part, field)
    for key, (part, field) in _KEYS.items()
}


def _known_options(options: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any]:
    return {} if name == UPLOAD else options(name)


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_written, value)) or "none"
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
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
