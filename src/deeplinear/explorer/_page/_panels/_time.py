"""The time axis that the panels of one run share."""

from typing import Any

import numpy as np

from deeplinear.explorer._page._panels._numbers import number, numbers
from deeplinear.plot.data import TimeAxis


def prepare(time: TimeAxis) -> dict[str, Any]:
    """Return the times that can be drawn, the scale and the limits."""
    lower, upper = time.limits
    if time.log and lower <= 0:
        lower = float(np.min(time.x[time.x > 0], initial=1.0))
    return {
        "x": numbers(time.x[time.shown]),
        "log": time.log,
        "limits": [number(lower), number(upper)],
        "backward": time.backward,
        "constant_until": number(time.constant_until),
    }
