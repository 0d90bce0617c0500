"""Named errors. Each says which argument, what it must be, what it is, and the remedy."""

import difflib
from collections.abc import Iterable


class DeeplinearError(Exception):
    """Base of every error that deeplinear raises on purpose."""


class ArgumentError(DeeplinearError, ValueError):
    """An argument has a value that the function cannot use."""


class ArgumentTypeError(DeeplinearError, TypeError):
    """An argument has a type that the function cannot use."""


class DataFileError(DeeplinearError, ValueError):
    """A data file cannot be read as numbers; the text names the file, row and column."""


class StoreError(DeeplinearError, ValueError):
    """A saved result is missing, truncated, foreign, or cannot be written."""


class MissingExtraError(DeeplinearError, ImportError):
    """An optional dependency is not installed; the text says how to install it."""


def unknown_name(argument: str, name: object, known: Iterable[str]) -> ArgumentError:
    """The error for a name outside a closed list, with the nearest names that exist."""
    known = sorted(known)
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
    listing = ", ".join(repr(n) for n in known)
    return ArgumentError(
        f"Argument `{argument}` must be one of {listing}, but it is {name!r}.{hint}"
    )
