"""Orbits and fibers of networks: barcodes, dimensions, learning coefficients, gauge, paths.

>>> import deeplinear as dl
>>> from deeplinear import geometry
>>> net = dl.init.gaussian((4, 2, 3), seed=0)
>>> dict(geometry.barcode(net))
{(0, 0): 2, (0, 2): 2, (2, 2): 1}
>>> geometry.fiber(net.widths, 2).dimension  # of the weights with the same product
4
>>> geometry.learning_coefficient(net.widths, 2)
LearningCoefficient(value=5.0, multiplicity=1)
"""

from deeplinear.geometry._balance import Balanced, balance
from deeplinear.geometry._barcode import Barcode
from deeplinear.geometry._bars import orbit_codimension
from deeplinear.geometry._enumerate import barcodes, representative
from deeplinear.geometry._fiber import Fiber, fiber
from deeplinear.geometry._gauge import gauge_transform, random_gauge
from deeplinear.geometry._learning_coefficient import LearningCoefficient, learning_coefficient
from deeplinear.geometry._path import FiberPath, fiber_path
from deeplinear.geometry._ranks import barcode

__all__ = [
    "Balanced",
    "Barcode",
    "Fiber",
    "FiberPath",
    "LearningCoefficient",
    "balance",
    "barcode",
    "barcodes",
    "fiber",
    "fiber_path",
    "gauge_transform",
    "learning_coefficient",
    "orbit_codimension",
    "random_gauge",
    "representative",
]
