"""What `explore` was asked to show, as the settings and the run of the first page."""

from deeplinear.explorer._explore import Target
from deeplinear.explorer._sessions import House


def opened(target: Target) -> House:
    """Return a house whose first page shows the target."""
    return House()
