"""The loss above the optimum, with critical values (theory §8, §11)."""

from typing import Any

import numpy as np

from deeplinear.explorer._page._panels._numbers import number, numbers
from deeplinear.plot import data
from deeplinear.solve import Trajectory


def prepare(traj: Trajectory) -> dict[str, Any]:
    """Return the curve, the critical values, and the limits; a note where nothing can be drawn."""
    picture = data.loss(traj)
    gap = np.where(picture.gap > 0, picture.gap, np.nan)[picture.time.shown]
    return {
        "y": numbers(gap),
        "optimum": number(picture.optimum),
        "limits": None if picture.limits is None else [number(one) for one in picture.limits],
        "levels": [
            {"name": line.label, "gap": number(line.gap), "seen": line.visited}
            for line in picture.critical
        ],
        "note": "" if picture.limits else "the loss is at the optimum at every saved time",
    }
