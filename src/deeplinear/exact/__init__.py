"""Closed forms of the gradient flow (theory §7): references in tests, overlays, fast solvers.

`applicable` says which of them cover a start.

>>> import numpy as np
>>> import deeplinear as dl
>>> from deeplinear import exact
>>> problem = dl.Problem.from_modes([3.0, 1.0], d_in=4, seed=0)
>>> net = dl.init.lambda_balanced((4, 2, 2), lam=-0.5, scale=0.1, seed=0)
>>> [form.name for form in exact.applicable(problem, net)]
['two layers']
>>> traj = dl.gradient_flow(problem, net, t_end=2.0, rtol=1e-10)
>>> bool(np.abs(exact.two_layer(problem, net, 2.0)[0] - traj.final.product()).max() < 1e-8)
True
"""

from deeplinear.exact._applicable import Solution, applicable
from deeplinear.exact._chain import chain
from deeplinear.exact._decoupled import decoupled, decoupled_weights
from deeplinear.exact._decoupling import Decoupling, decoupling
from deeplinear.exact._escape import escape, escape_time
from deeplinear.exact._mode import mode_amplitude, mode_strength, mode_time
from deeplinear.exact._one_layer import one_layer
from deeplinear.exact._two_layer import two_layer

__all__ = [
    "Decoupling",
    "Solution",
    "applicable",
    "chain",
    "decoupled",
    "decoupled_weights",
    "decoupling",
    "escape",
    "escape_time",
    "mode_amplitude",
    "mode_strength",
    "mode_time",
    "one_layer",
    "two_layer",
]
