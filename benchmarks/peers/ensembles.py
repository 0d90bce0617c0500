"""P5 by the peers: loops over members in one process a core, and diffrax.

Each builder is a context manager that yields solve(starts) -> end states, workers warm and code
compiled.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.method import absolute
from benchmarks.peers.numpy_flow import NumpyFlow, fields
from benchmarks.problems import ENSEMBLE_RTOL, STOP, Array, plateaus

LATEST = 1e7
"""A bound on the times; no member comes near it."""
CHUNK = 5
"""Members that a worker takes at a time, so that all finish together."""

SolveAll = Callable[[list[Array]], Array]


@contextmanager
def lsoda_loop(variant: str) -> Iterator[SolveAll]:
    """SciPy's LSODA, stepped until the loss is reached."""
    from scipy.integrate import LSODA  # noqa: F401 (installed?)

    with _processes(partial(_lsoda_member, variant)) as solve:
        yield solve


@contextmanager
def cvode_loop(variant: str) -> Iterator[SolveAll]:
    """CVODE's BDF with exact dense Jacobian; the loss is its event."""
    import sksundae  # noqa: F401 (installed?)

    with _processes(partial(_cvode_member, variant)) as solve:
        yield solve


@contextmanager
def diffrax_loop(variant: str) -> Iterator[SolveAll]:
    """Diffrax's Tsit5, one member after the other."""
    import diffrax  # noqa: F401 (installed?)

    with _processes(partial(_diffrax_member, variant)) as solve:
        yield solve


@contextmanager
def diffrax_vmap(variant: str) -> Iterator[SolveAll]:
    """Diffrax's Tsit5 in batches; larger ones are slower, since each waits for its slowest."""
    batch = 10
    compiled = _diffrax(variant, batch)

    def solve(starts: list[Array]) -> Array:
        batches = np.reshape(starts, (-1, batch, len(starts[0])))
        return np.concatenate([np.asarray(compiled(group)) for group in batches])

    yield solve


def _diffrax_member(variant: str, start: Array) -> Array:
    return np.asarray(_diffrax(variant, 1)(start[None]))[0]


@cache
def _diffrax(variant: str, batch: int) -> Callable[[Array], Any]:
    """Ends of a batch, compiled: each member has its own steps and its own end."""
    import jax
    import jax.numpy as jnp
    from diffrax import Event, ODETerm, PIDController, SaveAt, Tsit5, diffeqsolve

    from benchmarks.peers.jax_flow import flow

    case = plateaus()
    f, loss = flow(case.widths, case.sigma, variant)
    term = ODETerm(lambda t, y, args: f(y))
    event = Event(lambda t, y, args, **others: loss(y) < STOP)
    controller = PIDController(rtol=ENSEMBLE_RTOL, atol=absolute(ENSEMBLE_RTOL))

    def member(start: jax.Array) -> jax.Array:
        return diffeqsolve(
            term,
            Tsit5(),
            0.0,
            LATEST,
            None,
            start,
            saveat=SaveAt(t1=True),
            stepsize_controller=controller,
            event=event,
            max_steps=4_000_000,
        ).ys[0]

    shape = jax.ShapeDtypeStruct((batch, case.vector.size), jnp.float64)
    return jax.jit(jax.vmap(member)).lower(shape).compile()


SOLVERS = (
    ("SciPy", "LSODA loop", lsoda_loop),
    ("SUNDIALS", "CVODE BDF loop", cvode_loop),
    ("diffrax", "Tsit5 loop", diffrax_loop),
    ("diffrax", "Tsit5 vmap", diffrax_vmap),
)
"""Each builder takes a variant."""


@contextmanager
def _processes(member: Callable[[Array], Array]) -> Iterator[SolveAll]:
    """One process a core: faster than threads, which wait for each other between steps."""
    context = multiprocessing.get_context("spawn")
    workers = machine.cores()
    with ProcessPoolExecutor(workers, context) as pool:

        def solve(starts: list[Array]) -> Array:
            return np.array(list(pool.map(member, starts, chunksize=CHUNK)))

        # Both workers import and compile before anything is timed.
        list(pool.map(member, [plateaus().vector] * 4 * workers))
        yield solve


def _lsoda_member(variant: str, start: Array) -> Array:
    from scipy.integrate import LSODA

    case = plateaus()
    (f, jacobian), loss = fields(case)[variant], NumpyFlow(case).loss
    atol = absolute(ENSEMBLE_RTOL)
    solver = LSODA(f, 0.0, start, LATEST, rtol=ENSEMBLE_RTOL, atol=atol, jac=jacobian)
    while solver.status == "running" and loss(solver.y) >= STOP:
        solver.step()
    return solver.y


def _cvode_member(variant: str, start: Array) -> Array:
    from sksundae.cvode import CVODE

    case = plateaus()
    (f, jacobian), loss = fields(case)[variant], NumpyFlow(case).loss

    def field(t: float, y: Array, out: Array) -> None:
        out[:] = f(t, y)

    def dense(t: float, y: Array, yp: Array, out: Array) -> None:
        out[:] = jacobian(t, y)

    def event(t: float, y: Array, out: Array) -> None:
        out[0] = loss(y) - 0.999 * STOP

    event.terminal = [True]
    solver = CVODE(
        field,
        jacfn=dense,
        rtol=ENSEMBLE_RTOL,
        atol=absolute(ENSEMBLE_RTOL),
        max_num_steps=10**6,
        eventsfn=event,
        num_events=1,
    )
    return solver.solve(np.array([0.0, LATEST]), start).y[-1]
