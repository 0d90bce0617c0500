"""Colors and line styles: one pair for each mode, the same in every figure and on every page."""

from typing import Any

from deeplinear._core import checks

INK = "#1b1f24"
"""Axes, text, and lines that belong to no mode."""

MUTED = "#6b7280"
"""Reference lines and notes."""

GRID = "#e5e7eb"

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Mode colors (Okabe, Ito 2008): told apart with every common color vision."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
"""Line styles, which tell neighboring modes apart in gray: their colors are about as light."""

_PAIRS = 12  # after so many modes both colors and line styles are at their beginning


def mode_style(k: int) -> dict[str, Any]:
    """Return the ``color`` and ``linestyle`` of mode k, the same in every figure.

    Six colors and four line styles, both of which change from each mode to the next: 24 modes
    before a pair repeats.

    Examples
    --------
    >>> from deeplinear.plot import mode_style
    >>> mode_style(0), mode_style(7)["color"] == mode_style(1)["color"]
    ({'color': '#0072b2', 'linestyle': '-'}, True)
    """
    k = checks.integer("k", k, minimum=0)
    dashes = DASHES[(k + k // _PAIRS % 2) % len(DASHES)]
    return {"color": COLORS[k % len(COLORS)], "linestyle": dashes}
