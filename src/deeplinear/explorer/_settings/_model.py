"""Everything on the left of the page as one frozen value, which is also a link."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from deeplinear.explorer import _limits as limits
from deeplinear.explorer._settings import _links
from deeplinear.explorer._settings._mistakes import SettingsError, mistakes
from deeplinear.explorer._settings._parts import (
    METHODS,
    PLANTED,
    STRUCTURES,
    UPLOAD,
    Data,
    Flow,
    Nudge,
    Part,
    Start,
    Whole,
    as_tuple,
    sources,
    starts,
)

__all__ = [
    "METHODS",
    "PLANTED",
    "STRUCTURES",
    "UPLOAD",
    "Data",
    "Flow",
    "Nudge",
    "Settings",
    "Start",
    "sources",
    "starts",
]


class Settings(Part):
    """Everything on the left of the page.

    Examples
    --------
    >>> from deeplinear.explorer._settings._model import Settings
    >>> settings = Settings.of({"data": {"s": [3, 1]}, "hidden": [4, 4]})
    >>> settings.link()
    's=3,1&hidden=4,4'
    >>> Settings.from_link("s=3,1&hidden=4,4") == settings
    True
    """

    data: Data = Data()
    hidden: Annotated[
        tuple[Annotated[Whole, Field(ge=1, le=limits.WIDTH)], ...], BeforeValidator(as_tuple)
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
        return _links.written(self.tree(), type(self)().tree())

    @classmethod
    def from_link(cls, query: str) -> Self:
        """Read a query string that `link` wrote, or that a person typed.

        Raises
        ------
        SettingsError
            Everything that is wrong, one sentence for each field.
        """
        tree, wrong = _links.read(query)
        try:
            settings = cls.of(tree)
        except SettingsError as error:
            raise SettingsError(wrong | error.mistakes) from None
        if wrong:
            raise SettingsError(wrong)
        return settings

    @classmethod
    def rescued(cls, query: str) -> tuple[Self, dict[str, str]]:
        """Read as much of a query as is right.

        Returns
        -------
        settings : the defaults take the place of what is wrong.
        mistakes : everything that is wrong, the word of the link -> one sentence.
        """
        try:
            tree, wrong = _links.read(query)
        except SettingsError as error:
            return cls(), error.mistakes
        for parts in (False, True):  # without what is wrong, the rest may be wrong too
            try:
                settings = cls.of(tree)
                break
            except SettingsError as error:
                wrong = error.mistakes | wrong
                tree = _links.without(tree, error.mistakes, parts=parts)
        else:
            settings = cls.of(tree)
        return settings, {_links.word(field): sentence for field, sentence in wrong.items()}
