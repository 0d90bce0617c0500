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
from deeplinear.solve import ensemble, gradient_descent, gradient_flow, load

__all__ = [
    "LinearNetwork",
    "Problem",
    "adjacency_field",
    "conservation_laws",
    "ensemble",
    "gradient",
    "gradient_descent",
    "gradient_flow",
    "hessian",
    "hessian_product",
    "load",
    "loss",
    "vector_field",
]
