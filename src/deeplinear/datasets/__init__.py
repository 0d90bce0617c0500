"""Data as arrays: real, typed in, planted, drawn from a teacher, or read from a file.

Every function returns a `Dataset`; ``x, y = dataset`` unpacks it. `load` builds one by name.
"""

from deeplinear.datasets._csv import columns
from deeplinear.datasets._dataset import Dataset
from deeplinear.datasets._files import read
from deeplinear.datasets._generated import planted, teacher_student
from deeplinear.datasets._hierarchy import semantic_hierarchy
from deeplinear.datasets._real import breast_cancer, diabetes, digits, iris, linnerud, wine
from deeplinear.datasets._registry import load, names, options

__all__ = [
    "Dataset",
    "breast_cancer",
    "columns",
    "diabetes",
    "digits",
    "iris",
    "linnerud",
    "load",
    "names",
    "options",
    "planted",
    "read",
    "semantic_hierarchy",
    "teacher_student",
    "wine",
]
