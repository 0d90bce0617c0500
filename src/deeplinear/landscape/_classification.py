"""What a point of the landscape is: the answer of `classify` (theory §8)."""

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._eigenpairs import Eigenpairs, lowest_eigenpairs
from deeplinear.landscape._inertia import Inertia, inertia_of, one_layer
from deeplinear.landscape._modes import ModeSet
from deeplinear.landscape._spectrum import spectrum
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def require_critical(verdict: "Classification", name: str = "net") -> None:
    """Raise ArgumentError unless the point that was classified is critical."""
    if verdict.kind == "not critical":
        raise ArgumentError(
            f"Argument `{name}` must be a critical point, but its gradient is "
            f"{verdict.gradient_norm:.2g}. Use deeplinear.landscape.refine first."
        )


@dataclass(frozen=True, repr=False)
class Classification:
    """What a point of the landscape is; prints itself in aligned lines.

    Attributes
    ----------
    kind : "global minimum", "strict saddle", "non-strict saddle", "not critical" or "undecided".
    modes : the learned modes, ascending; of a group of equal modes, the first ones.
    loss, gradient_norm : full loss and ||grad L||_F of the network as given.
    escape_order : 2 for strict saddles, at least 3 for non-strict ones; None at minima, or where
        only the kind is decided.
    escape_layers : layers, from 0, along which the loss falls at that order if exactly they are
        perturbed; empty if there are none. Where the order is undecided, of the lowest possible.
    decided_by : the test that decided, in a sentence.
    margin : the factor by which what was tested clears its threshold; >= 1, infinite for exact
        zeros. For "not critical" that of the gradient.
    inertia : the full second-order picture, see `landscape.inertia`; computed when it is asked for.
        None for a point that is not critical, or whose learned modes are undecided.
    """

    kind: str
    modes: ModeSet
    loss: float
    gradient_norm: float
    escape_order: int | None
    escape_layers: tuple[int, ...]
    decided_by: str
    margin: float
    _point: tuple[Problem, LinearNetwork] = field(repr=False, compare=False)

    @cached_property
    def inertia(self) -> Inertia | None:
        """Negative, zero and positive eigenvalues of the Hessian, and what the zeros are."""
        undecided = self.kind == "undecided" and self.margin <= 1.0
        if self.kind == "not critical" or undecided:
            return None
        problem, net = self._point
        return one_layer(problem, net) if net.depth == 1 else inertia_of(problem, net, self.modes)

    def lowest(self, k: int = 6) -> Eigenpairs:
        """The k lowest Hessian eigenvalues with directions and bounds (`lowest_eigenpairs`)."""
        return lowest_eigenpairs(*self._point, k)

    def spectrum(self, k: int | None = None) -> Array:
        """All Hessian eigenvalues, ascending, or the k smallest (`landscape.spectrum`)."""
        return spectrum(*self._point, k)

    def facts(self) -> dict[str, Any]:
        """The attributes as a dictionary, without the inertia."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "_point"}

    def rows(self) -> list[tuple[str, str]]:
        """The lines that it prints, as (name, text)."""
        order = "none" if self.escape_order is None else str(self.escape_order)
        if self.escape_layers:
            order += f", along layers {', '.join(map(str, self.escape_layers))}"
        modes = ", ".join(map(str, self.modes)) or "none"
        return [
            ("kind", self.kind),
            ("learned", f"modes {modes}" if self.modes else "no mode"),
            ("loss", f"{self.loss:.6g}, gradient {self.gradient_norm:.2g}"),
            ("escape", f"order {order}"),
            ("decided", f"{self.decided_by} Margin {self.margin:.2g}."),
        ]

    def __repr__(self) -> str:
        return "Classification\n" + "\n".join(f"  {name:9}{text}" for name, text in self.rows())
