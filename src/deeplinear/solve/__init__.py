"""Integrate the flow: methods, trajectories, ensembles, gradient descent (theory §13).

`gradient_flow` checks its arguments and has `_driver` integrate one run, with the methods in
`_methods`, into a `Trajectory`. `ensemble` does so for many starts (`_ensembles`), eight at once
where they are small (`_lanes`).
"""

from deeplinear.solve._ensembles._ensemble import Ensemble, ensemble
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
