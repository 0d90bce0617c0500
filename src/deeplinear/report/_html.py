"""Pieces of the page: sections, figures and tables, with everything escaped."""

from collections.abc import Iterable, Sequence
from html import escape

from deeplinear.plot import mode_style
from deeplinear.report._figures import Picture
from deeplinear.report._words import number, pretty


def text(plain: str) -> str:
    """Return words as HTML, numbers as in print."""
    return escape(pretty(plain), quote=True)


def cell(value: float) -> str:
    """Return a number as the HTML of a table's cell."""
    return text(number(value, 5))


def paragraph(plain: str) -> str:
    return f"<p>{text(plain)}</p>"


def section(heading: str, *parts: str) -> str:
    body = "\n".join(part for part in parts if part)
    return f"<section>\n<h2>{text(heading)}</h2>\n{body}\n</section>"


def figures(pictures: Iterable[Picture], *, small: bool = False) -> str:
    """The figures side by side, as many as fit; the small ones in pairs on a phone's width too."""
    parts = []
    for picture in pictures:
        heading = f"<h3>{text(picture.heading)}</h3>\n" if picture.heading else ""
        described = f'<svg role="img" aria-label="{text(picture.alt)}"'
        parts.append(
            f"<figure>\n{heading}"
            f"{picture.svg().replace('<svg', described, 1)}\n"
            f"<figcaption>{text(picture.caption)}</figcaption>\n</figure>"
        )
    kind = "figures small" if small else "figures"
    return f'<div class="{kind}">\n' + "\n".join(parts) + "\n</div>"


def table(rows: Iterable[tuple[str, str]]) -> str:
    """A table of names and texts."""
    body = "\n".join(
        f'<tr><th scope="row">{text(key)}</th><td>{text(value)}</td></tr>' for key, value in rows
    )
    return f'<div class="wide"><table>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int]) -> str:
    """A table of cells that are HTML already; `numbers` are the columns set flush right."""
    right = set(numbers)
    mark = [' class="number"' if j in right else "" for j in range(len(head))]
    top = "".join(f'<th scope="col"{mark[j]}>{cell}</th>' for j, cell in enumerate(head))
    body = "\n".join(
        "<tr>" + "".join(f"<td{mark[j]}>{cell}</td>" for j, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
        "</table></div>"
    )


def key(k: int) -> str:
    """A short line in the color and style of mode k."""
    style = mode_style(k)
    dash = "" if style["linestyle"] == "-" else style["linestyle"][1]
    dashes = f' stroke-dasharray="{" ".join(f"{3 * d:g}" for d in dash)}"' if dash else ""
    return (
        f'<svg class="key" aria-hidden="true" viewBox="0 0 32 12" preserveAspectRatio="none">'
        f'<line x1="0" y1="6" x2="32" y2="6" stroke="{style["color"]}"{dashes}/></svg>'
    )
