"""SciPy, with right-hand side and exact Jacobian in NumPy, or with deeplinear's compiled ones."""

import warnings

import numpy as np
from scipy.integrate import odeint, solve_ivp

from benchmarks.method import Method, NotFeasibleError, Solve, absolute, if_dense_fits
from benchmarks.peers.numpy_flow import Function, fields
from benchmarks.problems import Array, Case


def methods(case: Case, times: Array) -> list[Method]:
    """LSODA through both interfaces, Radau, BDF and DOP853."""
    found = []
    for variant, (f, jacobian) in fields(case).items():
        solves = {"LSODA (odeint)": if_dense_fits(case, _odeint(case, times, f, jacobian))}
        for name, title in {"LSODA": "LSODA (solve_ivp)", "Radau": "Radau", "BDF": "BDF"}.items():
            solves[title] = if_dense_fits(case, _solve_ivp(case, times, name, f, jac=jacobian))
        solves["DOP853"] = _solve_ivp(case, times, "DOP853", f)
        found += [Method("SciPy", name, solve, variant) for name, solve in solves.items()]
    return found


def _odeint(case: Case, times: Array, f: Function, jacobian: Function) -> Solve:
    start, grid = case.vector, np.concatenate([[0.0], times])
    options = {"Dfun": jacobian, "tfirst": True, "mxstep": 10**6}

    def solve(rtol: float) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # its only way to report a failure
            return odeint(f, start, grid, rtol=rtol, atol=absolute(rtol), **options)[1:]

    return solve


def _solve_ivp(case: Case, times: Array, name: str, f: Function, **options: object) -> Solve:
    start, span = case.vector, (0.0, times[-1])

    def solve(rtol: float) -> Array:
        run = solve_ivp(f, span, start, name, times, rtol=rtol, atol=absolute(rtol), **options)
        if not run.success:
            raise NotFeasibleError(run.message)
        return run.y.T

    return solve
