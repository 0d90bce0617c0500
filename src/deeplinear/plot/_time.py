"""The time axis of a run on axes, and curves along it."""

from typing import TYPE_CHECKING

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.plot._style import log_scale, set_limits
from deeplinear.plot.data import TimeAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_time(ax: "Axes", time: TimeAxis, *, shared: bool = False) -> None:
    """Set scale, limits and label; on `shared` axes keep the scale and what is in view."""
    label = "time backward, $-t$" if time.backward else "time $t$"
    if time.constant_until is not None:
        label += f" (nearly constant from here to {_power(time.constant_until)})"
    ax.set_xlabel(label)
    if time.log and not shared:
        log_scale(ax, "x")
    lower, upper = time.limits
    if ax.get_xscale() == "log" and lower <= 0:
        if not np.any(time.x > 0):
            return
        lower = float(time.x[time.x > 0].min())
    set_limits(ax, "x", lower, upper, widen=shared)


def curve(ax: "Axes", time: TimeAxis, y: Array, *, positive: bool = False, **style: object) -> None:
    """One curve; values that have no place on the axes are left out, few points get markers."""
    x, y = time.points(y, positive=positive)
    marker = {"marker": "o", "markersize": 3.5} if len(x) < 3 else {}
    ax.plot(x, y, **marker, **style)  # type: ignore[arg-type]


def _power(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    return rf"${mantissa}\times 10^{{{int(exponent)}}}$"
