"""Recognizing a decoupled start from its weights alone (theory §6)."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from deeplinear._core.checks import Array
from deeplinear.exact._arguments import TOLERANCE, fitting
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_SPLIT = 1e-12
"""Singular values closer than this, relative to the norm of their matrix, count as equal."""
_ZERO = 1e-13
"""Amplitudes below this, relative to the norm of their layer, count as zero."""
_NOISE, _FLOOR = 1e-12, 1e-4
"""What the chains leave of a matrix is nothing below _NOISE of its norm. Otherwise it is measured
relative to itself, but to no less than _FLOOR of the matrix: its round-off must not count."""

Group = tuple[list[Array], list[Array]]
"""Frames along equal chains, and frames carried along."""


@dataclass(frozen=True)
class Decoupling:
    """The scalar chains of a start: W_i o_{i,k} = a_{i,k} o_{i+1,k}, Sigma o_{0,k} = s_k o_{h,k}.

    Attributes
    ----------
    s : ``(n,)`` singular values of the n modes that can move, descending.
    amplitudes : ``(depth, n)`` a_{i,k}, of any sign, at most one zero in each column.
    frames : depth + 1 arrays ``(d_i, n)`` with orthonormal columns o_{i,k}.
    violation : how far the weights are from this structure: the largest of all residuals,
        relative to the norms of the layers and of the target.

    What the chains leave of the weights is a critical point on the complement of the frames: it
    is frozen. That includes modes with two or more zero amplitudes.
    """

    s: Array
    amplitudes: Array
    frames: tuple[Array, ...]
    violation: float


def decoupling(problem: Problem, net: LinearNetwork) -> Decoupling:
    """Find the chains of a decoupled start, of any widths, signs, ranks and repeated values.

    The target's singular spaces are split by each layer in turn, from the inputs forward and from
    the outputs backward: within a group of equal values, the next layer decides the frames. Then
    everything is checked. A start that is not decoupled is usually rejected at once, because a
    product that must be symmetric is not.

    Parameters
    ----------
    problem, net
        A whitened problem and a network that fits it.

    Returns
    -------
    `Decoupling`, whatever its `violation`; above about 1e-10 its chains mean little. If a
    product decided, it has no chains. Amplitudes below 1e-13 of their layer's norm count as zero;
    a mode whose amplitudes are that small in comparison, multiplied over several layers, may be
    lost in the round-off of the others, and then the start is refused.

    Raises
    ------
    ArgumentError
        The problem is not whitened, or the widths do not fit it.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import exact
    >>> problem = dl.Problem.from_modes([3.0, 1.0], seed=1)
    >>> found = exact.decoupling(problem, dl.init.decoupled(problem, (2, 4, 2), [0.1, 0.2]))
    >>> found.s.round(4), abs(found.amplitudes).round(4), found.violation < 1e-12
    (array([3., 1.]), array([[0.1, 0.2],
           [0.1, 0.2]]), True)

    References
    ----------
    theory §5, §6.
    """
    fitting(problem, net)
    layers, target = on_range(problem, net)
    unit = [w / (float(scipy.linalg.norm(w)) or 1.0) for w in (*layers, target)]
    product = np.linalg.multi_dot(unit[-2::-1]) if net.depth > 1 else unit[0]
    # All of Sigma^T Sigma, Sigma^T P, W_0^T W_0 commute, and so on the side of the outputs.
    violation = max(
        _skew(unit[-1].T @ product),
        _skew(product @ unit[-1].T),
        _skew(unit[-1].T @ unit[-1] @ unit[0].T @ unit[0]),
        _skew(unit[-1] @ unit[-1].T @ unit[-2] @ unit[-2].T),
    )
    if violation > TOLERANCE:
        empty = tuple(np.zeros((w.shape[1], 0)) for w in layers)
        frames = (*empty, np.zeros((problem.d_out, 0)))
        return Decoupling(np.zeros(0), np.zeros((net.depth, 0)), frames, violation)
    return _recognized(problem, layers, target)


def on_range(problem: Problem, net: LinearNetwork) -> tuple[list[Array], Array]:
    """Return the layers and the target on the range of the inputs (W_0 F, T)."""
    first = net.weights[0] if problem.factor is None else net.weights[0] @ problem.factor
    return [first, *net.weights[1:]], problem.factor_target


def _recognized(problem: Problem, layers: Sequence[Array], target: Array) -> Decoupling:
    chains = list(_chains(problem, layers))
    frames = [np.hstack(parts) for parts in zip(*chains, strict=True)]
    images = [w @ o for w, o in zip(layers, frames[:-1], strict=True)]
    amplitudes = np.array([np.sum(o * m, axis=0) for o, m in zip(frames[1:], images, strict=True)])
    norms = [[float(scipy.linalg.norm(w))] for w in layers]
    amplitudes[np.abs(amplitudes) <= _ZERO * np.array(norms)] = 0.0
    s = np.sum(frames[-1] * (target @ frames[0]), axis=0)
    s[s <= _ZERO * float(scipy.linalg.norm(target))] = 0.0
    order = np.argsort(-s, kind="stable")
    s, amplitudes, frames = s[order], amplitudes[:, order], [o[:, order] for o in frames]
    violation = _violation(layers, target, s, amplitudes, frames)
    return Decoupling(s, amplitudes, tuple(frames), violation)


def _skew(m: Array) -> float:
    return float(scipy.linalg.norm(m - m.T))


def _chains(problem: Problem, layers: Sequence[Array]) -> Iterator[list[Array]]:
    """Yield the frames [o_0, ..., o_h] of the chains that can move, by groups of equal chains."""
    depth, modes = len(layers), problem.modes
    v = modes.v if problem.factor is None else problem.factor.T @ modes.v
    equal = _equal(modes.s, float(modes.s.max(initial=0.0)))
    groups: list[Group] = [([v[:, g]], [modes.u[:, g]]) for g in equal]
    null = scipy.linalg.null_space(v.T) if len(modes) else np.eye(len(v))
    complete = [[np.zeros((w.shape[1], 0)) for w in layers] + [np.zeros((problem.d_out, 0))]]
    incomplete: list[Group] = []
    for frames, targets in _followed(layers, [*groups, ([null], [])]):
        if len(frames) == depth + 1 and not targets:
            complete.append(frames)
        elif len(frames) == depth + 1:
            # Equal chains may still differ in sign: u^T P v is symmetric.
            signs = targets[0].T @ frames[-1]
            r = scipy.linalg.eigh(signs + signs.T)[1]
            complete.append([f @ r for f in (*frames[:-1], targets[0])])
        elif targets:
            incomplete.append((targets, frames))
    yield from complete
    known = [np.hstack(parts) for parts in zip(*complete, strict=True)]
    upward = [w.T for w in layers[::-1]]
    for back, forth in _followed(upward, incomplete, known[-2::-1], length=depth + 1):
        if len(forth) + len(back) == depth + 1:  # one zero amplitude; with more, it is frozen
            yield [*forth, *back[::-1]]


def _followed(
    layers: Sequence[Array],
    groups: list[Group],
    known: Sequence[Array] | None = None,
    *,
    length: int | None = None,
) -> list[Group]:
    """Follow the last frame of each group through the layers until it dies.

    Groups are split by singular values; what a group carries is rotated with it. A group stops
    once it has `length` frames together with those that it carries.
    """
    done: list[Group] = []
    for i, w in enumerate(layers):
        norm = float(scipy.linalg.norm(w))
        images = []
        for frames, carried in groups:
            if len(frames) + len(carried) == length:
                done.append((frames, carried))
                continue
            left, a, right = scipy.linalg.svd(w @ frames[-1])
            n = int(np.sum(a > _ZERO * norm))
            for g in [*_equal(a[:n], norm), np.arange(n, len(right))]:
                rotated = [f @ right[g].T for f in frames], [f @ right[g].T for f in carried]
                if len(g) and g[0] < n:
                    images.append((float(a[g[0]]), rotated, left[:, g]))
                elif len(g):
                    done.append(rotated)
        # Round-off of strong modes must not grow along the chains of weak ones.
        images.sort(key=lambda image: -image[0])
        first = np.zeros((len(w), 0)) if known is None else known[i]
        frame = _orthonormal(np.hstack([first, *(left for *_, left in images)]))[
            :, first.shape[1] :
        ]
        ends = np.cumsum([left.shape[1] for *_, left in images])[:-1]
        parts = np.split(frame, ends, axis=1)
        groups = [
            ([*rotated[0], part], rotated[1])
            for (_, rotated, _), part in zip(images, parts, strict=False)
        ]
    return done + groups


def _orthonormal(frame: Array) -> Array:
    """Return the columns made orthonormal in their order, if there is room for them."""
    if frame.shape[1] > frame.shape[0] or not frame.size:
        return frame
    q, r = np.linalg.qr(frame)
    return np.where(np.diag(r) < 0, -q, q)


def _equal(values: Array, size: float) -> list[NDArray[np.intp]]:
    """Return the index groups of equal values among descending ones."""
    gaps = np.flatnonzero(-np.diff(values) > _SPLIT * size)
    return [g for g in np.split(np.arange(len(values)), gaps + 1) if len(g)]


def _violation(
    layers: Sequence[Array], target: Array, s: Array, amplitudes: Array, frames: Sequence[Array]
) -> float:
    """Return the largest residual of the structure, each relative to the norms involved."""
    first, last = frames[0], frames[-1]
    matrices = [
        (w, a, below, above)
        for w, a, below, above in zip(layers, amplitudes, frames[:-1], frames[1:], strict=True)
    ]
    residuals = [float(scipy.linalg.norm(o.T @ o - np.eye(len(s)))) for o in frames]
    rest = []
    for w, a, below, above in [*matrices, (target, s, first, last)]:
        norm = float(scipy.linalg.norm(w)) or 1.0
        residuals.append(float(scipy.linalg.norm(w @ below - above * a)) / norm)
        residuals.append(float(scipy.linalg.norm(w.T @ above - below * a)) / norm)
        left = (w - (above * a) @ below.T) / norm
        size = float(scipy.linalg.norm(left))
        rest.append(left / max(size, _FLOOR) if size > _NOISE else np.zeros_like(left))
    *left_layers, left_target = rest
    # What is left must be critical: its product zero, and no layer may see its target.
    prefixes = list(
        itertools.accumulate(left_layers, lambda p, w: w @ p, initial=np.eye(len(first)))
    )
    suffixes = list(
        itertools.accumulate(left_layers[::-1], lambda p, w: p @ w, initial=np.eye(len(last)))
    )[::-1]
    residuals.append(float(scipy.linalg.norm(prefixes[-1])))
    residuals += [
        float(scipy.linalg.norm(above.T @ left_target @ below.T))
        for below, above in zip(prefixes[:-1], suffixes[1:], strict=True)
    ]
    return max(residuals)
