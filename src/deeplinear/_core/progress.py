"""What progress on a terminal has in common: when it is told, how a bar and a time look."""

QUIET_FOR = 2.0
"""Seconds before the first plain line, or a bar nobody asked for: what is short says nothing."""

EVERY = 5.0
"""Seconds between plain lines."""


def bar(full: int, width: int, encoding: str) -> str:
    """Return a bar of `width` characters, `full` of them filled."""
    filled, empty = ("━", "╌") if encoding.startswith("utf") else ("#", "-")
    return filled * full + empty * (width - full)


def clock(seconds: int) -> str:
    """Minutes and seconds, with hours from the first on."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
