"""Text of geometric objects: the picture of a barcode, clipped and aligned lines."""

from collections.abc import Iterable, Sequence

from deeplinear.geometry._bars import Bars

LINE = 80
"""No line is longer."""

ROWS = 24
"""No barcode has more rows; the rest are counted."""


def clip(text: str) -> str:
    """The text in one line."""
    return text if len(text) <= LINE else text[: LINE - 4] + " ..."


def dashed(widths: Sequence[int]) -> str:
    """Widths as printed everywhere: ``3-2-3``; the middle is left out where they are many."""
    text = "-".join(map(str, widths))
    if len(text) <= 40:
        return text
    first = "-".join(map(str, widths[:4]))
    return f"{first}-...-{widths[-1]} (depth {len(widths) - 1})"


def aligned(rows: Iterable[tuple[str, object]]) -> str:
    """Lines of names and values, the values below one another."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    return "\n".join(clip(f"{name:<{width}}  {value}") for name, value in rows)


def picture(bars: Bars, depth: int) -> list[str]:
    """One line for each bar with its multiplicity, below the numbers of the node layers."""
    pitch = len(str(depth)) + 1
    margin = max(4, *(len(str(m)) for m in bars.values()))
    drawn = margin + 2 + pitch * (depth + 1) <= LINE
    lines = [f"{'node':>{margin}} "] if drawn else [f"{'':>{margin}}  born last"]
    if drawn:
        lines[0] += "".join(f"{node:>{pitch}}" for node in range(depth + 1))
    for (born, last), multiplicity in list(bars.items())[:ROWS]:
        if drawn:
            bar = " " * pitch * born + "o".rjust(pitch)
            bar += "o".rjust(pitch, "-") * (last - born)
        else:
            bar = f" {born:>4} {last:>4}"
        lines.append(f"{multiplicity:>{margin}} {bar}")
    if len(bars) > ROWS:
        lines.append(f"{'':>{margin}}  ... and {len(bars) - ROWS} more kinds of bar")
    return lines
