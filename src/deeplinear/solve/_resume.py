"""Evaluate a trajectory between its saved states by running again from the nearest earlier one."""

from typing import TYPE_CHECKING

from deeplinear.network import LinearNetwork

if TYPE_CHECKING:
    from deeplinear.solve._trajectory import Trajectory


def resume(traj: "Trajectory", k: int, t: float) -> LinearNetwork:
    """Return the network at time t > t[k], integrated from saved state k with the run's options."""
    from deeplinear.solve._gradient_descent import gradient_descent
    from deeplinear.solve._gradient_flow import gradient_flow

    options, left = traj.options, t - float(traj.t[k])
    if options["method"] == "gradient descent":
        step = options["step_size"]
        n_steps = int(left / step + 1e-9)
        return gradient_descent(
            traj.problem, traj[k], step_size=step, n_steps=n_steps, save="ends"
        ).final
    reduction = traj.reduction
    final = gradient_flow(
        traj.problem if reduction is None else reduction.problem,
        traj.reduced(k),
        t_end=abs(left),
        reverse=left < 0,
        rtol=options["rtol"],
        atol=options["atol"],
        method=options["method"],
        save="ends",
        max_steps=options["max_steps"],
        norm_cap=options["norm_cap"],
        structure=options.get("structure"),
    ).final
    return final if reduction is None else reduction.expand(final)
