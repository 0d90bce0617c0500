"""A network near a critical point as a learned part and a residual one (theory §8)."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape._modes import natural_weight
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem


@dataclass(frozen=True)
class NormalForm:
    """A network as W_i = diag(learned path, Z_i), in bases of the hidden layers.

    The split into both parts is exact for every network and every number of learned directions
    that its map has. At a critical point Z is critical for the target `rest`, with product zero.

    Attributes
    ----------
    rank : learned directions r of the whitened map P.
    layers : the whitened weights; product : P; target : what P is to learn.
    learned : r singular values of P, descending.
    z : one matrix Z_i ``(d_{i+1} - r, d_i - r)`` for each layer; may be empty.
    rest : the residual target in the same bases, ``(d_h - r, q - r)``.
    outer, inner : bases of the residual part. inner[i] ``(d_i, d_i - r)`` spans it, outer[i] are
        the linear forms dual to it.
    """

    rank: int
    layers: tuple[Array, ...]
    product: Array
    target: Array
    learned: Array
    z: tuple[Array, ...]
    rest: Array
    inner: tuple[Array, ...]
    outer: tuple[Array, ...]


def whitened_layers(problem: Problem, net: LinearNetwork) -> tuple[Array, ...]:
    """The weights with W_0 F in place of W_0: the network that learns `problem.factor_target`."""
    if problem.factor is None:
        return net.weights
    return (net.weights[0] @ problem.factor, *net.weights[1:])


def factor_inverse(problem: Problem) -> Array:
    """The pseudo-inverse F^+ of the factor of Sxx: a whitened first layer V becomes V F^+."""
    if problem.factor is None:
        return np.eye(problem.d_in)
    f = problem.factor  # its columns are orthogonal
    return (f / np.sum(f * f, axis=0)).T


def normal_form(problem: Problem, net: LinearNetwork, rank: int) -> NormalForm:
    """Split off `rank` learned directions, the largest of the map."""
    layers, target = whitened_layers(problem, net), problem.factor_target
    product = layers[0] if len(layers) == 1 else np.linalg.multi_dot(layers[::-1])
    u, s, vt = np.linalg.svd(product)
    root = np.sqrt(s[:rank])
    # Through hidden layer i, learned directions run along `onward[i]` and are read by `back[i]`.
    onward, back = [vt[:rank].T / root], [u[:, :rank].T / root[:, None]]
    for w in layers[:-1]:
        onward.append(w @ onward[-1])
    for w in layers[:0:-1]:
        back.append(back[-1] @ w)
    inner, outer = [vt[rank:].T], [vt[rank:]]
    for path, reader in zip(onward[1:], back[:0:-1], strict=True):
        basis = _kernel(reader)
        inner.append(basis)
        outer.append(basis.T - (basis.T @ path) @ reader)
    inner.append(u[:, rank:])
    outer.append(u[:, rank:].T)
    z = tuple(outer[i + 1] @ w @ inner[i] for i, w in enumerate(layers))
    rest = outer[-1] @ target @ inner[0]
    return NormalForm(rank, layers, product, target, s[:rank], z, rest, tuple(inner), tuple(outer))


def signals(problem: Problem, net: LinearNetwork) -> tuple[list[Array], list[Array]]:
    """Products before and after every node layer: from the factor of the inputs, to the outputs."""
    before = [np.eye(problem.d_in) if problem.factor is None else problem.factor]
    for w in net.weights:
        before.append(w @ before[-1])
    after = [np.eye(problem.d_out)]
    for w in net.weights[::-1]:
        after.append(after[-1] @ w)
    return before, after[::-1]


def natural_scales(problem: Problem, form: NormalForm) -> list[float]:
    """The size of each layer, at least that of the largest mode in a balanced network."""
    natural = natural_weight(problem, len(form.layers))
    return [max(natural, float(np.linalg.norm(w, 2))) for w in form.layers]


def partial_products(z: tuple[Array, ...]) -> dict[tuple[int, int], Array]:
    """All products z[b - 1] ... z[a], keyed (a, b); the identity for a = b."""
    found: dict[tuple[int, int], Array] = {}
    for a in range(len(z) + 1):
        size = z[a].shape[1] if a < len(z) else z[-1].shape[0]
        found[a, a] = np.eye(size)
        for b in range(a + 1, len(z) + 1):
            found[a, b] = z[b - 1] @ found[a, b - 1]
    return found


def _kernel(rows: Array) -> Array:
    """Orthonormal columns that span the kernel of linearly independent rows."""
    r, d = rows.shape
    return np.linalg.qr(rows.T, mode="complete")[0][:, r:] if r else np.eye(d)
