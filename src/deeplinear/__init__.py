"""The gradient flow of deep linear networks: simulate it, explain it, map its landscape."""

from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

__all__ = ["LinearNetwork", "Problem"]
