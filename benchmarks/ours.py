"""Deeplinear's own methods, as its users call them."""

import deeplinear as dl
from benchmarks.method import Method, NotFeasibleError, Solve
from benchmarks.problems import Array, Case
from deeplinear.solve._gradient_flow import METHOD_NAMES

LIBRARY = "deeplinear"
DEFAULT = "auto"


def methods(case: Case, times: Array) -> list[Method]:
    """Every method by name; `auto` is the one that is compared with the peers."""
    return [Method(LIBRARY, name, _solver(case, times, name)) for name in METHOD_NAMES]


def _solver(case: Case, times: Array, name: str) -> Solve:
    problem, net = case.problem, case.network
    dl.gradient_flow(problem, net, t_end=1e-9 * case.t_end)  # loads the compiled code

    def solve(rtol: float) -> Array:
        run = dl.gradient_flow(problem, net, t_end=case.t_end, rtol=rtol, save=times, method=name)
        if run.status != "t_end":
            raise NotFeasibleError(f"status: {run.status}")
        return run.vectors

    return solve
