"""A trajectory read against the landscape: itinerary, learned modes, diagnostics, alignment."""

from deeplinear.analysis._alignment import ModeAlignment, alignment
from deeplinear.analysis._curvature import largest_eigenvalue
from deeplinear.analysis._diagnostics import Diagnostics, diagnostics
from deeplinear.analysis._itinerary import Itinerary, Visit, itinerary
from deeplinear.analysis._learning import learned_modes, learning_times, neighboring_values
from deeplinear.analysis._prediction import Learning, learning
from deeplinear.analysis._sentences import itinerary_table, point_name, sentence, set_name, stay
from deeplinear.landscape import critical_value, mode_groups

__all__ = [
    "Diagnostics",
    "Itinerary",
    "Learning",
    "ModeAlignment",
    "Visit",
    "alignment",
    "critical_value",
    "diagnostics",
    "itinerary",
    "itinerary_table",
    "largest_eigenvalue",
    "learned_modes",
    "learning",
    "learning_times",
    "mode_groups",
    "neighboring_values",
    "point_name",
    "sentence",
    "set_name",
    "stay",
]
