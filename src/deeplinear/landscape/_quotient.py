"""The quotient in which every class of critical points is one point (theory §9)."""

from deeplinear._core.errors import ArgumentError
from deeplinear.landscape._classification import require_critical
from deeplinear.landscape._classify import classify
from deeplinear.landscape._modes import ModeSet
from deeplinear.landscape._point import critical_point
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def project(problem: Problem, net: LinearNetwork) -> LinearNetwork:
    """Return the canonical representative of the class of a critical point.

    Two critical points are equivalent if they have learned the same modes; for distinct modes, if
    they have the same map. Equal modes have a continuum of maps, and one representative.

    Parameters
    ----------
    problem
        Whitened or not.
    net
        A critical point; `refine` makes one from a point near it.

    Returns
    -------
    LinearNetwork
        `critical_point` of its learned modes: balanced, without residual layers.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem, or the network is not critical, or in doubt.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> point = dl.landscape.random_critical_point(problem, (2, 3, 3, 2), [1])
    >>> canonical = dl.landscape.project(problem, point)
    >>> bool(np.allclose(canonical.product(), point.product()))
    True
    >>> bool(np.allclose(canonical.imbalance()[0], 0.0))
    True

    References
    ----------
    theory §9; Wendin, Altafini, arXiv 2511.10362.
    """
    return critical_point(problem, net.widths, _class_of(problem, net, "net"))


def same_class(problem: Problem, a: LinearNetwork, b: LinearNetwork) -> bool:
    """Whether two critical points have learned the same modes, so that the quotient joins them.

    Parameters
    ----------
    problem
        Whitened or not.
    a, b
        Critical points, of any widths that fit the problem.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem, or one is not critical, or in doubt.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> a = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0])
    >>> b = dl.landscape.critical_point(problem, (2, 2, 2, 2), [0], escape_order=2)
    >>> dl.landscape.same_class(problem, a, b)
    True

    References
    ----------
    theory §9.
    """
    return _class_of(problem, a, "a") == _class_of(problem, b, "b")


def _class_of(problem: Problem, net: LinearNetwork, name: str) -> ModeSet:
    """The learned modes of a critical point."""
    verdict = classify(problem, net)
    require_critical(verdict, name)
    if verdict.kind == "undecided" and verdict.margin <= 1.0:
        raise ArgumentError(
            f"Argument `{name}` must have learned a set of modes, but this is undecided: "
            f"{verdict.decided_by} Use deeplinear.landscape.refine first."
        )
    return verdict.modes
