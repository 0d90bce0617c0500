"""Argument checks that only starting points need."""

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

LARGEST = 1e150
"""Weights are kept below this size, so that the squares in C_i and in the loss are finite."""


def magnitude(name: str, value: object, *, power: int = 1) -> float:
    """Return `value` as a float in [0, LARGEST**power]."""
    return abs(signed(name, checks.number(name, value, minimum=0.0), power=power))


def signed(name: str, value: object, *, power: int = 1) -> float:
    """Return `value` as a float of size at most LARGEST**power."""
    number = checks.number(name, value)
    if abs(number) > LARGEST**power:
        raise ArgumentError(
            f"Argument `{name}` must be at most {LARGEST**power:g} in size, so that the squares of "
            f"the weights are finite, but it is {number:g}."
        )
    return number


def instance(name: str, value: object, *kinds: type) -> None:
    """Raise ArgumentTypeError unless `value` is an instance of one of `kinds`."""
    if not isinstance(value, kinds):
        raise ArgumentTypeError(
            f"Argument `{name}` must be a {' or '.join(kind.__name__ for kind in kinds)}, "
            f"but it is of type {type(value).__name__}."
        )
