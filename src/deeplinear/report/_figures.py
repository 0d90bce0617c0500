"""The figures of a report: drawn once, as SVG inside the page or as files for a paper."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deeplinear import landscape, plot
from deeplinear.analysis import Itinerary, Visit, set_name
from deeplinear.plot._style import settings
from deeplinear.plot.data import GRID, INK, MUTED
from deeplinear.plot.data._spectrum import LARGEST, compressed_size
from deeplinear.problem import Problem
from deeplinear.report._overlay import overlay
from deeplinear.report._words import pretty
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURVE = (4.4, 2.9)
_SQUARE = (4.4, 3.2)
_SMALL = (3.4, 2.4)
_SPECTRUM_AXES, _HEAT_AXES = (0.2, 0.165, 0.78, 0.8), (0.205, 0.215, 0.63, 0.765)
MOST_PLATEAUS = 12
MOST_CLASSES = 1 << 16
"""Classes of critical points up to which a report draws their lattice."""

_RASTER_DPI = 150  # a heat map's axes are at most 4 inches: 600 pixels


_MARKS = (
    "Dots: where the gradient was smallest on each plateau and at the end, with the learned modes; "
    "rings: sets that were only passed."
)


@dataclass(frozen=True)
class Picture:
    """One figure: file name, heading, what it shows in a sentence, how to read it, how to draw it.

    `alt` is read out in place of the figure; `caption` stands under it.
    """

    name: str
    heading: str
    alt: str
    caption: str
    draw: "Callable[[Axes], object]"
    size: tuple[float, float] = _CURVE
    layout: Literal["constrained", "compressed"] = "constrained"
    axes: tuple[float, float, float, float] | None = None  # left, bottom, width, height; no layout

    def figure(self) -> "Figure":
        """Draw it on a figure of its own, apart from pyplot."""
        from matplotlib.figure import Figure

        with settings():
            if self.axes is None:
                figure = Figure(figsize=self.size, layout=self.layout)
                self.draw(figure.subplots())
            else:  # several times as fast
                figure = Figure(figsize=self.size)
                self.draw(figure.add_axes(self.axes))
        return figure

    def svg(self) -> str:
        """Return the figure as an ``<svg>`` element with unique ids and the page's colors."""
        figure = self.figure()
        figure.patch.set_alpha(0.0)
        for ax in figure.axes:
            ax.patch.set_alpha(0.0)
        buffer = io.StringIO()
        with settings():
            figure.savefig(
                buffer,
                format="svg",
                dpi=_RASTER_DPI,
                metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
            )
        return _inline(buffer.getvalue(), self.name)


def pictures(traj: Trajectory, itinerary: Itinerary) -> list[Picture]:
    """Return the figures of a run in the order in which a reader needs them."""
    s, first, last = traj.problem.modes.s, traj.loss[0], traj.loss[-1]
    end = f"{abs(traj.t_end):.3g}"
    learned = int((traj.mode_strengths[-1] > s / 2).sum())
    lowest = min(visit.gradient_norm for visit in itinerary)
    exact = overlay(traj)
    return [
        Picture(
            "loss",
            "Loss",
            pretty(
                f"Loss above the optimum against time on logarithmic axes: the loss goes from "
                f"{first:.3g} to {last:.3g} in time {end}."
            ),
            "Loss above the smallest that these widths can reach. Thin lines: critical values, "
            "labelled by the modes that their critical points have learned; solid if the run had "
            "learned exactly these at some time, dotted if not. " + _MARKS,
            lambda ax: plot.loss(traj, ax=ax, itinerary=itinerary),
        ),
        Picture(
            "gradient_norm",
            "Gradient norm",
            pretty(
                f"Norm of the gradient against time on logarithmic axes; the smallest is "
                f"{lowest:.2g}."
            ),
            "Speed of the weights. A plateau is a minimum at least e² = 7.4 times below the "
            "maxima on both sides. " + _MARKS,
            lambda ax: plot.gradient_norm(traj, ax=ax, itinerary=itinerary),
        ),
        Picture(
            "mode_strengths",
            "Mode strengths",
            f"Strengths of {len(s)} modes against time; {learned} are above half their target at "
            "the end.",
            "What the network has learned of each mode of the data. Thin lines: the modes' "
            "singular values. A mode counts as learned above half of its own. " + exact.sentence,
            lambda ax: plot.mode_strengths(traj, ax=ax, exact=exact.form),
        ),
        *_lattice(traj, itinerary),
        Picture(
            "singular_values",
            "Singular values",
            pretty(
                f"Singular values of the network's map against time on logarithmic axes; the "
                f"largest ends at {traj.singular_values[-1, 0]:.3g}."
            ),
            "Singular values of the end-to-end map, by size. Dotted: those of the best map of "
            "these widths.",
            lambda ax: plot.singular_values(traj, ax=ax),
        ),
        Picture(
            "drift",
            "Conservation laws",
            pretty(
                f"Relative drift of the conservation laws against time; at most "
                f"{traj.drift.max():.2g}."
            ),
            "How far the conserved matrices have moved from their starting values, relative to "
            "the squared weights. The exact flow does not move them.",
            lambda ax: plot.drift(traj, ax=ax),
        ),
        Picture(
            "adjacency_start",
            "Network at the start",
            "Heat map of the adjacency matrix at the start.",
            "Adjacency matrix at the start: each block below the diagonal is one layer's weights. "
            "The color scale is this figure's own.",
            lambda ax: plot.adjacency(traj.initial, ax=ax),
            _SQUARE,
            "compressed",
        ),
        Picture(
            "adjacency_end",
            "Network at the end",
            "Heat map of the adjacency matrix at the end.",
            "Adjacency matrix at the end. The color scale is this figure's own.",
            lambda ax: plot.adjacency(traj.final, ax=ax),
            _SQUARE,
            "compressed",
        ),
    ]


def _lattice(traj: Trajectory, itinerary: Itinerary) -> list[Picture]:
    """The lattice of critical points with the run's path, unless it is too large."""
    problem, widths = traj.problem, traj.widths
    n = landscape.critical_values(problem, widths).count
    if n > MOST_CLASSES:
        return []
    classes = "The only class" if n == 1 else f"The {n} classes"
    return [
        Picture(
            "lattice",
            "Landscape",
            f"{classes} of critical points by number of learned modes and loss, with the path of "
            f"the run from learned modes {set_name(itinerary[0].modes)} to "
            f"{set_name(itinerary[-1].modes)}.",
            "Classes of critical points, labelled by their learned modes: those that have learned "
            "more are farther to the right, those of lower loss farther down (square-root scale). "
            "Thin lines: orbits along which one mode is learned, in its color. Arrows: this run; "
            "filled circles: plateaus and the end, rings: classes that were only passed. An "
            "arrow without a color learns several modes at once, or loses one.",
            lambda ax: plot.lattice(landscape.lattice(problem, widths), itinerary, ax=ax),
            _SQUARE,
        )
    ]


def plateaus(itinerary: Itinerary) -> list[Visit]:
    """The plateaus to be shown: the most prominent, in order of time."""
    waits = [visit for visit in itinerary[:-1] if visit.plateau]
    most = sorted(waits, key=lambda visit: -visit.prominence)[:MOST_PLATEAUS]
    return [visit for visit in waits if visit in most]


def plateau_pictures(problem: Problem, visit: Visit, name: str) -> list[Picture]:
    """The spectrum, if it is small enough, and the heat map of the critical point of a visit."""
    where = f"with modes {set_name(visit.modes)} learned" if visit.modes else "with no mode learned"
    point = "critical point" if visit.near else "state of smallest gradient"
    heat = Picture(
        f"{name}_adjacency",
        "",
        f"Heat map of the adjacency matrix of the {point} {where}.",
        f"Adjacency matrix of the {point}.",
        lambda ax: plot.adjacency(visit.network, ax=ax),
        _SMALL,
        axes=_HEAT_AXES,
    )
    spectrum = Picture(
        f"{name}_spectrum",
        "",
        f"Eigenvalues of the Hessian at the {point} {where}, ascending.",
        "Hessian eigenvalues, ascending.",
        lambda ax: plot.spectrum(problem, visit.network, ax=ax),
        _SMALL,
        axes=_SPECTRUM_AXES,
    )
    small = visit.near and compressed_size(problem, visit.network) <= LARGEST
    return [spectrum, heat] if small else [heat]


def _inline(document: str, prefix: str) -> str:
    """Cut the ``<svg>`` element out of an SVG file and make it part of a page."""
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<style type="text/css">.*?</style>', "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)  # the page sets the size
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    for color, variable in ((INK, "--ink"), (MUTED, "--muted"), (GRID, "--rule")):
        svg = svg.replace(color, f"var({variable})")
    return re.sub(r"\s*\n\s*", "\n", svg).strip()
