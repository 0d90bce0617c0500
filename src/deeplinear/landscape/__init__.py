"""Critical points of the loss: their classes, canonical points, kinds and escape orders.

>>> import deeplinear as dl
>>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
>>> origin = dl.landscape.critical_point(problem, (3, 3, 3, 3), [])
>>> dl.landscape.classify(problem, origin).escape_order
3
"""

from deeplinear.landscape._build_lattice import lattice
from deeplinear.landscape._canonical_spectrum import canonical_index, canonical_spectrum
from deeplinear.landscape._classes import (
    CriticalValue,
    CriticalValues,
    critical_value,
    critical_values,
)
from deeplinear.landscape._classification import Classification
from deeplinear.landscape._classify import classify
from deeplinear.landscape._count_signs import inertia
from deeplinear.landscape._dimension import critical_dimension
from deeplinear.landscape._directions import EscapeDirection
from deeplinear.landscape._eigenpairs import Eigenpairs, lowest_eigenpairs
from deeplinear.landscape._escape import Arrival, Escape, arrival, escape
from deeplinear.landscape._inertia import Inertia
from deeplinear.landscape._lattice import CriticalClass, Edge, Lattice
from deeplinear.landscape._modes import (
    ModeSet,
    group_strengths,
    learned_modes,
    mode_groups,
    natural_curvature,
    natural_weight,
)
from deeplinear.landscape._pattern import ResidualPattern
from deeplinear.landscape._point import critical_point, random_critical_point
from deeplinear.landscape._quotient import project, same_class
from deeplinear.landscape._rays import EscapeRay, Heteroclinic, escape_rays, heteroclinic
from deeplinear.landscape._refine import Refinement, refine
from deeplinear.landscape._spectrum import index, spectrum
from deeplinear.landscape._stable_set import Membership, ends_in
from deeplinear.landscape._types import residual_pattern, residual_patterns

__all__ = [
    "Arrival",
    "Classification",
    "CriticalClass",
    "CriticalValue",
    "CriticalValues",
    "Edge",
    "Eigenpairs",
    "Escape",
    "EscapeDirection",
    "EscapeRay",
    "Heteroclinic",
    "Inertia",
    "Lattice",
    "Membership",
    "ModeSet",
    "Refinement",
    "ResidualPattern",
    "arrival",
    "canonical_index",
    "canonical_spectrum",
    "classify",
    "critical_dimension",
    "critical_point",
    "critical_value",
    "critical_values",
    "ends_in",
    "escape",
    "escape_rays",
    "group_strengths",
    "heteroclinic",
    "index",
    "inertia",
    "lattice",
    "learned_modes",
    "lowest_eigenpairs",
    "mode_groups",
    "natural_curvature",
    "natural_weight",
    "project",
    "random_critical_point",
    "refine",
    "residual_pattern",
    "residual_patterns",
    "same_class",
    "spectrum",
]
