"""The gradient flow's field, Hessian and conservation laws, all explicit (theory §3, §4)."""

from deeplinear.flow._conservation import ConservationLaws, conservation_laws
from deeplinear.flow._field import adjacency_field, gradient, loss, vector_field
from deeplinear.flow._operands import Operands
from deeplinear.flow._second_order import hessian, hessian_product

__all__ = [
    "ConservationLaws",
    "Operands",
    "adjacency_field",
    "conservation_laws",
    "gradient",
    "hessian",
    "hessian_product",
    "loss",
    "vector_field",
]
