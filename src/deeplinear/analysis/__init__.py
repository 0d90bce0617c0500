"""A trajectory read against the landscape: diagnostics, learned modes, alignment."""

from deeplinear.analysis._alignment import ModeAlignment, alignment, mode_groups
from deeplinear.analysis._curvature import largest_eigenvalue
from deeplinear.analysis._diagnostics import Diagnostics, diagnostics
from deeplinear.analysis._learning import (
    critical_value,
    learned_modes,
    learning_times,
    neighboring_values,
)

__all__ = [
    "Diagnostics",
    "ModeAlignment",
    "alignment",
    "critical_value",
    "diagnostics",
    "largest_eigenvalue",
    "learned_modes",
    "learning_times",
    "mode_groups",
    "neighboring_values",
]
