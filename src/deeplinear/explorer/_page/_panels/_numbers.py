"""Arrays as JSON: six digits, null for what is not finite."""

import base64
import math

import numpy as np

from deeplinear._core.checks import Array


def numbers(values: Array) -> list[float | None]:
    """Return the values with six digits; None, for null, where they are not finite."""
    return [float(f"{v:.6g}") if math.isfinite(v) else None for v in np.asarray(values).tolist()]


def number(value: float | None) -> float | None:
    """Return one value as `numbers` does."""
    return None if value is None else numbers(np.array([value]))[0]


def packed(values: Array) -> str:
    """Return the values as base64 of little-endian single precision: many numbers in few bytes."""
    with np.errstate(over="ignore"):
        return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode()
