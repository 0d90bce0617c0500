"""A trajectory read against the landscape: itinerary, learned modes, diagnostics, alignment."""

from deeplinear.analysis._alignment import ModeAlignment, alignment
from deeplinear.analysis._curvature import extreme_eigenvalues, largest_eigenvalue
from deeplinear.analysis._diagnostics import Diagnostics, diagnostics
from deeplinear.analysis._grown import GrownCurve, GrownSurface
from deeplinear.analysis._itinerary import Itinerary, Visit, itinerary
from deeplinear.analysis._learning import learned_modes, learning_times, neighboring_values
from deeplinear.analysis._manifolds import stable_curve, unstable_curve
from deeplinear.analysis._prediction import Learning, learning
from deeplinear.analysis._sentences import itinerary_table, point_name, sentence, set_name, stay
from deeplinear.analysis._surfaces import stable_surface, unstable_surface
from deeplinear.landscape import critical_value, mode_groups

__all__ = [
    "Diagnostics",
    "GrownCurve",
    "GrownSurface",
    "Itinerary",
    "Learning",
    "ModeAlignment",
    "Visit",
    "alignment",
    "critical_value",
    "diagnostics",
    "extreme_eigenvalues",
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
    "stable_curve",
    "stable_surface",
    "stay",
    "unstable_curve",
    "unstable_surface",
]
