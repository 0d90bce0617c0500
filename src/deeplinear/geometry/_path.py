"""Paths between two networks with the same end-to-end map, inside its fiber (theory §5, §10)."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import scipy.linalg

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.geometry._rounding import product_round_off
from deeplinear.network import LinearNetwork

EQUAL = 1e-9
"""Products that differ by less than this fraction of their norm count as one."""

RANK = 1e-12
"""Singular values of P below this fraction of the largest count as zero."""


@dataclass(frozen=True)
class FiberPath:
    """A path in the fiber of P from `start` to `end`: call it with t in [0, 1].

    Attributes
    ----------
    start, end : the networks a and b; `path(0)` and `path(1)` are these.
    rank : of P.
    connected : whether there is a path at all.
    components : number 2^b of connected components of the fiber.
    reason : a sentence that says why.
    """

    start: LinearNetwork
    end: LinearNetwork
    rank: int
    connected: bool
    components: int
    reason: str
    _learned: tuple["_Learned", "_Learned"] = field(repr=False)
    _turns: tuple["_Turn", ...] = field(repr=False)

    def __call__(self, t: float) -> LinearNetwork:
        """Return the network at t: the residual shrinks, the frames turn, the residual grows.

        One third of [0, 1] each. Raises ArgumentError if t is outside, or if the two networks are
        in different components.
        """
        if not self.connected:
            raise ArgumentError(f"Argument `path` must be connected, but it is not. {self.reason}")
        t = checks.number("t", t, minimum=0.0)
        if t > 1:
            raise ArgumentError(f"Argument `t` must be at most 1, but it is {t:g}.")
        a, b = self._learned
        if t in (0.0, 1.0):
            return self.end if t else self.start
        if self.start.depth == 1:
            return LinearNetwork([(1 - t) * self.start.weights[0] + t * self.end.weights[0]])
        if t < 1 / 3:
            return a.with_residual(self.start, 1 - 3 * t)
        if t > 2 / 3:
            return b.with_residual(self.end, 3 * t - 2)
        s = 3 * t - 1
        frames = [turn.at(s) for turn in self._turns]
        onward = [f[:, : self.rank] for f in frames]
        back = [np.linalg.inv(f)[: self.rank] for f in frames]
        onward.append((1 - s) * a.onward[-1] + s * b.onward[-1])
        back.insert(0, (1 - s) * a.back[0] + s * b.back[0])
        return LinearNetwork([f @ g for f, g in zip(onward, back, strict=True)])

    def networks(self, n: int) -> list[LinearNetwork]:
        """Return `n` >= 2 networks at equal steps of t, both ends included."""
        n = checks.integer("n", n, minimum=2)
        return [self(k / (n - 1)) for k in range(n)]

    def length(self, n: int = 301) -> float:
        """Return the length in weight space of the polygon through `n` networks."""
        points = [net.to_vector() for net in self.networks(n)]
        return sum(float(np.linalg.norm(q - p)) for p, q in itertools.pairwise(points))

    def __str__(self) -> str:
        kind = f"rank {self.rank}, connected components {self.components}"
        return f"Fiber path, {self.start!r}\n  fiber      {kind}\n  outcome    {self.reason}"


def fiber_path(a: LinearNetwork, b: LinearNetwork) -> FiberPath:
    r"""Connect two networks of the same end-to-end map by networks of that map.

    With r = rank P, every network is a learned part and a residual of product zero (theory §8),

    .. math:: W_i = F_{i+1} \begin{pmatrix} I_r & 0 \\ 0 & Z_i \end{pmatrix} F_i^{-1} ,

    where F_0 and F_h are given by P and F_i is an invertible frame of hidden layer i, unique up to
    a base change of its last d_i - r columns. The path scales Z to zero, turns and stretches the
    frames from those of a to those of b inside GL+(d_i), and scales Z up again. So the fiber is
    {frames} x {cone} / {base changes}: a hidden layer with d_i > r can reflect a residual
    direction; one with d_i = r >= 1 has none, and the sign of det F_i cannot change.
    With b such layers the fiber has **2^b connected components**, 1 if b = 0.

    These are not the irreducible components that `fiber` counts: those are closed pieces for
    different ranks of the Z_i. Scaling Z to zero stays inside each of them, so for given signs
    they all meet at Z = 0. Widths (2, 3, 2) at P = 0 have two irreducible components and one
    connected one; (2, 1, 2) at rank 1 has one irreducible component, a hyperbola, with two
    branches.

    Parameters
    ----------
    a, b
        Networks of the same widths, whose products differ by at most 1e-9 ||P||_F, or by the
        round-off that their layers cause; gauges of condition number 1e4 in three hidden layers
        and more can lose more than that. Singular values of P below 1e-12 of the largest, below
        that round-off, or below four times the difference of the products count as zero.

    Returns
    -------
    FiberPath
        `path(t)` is a network for t in [0, 1], continuous in t, with product P to the accuracy
        that both ends share; `.connected`, `.components`, `.reason`, `.networks(n)`,
        `.length()`. Not the shortest path.

    Raises
    ------
    ArgumentError
        The widths or the products differ; the text says by how much.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear.geometry import fiber_path, random_gauge
    >>> a = dl.init.gaussian((2, 3, 2), scale=1.0, seed=0)
    >>> path = fiber_path(a, random_gauge(a, seed=1))
    >>> path.reason
    'Connected: P has rank 2, less than the width of every hidden layer.'
    >>> bool(np.allclose([net.product() for net in path.networks(11)], a.product()))
    True
    >>> up = dl.LinearNetwork([[[1.0]], [[1.0]]])
    >>> down = dl.LinearNetwork([[[-1.0]], [[-1.0]]])
    >>> fiber_path(up, down).connected, fiber_path(up, down).components
    (False, 2)

    References
    ----------
    theory §5, §8, §10; Trager, Kohn, Bruna, arXiv 1910.01671 (connected components of fibers);
    Shewchuk, Bhattacharya, arXiv 2404.14855.
    """
    if a.widths != b.widths:
        raise ArgumentError(
            f"Arguments `a` and `b` must have the same widths, but they are {a.widths} and "
            f"{b.widths}."
        )
    p = a.product()
    difference = float(np.linalg.norm(p - b.product()))
    noise = product_round_off(a) + product_round_off(b)
    size = max(float(np.linalg.norm(p)), float(np.linalg.norm(b.product())))
    if difference > EQUAL * size + noise:
        raise ArgumentError(
            "Arguments `a` and `b` must have the same product, but ||P_a - P_b||_F is "
            f"{difference:.3g}, which is {difference / size:.3g} of ||P||_F (allowed: {EQUAL:g}). "
            "A gauge transform or `balance` gives networks of one product."
        )
    u, s, vt = np.linalg.svd(p)
    small = max(RANK * float(s[0]), noise, 4 * difference)
    r = min(int(np.sum(s > small)), *a.widths)
    left, right = u[:, :r].T / np.sqrt(s[:r, None]), vt[:r].T / np.sqrt(s[:r])
    learned = _Learned.of(a, left, right), _Learned.of(b, left, right)
    full = [i for i, d in enumerate(a.widths[1:-1], 1) if d == r]
    signs = {i: [_orientation(x.onward[i]) for x in learned] for i in full}
    opposite = [i for i in full if signs[i][0] != signs[i][1]]
    turns = () if opposite else tuple(_turn(*learned, i) for i in range(1, a.depth))
    reason = _reason(a, r, full, opposite)
    return FiberPath(a, b, r, not opposite, 2 ** len(full), reason, learned, turns)


def _reason(net: LinearNetwork, rank: int, full: list[int], opposite: list[int]) -> str:
    if net.depth == 1:
        return "Connected: a network of one layer is its product."
    if not full:
        return f"Connected: P has rank {rank}, less than the width of every hidden layer."
    if not opposite:
        return (
            f"Connected: P fills hidden {_layers(full)}, of width {rank}, with the same "
            "orientation in both networks."
        )
    return (
        f"Not connected: P, of rank {rank}, fills hidden {_layers(full)}, and the two networks "
        f"orient {_layers(opposite)} oppositely; on the way a determinant would vanish and the "
        "rank would fall."
    )


def _layers(indices: list[int]) -> str:
    if len(indices) == 1:
        return f"layer {indices[0]}"
    return f"layers {', '.join(map(str, indices[:-1]))} and {indices[-1]}"


@dataclass(frozen=True)
class _Learned:
    """The learned part: W_i is onward[i + 1] back[i] on it, and back[i] onward[i] = I_r."""

    onward: tuple[Array, ...]
    back: tuple[Array, ...]

    @classmethod
    def of(cls, net: LinearNetwork, left: Array, right: Array) -> "_Learned":
        onward, back = [right], [left]
        for w in net.weights:
            onward.append(w @ onward[-1])
        for w in net.weights[::-1]:
            back.append(back[-1] @ w)
        pairs = zip(onward, back[::-1], strict=True)
        dual = [np.asarray(np.linalg.solve(g @ f, g), dtype=np.float64) for f, g in pairs]
        return cls(tuple(onward), tuple(dual))

    def with_residual(self, net: LinearNetwork, scale: float) -> LinearNetwork:
        """Return `net` with its residual multiplied by `scale`."""
        layers = []
        for i, w in enumerate(net.weights):
            learned = self.onward[i + 1] @ self.back[i]
            layers.append(learned + scale * (w - learned))
        return LinearNetwork(layers)


@dataclass(frozen=True)
class _Turn:
    """A path in GL+ between two frames Q S: Q turns on planes, S stays positive definite."""

    origin: Array
    planes: Array
    angles: tuple[tuple[int, int, float], ...]
    stretches: tuple[Array, Array]

    def at(self, s: float) -> Array:
        turned = np.eye(len(self.origin))
        for i, j, angle in self.angles:
            cos, sin = np.cos(s * angle), np.sin(s * angle)
            turned[i, i], turned[i, j], turned[j, i], turned[j, j] = cos, -sin, sin, cos
        rotation = self.origin @ self.planes @ turned @ self.planes.T
        return rotation @ ((1 - s) * self.stretches[0] + s * self.stretches[1])


def _turn(a: _Learned, b: _Learned, layer: int) -> _Turn:
    """The turn of a hidden layer from a's frame to b's, whose orientations can be made equal."""
    first, second = _kernel(a, layer), _kernel(b, layer)
    start = np.hstack([a.onward[layer], first])
    if first.shape[1]:
        # Residual directions are free up to a base change: the nearest of the right orientation.
        u, _, vt = np.linalg.svd(second.T @ first)
        for sign in (1.0, -1.0):
            u[:, -1] *= sign
            end = np.hstack([b.onward[layer], second @ (u @ vt)])
            if _orientation(end) == _orientation(start):
                break
    else:
        end = b.onward[layer]
    (q_a, s_a), (q_b, s_b) = _polar(start), _polar(end)
    form, planes = scipy.linalg.schur(q_a.T @ q_b, output="real")
    return _Turn(q_a, planes, tuple(_angles(form)), (s_a, s_b))


def _angles(form: Array) -> list[tuple[int, int, float]]:
    """Planes (i, j) and angles of a rotation in real Schur form; eigenvalues -1 come in pairs."""
    angles, half_turns, i, d = [], [], 0, len(form)
    while i < d:
        if i + 1 < d and form[i + 1, i] != 0:
            angles.append((i, i + 1, float(np.arctan2(form[i + 1, i], form[i, i]))))
            i += 2
            continue
        if form[i, i] < 0:
            half_turns.append(i)
        i += 1
    pairs = zip(half_turns[::2], half_turns[1::2], strict=True)
    return angles + [(i, j, np.pi) for i, j in pairs]


def _polar(frame: Array) -> tuple[Array, Array]:
    """Return (Q, S) with frame = Q S, Q orthogonal and S positive definite."""
    u, s, vt = np.linalg.svd(frame)
    return u @ vt, (vt.T * s) @ vt


def _orientation(frame: Array) -> float:
    """The sign of the determinant, that of the polar factor, which is never near zero."""
    return float(np.sign(np.linalg.det(_polar(frame)[0])))


def _kernel(learned: _Learned, layer: int) -> Array:
    """Columns that span the kernel of back[layer], orthogonal and as long as onward's."""
    rows = learned.back[layer]
    r, d = rows.shape
    if r == 0:
        return np.eye(d)
    scale = float(np.linalg.norm(learned.onward[layer])) / np.sqrt(r)
    return scale * np.linalg.qr(rows.T, mode="complete")[0][:, r:]
