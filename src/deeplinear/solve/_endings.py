"""The ways a run ends, each with its reason and remedy in words."""

from deeplinear.solve._status import Status


def converged(gap: float) -> Status:
    """The stop rule on loss - optimum holds."""
    return Status(
        "converged",
        f"The loss is within {gap:.2g} of the smallest that these widths can reach.",
    )


def t_end(t: float) -> Status:
    """The end time was reached."""
    return Status("t_end", f"The end time {t:g} was reached.")


def overflow_at_start() -> Status:
    """The field is not finite at the start."""
    return Status(
        "failed",
        "The field overflows at the start: the weights are too large.",
        "Start from smaller weights, or rescale the data.",
    )


def started_at_saddle(speed: float, gap: float) -> Status:
    """The gradient at the start is round-off."""
    return Status(
        "stopped at a saddle",
        f"The start is a critical point to round-off: its gradient is {speed:.1e} and its loss "
        f"lies {gap:.4g} above the smallest.",
        "Start at a distance from it, or give t_end to integrate all the same.",
    )


def stopped_at_saddle(speed: float, gap: float) -> Status:
    """The gradient fell to round-off and stayed there."""
    return Status(
        "stopped at a saddle",
        f"The gradient fell to {speed:.1e}, round-off, and stayed there; the loss lies {gap:.4g} "
        "above the smallest.",
        "This start lies in the saddle's stable set: start elsewhere to learn more modes.",
    )


def out_of_reach(gap: float) -> Status:
    """All is learned that an exact reduction of the start can learn."""
    return Status(
        "stopped at a saddle",
        f"The start has exactly nothing of some modes, and never will: all others are learned, and "
        f"the loss lies {gap:.4g} above the smallest.",
        "This start lies in the saddle's stable set: start elsewhere to learn more modes.",
    )


def drowned_in_round_off(speed: float, gap: float) -> Status:
    """The weights are so large that the gradient cannot be computed."""
    return Status(
        "failed",
        f"The gradient, {speed:.1e}, is round-off of products of very large weights, while the "
        f"loss lies {gap:.4g} above the smallest: double precision cannot follow the flow.",
        "Start from smaller weights.",
    )


def step_limit(max_steps: int, gap: float) -> Status:
    """The cap on steps was reached."""
    return Status(
        "step limit",
        f"{max_steps} steps were taken; the gap is {gap:.3g}.",
        "Raise max_steps, loosen rtol, take method='auto', or give t_end.",
    )


def interrupted(t: float, gap: float) -> Status:
    """The user interrupted the run."""
    return Status(
        "interrupted",
        f"Interrupted at t = {t:.6g} with gap {gap:.3g}; what had been computed is kept.",
        "Continue from traj.final.",
    )


def norm_cap(cap: float, t: float) -> Status:
    """The weights outgrew the cap, or backward in time the steps shrank to nothing."""
    return Status(
        "failed",
        f"The weights blow up near t = {t:.6g} (the norm cap is {cap:.3g}); backward in time the "
        "flow can do so in finite time.",
        "Choose an earlier end time, or raise norm_cap.",
    )


def diverged(step_size: float, cap: float) -> Status:
    """Gradient descent with too large a step."""
    return Status(
        "failed",
        f"Gradient descent diverged: the weights grew beyond the norm cap {cap:.3g}.",
        f"Choose a step_size below {step_size:g}; near a minimum it must be below 2 / (largest "
        "Hessian eigenvalue).",
    )


def step_underflow(t: float, step: float) -> Status:
    """No representable step meets the tolerance."""
    if abs(t) > 1e15 * step:
        return Status(
            "failed",
            f"The steps needed at t = {t:.6g} are too small, {step:.2g}, to be told apart from t "
            "in double precision: the plateaus before took that long.",
            "Start from larger weights, or continue from traj.final, which counts time anew.",
        )
    return Status(
        "failed",
        f"The step size underflowed at t = {t:.6g}: no step meets the tolerance.",
        "Loosen rtol, start from smaller weights, or try method='stiff'.",
    )
