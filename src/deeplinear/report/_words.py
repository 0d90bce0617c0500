"""Numbers and lists as a reader expects them in a sentence."""

import re
from collections.abc import Iterable

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?)e([+-]\d+)\b")
_MINUS = re.compile(r"(?<![\w.-])-(?=[\d.])")


def count(n: int, noun: str) -> str:
    """Return "1 mode" or "2 modes".

    Examples
    --------
    >>> from deeplinear.report._words import count
    >>> count(1, "mode"), count(0, "mode"), count(2, "step")
    ('1 mode', '0 modes', '2 steps')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def listing(items: Iterable[object]) -> str:
    """Return "a, b and c".

    Examples
    --------
    >>> from deeplinear.report._words import listing
    >>> listing([1]), listing([1, 2]), listing([1, 2, 3])
    ('1', '1 and 2', '1, 2 and 3')
    """
    words = [str(item) for item in items]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def number(value: float, digits: int = 4) -> str:
    """Return `value` to so many significant digits, in positional form up to a million.

    Examples
    --------
    >>> from deeplinear.report._words import number
    >>> number(14362.77), number(0.5), number(1.23456e-7)
    ('14360', '0.5', '1.235e-07')
    """
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e6 else text


def pretty(text: str) -> str:
    r"""Return `text` with numbers like 1.5e-09 written as powers of ten, kept on one line.

    Examples
    --------
    >>> from deeplinear.report._words import pretty
    >>> pretty("a drift of 1.5e-09").replace("\N{NO-BREAK SPACE}", " ")
    'a drift of 1.5 × 10⁻⁹'
    """

    def power(match: re.Match[str]) -> str:
        if float(match[1]) == 0:
            return "0"
        exponent = str(int(match[2])).translate(_SUPERSCRIPTS)
        return f"{match[1]}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{exponent}"

    text = _MINUS.sub("\N{MINUS SIGN}", _EXPONENT.sub(power, text))
    return text.replace(" t = ", " t\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
