"""Data sets by name, for configuration files and the command line."""

import inspect
from collections.abc import Callable
from typing import Any

from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.datasets._dataset import Dataset
from deeplinear.datasets._generated import planted, teacher_student
from deeplinear.datasets._hierarchy import semantic_hierarchy
from deeplinear.datasets._real import breast_cancer, diabetes, digits, iris, linnerud, wine

__all__ = ["load", "names", "options"]

_DATASETS: dict[str, Callable[..., Dataset]] = {
    "breast_cancer": breast_cancer,
    "diabetes": diabetes,
    "digits": digits,
    "iris": iris,
    "linnerud": linnerud,
    "planted": planted,
    "semantic_hierarchy": semantic_hierarchy,
    "teacher_student": teacher_student,
    "wine": wine,
}


def names() -> list[str]:
    """Return the names that `load` knows, sorted.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> datasets.names()[:3]
    ['breast_cancer', 'diabetes', 'digits']
    """
    return sorted(_DATASETS)


def options(name: str) -> dict[str, Any]:
    """Return the options of a data set with their defaults; ``...`` marks a required one.

    Raises
    ------
    ArgumentError
        No data set has this name; the text names the nearest ones.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> datasets.options("digits")
    {'standardize': False}
    """
    if not isinstance(name, str) or name not in _DATASETS:
        raise unknown_name("name", name, _DATASETS)
    return {
        parameter.name: ... if parameter.default is parameter.empty else parameter.default
        for parameter in inspect.signature(_DATASETS[name]).parameters.values()
    }


def load(name: str, /, **choices: object) -> Dataset:
    """Return the data set called `name`.

    Parameters
    ----------
    name
        One of `names`. Only "planted" and "teacher_student" have required options.
    **choices
        The data set's own options, see `options`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Unknown name, unknown or missing option, or the data set's own errors.
    MissingExtraError
        The data are scikit-learn's, and it is not installed.

    Examples
    --------
    >>> from deeplinear import datasets
    >>> datasets.load("semantic_hierarchy").y.shape
    (8, 15)
    >>> datasets.load("planted", s=[2.0, 1.0], n_samples=50).x.shape
    (50, 2)
    """
    known = options(name)
    listing = ", ".join(f"`{option}`" for option in known) or "none"
    for option in choices:
        if option not in known:
            raise ArgumentError(
                f"Options of the data set {name!r} must be among its own ({listing}), "
                f"but `{option}` is given."
            )
    for option, default in known.items():
        if default is ... and option not in choices:
            raise ArgumentError(
                f"Options of the data set {name!r} must include `{option}`, but it is missing. "
                f"Its options: {listing}."
            )
    return _DATASETS[name](**choices)
