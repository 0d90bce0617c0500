"""`gradient_descent`: the discrete algorithm, with the flow's result type (theory §4)."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._saving import SaveLike, Saver
from deeplinear.solve._status import Progress
from deeplinear.solve._trajectory import Trajectory


def gradient_descent(
    problem: Problem,
    net: LinearNetwork,
    *,
    step_size: float,
    n_steps: int,
    save: SaveLike = None,
    stop: float | Literal["gap"] | None = None,
    norm_cap: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Trajectory:
    r"""Run full-batch gradient descent, W_i <- W_i - step_size dL/dW_i.

    The time of step k is ``k * step_size``, so that runs compare with the flow. The conservation
    laws break at second order in the step, exactly:

    .. math:: C_i^+ - C_i = \eta^2 (G_i G_i^T - G_{i+1}^T G_{i+1}), \qquad
              G_i = \partial L / \partial W_i

    Parameters
    ----------
    problem, net
        As in `gradient_flow`.
    step_size
        eta > 0. Stable near a minimum only if eta < 2 / (largest Hessian eigenvalue).
    n_steps
        The number of steps, at least 0.
    save
        None: states spread evenly over what happens. An int: at most so many. "ends".
    stop
        Stop earlier once loss - optimum <= this gap ("gap": the default gap of `gradient_flow`).
    norm_cap
        Cap on the Frobenius norm of all weights, 1e6 times the start's or the target's by default.
    progress
        As in `gradient_flow`.

    Returns
    -------
    Trajectory
        Status "t_end" after n_steps steps, "converged" if `stop` held, "failed" if it diverged.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is wrong; the text names it, what it must be and what it is.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> start = dl.init.gaussian((2, 2, 2), scale=1e-2, seed=0)
    >>> traj = dl.gradient_descent(problem, start, step_size=0.1, n_steps=300)
    >>> traj.mode_strengths[-1].round(4)
    array([3., 1.])

    References
    ----------
    theory §4.
    """
    problem.require_widths(net.widths)
    step = checks.number("step_size", step_size, minimum=0.0, exclusive=True)
    steps = checks.integer("n_steps", n_steps, minimum=0)
    if save is not None and not isinstance(save, str) and np.ndim(save) != 0:
        raise ArgumentError(
            "Argument `save` must be None, 'ends' or a number of states for gradient descent, but "
            "it is an array. Evaluate the trajectory at your times instead."
        )
    size = float(scipy.linalg.norm(problem.modes.s))
    natural = size ** (1.0 / net.depth) if size > 0 else 1.0
    from deeplinear.solve._driver import Numerics, Run

    numerics = Numerics(
        method="gradient descent",
        t_end=steps * step,
        rtol=0.0,
        atol=0.0,
        finest=math.inf,
        gap=None
        if stop is None
        else ("default" if stop == "gap" else checks.number("stop", stop, minimum=0.0)),
        max_steps=max(steps, 1),
        norm_cap=1e6 * max(natural, float(scipy.linalg.norm(net.to_vector())))
        if norm_cap is None
        else checks.number("norm_cap", norm_cap, minimum=0.0, exclusive=True),
        step_size=step,
    )
    saver = Saver.of(save, net.n_params, numerics.t_end)
    return Run(problem, net, numerics, saver, progress).integrate()
