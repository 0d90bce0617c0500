"""`balance`: the network of the same map with zero, or with given, imbalances (theory §4, §6)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.geometry._imbalance import LARGEST_SEARCH, impossible, search, size
from deeplinear.geometry._rounding import product_round_off
from deeplinear.geometry._two_layer import two_layer_network
from deeplinear.network import LinearNetwork
from deeplinear.problem import RANK_TOLERANCE

REACHED = 1e-10
"""Both errors of a network that counts as found are below this."""

_ROUND_OFF = 32 * float(np.finfo(float).eps)
_SYMMETRIC = 1e-12


@dataclass(frozen=True)
class Balanced:
    """A network with the product of a given one and prescribed imbalances.

    Attributes
    ----------
    network : the new network P'; where not `reached`, the nearest that was found, or the old one.
    product_error : ||P' - P||_F / ||P||_F; where P is round-off of its layers, ||P' - P||_F over
        max_i ||W_i||_F^h.
    imbalance_error : max_i ||C_i - wanted_i||_F / max_i ||W_i||_F^2; 0 where all weights are zero
        and wanted.
    reached : whether both errors are at most 1e-10, or the product's is the round-off with which
        the given layers multiply to P.
    reason : a sentence: how it was found, or why not.
    """

    network: LinearNetwork
    product_error: float
    imbalance_error: float
    reached: bool
    reason: str

    def __str__(self) -> str:
        errors = f"product {self.product_error:.1e}, imbalance {self.imbalance_error:.1e}"
        outcome = "reached" if self.reached else "not reached"
        return f"Balanced, {self.network!r}\n  errors     {errors}\n  {outcome:<10} {self.reason}"


def balance(
    net: LinearNetwork, *, imbalance: Sequence[ArrayLike] | float | None = None
) -> Balanced:
    r"""Find the network with the same P and the given imbalances.

    C_i = W_i W_i^T - W_{i+1}^T W_{i+1}, in the order and with the signs of `net.imbalance()`,
    are constant along the flow: this chooses the leaf on which it starts, and leaves P alone.

    *Zero imbalance* (default): with P = U S V^T,

    .. math:: W_i = H_{i+1} S^{1/h} H_i^T, \qquad H_0 = V, \quad H_h = U ,

    exact for every network. The orthonormal hidden frames are the polar factors of the mean of
    the signals that the network itself carries forward from V and backward from U, so a balanced
    network stays what it is.

    *Given imbalance*, two layers: C = H diag(c) H^T and W_0 = H A V^T, W_1 = U B H^T with
    a_k^2 - b_k^2 = c_k and a_k b_k = s_k, and hyperbolic pairs of hidden directions where modes
    are fewer; this exists **if and only if** C has at most d_0 positive and d_2 negative
    eigenvalues, and is used if C = c I or if the search fails. *More layers*: damped Gauss-Newton
    steps of minimum norm on [P' - P; C' - C], from the network itself, then from disturbed ones.

    Parameters
    ----------
    net
        Any network.
    imbalance
        None: zero. A list of h - 1 symmetric matrices: C_0, ..., C_{h-2}, one for each hidden
        layer, C_i ``(d_{i+1}, d_{i+1})``. A number lam: all C_i = -lam I, i.e. the upper layer of
        each pair is larger by lam, the sign of `init.lambda_balanced`.

    Returns
    -------
    Balanced
        Look at ``reached``: for three layers and more the search can fail, and imbalances can be
        impossible. Proven obstacles are named: W_{i+1}^T W_{i+1} = W_i W_i^T - C_i is positive
        semidefinite of rank at most min(d_{i+1}, d_{i+2}), which bounds the number of eigenvalues
        of each sign, and, by Weyl's inequalities from layer to layer, their sizes. Unproven
        failures say so. Products below about 1e-6 of what weights of the size of sqrt(||C||)
        would make are lost in the round-off of these weights, and not reached.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Number, shape or symmetry of the matrices; more than 2000 parameters with more than two
        layers and an imbalance other than zero (dense linear algebra).

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.geometry import balance
    >>> net = dl.init.gaussian((3, 4, 2), scale=1.0, seed=0)
    >>> found = balance(net)
    >>> bool(np.allclose(found.network.product(), net.product()))
    True
    >>> bool(np.allclose(found.network.imbalance(), 0.0)), found.reached
    (True, True)
    >>> balance(net, imbalance=0.5).reason
    'Impossible: hidden layer 1 needs outgoing weights of rank 4, but widths 4 and 2 allow only 2.'

    References
    ----------
    theory §4, §6; Arora, Cohen, Hazan, arXiv 1802.06509; Dominé et al., arXiv 2409.14623;
    Horn, Johnson, *Matrix Analysis*, §4.3 (Weyl's inequalities).
    """
    wanted = _wanted(net, imbalance)
    if _errors(net, net, wanted)[1] <= _ROUND_OFF:
        return _result(net, net, wanted, "The network has this imbalance already.")
    if not any(np.any(c) for c in wanted):
        return _result(net, _zero_imbalance(net), wanted, "Equal roots of the singular values.")
    obstacle = impossible(net.widths, wanted)
    if obstacle:
        return _result(net, net, wanted, f"Impossible: {obstacle}")
    two, multiple_of_one = net.depth == 2, _is_scalar(wanted[0])
    if net.n_params > LARGEST_SEARCH and not two:
        raise ArgumentError(
            f"Argument `net` must have at most {LARGEST_SEARCH} parameters for an imbalance other "
            f"than zero and more than two layers, but it has {net.n_params}."
        )
    best = None
    if net.n_params <= LARGEST_SEARCH and not (two and multiple_of_one):
        for name, start in _starts(net, wanted):
            found = search(net, start, wanted)
            result = _result(net, found, wanted, f"Gauss-Newton steps from {name}.")
            if result.reached:
                return result
            if best is None or _worst(result) < _worst(best):
                best = result
            if two:
                break
    if two:
        exact = two_layer_network(net, wanted[0], _rank(net))
        return _result(net, exact, wanted, "Closed form of two layers.")
    assert best is not None
    return replace(best, reason=_failure(net, best))


def _wanted(net: LinearNetwork, imbalance: Sequence[ArrayLike] | float | None) -> list[Array]:
    """Return the matrices C_i, checked."""
    hidden = net.widths[1:-1]
    if imbalance is None:
        return [np.zeros((d, d)) for d in hidden]
    if np.isscalar(imbalance) or (isinstance(imbalance, np.ndarray) and imbalance.ndim == 0):
        lam = checks.number("imbalance", imbalance)
        return [-lam * np.eye(d) for d in hidden]
    try:
        given = list(imbalance)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(
            "Argument `imbalance` must be None, a number, or a list of matrices, "
            f"but it is of type {type(imbalance).__name__}."
        ) from None
    if len(given) != len(hidden):
        raise ArgumentError(
            f"Argument `imbalance` must hold {len(hidden)} matrices, one for each hidden layer of "
            f"widths {net.widths}, but it holds {len(given)}."
        )
    matrices = []
    for k, (d, value) in enumerate(zip(hidden, given, strict=True)):
        name = f"imbalance[{k}]"
        c = checks.matrix(name, value, shape_text=str((d, d)))
        if c.shape != (d, d):
            raise ArgumentError(
                f"Argument `{name}` must have shape {(d, d)}, the width of hidden layer {k + 1} "
                f"twice, but its shape is {c.shape}."
            )
        skew = float(np.linalg.norm(c - c.T))
        if skew > _SYMMETRIC * float(np.linalg.norm(c)):
            raise ArgumentError(
                f"Argument `{name}` must be symmetric, as all W W^T - W^T W are, but "
                f"||C - C^T||_F is {skew:.3g}. Take (C + C^T) / 2."
            )
        matrices.append((c + c.T) / 2)
    return matrices


def _zero_imbalance(net: LinearNetwork) -> LinearNetwork:
    """The balanced network of the same product, in frames near those of the given one."""
    if net.depth == 1:
        return net
    r, h = _rank(net), net.depth
    u, s, vt = np.linalg.svd(net.product(), full_matrices=False)
    u, roots, v = u[:, :r], s[:r] ** (1 / h), vt[:r].T
    forward, backward = [v], [u]
    for w in net.weights[:-1]:
        forward.append((w @ forward[-1]) / roots)
    for w in net.weights[:0:-1]:
        backward.append((w.T @ backward[-1]) / roots)
    frames = [v]
    for x, y in zip(forward[1:], backward[:0:-1], strict=True):
        # y^T x = I, so no combination with positive weights loses rank.
        frames.append(_polar(x / (np.linalg.norm(x) or 1.0) + y / (np.linalg.norm(y) or 1.0)))
    frames.append(u)
    return LinearNetwork([(frames[i + 1] * roots) @ frames[i].T for i in range(h)])


def _polar(frame: Array) -> Array:
    u, _, vt = np.linalg.svd(frame, full_matrices=False)
    return u @ vt


def _rank(net: LinearNetwork) -> int:
    """Singular values of P above its round-off, and above 1e-13 of the largest."""
    s = np.linalg.svd(net.product(), compute_uv=False)
    small = max(RANK_TOLERANCE * float(s[0]), product_round_off(net))
    return min(int(np.sum(s > small)), *net.widths)


def _starts(net: LinearNetwork, wanted: list[Array]) -> list[tuple[str, LinearNetwork]]:
    """The network itself, then disturbed ones; a balanced one may be singular, so it is too."""
    rng, unit = np.random.default_rng(0), size(net, wanted)
    starts = [("the network itself", net)]
    for share, base in ((0.1, _zero_imbalance(net)), (0.3, net), (1.0, net), (1.0, net)):
        noise = share * unit * rng.standard_normal(net.n_params)
        moved = LinearNetwork.from_vector(base.to_vector() + noise, net.widths)
        starts.append(("a disturbed network", moved))
    return starts


def _is_scalar(c: Array) -> bool:
    return bool(np.all(c == c[0, 0] * np.eye(len(c))))


def _errors(net: LinearNetwork, found: LinearNetwork, wanted: list[Array]) -> tuple[float, float]:
    """Return ||P' - P||_F and the imbalance error."""
    largest = max(float(np.linalg.norm(w)) for w in found.weights) ** 2
    off = max(
        (float(np.linalg.norm(c - g)) for c, g in zip(found.imbalance(), wanted, strict=True)),
        default=0.0,
    )
    return _distance(net, found), off / largest if largest > 0 else off


def _result(net: LinearNetwork, found: LinearNetwork, wanted: list[Array], reason: str) -> Balanced:
    difference, off = _errors(net, found, wanted)
    norm, noise = float(np.linalg.norm(net.product())), product_round_off(net)
    if norm <= noise:
        norm = max(float(np.linalg.norm(w)) for w in found.weights) ** net.depth
    exact = difference <= max(REACHED * norm, 2 * noise)
    error = difference / (norm or 1.0)
    return Balanced(found, error, off, exact and off <= REACHED, reason)


def _failure(net: LinearNetwork, best: Balanced) -> str:
    if best.imbalance_error <= REACHED and _distance(net, best.network) <= 2 * product_round_off(
        best.network
    ):
        return (
            "Not found: the imbalance asks for weights so large that a product this small is lost "
            "in their round-off."
        )
    return (
        "Not found: no start converged. The imbalance may be impossible with this product, but no "
        "obstacle is proven."
    )


def _distance(a: LinearNetwork, b: LinearNetwork) -> float:
    return float(np.linalg.norm(a.product() - b.product()))


def _worst(result: Balanced) -> float:
    return max(result.product_error, result.imbalance_error)
