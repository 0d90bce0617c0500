"""The figures of a report: drawn once, as SVG inside the page or as files for a paper."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deeplinear import plot
from deeplinear.plot._style import GRID, INK, MUTED, settings
from deeplinear.report._words import pretty
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURVE = (4.4, 2.9)
_SQUARE = (4.4, 3.2)
_RASTER_DPI = 150  # a heat map's axes are at most 4 inches: 600 pixels


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

    def figure(self) -> "Figure":
        """Draw it on a figure of its own, apart from pyplot."""
        from matplotlib.figure import Figure

        with settings():
            figure = Figure(figsize=self.size, layout=self.layout)
            self.draw(figure.subplots())
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


def pictures(traj: Trajectory) -> list[Picture]:
    """Return the figures of a run in the order in which a reader needs them."""
    s, first, last = traj.problem.modes.s, traj.loss[0], traj.loss[-1]
    end = f"{abs(traj.t_end):.3g}"
    learned = int((traj.mode_strengths[-1] > s / 2).sum())
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
            "learned exactly these at some time, dotted if not.",
            lambda ax: plot.loss(traj, ax=ax),
        ),
        Picture(
            "mode_strengths",
            "Mode strengths",
            f"Strengths of {len(s)} modes against time; {learned} are above half their target at "
            "the end.",
            "What the network has learned of each mode of the data. Dotted: the modes' singular "
            "values. A mode counts as learned above half of its own.",
            lambda ax: plot.mode_strengths(traj, ax=ax),
        ),
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
