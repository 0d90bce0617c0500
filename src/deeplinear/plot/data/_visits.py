"""The visits of a run as marks on a curve (theory §11)."""

from collections.abc import Callable
from dataclasses import dataclass

from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import Itinerary, Visit, set_name
from deeplinear.landscape import ModeSet

_LONGEST = 14  # characters


@dataclass(frozen=True)
class VisitMark:
    """One visit as a point of a curve, with what there is to say about it.

    Attributes
    ----------
    x, y : the time since the start at which the gradient is smallest, and the curve's height.
    t_in, t_out, t_closest : from when to when, and when the gradient is smallest.
    modes : the learned modes; label : their name.
    plateau, prominence : whether the run waited; depth of the minimum of log ||grad L||.
    named : whether it gets a label: plateaus, and the end.
    kind, escape_order : of the critical point nearby; "none near" and None without one.
    value, loss, gradient_norm : of the class; of the run at t_closest.
    distance : from the critical point nearby, over all weights.
    """

    x: float
    y: float
    t_in: float
    t_out: float
    t_closest: float
    modes: ModeSet
    label: str
    plateau: bool
    prominence: float
    named: bool
    kind: str
    escape_order: int | None
    value: float
    loss: float
    gradient_norm: float
    distance: float


def visit_marks(
    itinerary: Itinerary | None, height: Callable[[Visit], float]
) -> tuple[VisitMark, ...]:
    """Return the marks of an itinerary on a curve of this height; none without an itinerary.

    Raises
    ------
    ArgumentTypeError
        `itinerary` is something else.
    """
    if itinerary is None:
        return ()
    if not isinstance(itinerary, Itinerary):
        raise ArgumentTypeError(
            f"Argument `itinerary` must be an Itinerary or None, but it is of type "
            f"{type(itinerary).__name__}. Compute one with deeplinear.itinerary(traj)."
        )
    return tuple(
        VisitMark(
            x=abs(visit.t_closest),
            y=height(visit),
            t_in=visit.t_in,
            t_out=visit.t_out,
            t_closest=visit.t_closest,
            modes=visit.modes,
            label=set_name(visit.modes),
            plateau=visit.plateau,
            prominence=visit.prominence,
            named=visit.plateau or j == len(itinerary) - 1,
            kind=visit.kind,
            escape_order=visit.escape_order,
            value=visit.value,
            loss=visit.loss,
            gradient_norm=visit.gradient_norm,
            distance=visit.distance,
        )
        for j, visit in enumerate(itinerary)
    )


def shortened(text: str) -> str:
    """Return a name that fits beside a mark: at most 14 characters."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
