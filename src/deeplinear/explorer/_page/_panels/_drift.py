"""The drift of the conservation laws (theory §4)."""

from typing import Any

import numpy as np

from deeplinear.explorer._page._panels._numbers import number, numbers
from deeplinear.plot import data
from deeplinear.solve import Trajectory


def prepare(traj: Trajectory) -> dict[str, Any]:
    """Return the curve with round-off and the tolerance as references."""
    picture = data.drift(traj)
    if picture.limits is None:
        exact = "the laws hold exactly at every saved time"
        note = exact if picture.laws else "depth 1: there is no conservation law"
        return {"y": [], "note": note}
    references = [{"name": "round-off", "y": number(picture.round_off)}]
    if picture.rtol > 0:
        references.append({"name": "rtol", "y": number(picture.rtol)})
    return {
        "y": numbers(np.where(picture.drift > 0, picture.drift, np.nan)[picture.time.shown]),
        "references": references,
        "limits": [number(one) for one in picture.limits],
        "note": "",
    }
