"""Compute `references.npz`: ``python -m benchmarks.make_references [P1 ...]``.

A quarter of an hour, of which P3 takes most. Every problem is solved by Taylor series, by SciPy
and by deeplinear's Gauss collocation, each at its finest tolerance: three methods of different
kinds, of which the first shares no code with the others. The differences are stored beside the
states.
"""

import sys
import time
from dataclasses import replace

import numpy as np
from scipy.integrate import solve_ivp

import deeplinear as dl
from benchmarks.problems import CASES, MEMBERS, Array, Case, ensemble_starts, plateaus
from benchmarks.references import PATH, POINTS, RECOMPUTED, TAYLOR, by_taylor

DOP853 = ("DOP853", 1e-13)
SCIPY = {"P1": DOP853, "P2": DOP853, "P3": ("Radau", 1e-12), "P4": DOP853}
"""On P3, 600,000 steps at the stability limit cost DOP853 its accuracy: 9e-8 remain."""
CHECKED_MEMBERS = np.arange(0, MEMBERS, 20)


def by_scipy(case: Case, times: Array, name: str, rtol: float) -> Array:
    """One of SciPy's methods; Radau gets the exact Jacobian."""
    f, jacobian = dl.vector_field(case.problem, case.widths)
    options = {"jac": jacobian} if name == "Radau" else {}
    tolerances = {"rtol": rtol, "atol": 1e-2 * rtol * np.abs(case.vector).max()}
    span = (0.0, times[-1])
    return solve_ivp(f, span, case.vector, name, times, **tolerances, **options).y.T


def by_gauss(case: Case, times: Array) -> Array:
    """Deeplinear's symplectic collocation, an implicit method."""
    return dl.gradient_flow(
        case.problem,
        case.network,
        t_end=times[-1],
        rtol=1e-12,
        method="gauss",
        save=times,
        max_steps=10**8,
    ).vectors


def check_times(case: Case) -> Array:
    """Times at equal distances along the path of the state, to six digits."""
    run = dl.gradient_flow(case.problem, case.network, t_end=case.t_end, rtol=1e-9, save=4000)
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(run.vectors, axis=0), axis=1))])
    times = np.interp(np.linspace(0.0, arc[-1], POINTS + 1)[1:], arc, run.t)
    return np.array([float(f"{t:.6g}") for t in times[:-1]] + [case.t_end])


def largest_difference(a: Array, b: Array) -> float:
    """As `Reference.error`."""
    return float(np.linalg.norm(a - b, axis=1).max())


def reference(case: Case) -> dict[str, object]:
    """One problem's entries of the file."""
    times = check_times(case)
    order, dtype = TAYLOR[case.name]
    name, rtol = SCIPY[case.name]
    methods = {
        f"Taylor series of order {order} in {dtype.__name__}": lambda: by_taylor(case, times),
        f"SciPy {name}, rtol {rtol:.0e}": lambda: by_scipy(case, times, name, rtol),
        "deeplinear gauss, rtol 1e-12": lambda: by_gauss(case, times),
    }
    found = {}
    for title, solve in methods.items():
        start = time.perf_counter()
        found[title] = solve()
        print(f"{case.name}  {title}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    best, *others = found
    differences = {title: largest_difference(found[title], found[best]) for title in others}
    print(f"{case.name}  differences from {best}: {differences}", file=sys.stderr)
    entries = {
        "times": times,
        "method": best,
        "checks": np.array(others),
        "differences": np.array([differences[title] for title in others]),
    }
    if case.name not in RECOMPUTED:
        entries["states"] = found[best]
    return {f"{case.name}_{key}": value for key, value in entries.items()}


def limits() -> dict[str, object]:
    """P5's entries: where the checked members end, with loss < 1e-20."""
    starts, base = ensemble_starts(), plateaus()
    ends, worst = [], 0.0
    for member in CHECKED_MEMBERS:
        case = replace(base, start=starts[member])
        run = dl.gradient_flow(case.problem, case.network, rtol=1e-12, method="gauss", stop=1e-20)
        times = np.array([run.t_end])
        worst = max(worst, largest_difference(by_scipy(case, times, *DOP853), run.vectors[-1:]))
        ends.append(run.vectors[-1])
    print(f"P5  {len(ends)} ends: gauss and DOP853 differ by {worst:.1e}", file=sys.stderr)
    return {"P5_members": CHECKED_MEMBERS, "P5_limits": np.array(ends), "P5_difference": worst}


def main() -> None:
    """Compute the problems named on the command line, or all, and keep the others' entries."""
    names = sys.argv[1:] or [*CASES, "P5"]
    entries: dict[str, object] = {}
    if PATH.exists():
        with np.load(PATH) as stored:
            entries = dict(stored)
    for name in names:
        entries = {key: entry for key, entry in entries.items() if not key.startswith(name)}
        entries |= limits() if name == "P5" else reference(CASES[name]())
        np.savez_compressed(PATH, **entries)


if __name__ == "__main__":
    main()
