"""What a solver is to the benchmark."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.problems import Array, Case

Solve = Callable[[float], Array]

STOCK = "stock"
"""What a user of the peer writes from the equations, with the peer's own tools."""
TUNED = "tuned"
"""The same solver with help that its users do not have: compiled functions, fused products."""


class NotFeasibleError(Exception):
    """The method cannot do this; the text says why."""


@dataclass(frozen=True)
class Method:
    """A solver built for one problem: solve(rtol) returns the states at the check times.

    variant : `STOCK` or `TUNED` for peers.
    interruptible : whether a signal may end it; some libraries crash when a callback raises.
    """

    library: str
    name: str
    solve: Solve
    variant: str = ""
    interruptible: bool = True

    @property
    def title(self) -> str:
        """Library, method and variant: no two are alike."""
        return title(self.library, self.name, self.variant)


def title(library: str, name: str, variant: str) -> str:
    """As it is printed."""
    return f"{library} {name} ({variant})" if variant else f"{library} {name}"


def not_feasible(reason: str) -> Solve:
    """A solve that says why there is none."""

    def solve(rtol: float) -> Array:
        raise NotFeasibleError(reason)

    return solve


DENSE_LIMIT = 5_000
"""Parameters up to which methods that factorize a dense Jacobian are tried."""


def if_dense_fits(case: Case, solve: Solve) -> Solve:
    """The solve itself, or the reason why its dense Jacobian does not fit."""
    n = case.vector.size
    if n <= DENSE_LIMIT:
        return solve
    return not_feasible(f"not feasible: its Jacobian takes {8 * n * n / 1e9:.1f} GB")


def absolute(rtol: float) -> float:
    """The absolute tolerance that peers get: relative to the weights of a small start.

    A factor of 1e-3 is the best of 1, 1e-2 ... 1e-7, or within a tenth of it, for LSODA on P2 and
    P3 and for CVODE on P2; Radau gains a fifth from 1e-5 on P2 and loses as much on P3.
    """
    return 1e-3 * rtol
