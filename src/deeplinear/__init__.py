"""The gradient flow of deep linear networks: simulate it, explain it, map its landscape."""

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

__all__ = [
    "LinearNetwork",
    "Problem",
    "adjacency_field",
    "conservation_laws",
    "gradient",
    "hessian",
    "hessian_product",
    "loss",
    "vector_field",
]
