"""Lines for a terminal: names with texts, paragraphs, tables, sets of modes, whole numbers."""

import shutil
import textwrap
from collections.abc import Collection, Iterable, Sequence


def aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Name and text in two columns, no line wider than the terminal; a repeated name once."""
    rows = list(rows)
    column = max(len(name) for name, _ in rows) + 2
    lines, before = [], ""
    for name, words in rows:
        first = f"  {'' if name == before else name:{column}}"
        lines += _wrapped(words, first, " " * len(first))
        before = name
    return lines


def paragraph(words: str, first: str = "  ") -> list[str]:
    """An indented paragraph, no line wider than the terminal; `first` begins it."""
    return _wrapped(words, first, "  ")


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()
) -> list[str]:
    """Aligned lines, indented; the columns of these indices flush right."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if j in right else cell.ljust(width)
            for j, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def parted(parts: Iterable[list[str]]) -> list[str]:
    """The parts that are not empty, with a blank line between two."""
    return "\n\n".join("\n".join(part) for part in parts if part).split("\n")


def named(modes: Sequence[int], room: int) -> str:
    """The name of a set of modes; of one that does not fit, its size and its first mode."""
    from deeplinear.analysis import set_name

    name = set_name(modes)
    return name if len(name) <= room else f"{len(modes)} modes, {set_name(modes[:1])} first"


def figures(n: int) -> str:
    """An integer; beyond 40 figures, about."""
    digits = str(n)
    return digits if len(digits) <= 40 else f"about {digits[0]}.{digits[1:3]}e{len(digits) - 1}"


def whole(n: int) -> str:
    """An integer, beyond 40 figures about, with its power of two, if it is one."""
    power = n.bit_length() - 1
    return f"{figures(n)} = 2^{power}" if power > 4 and n == 1 << power else figures(n)


def _wrapped(words: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(
        words,
        min(shutil.get_terminal_size().columns, 100),
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
