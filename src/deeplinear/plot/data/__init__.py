"""What the pictures show, as arrays: prepared without matplotlib."""

from deeplinear.plot.data._bands import LEVELS, Bands, ensemble_bands
from deeplinear.plot.data._ensemble import (
    LearningTimes,
    Order,
    itineraries,
    learning_times,
    wilson,
)
from deeplinear.plot.data._plane import Plane, PlaneLoss
from deeplinear.plot.data._slice import LossSlice, loss_slice

__all__ = [
    "LEVELS",
    "Bands",
    "LearningTimes",
    "LossSlice",
    "Order",
    "Plane",
    "PlaneLoss",
    "ensemble_bands",
    "itineraries",
    "learning_times",
    "loss_slice",
    "wilson",
]
