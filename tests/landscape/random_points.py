"""Random exact critical points of every type, known by construction (theory §8).

The normal form W_i ~ diag(I_r, Z_i) carries the learned modes; (Z_1, ..., Z_h) is drawn as a quiver
representation: *bars* [a, b] are basis vectors that are born in layer a, carried with random
weights and die after layer b. A bar of input k has b < h, one of output l has a > 0, so the
product is zero. The gradient is zero exactly if f_l^T R g_k = 0 whenever a_l <= b_k + 1, for the
output vectors f_l and the dual input vectors g_k: in coordinates where R is diagonal, residual mode
k needs a_k >= b_k + 2. All else is free, and a change of frames that keeps R makes the vectors
generic.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from deeplinear import LinearNetwork, Problem, gradient

LARGEST_WIDTH = 5


@dataclass(frozen=True)
class Point:
    """A critical point, and what is known of it.

    modes, loss: the learned modes (the first of each group of equal values), the critical value.
    plain: the network before the change of hidden bases, which keeps every order and index.
    residual: Z_1, ..., Z_h. description: how it was drawn.
    """

    problem: Problem
    net: LinearNetwork
    plain: LinearNetwork
    modes: tuple[int, ...]
    loss: float
    residual: tuple[np.ndarray, ...]
    description: str


@dataclass(frozen=True)
class _Shape:
    """Whitened widths (d_0 is the rank of Sxx), singular values, learned modes, bars."""

    widths: tuple[int, ...]
    s: np.ndarray
    modes: tuple[int, ...]
    bars: list[tuple[int, int, int]]  # (born, last, input or output index, else -1)
    name: str

    @property
    def hidden(self):
        return [d - len(self.modes) for d in self.widths]


def points(n, seed):
    """The first n points of a seed."""
    return [random_point((seed, i)) for i in range(n)]


def random_point(seed):
    """The critical point of this seed (an int or a tuple of ints)."""
    rng = np.random.default_rng(seed)
    shape = _barrier(rng) if rng.random() < 0.06 else _generic(rng)
    residual = _residual(rng, shape)
    point = _assemble(rng, shape, residual)
    slope = max(np.abs(g).max() for g in gradient(point.problem, point.net))
    scale = _gradient_scale(point)
    assert slope <= 1e-11 * scale, f"seed {seed}: gradient {slope:.1e} at scale {scale:.1e}"
    return point


def _gradient_scale(point):
    norms = [np.linalg.norm(w, 2) for w in point.net.weights]
    largest = np.prod(norms) / min(norms) if min(norms) > 0 else 1.0
    sxx = np.linalg.norm(point.problem.sxx, 2)
    return max(1.0, largest) * (np.linalg.norm(point.problem.syx) + np.prod(norms) * sxx + 1e-300)


# What is drawn ------------------------------------------------------------------------------------


def _generic(rng):
    h = int(rng.choice([2, 3, 4, 5, 6], p=[0.15, 0.2, 0.25, 0.2, 0.2]))
    widths = _widths(rng, h)
    s = _spectrum(rng, min(widths[0], widths[-1]))
    most = min(*widths, len(s))
    draw = rng.random()
    if draw < 0.15:
        chosen, name = np.arange(most), "largest set"
    elif draw < 0.7:
        chosen, name = np.arange(rng.integers(max(most, 1))), "top set"
    else:
        chosen, name = rng.permutation(len(s))[: rng.integers(min(1, most), most + 1)], "any set"
    r = len(chosen)
    modes = _first_of_each_group(s, chosen)
    alive = float(rng.choice([0.0, 0.15, 0.4, 0.9], p=[0.2, 0.3, 0.3, 0.2]))
    bars = _bars(rng, [d - r for d in widths], len(s) - r, alive)
    return _Shape(widths, s, modes, bars, f"{name}, bars alive {alive}")


def _widths(rng, h):
    style = rng.choice(["any", "wide", "bottleneck", "narrow", "over-wide"])
    if style == "narrow":
        widths = rng.integers(1, 3, h + 1)
    else:
        low = 1 if style == "any" else 3
        high = LARGEST_WIDTH - (style == "over-wide")
        widths = rng.integers(low, high + 1, h + 1)
    if style == "bottleneck":
        widths[rng.integers(1, h)] = rng.integers(1, 3)
    if style == "over-wide":
        widths[0], widths[-1] = rng.integers(1, 4, 2)
        widths[rng.integers(1, h)] = LARGEST_WIDTH
    return tuple(int(d) for d in widths)


def _spectrum(rng, most):
    """Descending positive values: distinct, or with groups of equal ones; m <= most of them."""
    m = most if rng.random() < 0.5 else int(rng.integers(1, most + 1))
    m = 0 if rng.random() < 0.02 else m
    gaps = rng.uniform(0.2, 0.8, m)
    gaps[1:][rng.random(max(m - 1, 0)) < rng.choice([0.0, 0.4, 1.0], p=[0.6, 0.3, 0.1])] = 0.0
    return np.cumsum(gaps + np.r_[0.3, np.zeros(m)][:m])[::-1]


def _first_of_each_group(s, chosen):
    modes = []
    for value in np.unique(s):
        group = np.flatnonzero(s == value)
        modes += list(group[: np.isin(group, chosen).sum()])
    return tuple(sorted(int(k) for k in modes))


def _bars(rng, widths, m, alive):
    """Bars of the residual, added in random order while the widths have room."""
    h = len(widths) - 1
    room = list(widths)
    room[0] = room[-1] = LARGEST_WIDTH**2
    last = dict.fromkeys(range(widths[0]), 0)
    first = dict.fromkeys(range(widths[-1]), h)
    inner = []

    def fits(a, b):
        return all(room[i] > 0 for i in range(a, b + 1))

    def take(a, b):
        for i in range(a, b + 1):
            room[i] -= 1

    wishes = [("input", k) for k in last] + [("output", k) for k in first]
    wishes += [("inner", -1)] * int(rng.integers(max(widths[1:h]) + 1))
    for j in rng.permutation(len(wishes)):
        side, k = wishes[j]
        if rng.random() >= alive:
            continue
        if side == "input":
            b = int(rng.integers(1, h))
            b = min(b, first[k] - 2) if k < m and k in first else b
            if b >= 1 and fits(1, b):
                take(1, b)
                last[k] = b
        elif side == "output":
            a = int(rng.integers(1, h))
            a = max(a, last[k] + 2) if k < m and k in last else a
            if a <= h - 1 and fits(a, h - 1):
                take(a, h - 1)
                first[k] = a
        else:
            a, b = sorted(int(i) for i in rng.integers(1, h, 2))
            if a < b and fits(a, b):
                take(a, b)
                inner.append((a, b, -1))
    return [(0, b, k) for k, b in last.items()] + [(a, h, k) for k, a in first.items()] + inner


def _barrier(rng):
    """Null directions of a rank-deficient target fill the layers on both sides of a zero layer.

    Unless a layer has a spare node, every way out at order 3 is blocked and the order is 4.
    """
    h = int(rng.integers(3, 6))
    j = int(rng.integers(1, h - 1))
    below, above = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    r = int(rng.integers(0, 3 - max(below, above) + 1))
    m = int(rng.integers(1, 3))
    widths = [m + below, *[below] * j, *[above] * (h - 1 - j), m + above]
    spare = rng.random(h + 1) < rng.choice([0.0, 0.2])
    widths = tuple(min(LARGEST_WIDTH, d + r + int(e)) for d, e in zip(widths, spare, strict=True))
    r = min(r, LARGEST_WIDTH - m - max(below, above))
    s = np.cumsum(rng.uniform(0.2, 0.8, r + m) + 0.2)[::-1]
    bars = [(0, j, m + k) for k in range(below)] + [(j + 1, h, m + k) for k in range(above)]
    bars += [(0, 0, k) for k in range(widths[0] - r) if not m <= k < m + below]
    bars += [(h, h, k) for k in range(widths[-1] - r) if not m <= k < m + above]
    return _Shape(widths, s, tuple(range(r)), bars, "barrier")


# How it is built ----------------------------------------------------------------------------------


def _residual(rng, shape):
    """Z_1, ..., Z_h in coordinates where R is diag of the values that are not learned."""
    h, widths = len(shape.widths) - 1, shape.hidden
    slots = [dict[int, int]() for _ in widths]  # bar -> basis vector of the layer
    for number, (a, b, k) in enumerate(shape.bars):
        for i in range(a, b + 1):
            at_end = i in (0, h)
            slots[i][number] = k if at_end else len(slots[i])
    z = [np.zeros((rows, columns)) for columns, rows in itertools.pairwise(widths)]
    for number, (a, b, _) in enumerate(shape.bars):
        for i in range(a, b):
            z[i][slots[i + 1][number], slots[i][number]] = _sign(rng) * rng.uniform(0.6, 1.6)
    if rng.random() < 0.25:
        return z  # coordinate vectors
    rest = np.delete(shape.s, shape.modes)
    m = len(rest)
    mix = _matrix(rng, m, 3.0) if rng.random() < 0.6 else np.eye(m)
    frames = [_matrix(rng, d, 3.0) for d in widths]
    frames[h] = _beside_null(rng, mix, widths[h])
    dual = (np.linalg.inv(mix).T * rest) / rest[:, None]
    frames[0] = np.linalg.inv(_beside_null(rng, dual, widths[0])).T
    return [frames[i + 1] @ z[i] @ np.linalg.inv(frames[i]) for i in range(h)]


def _beside_null(rng, block, size):
    """[[block, 0], [any, any]]: a change of frame that keeps what R sees."""
    m = len(block)
    frame = np.zeros((size, size))
    frame[:m, :m] = block
    frame[m:, :m] = 0.5 * rng.standard_normal((size - m, m))
    frame[m:, m:] = _matrix(rng, size - m, 3.0)
    return frame


def _assemble(rng, shape, residual):
    h, r, s = len(shape.widths) - 1, len(shape.modes), shape.s
    order = [*shape.modes, *(k for k in range(len(s)) if k not in shape.modes)]
    scale = 10 ** rng.uniform(-2, 2) if rng.random() < 0.25 else 1.0
    u, v = (_orthogonal(rng, shape.widths[i]) for i in (-1, 0))
    target = scale * (u[:, : len(s)] * s[order]) @ v[:, : len(s)].T
    weights = []
    for i, z in enumerate(residual):
        w = np.zeros((shape.widths[i + 1], shape.widths[i]))
        w[:r, :r] = np.diag(s[list(shape.modes)]) if i == 0 else np.eye(r)
        w[r:, r:] = z
        weights.append(scale ** (1 / h) * w)
    weights[0] = weights[0] @ v.T
    weights[-1] = u @ weights[-1]
    problem, weights[0], kind = _with_inputs(rng, target, weights[0], scale)
    value = 0.5 * scale**2 * float(np.sum(np.delete(s, shape.modes) ** 2)) + problem.floor
    plain = LinearNetwork(weights)
    if rng.random() < 0.8:
        for i in range(1, h):
            t = _matrix(rng, shape.widths[i], 30.0) * rng.uniform(0.5, 2.0)
            weights[i - 1], weights[i] = t @ weights[i - 1], weights[i] @ np.linalg.inv(t)
    net = LinearNetwork(weights)
    text = f"{shape.name}; {kind}; scale {scale:.2g}; {net.widths}, s {s}, bars {shape.bars}"
    return Point(problem, net, plain, shape.modes, value, tuple(residual), text)


def _with_inputs(rng, target, first, scale):
    """The problem and first layer whose whitened forms are target and first: Sxx = F F^T."""
    q = target.shape[1]
    draw = rng.random()
    if draw < 0.55:
        return Problem.from_target(target), first, "identity inputs"
    surplus = int(rng.integers(1, 3)) if draw > 0.8 else 0
    kind = f"inputs of rank {q} of {q + surplus}"
    frame = _orthogonal(rng, q + surplus)[:, :q]
    factor, inverse = frame, frame.T
    if draw < 0.95:
        roots = 10 ** rng.uniform(-0.5, 0.5, q)
        inner = _orthogonal(rng, q)
        factor, inverse = (frame * roots) @ inner, inner.T @ (frame / roots).T
    w = first @ inverse
    if surplus and rng.random() < 0.8:  # no input sees this part
        off = rng.standard_normal(w.shape)
        w += off - off @ frame @ frame.T
    floor = scale**2 * rng.random() if rng.random() < 0.5 else 0.0
    syy = float(np.sum(target**2)) + 2 * floor
    return Problem.from_moments(factor @ factor.T, target @ factor.T, syy), w, kind


def _sign(rng):
    return 1.0 if rng.random() < 0.5 else -1.0


def _orthogonal(rng, size):
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


def _matrix(rng, size, condition):
    """An invertible matrix with singular values in [condition^-1/2, condition^1/2]."""
    values = condition ** rng.uniform(-0.5, 0.5, size)
    return (_orthogonal(rng, size) * values) @ _orthogonal(rng, size)
