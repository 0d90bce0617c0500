"""The conserved matrices C_i, their count and their drift (theory §4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from deeplinear._core import checks


@dataclass(frozen=True)
class ConservationLaws:
    """The conservation laws of a layered network; `LinearNetwork.imbalance` gives their values.

    Attributes
    ----------
    widths : the network's widths.
    per_layer : the number of independent laws that each hidden layer contributes.
    count : their sum, the rank of the Jacobian of all C_i at a generic point.
    """

    widths: tuple[int, ...]
    per_layer: tuple[int, ...]

    @property
    def count(self) -> int:
        """The number of independent laws."""
        return sum(self.per_layer)


def conservation_laws(widths: Sequence[int]) -> ConservationLaws:
    r"""Return the conservation laws of the flow for these widths, with their number.

    .. math:: N = \sum_{i=1}^{h-1} \left[ \frac{d_i (d_i + 1)}{2} - \frac{t_i (t_i + 1)}{2}
              \right], \qquad t_i = \max(0, d_i - d_{i-1} - d_{i+1})

    counts the independent entries of the symmetric matrices
    :math:`C_i = W_i W_i^T - W_{i+1}^T W_{i+1}`, constant along the flow of every differentiable
    loss of P. Depth 1 has none.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `widths` is not a sequence of at least two positive integers.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.conservation_laws((2, 5, 1, 3))
    ConservationLaws(widths=(2, 5, 1, 3), per_layer=(12, 1))
    >>> dl.conservation_laws((2, 5, 1, 3)).count
    13

    References
    ----------
    theory §4; Marcotte, Gribonval, Peyré 2023.
    """
    d = checks.widths(widths)
    per_layer = []
    for i in range(1, len(d) - 1):
        excess = max(0, d[i] - d[i - 1] - d[i + 1])
        per_layer.append((d[i] * (d[i] + 1) - excess * (excess + 1)) // 2)
    return ConservationLaws(d, tuple(per_layer))
