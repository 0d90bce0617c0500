"""The conservation laws along a run: their drift, and their values (theory §4)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.network import LinearNetwork
from deeplinear.plot.data._time import TimeAxis, time_axis
from deeplinear.solve import Trajectory

_OPERATIONS = 2e9  # spent on eigenvalues for one figure, at most
_MOST = 40  # eigenvalues of a layer
_BALANCED = 1e-13  # of the squared weights


@dataclass(frozen=True)
class DriftCurve:
    """The relative drift of the conservation laws along a run.

    Attributes
    ----------
    time : the time axis.
    drift : ``(k,)`` at the saved times; 0 at the start.
    round_off : of double precision.
    rtol : the tolerance of the run; 0 if it has none.
    laws : whether there are any: there are none at depth 1.
    limits : of the logarithmic height; None if no drift is above zero.
    """

    time: TimeAxis
    drift: Array
    round_off: float
    rtol: float
    laws: bool
    limits: tuple[float, float] | None


@dataclass(frozen=True)
class ImbalanceSpectra:
    """The eigenvalues of C_i = W_i W_i^T - W_{i+1}^T W_{i+1}, for every hidden layer.

    Attributes
    ----------
    time : the time axis, with the times at which they are computed; None for one network.
    values : one array ``(j, d)`` for each hidden layer, descending; NaN where weights overflow. Of
        layers wider than 40, 40 eigenvalues, the first and the last always.
    widths : of the hidden layers.
    balanced : whether all are below 1e-13 of the squared norm of a layer's weights.
    limits : of the height; None if there is nothing to show.
    """

    time: TimeAxis | None
    values: tuple[Array, ...]
    widths: tuple[int, ...]
    balanced: bool
    limits: tuple[float, float] | None


def drift(traj: Trajectory) -> DriftCurve:
    """Return the relative drift of the conservation laws, and what to compare it with.

    Raises
    ------
    ArgumentTypeError
        `traj` is no trajectory.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((2, 2, 2), scale=0.1, seed=0))
    >>> picture = data.drift(traj)
    >>> picture.laws, picture.rtol, bool(picture.drift.max() < picture.rtol)
    (True, 1e-06, True)
    """
    time = time_axis(traj)
    values = np.where(time.x > 0, traj.drift, 0.0)
    positive = values[np.isfinite(values) & (values > 0)]
    eps = float(np.finfo(float).eps)
    rtol = float(traj.options.get("rtol") or 0.0)
    limits = None
    if positive.size:
        heights = [*positive, eps, *([rtol] if rtol > 0 else [])]
        limits = float(min(heights)) / 3, 3 * float(max(heights))
    return DriftCurve(time, values, eps, rtol, len(traj.widths) > 2, limits)


def imbalance(run_or_network: Trajectory | LinearNetwork) -> ImbalanceSpectra:
    """Return the eigenvalues of all imbalances, of one network or along a run.

    The exact flow keeps them. For wide layers only some of the saved times are used, the first and
    the last always.

    Raises
    ------
    ArgumentTypeError
        It is neither a run nor a network.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.plot import data
    >>> data.imbalance(dl.LinearNetwork([np.diag([2.0, 1.0]), np.diag([1.0, 2.0])])).values
    (array([[ 3., -3.]]),)
    """
    given = run_or_network
    time = None
    if isinstance(given, LinearNetwork):
        networks = [given]
    elif isinstance(given, Trajectory):
        cost = 10.0 * sum(d**3 for d in given.widths[1:-1])
        n = int(np.clip(_OPERATIONS / max(cost, 1.0), 2, max(len(given), 2)))
        chosen = np.unique(np.linspace(0, len(given) - 1, n).round().astype(int))
        time, networks = time_axis(given).at(chosen), [given[int(k)] for k in chosen]
    else:
        raise ArgumentTypeError(
            f"Argument `run_or_network` must be a Trajectory or a LinearNetwork, but it is of type "
            f"{type(given).__name__}."
        )
    rows = [[_eigenvalues(c) for c in _imbalances(net)] for net in networks]
    values = tuple(np.array(layer) for layer in zip(*rows, strict=True))
    finite = np.concatenate([np.zeros(0), *(v[np.isfinite(v)] for v in values)])
    limits, balanced = None, False
    if finite.size:
        weights = max(float(np.linalg.norm(w)) for w in networks[0].weights)
        balanced = float(np.abs(finite).max()) <= _BALANCED * weights**2
        low, high = min(float(finite.min()), 0.0), max(float(finite.max()), 0.0)
        pad = 0.06 * (high - low) or 1.0
        limits = (low - pad, high + pad)
    return ImbalanceSpectra(time, values, given.widths[1:-1], balanced, limits)


def _imbalances(net: LinearNetwork) -> list[Array]:
    with np.errstate(over="ignore", invalid="ignore"):
        return net.imbalance()


def _eigenvalues(c: Array) -> Array:
    """Descending, some of many; NaN if the matrix overflows."""
    some = np.linspace(0, len(c) - 1, min(len(c), _MOST)).round().astype(int)
    if not np.isfinite(c).all():
        return np.full(len(some), np.nan)
    return np.asarray(np.linalg.eigvalsh(c)[::-1][some])
