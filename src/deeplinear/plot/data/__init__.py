"""What the pictures show, as arrays: prepared without matplotlib."""

from deeplinear.plot.data._plane import Plane, PlaneLoss
from deeplinear.plot.data._slice import LossSlice, loss_slice

__all__ = ["LossSlice", "Plane", "PlaneLoss", "loss_slice"]
