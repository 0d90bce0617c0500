"""The parts of the settings: data, start, flow and nudge, with every constraint in words."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from deeplinear import datasets, init
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._settings._mistakes import known, needed_options

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


def as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Whole = Annotated[int, BeforeValidator(_whole)]
Size = Annotated[float, Field(ge=0, le=limits.SIZE)]
Seed = Annotated[Whole, Field(ge=0, lt=2**63)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Modes = Annotated[tuple[Whole, ...], BeforeValidator(as_tuple)]


class Part(BaseModel):
    """Frozen, and nothing in it that is not known."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, validate_default=True
    )


class Data(Part):
    """What is learned.

    source : "planted", a data set's name, or "upload". s, d_in, d_out, noise, seed : of planted
    data. options : of the named data set. upload : the content hash of an upload.
    """

    source: str = PLANTED
    s: Annotated[tuple[Size, ...], BeforeValidator(as_tuple)] = (4.0, 2.0, 1.0)
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


class Start(Part):
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


class Flow(Part):
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


class Nudge(Part):
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
            found = "both are" if visit is not None else "neither is"
            raise ValueError(f"must be given if no modes are, and only then, but {found}.")
        return visit
