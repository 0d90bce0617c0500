"""Integrate the flow: methods, trajectories, ensembles, gradient descent (theory §13)."""

from deeplinear.solve._ensemble import Ensemble, ensemble
from deeplinear.solve._gradient_descent import gradient_descent
from deeplinear.solve._gradient_flow import gradient_flow
from deeplinear.solve._status import Progress, Segment, Stats, Status
from deeplinear.solve._storage import load
from deeplinear.solve._trajectory import Trajectory

__all__ = [
    "Ensemble",
    "Progress",
    "Segment",
    "Stats",
    "Status",
    "Trajectory",
    "ensemble",
    "gradient_descent",
    "gradient_flow",
    "load",
]
