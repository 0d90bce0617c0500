"""`gradient_flow`: the entry to the integrators."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from scipy.linalg.blas import dnrm2

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, unknown_name
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._methods._state import DENSE_LIMIT
from deeplinear.solve._reduced import reduced
from deeplinear.solve._saving import SaveLike, Saver
from deeplinear.solve._status import Progress
from deeplinear.solve._trajectory import Trajectory

METHOD_NAMES = ("auto", "explicit", "gauss", "stabilized", "stiff")
STRUCTURES = ("laws", "monotone")


def gradient_flow(
    problem: Problem,
    net: LinearNetwork,
    *,
    t_end: float | None = None,
    rtol: float = 1e-6,
    atol: float | None = None,
    method: str = "auto",
    save: SaveLike = None,
    stop: float | Literal["gap"] | None = None,
    reverse: bool = False,
    max_steps: int = 1_000_000,
    norm_cap: float | None = None,
    structure: Literal["laws", "monotone"] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Trajectory:
    r"""Integrate the gradient flow of a deep linear network.

    .. math:: \dot W_i = (W_{h-1} \cdots W_{i+1})^T (S_{yx} - P S_{xx}) (W_{i-1} \cdots W_0)^T,
              \qquad P = W_{h-1} \cdots W_0

    that is, dA/dt = -grad L(A) of the network's adjacency matrix.

    Parameters
    ----------
    problem
        The data's moments; ``problem.d_in`` and ``problem.d_out`` are the outer widths.
    net
        The start.
    t_end
        None or inf: run until the stop rule holds. Given: run to exactly t_end, >= 0, unless
        `stop` is given too.
    rtol
        Tolerance on each step, relative to each layer's Frobenius norm, or to the smallest
        singular value that carries signal at the start if that is smaller: unlearned modes stay
        that small on a plateau, and their errors decide when they leave. Never finer than
        round-off.
    atol
        Tolerance on each weight, added to it. None: small against the start, so that tiny starts
        are followed with relative accuracy.
    method
        "explicit": Runge-Kutta of order 8. "stabilized": of order 4, with many stages for mild
        stiffness. "stiff": Radau collocation of order 11 with the exact Hessian. "gauss": Gauss
        collocation of order 6, which keeps every conservation law to round-off. "auto": by closed
        form where the start has one (`exact.applicable`: one layer, or decoupled), else explicit,
        up to stabilized and stiff and back by operation counts; ``traj.segments`` says which, when
        and why.
    save
        None: states spread evenly over what happens, at most 400 or 256 MiB. An int: at most so
        many. Increasing times: exactly these, and the end. "ends": the start and the end only.

    Other Parameters
    ----------------
    stop
        Stop once loss - optimum <= this gap, where the optimum is the smallest loss of these
        widths. "gap", and the default without t_end: 1e-10 of the start's gap, or of the zero
        map's if that is smaller.
    reverse
        Run backward in time, to -t_end (t_end is needed). The flow backward can blow up in finite
        time; `norm_cap` ends it.
    max_steps
        Cap on accepted steps.
    norm_cap
        Cap on the Frobenius norm of all weights. None: 1e6 times the start's or the target's.
    structure
        "laws": steps keep the conservation laws of the start (theory §4), so that ``drift`` stays
        below 2e-14 at every tolerance; "gauss" keeps them anyway. "monotone": the loss falls at
        every step, ``largest_rise`` is 0, at every tolerance; forward in time only. See the notes
        for what they cost.
    progress
        Called with a `Progress` about ten times a second.

    Returns
    -------
    Trajectory
        Failures are values: see its `status`, which is "converged", "stopped at a saddle",
        "t_end", "step limit", "interrupted" or "failed", with reason and remedy. Ctrl-C keeps
        what has been computed.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is wrong; the text names it, what it must be and what it is.

    Notes
    -----
    The error is that of the integration: the field is exact. On a plateau an early error shifts
    the time of the exit; tighten rtol if exit times matter. A run that ends at a saddle without a
    `t_end` is detected by a gradient that stays at round-off for a million times as long as
    it took to get there, never by slowness alone.

    Structure "laws" moves a step back by the smallest move, which conjugate gradients find, until
    what is left is round-off of the laws: parts that are not learned yet are left alone, and so is
    the accuracy (the error was 0.4 to 2.1 times that without). Measured with 5-5-5-5 and 4-4-4-4-4
    from small starts, it takes at rtol 1e-2, 1e-3, 1e-6, 1e-9 up to 1.8, 1.9, 1.2, 1.1 times as
    long with "auto", 3.5, 2.9, 1.4, 1.2 times with "stabilized", and 1.2 times with the others.
    Where hidden layers are wide against the thinnest one, moves would be dear: explicit and
    stabilized steps are kept so short instead that their own order keeps the laws. With "auto" that
    takes at the same tolerances up to 3.6, 3.0, 1.6, 1.1 times as long (64-128-128-10 and
    30-60-60-10), with "stabilized" alone, of low order, up to 40 times.

    Structure "monotone" stretches a step, with its time, so that the loss falls by what the
    method's own slopes say (relaxation; explicit and stiff steps that do not land on a time that
    was asked for), if that changes the state by no more than a twentieth of the tolerance. A step
    that raises the loss is tried shorter. A rise by no more than round-off above the smallest loss
    so far is none. It takes 0.8 to 1.3 times as long; the error grew up to 7 times at rtol 1e-2,
    where it stays below the tolerance, and 2.4 times at finer ones.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> start = dl.init.gaussian((2, 2, 2), scale=1e-3, seed=0)
    >>> traj = dl.gradient_flow(problem, start)
    >>> traj.status
    'converged'
    >>> traj.mode_strengths[-1].round(4)
    array([3., 1.])

    References
    ----------
    theory §3, §4, §13; Wendin, Altafini, arXiv 2511.10362, section 3; Ketcheson, SIAM J. Numer.
    Anal. 57 (2019) 2850.
    """
    problem.require_widths(net.widths)
    if method not in METHOD_NAMES:
        raise unknown_name("method", method, METHOD_NAMES)
    rtol = checks.number("rtol", rtol, minimum=0.0, exclusive=True)
    if not 1e-14 <= rtol <= 0.1:
        raise ArgumentError(f"Argument `rtol` must lie between 1e-14 and 0.1, but it is {rtol:g}.")
    if structure is not None and structure not in STRUCTURES:
        raise unknown_name("structure", structure, STRUCTURES)
    if structure == "monotone" and reverse:
        raise ArgumentError(
            "Argument `structure` must not be 'monotone' when reverse=True: backward in time the "
            "loss rises. Use 'laws' or None."
        )
    if method == "stiff" and net.n_params > DENSE_LIMIT:
        raise ArgumentError(
            "Argument `method` must not be 'stiff' for more than "
            f"{DENSE_LIMIT} parameters (it forms the dense Hessian), but there are "
            f"{net.n_params}. Use 'auto' or 'explicit'."
        )
    if t_end == math.inf:
        t_end = None
    if t_end is None and reverse:
        raise ArgumentError(
            "Argument `t_end` must be given when reverse=True, but it is None: backward in time "
            "nothing converges."
        )
    end = math.inf if t_end is None else checks.number("t_end", t_end, minimum=0.0)
    if progress is not None and not callable(progress):
        raise ArgumentTypeError(
            f"Argument `progress` must be None or callable, but it is {progress!r}."
        )
    gap: float | Literal["default"] | None
    if stop is None:
        gap = "default" if t_end is None else None
    elif stop == "gap":
        gap = "default"
    else:
        gap = checks.number("stop", stop, minimum=0.0)
    reduction = reduced(problem, net, rtol) if method == "auto" else None
    large, start = problem, net
    if reduction is not None:
        problem, net = reduction.problem, reduction.net
    from deeplinear.solve._driver import Numerics, Run  # they load the compiled kernels
    from deeplinear.solve._methods._scales import finest_scale, natural_scale, smallest_scale

    scale = natural_scale(problem, net)
    numerics = Numerics(
        method=method,
        t_end=-end if reverse else end,
        rtol=rtol,
        atol=rtol * smallest_scale(net, scale)
        if atol is None
        else checks.number("atol", atol, minimum=0.0),
        finest=finest_scale(net.to_vector(), np.array(net.widths)),
        gap=gap,
        max_steps=checks.integer("max_steps", max_steps, minimum=1),
        norm_cap=1e6 * max(scale, float(dnrm2(net.to_vector())))
        if norm_cap is None
        else checks.number("norm_cap", norm_cap, minimum=0.0, exclusive=True),
        structure=structure,
    )
    saver = Saver.of(save, net.n_params, numerics.t_end)
    return Run(large, start, numerics, saver, progress, reduction).integrate()
