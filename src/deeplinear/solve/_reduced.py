"""Whether a start is integrated as a smaller network that has the same flow (theory §5)."""

from deeplinear.flow import Reduction, gradient_work, reduce
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

LARGEST_VIOLATION = 1e-12
"""How far, relative to its weights, a start may be from what a reduction or closed form assumes."""

_WORTH_LOOKING = 20_000  # multiply-adds of a gradient; below, a run takes as long as the search


def reduced(problem: Problem, net: LinearNetwork, rtol: float) -> Reduction | None:
    """The reduction of this start, if it pays and is exact well within the tolerance."""
    work = gradient_work(net.widths, problem.rank, whitened=problem.factor is None)
    if work < _WORTH_LOOKING:
        return None
    found = reduce(problem, net)
    if found.violation > min(LARGEST_VIOLATION, 0.01 * rtol):
        return None
    # Modes that this start cannot learn would wait for round-off to reach them.
    trapped = found.constant - problem.optimum(min(net.widths)) > 1e-9 * problem.optimum(0)
    return found if found.shrinks or trapped else None
