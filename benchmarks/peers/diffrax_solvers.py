"""Diffrax: compiled in float64 for the processor before anything is timed."""

import jax
import jax.numpy as jnp
from diffrax import AbstractSolver as Solver
from diffrax import Dopri8, Kvaerno5, ODETerm, PIDController, SaveAt, Tsit5, diffeqsolve

from benchmarks.method import Method, Solve, absolute, if_dense_fits
from benchmarks.peers.jax_flow import flow, variants
from benchmarks.problems import Array, Case

MAX_STEPS = 4_000_000


SOLVERS = {"Tsit5": Tsit5, "Dopri8": Dopri8, "Kvaerno5": Kvaerno5}


def methods(case: Case, times: Array) -> list[Method]:
    """Two explicit methods and an implicit one, with and without products that XLA fuses."""
    found = []
    for variant in variants(case.widths):
        for name, solver in SOLVERS.items():
            solve = _solver(case, times, solver(), variant)
            if name == "Kvaerno5":
                solve = if_dense_fits(case, solve)
            found.append(Method("diffrax", name, solve, variant))
    return found


def _solver(case: Case, times: Array, solver: Solver, variant: str) -> Solve:
    f, _ = flow(case.widths, case.sigma, variant)
    term = ODETerm(lambda t, y, args: f(y))
    start, save = jnp.asarray(case.vector), SaveAt(ts=jnp.asarray(times))

    def integrate(rtol: float, atol: float) -> jax.Array:
        return diffeqsolve(
            term,
            solver,
            0.0,
            float(times[-1]),
            None,
            start,
            saveat=save,
            stepsize_controller=PIDController(rtol=rtol, atol=atol),
            max_steps=MAX_STEPS,
        ).ys

    compiled = jax.jit(integrate).lower(1e-3, 1e-6).compile()

    def solve(rtol: float) -> Array:
        return compiled(rtol, absolute(rtol)).block_until_ready()

    return solve
