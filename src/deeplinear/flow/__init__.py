"""The flow's field, Hessian, conservation laws and exact reduction (theory §3, §4, §5)."""

from deeplinear.flow._blocks import gradient_work
from deeplinear.flow._compression import Compression, compress
from deeplinear.flow._conservation import ConservationLaws, conservation_laws
from deeplinear.flow._field import adjacency_field, gradient, loss, vector_field
from deeplinear.flow._operands import Operands
from deeplinear.flow._reduce import reduce
from deeplinear.flow._reduction import Block, Reduction
from deeplinear.flow._second_order import hessian, hessian_operator, hessian_product

__all__ = [
    "Block",
    "Compression",
    "ConservationLaws",
    "Operands",
    "Reduction",
    "adjacency_field",
    "compress",
    "conservation_laws",
    "gradient",
    "gradient_work",
    "hessian",
    "hessian_operator",
    "hessian_product",
    "loss",
    "reduce",
    "vector_field",
]
