"""The look of every figure: fonts, scales, and the axes that a plot draws on."""

import math
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from deeplinear._core.errors import ArgumentTypeError
from deeplinear.plot._paper import paper_settings, paper_size
from deeplinear.plot.data._palette import GRID, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_FEW_DECADES = 0.6  # an axis shorter than this names most ticks, than 2.5 times this some

_PLAIN = 4  # exponents below this are written out between the powers of ten

SETTINGS: dict[Any, Any] = {
    "figure.figsize": (5.4, 3.4),
    "figure.dpi": 120,
    "figure.max_open_warning": 0,
    "savefig.dpi": 300,
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "pdf.fonttype": 42,
    "svg.hashsalt": "deeplinear",
}


def settings() -> AbstractContextManager[None]:
    """Return a context in which new figures have the look of this library, or of `style`."""
    import matplotlib

    return matplotlib.rc_context({**SETTINGS, **paper_settings()})


def axes_for(
    ax: "Axes | None", size: tuple[float, float] | None = None, *, layout: str = "constrained"
) -> "Axes":
    """Return `ax`, or the axes of a new figure of this size in inches and layout."""
    if ax is None:
        import matplotlib.pyplot as plt

        with settings():
            ax = plt.subplots(figsize=paper_size(size), layout=layout)[1]
    elif not (hasattr(ax, "plot") and hasattr(ax, "figure")):
        raise ArgumentTypeError(
            f"Argument `ax` must be a matplotlib Axes or None, but it is of type "
            f"{type(ax).__name__}."
        )
    return ax


def log_scale(ax: "Axes", which: str) -> None:
    """Make axis "x" or "y" logarithmic; where powers of ten are few, name steps between them."""
    from matplotlib.ticker import FuncFormatter

    axis: Axis = getattr(ax, f"{which}axis")

    def minor(value: float, _: object) -> str:
        low, high = axis.get_view_interval()
        decades = math.log10(high / low)
        exponent = math.floor(math.log10(value) + 1e-9)
        mantissa = round(value / 10.0**exponent)
        wanted = (2, 5) if decades > _FEW_DECADES else (2, 3, 4, 5, 7)
        powers = math.floor(math.log10(high)) - math.ceil(math.log10(low)) + 1
        alone = powers < 2  # one number is no scale
        if (decades > 2.5 * _FEW_DECADES and not alone) or mantissa not in wanted:
            return ""
        if abs(exponent) < _PLAIN:
            return f"{value:g}"
        return rf"${mantissa}\times10^{{{exponent}}}$"

    ax.set(**{f"{which}scale": "log"})
    axis.set_minor_formatter(FuncFormatter(minor))


def set_limits(ax: "Axes", which: str, lower: float, upper: float, *, widen: bool) -> None:
    """Set the limits of axis "x" or "y"; if `widen`, keep what is within the present ones."""
    if widen:
        present = getattr(ax, f"get_{which}lim")()
        lower, upper = min(lower, *present), max(upper, *present)
    ax.set(**{f"{which}lim": (lower, upper)})


def note(ax: "Axes", text: str) -> None:
    """Write a note in the middle of axes that have nothing to show."""
    ax.text(
        0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=MUTED, wrap=True
    )


def color_scale(image: Any, ax: "Axes", label: str) -> None:
    """Draw the color bar of `image` beside `ax`, with fonts as large as those of `ax`."""
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.9, pad=0.03)
    bar.set_label(label, fontsize=ax.xaxis.label.get_fontsize())
    bar.ax.tick_params(labelsize=ax.yaxis.get_ticklabels()[0].get_fontsize())
    bar.outline.set_linewidth(0.5)
