"""Mode styles as Plotly writes them."""

from typing import Any

from deeplinear.plot.data import mode_style

_WIDTH = 1.8  # pixels of a curve; matplotlib's dashes are in units of the line's width


def look(k: int) -> dict[str, Any]:
    """Return color and dash of mode k, those of every figure (`plot.mode_style`)."""
    style = mode_style(k)
    line = style["linestyle"]
    dash = "solid" if line == "-" else ",".join(f"{_WIDTH * length:.1f}px" for length in line[1])
    return {"color": style["color"], "dash": dash}
