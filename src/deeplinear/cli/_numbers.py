"""Numbers among the options of the commands that look at a landscape."""

import math

from deeplinear.cli._errors import Mistake
from deeplinear.cli._settings import parse

MOST = 1000
"""Rows that `--count` may ask for."""


def count(text: str | None, beyond: str, wrong: list[Mistake]) -> int:
    """`--count`, 10 if it is not given; `beyond` names what goes on in Python."""
    found = 10 if text is None else parse(text)
    if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= MOST:
        return found
    more = f"In Python, deeplinear.landscape.{beyond} goes on from there."
    wrong.append(
        Mistake("--count", f"must be an integer from 1 to {MOST}, but it is {text!r}. {more}")
    )
    return 1


def positive(name: str, text: str | None, wrong: list[Mistake]) -> float | None:
    """A positive number, None if it is not given or wrong."""
    if text is None:
        return None
    found = parse(text)
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 < found < math.inf:
        return float(found)
    wrong.append(Mistake(name, f"must be a number above 0, but it is {text!r}."))
    return None
