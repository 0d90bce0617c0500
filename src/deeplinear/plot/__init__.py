"""Pictures of finished runs and networks: ``f(obj, *, ax=None, ...) -> Axes``, never shown.

Without `ax`, a new pyplot figure is made, in this library's look; with it, nothing but the axes
is touched. Mode k has the same color and line style in every figure.

>>> import matplotlib
>>> matplotlib.use("agg")
>>> import deeplinear as dl
>>> from deeplinear import plot
>>> problem = dl.Problem.from_modes([2.0, 1.0])
>>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
>>> plot.mode_strengths(traj).get_ylabel()
'mode strength $p_k = u_k^T P v_k$'
"""

from deeplinear.plot._alignment import alignment
from deeplinear.plot._barcode import barcode
from deeplinear.plot._curves import drift, mode_strengths, singular_values
from deeplinear.plot._heatmap import adjacency
from deeplinear.plot._hessian import hessian
from deeplinear.plot._imbalance import imbalance
from deeplinear.plot._lattice import lattice
from deeplinear.plot._loss import gradient_norm, loss
from deeplinear.plot._manifold import manifold
from deeplinear.plot._network import network
from deeplinear.plot._paper import style
from deeplinear.plot._phase_portrait import phase_portrait
from deeplinear.plot._spectrum import spectrum
from deeplinear.plot._surface import surface
from deeplinear.plot.data import mode_style

__all__ = [
    "adjacency",
    "alignment",
    "barcode",
    "drift",
    "gradient_norm",
    "hessian",
    "imbalance",
    "lattice",
    "loss",
    "manifold",
    "mode_strengths",
    "mode_style",
    "network",
    "phase_portrait",
    "singular_values",
    "spectrum",
    "style",
    "surface",
]
