"""What a run is: the model of its TOML file, with every constraint in words."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)

from deeplinear import datasets, init
from deeplinear._core.errors import unknown_name

FILE_SUFFIXES = (".csv", ".tsv", ".npz", ".npy")
METHODS = ("auto", "explicit", "gauss", "stabilized", "stiff")
STRUCTURES = ("laws", "monotone")


def _whole(value: object) -> object:
    """1e6 is an integer that is written as a float."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _listed(value: object) -> object:
    """A single entry is a list of one."""
    return [value] if isinstance(value, int | float | str) else value


def _split(value: object) -> object:
    """Column names: a list, or text with commas."""
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else value


def sources(value: object) -> object:
    """One source, or a pair of .npy files: x.npy,y.npy."""
    if isinstance(value, str) and all(part.lower().endswith(".npy") for part in value.split(",")):
        return [part.strip() for part in value.split(",")]
    return _listed(value)


def is_file_name(source: str) -> bool:
    """Whether a data source is a file, not the name of a data set."""
    return source.lower().endswith(FILE_SUFFIXES)


def _is_number(value: object, *, at_least: float = -math.inf) -> bool:
    """Whether `value` is a finite number; True and False are not."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return real and math.isfinite(value) and value >= at_least  # type: ignore[arg-type,operator]


def _stop(value: object) -> object:
    if value in (None, "gap") or _is_number(value, at_least=0):
        return value
    raise ValueError(f"must be 'gap' or a number that is at least 0, but it is {value!r}.")


def _save(value: object) -> object:
    value = _whole(value)
    if value in (None, "ends") or (isinstance(value, int) and _is_number(value, at_least=2)):
        return value
    if isinstance(value, list) and value and all(_is_number(t, at_least=0) for t in value):
        return [float(t) for t in value]
    raise ValueError(
        "must be 'ends', a number of states that is at least 2, or a list of times, "
        f"but it is {value!r}."
    )


def _known(value: str, names: Iterable[str], or_else: str = "") -> str:
    """Return `value` if it is one of the names; the error names the nearest ones."""
    names = list(names)
    if value not in names:
        text = str(unknown_name("", value, names)).removeprefix("Argument `` ")
        raise ValueError(text.replace(", but it is", f"{or_else}, but it is", 1))
    return value


def _completed(
    options: dict[str, Any], defaults: dict[str, Any], own_keys: tuple[str, ...], what: str
) -> dict[str, Any]:
    """Return options that are all known, with none that is required left out."""
    known = {name: default for name, default in defaults.items() if name not in own_keys}
    unknown = [name for name in options if name not in known]
    missing = [name for name, default in known.items() if default is ... and name not in options]
    if unknown or missing:
        found = f"it holds {', '.join(unknown)}" if unknown else f"{', '.join(missing)} is missing"
        listing = ", ".join(known) or "none"
        raise ValueError(f"must hold options of {what} only ({listing}), but {found}.")
    return options


Whole = Annotated[int, BeforeValidator(_whole)]
NotNegative = Annotated[float, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Data(_Section):
    """Where the problem comes from, and how the data are treated."""

    source: Annotated[list[str], BeforeValidator(sources), Field(min_length=1, max_length=2)]
    targets: Annotated[list[str], BeforeValidator(_split), Field(min_length=1)] | None = None
    whiten: bool = False
    center: bool = False
    standardize: bool = False
    mean: bool = True
    s: Annotated[list[NotNegative], BeforeValidator(_listed), Field(min_length=1)] | None = Field(
        None, validate_default=True
    )
    options: dict[str, Any] = Field(default={}, validate_default=True)
    sha256: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the data are read from; none for data that have a name."""
        return tuple(Path(part) for part in self.source if is_file_name(part))

    @field_validator("source")
    @classmethod
    def _exists(cls, source: list[str]) -> list[str]:
        if len(source) == 2 and not all(part.lower().endswith(".npy") for part in source):
            raise ValueError(
                f"must be one data set or file, or two .npy files, but it is {source}."
            )
        for part in source:
            if not is_file_name(part):
                suffixes = ", ".join(FILE_SUFFIXES)
                _known(part, datasets.names(), f", or a file that ends in {suffixes}")
            elif not Path(part).is_file():
                raise ValueError(f"must be a file that exists, but there is none at {part}.")
        return source

    @field_validator("targets")
    @classmethod
    def _only_of_tables(cls, targets: list[str] | None, info: ValidationInfo) -> list[str] | None:
        source = info.data.get("source")
        if targets is not None and source and not source[0].lower().endswith((".csv", ".tsv")):
            raise ValueError(
                "must be left out unless the data are a .csv file with named columns, "
                f"but it is {targets}."
            )
        return targets

    @field_validator("s")
    @classmethod
    def _only_if_planted(cls, s: list[float] | None, info: ValidationInfo) -> list[float] | None:
        planted = info.data.get("source") == ["planted"]
        if planted and s is None:
            raise ValueError(
                "must be given for a planted spectrum: its singular values, "
                "for example 5,4,3,2,1, but it is missing."
            )
        if not planted and s is not None and "source" in info.data:
            raise ValueError(f"must be left out unless the source is 'planted', but it is {s}.")
        return s

    @field_validator("options")
    @classmethod
    def _complete(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        source = info.data.get("source")
        if source is None:
            return options
        defaults = {} if is_file_name(source[0]) else datasets.options(source[0])
        return _completed(options, defaults, ("s", "standardize"), f"the data {source[0]!r}")


class Network(_Section):
    """The layered network."""

    widths: Annotated[list[Whole], BeforeValidator(_listed)]

    @field_validator("widths")
    @classmethod
    def _layers(cls, widths: list[int]) -> list[int]:
        if len(widths) < 2 or min(widths) < 1:
            raise ValueError(
                "must hold at least two positive integers, from the inputs to the outputs, "
                f"but it is {widths}."
            )
        return widths


class Init(_Section):
    """The start: a name of `deeplinear.init`, and its options."""

    name: str = "gaussian"
    scale: NotNegative | None = None
    seed: Annotated[Whole, Field(ge=0)] | None = None
    options: dict[str, Any] = Field(default={}, validate_default=True)

    @field_validator("name")
    @classmethod
    def _exists(cls, name: str) -> str:
        return _known(name, init.names())

    @field_validator("scale", "seed")
    @classmethod
    def _taken(cls, value: float | None, info: ValidationInfo) -> float | None:
        name, option = info.data.get("name"), info.field_name
        if name is not None and value is not None and option not in init.options(name):
            raise ValueError(f"must be left out: the start {name!r} has none, but it is {value}.")
        return value

    @field_validator("options")
    @classmethod
    def _complete(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        name = info.data.get("name")
        if name is None:
            return options
        return _completed(options, init.options(name), ("scale", "seed"), f"the start {name!r}")

    def choices(self) -> dict[str, Any]:
        """Every option of the start with its value, defaults included."""
        given = {"scale": self.scale, "seed": self.seed, **self.options}
        defaults = init.options(self.name)
        return {k: v if given.get(k) is None else given[k] for k, v in defaults.items()}


class Flow(_Section):
    """The options of `deeplinear.gradient_flow`."""

    method: str = "auto"
    structure: str | None = None
    rtol: Annotated[float, Field(ge=1e-14, le=0.1)] = 1e-6
    atol: NotNegative | None = None
    t_end: NotNegative | None = None
    stop: Annotated[Any, PlainValidator(_stop)] = None
    save: Annotated[Any, PlainValidator(_save)] = None
    max_steps: Annotated[Whole, Field(ge=1)] = 1_000_000

    @field_validator("method")
    @classmethod
    def _exists(cls, method: str) -> str:
        return _known(method, METHODS)

    @field_validator("structure")
    @classmethod
    def _can_be_kept(cls, structure: str | None) -> str | None:
        return None if structure is None else _known(structure, STRUCTURES)


class Output(_Section):
    """What is written beside the report."""

    figures: bool = False


class MadeBy(_Section):
    """What wrote a run.toml; recorded, never needed."""

    deeplinear: str | None = None
    command: str | None = None
    notes: list[str] = []


class Config(_Section):
    """A whole run."""

    data: Data = Field(default_factory=dict, validate_default=True)
    network: Network = Field(default_factory=dict, validate_default=True)
    init: Init = Init()
    flow: Flow = Flow()
    output: Output = Output()
    made_by: MadeBy = MadeBy()
