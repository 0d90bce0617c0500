"""`inertia`: the signs of the Hessian's eigenvalues, for any critical point (theory §8)."""

from deeplinear.landscape._classification import require_critical
from deeplinear.landscape._classify import classify
from deeplinear.landscape._inertia import Inertia
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


def inertia(problem: Problem, net: LinearNetwork) -> Inertia:
    r"""Count the signs of the Hessian's eigenvalues at a critical point, without computing them.

    In the bases of the normal form (theory §8) the Hessian falls into three parts, whose signs no
    change of hidden bases alters. With r = |S| learned modes and residual widths D_i:

    - among learned directions r^2 positive ones, the rest zero;
    - between learned and residual directions, for every l in S, one negative for every k not
      in S with s_k > s_l, one zero for s_k = s_l; D_0 + D_h in all without the zeros;
    - the residual network at Z, in the bars of its pattern (`residual_patterns`): one positive for
      every pair that one layer can join to lead from the inputs to the outputs,

      .. math:: \sum_{i=1}^{h} (a_i - a_{i-1})\, b_i, \quad
                a_i = \mathrm{rank}\, Z_{h:i+1},\ b_i = \mathrm{rank}\, Z_{i-1:1},\ a_0 = 0

      in all, and for every unlearned mode with every bar that bridges its gap alone one negative;
      one more positive if that bar reaches neither end. Bridges by one bar are what order 2 means.

    Parameters
    ----------
    problem
        Whitened or not, of any rank.
    net
        A critical point; `refine` makes one from a point near it.

    Returns
    -------
    Inertia
        With None for what the numbers do not decide.

    Raises
    ------
    ArgumentError
        The widths do not fit the problem, or the network is not critical.

    Notes
    -----
    Exact in exact arithmetic; the counts for the residual network are derived in
    `docs/decisions/15-inertia-by-bars.md` and equal those of dense Hessians at thousands of random
    points. Numerically every rank is decided by the widest gap between singular values, after the
    hidden bases have been adapted to the residual layers, so gauge transforms of condition 1e3
    change nothing.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    >>> saddle = dl.landscape.critical_point(problem, (3, 3, 3, 3), [1])
    >>> dl.landscape.inertia(problem, saddle)
    Inertia
      inertia  1 negative, 22 zero, 4 positive
      zeros    10 along the critical set, 12 degenerate
      decided  The residual pattern decides all signs. Gap ...
    >>> int((dl.landscape.spectrum(problem, saddle) > 1e-9).sum())
    4

    References
    ----------
    theory §8; Achour, Malgouyres, Gerchinovitz, arXiv 2107.13289.
    """
    verdict = classify(problem, net)
    require_critical(verdict)
    found = verdict.inertia
    if found is None:
        text = f"Which modes are learned is undecided: {verdict.decided_by}"
        return Inertia(None, None, None, None, None, None, text, verdict.margin)
    return found
