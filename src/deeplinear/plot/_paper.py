"""Figures as large as a column of a journal, with fonts that can be read in print."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, unknown_name

WIDTHS = {
    "aps": (3.375, 7.0),
    "elsevier": (3.54, 7.48),
    "icml": (3.25, 6.75),
    "ieee": (3.5, 7.16),
    "nature": (3.5, 7.2),
    "neurips": (5.5, 5.5),
}
"""Inches of one and of two columns."""

_ASPECT = 0.66  # height over width
_HEIGHTS = (2.3, 4.2)  # inches, at least and at most
_SETTINGS: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "lines.linewidth": 1.2,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
}
_active: ContextVar[dict[Any, Any] | None] = ContextVar("deeplinear_paper", default=None)


@contextmanager
def style(
    columns: int = 1, *, journal: str = "aps", width: float | None = None
) -> Iterator[dict[Any, Any]]:
    """Make figures as wide as one or two columns of a journal while a ``with`` block runs.

    Inside, new figures of this module and of pyplot have that width in inches, fonts of 7 and 8
    points (no text below 6.5), thinner lines, fonts embedded as text. Save them without
    ``bbox_inches``, and include them at their own size. Axes made before keep their look.

    Parameters
    ----------
    columns
        1 or 2.
    journal
        "aps" (3.375 and 7 inches), "elsevier" (3.54, 7.48), "icml" (3.25, 6.75), "ieee" (3.5,
        7.16), "nature" (3.5, 7.2) or "neurips" (5.5 for both).
    width
        Another width, in inches.

    Yields
    ------
    dict
        The settings of matplotlib that hold inside.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `columns` is not 1 or 2, the journal is unknown, the width is not positive.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=1e-2, seed=0))
    >>> with plot.style(columns=1, journal="nature"):
    ...     ax = plot.loss(traj, itinerary=dl.itinerary(traj))
    >>> float(ax.figure.get_figwidth())
    3.5
    """
    import matplotlib

    if columns not in (1, 2):
        raise ArgumentError(f"Argument `columns` must be 1 or 2, but it is {columns!r}.")
    if journal not in WIDTHS:
        raise unknown_name("journal", journal, WIDTHS)
    if width is None:
        width = WIDTHS[journal][columns - 1]
    else:
        width = checks.number("width", width, minimum=0.0, exclusive=True)
    chosen = {**_SETTINGS, "figure.figsize": _fitted(width, _ASPECT)}
    token = _active.set(chosen)
    try:
        with matplotlib.rc_context(chosen):
            yield dict(chosen)
    finally:
        _active.reset(token)


def paper_settings() -> dict[Any, Any]:
    """Return the settings of the `style` around, or none."""
    return _active.get() or {}


def paper_size(size: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return a figure size in inches, or what becomes of it in the `style` around."""
    chosen = _active.get()
    if chosen is None or size is None:
        return size
    return _fitted(chosen["figure.figsize"][0], size[1] / size[0])


def _fitted(width: float, aspect: float) -> tuple[float, float]:
    return width, min(max(aspect * width, _HEIGHTS[0]), _HEIGHTS[1])
