"""Critical points of the loss: their classes, canonical points, kinds and escape orders.

>>> import deeplinear as dl
>>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
>>> origin = dl.landscape.critical_point(problem, (3, 3, 3, 3), [])
>>> dl.landscape.classify(problem, origin).escape_order
3
"""

from deeplinear.landscape._classes import (
    CriticalValue,
    CriticalValues,
    critical_value,
    critical_values,
)
from deeplinear.landscape._classify import Classification, classify
from deeplinear.landscape._modes import ModeSet, group_strengths, learned_modes, mode_groups
from deeplinear.landscape._point import critical_point
from deeplinear.landscape._refine import Refinement, refine
from deeplinear.landscape._spectrum import index, spectrum

__all__ = [
    "Classification",
    "CriticalValue",
    "CriticalValues",
    "ModeSet",
    "Refinement",
    "classify",
    "critical_point",
    "critical_value",
    "critical_values",
    "group_strengths",
    "index",
    "learned_modes",
    "mode_groups",
    "refine",
    "spectrum",
]
