"""SUNDIALS CVODE through scikit-sundae, with functions in NumPy or with deeplinear's compiled."""

from typing import Any

import numpy as np
from sksundae.cvode import CVODE

from benchmarks.method import Method, NotFeasibleError, Solve, absolute, if_dense_fits
from benchmarks.peers.numpy_flow import Function, fields
from benchmarks.problems import Array, Case

MAX_STEPS = 200_000
"""Steps from one check point to the next: the only limit that scikit-sundae survives."""


def methods(case: Case, times: Array) -> list[Method]:
    """BDF and Adams, with a dense exact Jacobian or with GMRES."""
    found = []
    for variant, (f, jacobian) in fields(case).items():
        dense = {"linsolver": "dense", "jacfn": _fill_jacobian(jacobian)}
        gmres = {"linsolver": "gmres", "krylov_dim": 20}
        for family in ("BDF", "Adams"):
            solves = {
                f"CVODE {family}": if_dense_fits(
                    case, _solver(case, times, f, method=family, **dense)
                ),
                f"CVODE {family} GMRES": _solver(case, times, f, method=family, **gmres),
            }
            found += [Method("SUNDIALS", n, s, variant, False) for n, s in solves.items()]
    return found


def _fill_jacobian(jacobian: Function) -> Any:
    def fill(t: float, y: Array, yp: Array, out: Array) -> None:
        out[:] = jacobian(t, y)

    return fill


def _solver(case: Case, times: Array, f: Function, **options: Any) -> Solve:
    start, grid = case.vector, np.concatenate([[0.0], times])

    def fill(t: float, y: Array, out: Array) -> None:
        out[:] = f(t, y)

    def solve(rtol: float) -> Array:
        solver = CVODE(fill, rtol=rtol, atol=absolute(rtol), max_num_steps=MAX_STEPS, **options)
        run = solver.solve(grid, start)
        if not run.success:
            raise NotFeasibleError(run.message)
        return run.y[1:]

    return solve
