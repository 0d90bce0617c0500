"""The learning coefficient of a deep linear network and its multiplicity (theory §10)."""

from collections.abc import Sequence
from typing import NamedTuple

from deeplinear._core import checks
from deeplinear.geometry._enumerate import checked_rank
from deeplinear.geometry._fiber import reduction


class LearningCoefficient(NamedTuple):
    """The learning coefficient and its multiplicity; unpacks as ``(value, multiplicity)``."""

    value: float
    multiplicity: int


def learning_coefficient(widths: Sequence[int], rank: int) -> LearningCoefficient:
    r"""Return the learning coefficient of the networks of these widths at a true map of this rank.

    The volume of the weights with :math:`\|W_{h-1} \cdots W_0 - P\|^2 < \varepsilon` behaves like

    .. math:: c \, \varepsilon^{\lambda} \, (-\log \varepsilon)^{\theta - 1}, \qquad
              \lambda = \tfrac12 \operatorname{codim}, \qquad \theta = q (m - q) + 1

    as :math:`\varepsilon \to 0`, with the codimension, m and q of the fiber of P (see `fiber`).
    The value :math:`\lambda` is the real log canonical threshold, :math:`\theta` its
    multiplicity: the Bayesian free energy of N samples grows like
    :math:`\lambda \log N - (\theta - 1) \log \log N`. A regular model has half its number of
    parameters and multiplicity 1.

    Parameters
    ----------
    widths
        (d_0, ..., d_h), inputs first.
    rank
        The rank of the true map P, from 0 to the smallest width.

    Returns
    -------
    LearningCoefficient
        The value, a multiple of 1/2, and the multiplicity.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `widths` is not a sequence of at least two positive integers, or `rank` is not an
        integer from 0 to the smallest width.

    Notes
    -----
    Exact, for a true map that a network of these widths realizes, a positive continuous prior
    and a regular covariance of the inputs. The value is a theorem of both sources, the
    multiplicity of Aoyagi's. The tests compare both with the published table for two layers and,
    up to depth 6, with a linear program for the volume under Gaussian weights.

    Examples
    --------
    >>> from deeplinear import geometry
    >>> value, multiplicity = geometry.learning_coefficient((3, 3, 3), 0)
    >>> value, multiplicity
    (3.5, 2)
    >>> geometry.learning_coefficient((10, 4, 10), 4)  # rank and width agree: half the dimension
    LearningCoefficient(value=32.0, multiplicity=1)

    References
    ----------
    theory §10; Aoyagi, Neural Networks 172 (2024); Lehalleur, Rimányi, arXiv 2411.19920;
    two layers: Aoyagi, Watanabe, Neural Networks 18 (2005).
    """
    d = checks.widths(widths)
    r = checked_rank(rank, d)
    reduced = reduction(d, r)
    codimension = r * (d[0] + d[-1] - r) + reduced.codimension
    return LearningCoefficient(codimension / 2, reduced.q * (reduced.m - reduced.q) + 1)
