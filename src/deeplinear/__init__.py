"""The gradient flow of deep linear networks: simulate it, explain it, map its landscape."""

import importlib
from typing import TYPE_CHECKING, Any

from deeplinear import datasets, init
from deeplinear.flow import (
    adjacency_field,
    conservation_laws,
    gradient,
    hessian,
    hessian_product,
    loss,
    vector_field,
)
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve import ensemble, gradient_descent, gradient_flow, load

if TYPE_CHECKING:
    from deeplinear import analysis, exact, explorer, geometry, landscape, plot, report
    from deeplinear.analysis import itinerary

__all__ = [
    "LinearNetwork",
    "Problem",
    "adjacency_field",
    "analysis",
    "conservation_laws",
    "datasets",
    "ensemble",
    "exact",
    "explorer",
    "geometry",
    "gradient",
    "gradient_descent",
    "gradient_flow",
    "hessian",
    "hessian_product",
    "init",
    "itinerary",
    "landscape",
    "load",
    "loss",
    "plot",
    "report",
    "vector_field",
]

_LAZY = ("analysis", "exact", "explorer", "geometry", "landscape", "plot", "report")


def __getattr__(name: str) -> Any:
    """Import the layers that draw and explain when they are first used."""
    if name in _LAZY:
        return importlib.import_module(f"deeplinear.{name}")
    if name == "itinerary":
        return importlib.import_module("deeplinear.analysis").itinerary
    raise AttributeError(f"module 'deeplinear' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "itinerary"})
