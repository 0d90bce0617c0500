"""The panels of the page as pictures for a paper: by matplotlib, in the light look."""

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deeplinear import LinearNetwork, landscape, plot
from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.explorer._runs._run import Run
from deeplinear.plot._style import settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
"""The formats, with their media types."""

MOST_CLASSES = 1 << 14
"""Classes of critical points up to which the lattice is drawn."""

_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings are those of the whole process


@dataclass(frozen=True)
class Panel:
    """A picture of a run, or of its network at one time."""

    title: str
    at_a_time: bool
    draw: "Callable[[Run, LinearNetwork, Axes], object]"
    size: tuple[float, float] = (5.0, 3.3)
    layout: Literal["constrained", "compressed"] = "constrained"


def _lattice(run: Run, net: LinearNetwork, ax: "Axes") -> None:
    problem, widths = run.traj.problem, run.traj.widths  # type: ignore[union-attr]
    count = landscape.critical_values(problem, widths).count
    if count > MOST_CLASSES:
        raise ArgumentError(
            f"The lattice of {count} classes of critical points is too large to be drawn: at most "
            f"{MOST_CLASSES} are. Use fewer modes or narrower layers."
        )
    plot.lattice(landscape.lattice(problem, widths), run.itinerary, ax=ax)


def _traj(draw: Callable[..., object]) -> "Callable[[Run, LinearNetwork, Axes], object]":
    return lambda run, net, ax: draw(run.traj, ax=ax)


PANELS = {
    "loss": Panel(
        "Loss",
        False,
        lambda run, net, ax: plot.loss(run.traj, ax=ax, itinerary=run.itinerary),  # type: ignore[arg-type]
    ),
    "gradient_norm": Panel(
        "Gradient norm",
        False,
        lambda run, net, ax: plot.gradient_norm(run.traj, ax=ax, itinerary=run.itinerary),  # type: ignore[arg-type]
    ),
    "mode_strengths": Panel("Mode strengths", False, _traj(plot.mode_strengths)),
    "singular_values": Panel("Singular values", False, _traj(plot.singular_values)),
    "lattice": Panel("Saddles", False, _lattice, (5.0, 4.0), "compressed"),
    "network": Panel("Network", True, lambda run, net, ax: plot.network(net, ax=ax), (5.0, 3.6)),
    "adjacency": Panel(
        "Adjacency matrix",
        True,
        lambda run, net, ax: plot.adjacency(net, ax=ax),
        (4.6, 3.9),
        "compressed",
    ),
    "spectrum": Panel(
        "Hessian spectrum",
        True,
        lambda run, net, ax: plot.spectrum(run.traj.problem, net, ax=ax),  # type: ignore[union-attr]
    ),
    "drift": Panel("Conservation laws", False, _traj(plot.drift)),
}
"""The pictures by name."""


def drawn(run: Run, panel: str, kind: str, t: float | None = None) -> bytes:
    """Draw a panel of a finished run; those of a network at time t, None: at the end.

    Raises
    ------
    ArgumentError
        There is no such panel or format, no run yet, or it is too large to be drawn.
    """
    from matplotlib.figure import Figure

    if panel not in PANELS:
        raise unknown_name("panel", panel, PANELS)
    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    if run.traj is None:
        raise ArgumentError("There is nothing to draw yet: the run has not ended.")
    wanted = PANELS[panel]
    net = run.traj.final if t is None or not wanted.at_a_time else run.traj(t)
    with _ONE_AT_A_TIME, settings():
        figure = Figure(figsize=wanted.size, layout=wanted.layout)
        wanted.draw(run, net, figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=200, metadata=_METADATA[kind])
    return buffer.getvalue()
