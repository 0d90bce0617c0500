"""The escape order of a critical point, measured: how fast the best descent on small spheres falls.

Nothing here knows the theory of critical points. On spheres of radius eps around the network the
loss is minimized by a Newton method from many starts; each minimum is followed to smaller radii,
where it falls like -c eps^p. The smallest p over all branches is the escape order. The loss
difference is the sum of its terms, never a difference of losses, so eps^6 is far above round-off.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dposv

from deeplinear import LinearNetwork, Problem, vector_field

FIRST_RADIUS, RATIO, SPHERES = 0.3, 0.4, 10
"""Radii relative to the balanced size of the largest mode: 0.3 to 8e-5, where round-off allows.

Orders that hold at larger radii only are common: near blocked points the fall looks like eps^3
down to 1e-2 and is eps^4.
"""

BRANCHES, FOLLOWED = 6, 2
"""Minima of different depth that are followed inwards, and how many of them after three spheres."""


@dataclass(frozen=True)
class Descent:
    """order: the rounded slope of the branch with the smallest one, or None without a descent.

    slope: d log(fall) / d log(radius) of that branch between its two smallest spheres.
    """

    order: int | None
    slope: float | None

    @property
    def clear(self):
        """Whether the slope is close to an integer, or no descent was found."""
        return self.order is None or abs(self.slope - self.order) < 0.05


class Difference:
    """L(W + delta) - L(W) on vectors delta, in units where the largest mode is 1.

    The whitened problem with W_0 F; of the layers named only (None: all), the others stand still.
    """

    def __init__(self, problem, net, layers=None):
        self.unit = float(problem.modes.s[0]) if len(problem.modes) else 1.0
        first = net.weights[0] if problem.factor is None else net.weights[0] @ problem.factor
        root = self.unit ** (1 / net.depth)
        self.net = LinearNetwork([w / root for w in (first, *net.weights[1:])])
        target = problem.factor_target / self.unit
        self.residual = target - self.net.product()
        self.at = self.net.to_vector()
        field, self.jacobian = vector_field(Problem.from_target(target), self.net.widths)
        self.field = lambda y: field(0.0, y)
        ends = np.cumsum([0, *(w.size for w in self.net.weights)])
        moving = range(net.depth) if layers is None else layers
        self.slices = [slice(a, b) for a, b in itertools.pairwise(ends)]
        self.free = np.concatenate([np.arange(ends[i], ends[i + 1]) for i in sorted(moving)])
        self.noise = self.field(self.at)  # what round-off left of the gradient
        sizes = np.maximum([np.linalg.norm(w, 2) for w in self.net.weights], 1.0)
        self.round_off = 1e-14 * float(np.prod(sizes) / sizes.min())

    def layers_of(self, delta):
        if len(delta) == len(self.at):
            whole = delta
        else:
            whole = np.zeros(len(self.at))
            whole[self.free] = delta
        return [
            whole[s].reshape(w.shape) for s, w in zip(self.slices, self.net.weights, strict=True)
        ]

    def value(self, delta):
        product, change = 1.0, 0.0
        parts = self.layers_of(delta)
        for i, (w, d) in enumerate(zip(self.net.weights, parts, strict=True)):
            if i == 0:
                product, change = w, d
            else:
                product, change = w @ product, w @ change + d @ (product + change)
        linear = self.noise[self.free] @ delta
        return 0.5 * np.vdot(change, change) - np.vdot(self.residual, change) + linear

    def gradient(self, delta):
        y = self.at.copy()
        y[self.free] += delta
        return (self.noise - self.field(y))[self.free]

    def hessian(self, delta):
        y = self.at.copy()
        y[self.free] += delta
        full = self.jacobian(0.0, y)
        part = full if len(delta) == len(y) else full[np.ix_(self.free, self.free)]
        return np.negative(part, out=part)


def descend(f, x, radius, steps):
    """Return (x, f(x)) of a minimum on the sphere: Newton with a trust radius.

    The step of length at most `trust` is that of H + mu, for the first mu of a sequence that makes
    it positive definite and the step short enough: a few Cholesky factorizations, many times
    cheaper than an eigenvalue decomposition.
    """
    x = x * (radius / np.linalg.norm(x))
    value, trust, mu = f.value(x), 0.5 * radius, 0.0
    for _ in range(steps):
        g = f.gradient(x)
        normal = x / radius
        along = normal @ g
        g = g - along * normal
        h = f.hessian(x)
        h_normal = h @ normal
        size = np.abs(h).max() + abs(along) / radius
        # On the tangent space P H P - along / radius; `size` in the normal direction.
        shift = normal @ h_normal + along / radius + size
        mixed = np.outer(h_normal - 0.5 * shift * normal, normal)
        h -= mixed
        h -= mixed.T
        diagonal = h.diagonal() - along / radius
        mu = max(0.1 * mu, 1e-12 * size + 1e-300)
        improved = False
        for _ in range(8):
            while mu < 1e300:
                h.flat[:: len(h) + 1] = diagonal + mu
                _, step, failed = dposv(h.T, g)
                if not failed and step @ step <= trust**2:
                    break
                mu *= 4.0
            new = x - step
            new *= radius / np.linalg.norm(new)
            new_value = f.value(new)
            if new_value < value:
                improved = True
                break
            trust *= 0.25
        if not improved:
            break
        gain, x, value = value - new_value, new, new_value
        trust = min(2 * trust, radius)
        if gain < 1e-5 * abs(value):
            break
    return x, value


def starts(f, net, layers, rng, n_random):
    """Random directions of all layers, and of subsets of layers, along which the Hessian is 0."""
    depth = net.depth
    moving = sorted(range(depth) if layers is None else layers)
    sizes = np.concatenate([np.full(s.stop - s.start, i) for i, s in enumerate(f.slices)])[f.free]
    hessian = f.hessian(np.zeros(len(f.free)))
    subsets = [c for k in range(2, len(moving) + 1) for c in itertools.combinations(moving, k)]
    if len(subsets) > 3 * n_random:
        subsets = [subsets[i] for i in rng.permutation(len(subsets))[: 3 * n_random]]
    for chosen in [*subsets, *[tuple(moving)] * n_random]:
        idx = np.flatnonzero(np.isin(sizes, chosen))
        values, frame = np.linalg.eigh(hessian[np.ix_(idx, idx)])
        flat = frame[:, values <= 1e-9 * max(1.0, values[-1])]
        x = 1e-3 * rng.standard_normal(len(f.free))
        x[idx] += flat @ rng.standard_normal(flat.shape[1])
        yield x


def best_descent(problem, net, *, layers=None, seed=0, n_random=8, steps=12):
    """Measure the escape order; of the layers named only, if any are.

    A change of hidden bases is linear in the weights of each layer and keeps the order: measure
    the network in good bases, where round-off is small.
    """
    f = Difference(problem, net, layers)
    rng = np.random.default_rng(seed)
    first = starts(f, net, layers, rng, n_random)
    found = _distinct([descend(f, x, FIRST_RADIUS, steps) for x in first])
    found = found[:: max(1, -(-len(found) // BRANCHES))]
    radius, best = FIRST_RADIUS, Descent(None, None)
    for k in range(1, SPHERES):
        radius *= RATIO
        branches = []
        for x, before in found:
            x, now = descend(f, x, radius, 3 * steps)
            if now < -f.round_off * radius:
                branches.append((np.log(now / before) / np.log(RATIO), x, now))
        if not branches:
            break
        branches.sort(key=lambda branch: branch[0])
        slope = float(branches[0][0])
        best = Descent(round(slope), slope)
        kept = branches if k < 3 else branches[:FOLLOWED]
        found = _distinct([(x, now) for _, x, now in kept])
    return best


def _distinct(found):
    """The descents among (x, value), deepest first, one of each value."""
    kept = []
    for x, value in sorted(found, key=lambda pair: pair[1]):
        if value < 0 and not (kept and value < kept[-1][1] * (1 - 1e-3)):
            kept.append((x, value))
    return kept
