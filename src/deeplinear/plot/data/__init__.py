"""What every picture shows, as arrays and words, without a drawing library.

A function here has the name of the plot that draws what it returns: a frozen object of arrays and
words, from the same finished objects. It imports no matplotlib.

>>> import deeplinear as dl
>>> from deeplinear.plot import data
>>> problem = dl.Problem.from_modes([2.0, 1.0])
>>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
>>> [line.label for line in data.loss(traj).critical]
['none', '0']
"""

from deeplinear.plot.data._adjacency import AdjacencyImage, adjacency
from deeplinear.plot.data._alignment import AlignmentMap, alignment
from deeplinear.plot.data._barcode import Bar, Bars, barcode
from deeplinear.plot.data._hessian import HessianSpectra, hessian
from deeplinear.plot.data._lattice import LatticeDiagram, Step, lattice
from deeplinear.plot.data._laws import DriftCurve, ImbalanceSpectra, drift, imbalance
from deeplinear.plot.data._loss import (
    CriticalLine,
    GradientNormCurve,
    LossCurve,
    gradient_norm,
    loss,
)
from deeplinear.plot.data._modes import (
    ExactCurves,
    ModeCurves,
    SingularValueCurves,
    mode_strengths,
    singular_values,
)
from deeplinear.plot.data._network import NetworkGraph, network
from deeplinear.plot.data._palette import COLORS, DASHES, GRID, INK, MUTED, mode_style
from deeplinear.plot.data._spectrum import Spectrum, spectrum
from deeplinear.plot.data._time import TimeAxis, time_axis
from deeplinear.plot.data._transitions import Transition, transitions
from deeplinear.plot.data._visits import VisitMark, visit_marks

__all__ = [
    "COLORS",
    "DASHES",
    "GRID",
    "INK",
    "MUTED",
    "AdjacencyImage",
    "AlignmentMap",
    "Bar",
    "Bars",
    "CriticalLine",
    "DriftCurve",
    "ExactCurves",
    "GradientNormCurve",
    "HessianSpectra",
    "ImbalanceSpectra",
    "LatticeDiagram",
    "LossCurve",
    "ModeCurves",
    "NetworkGraph",
    "SingularValueCurves",
    "Spectrum",
    "Step",
    "TimeAxis",
    "Transition",
    "VisitMark",
    "adjacency",
    "alignment",
    "barcode",
    "drift",
    "gradient_norm",
    "hessian",
    "imbalance",
    "lattice",
    "loss",
    "mode_strengths",
    "mode_style",
    "network",
    "singular_values",
    "spectrum",
    "time_axis",
    "transitions",
    "visit_marks",
]
