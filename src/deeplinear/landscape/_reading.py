"""Reading the residual pattern of a critical point off its numbers (theory §8, §10)."""

import math
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.landscape._normal_form import NormalForm, partial_products
from deeplinear.landscape._pattern import ResidualPattern

SURELY, NEVER = 1e-3, 1e-12
"""Singular values above the first, relative to their scale, count; below the second, they do not.
In between the widest gap decides."""

DOUBT = 100.0
"""Gaps narrower than this factor leave a rank in doubt."""


@dataclass(frozen=True)
class Reading:
    """The residual pattern of a critical point, and its residual layers in bases that show it.

    pattern : None if the ranks that were read are those of no pattern.
    z : the residual layers after a change of the hidden bases; unit singular values where possible.
    gap : the narrowest gap, as a factor, that decided a rank.
    """

    pattern: ResidualPattern | None
    z: tuple[Array, ...]
    gap: float

    @property
    def certain(self) -> bool:
        """Whether every rank was decided by a wide gap, and all of them fit together."""
        return self.pattern is not None and self.gap >= DOUBT


def read_pattern(form: NormalForm, n_modes: int, scales: list[float]) -> Reading:
    """Decide the ranks of all residual products at a critical point with n_modes unlearned modes.

    The hidden bases are adapted first, so that a badly conditioned gauge does not hide a rank.
    """
    h = len(form.z)
    gaps = [math.inf]
    z = _adapted(form.z, scales, gaps)
    rest = form.rest / float(np.linalg.norm(form.rest, 2)) if n_modes else 0.0 * form.rest
    products = partial_products(z)
    ranks = {
        (a, b): len(product) if a == b else _rank(product, 1.0, gaps)
        for (a, b), product in products.items()
    }
    # through[a, b]: modes whose output is read from node layer a, and whose input reaches b
    through = {
        (a, b): _rank(products[0, b] @ rest.T @ products[a, h], 1.0, gaps)
        for a in range(2, h + 1)
        for b in range(a - 1)
    }
    through[h, 0] = n_modes
    modes = {
        (b, a): n - through.get((a - 1, b), 0) - through.get((a, b + 1), 0)
        + through.get((a - 1, b + 1), 0)
        for (a, b), n in through.items()
    }  # fmt: skip
    pieces = {
        (a, b): n - ranks.get((a - 1, b), 0) - ranks.get((a, b + 1), 0)
        + ranks.get((a - 1, b + 1), 0)
        for (a, b), n in ranks.items()
    }  # fmt: skip
    for (last, first), n in modes.items():
        pieces[0, last] -= n
        pieces[first, h] -= n
    whole = pieces.pop((0, h))
    if whole or min([*modes.values(), *pieces.values()]) < 0:
        return Reading(None, z, min(gaps))
    widths = tuple([m.shape[1] for m in z] + [z[-1].shape[0]])
    return Reading(ResidualPattern(widths, modes, pieces), z, min(gaps))


def _adapted(
    layers: tuple[Array, ...], scales: list[float], gaps: list[float]
) -> tuple[Array, ...]:
    """Change the hidden bases so that each layer carries its range with unit singular values.

    What of a layer is zero is set to zero. Directions that a layer does not reach are scaled so
    that the next layer carries them with unit singular values too.
    """
    z = [_cleaned(m, scale, gaps) for m, scale in zip(layers, scales, strict=True)]
    for i in range(len(z) - 1):
        if not z[i].any() and not z[i + 1].any():
            continue
        u, s, vt = np.linalg.svd(z[i])
        n = _counted(s, 1.0 if not s.size else float(s.max()), gaps)
        beside, t, ct = u[:, n:], np.zeros(0), np.zeros((0, 0))
        if beside.size:
            _, t, ct = np.linalg.svd(z[i + 1] @ beside)
        size = max(scales[i + 1], float(np.linalg.norm(z[i + 1], 2)) if z[i + 1].size else 0.0)
        kept = _counted(t, size, gaps)
        lengths = np.ones(beside.shape[1])
        lengths[:kept] = 1.0 / t[:kept]
        basis = np.hstack([u[:, :n] * s[:n], (beside @ ct.T) * lengths if beside.size else beside])
        z[i] = np.zeros_like(z[i])
        z[i][:n] = vt[:n]
        z[i + 1] = z[i + 1] @ basis
    return tuple(z)


def _cleaned(m: Array, scale: float, gaps: list[float]) -> Array:
    if m.size == 0:
        return m
    u, s, vt = np.linalg.svd(m, full_matrices=False)
    n = _counted(s, max(scale, float(s[0])), gaps)
    return (u[:, :n] * s[:n]) @ vt[:n]


def _rank(m: Array, scale: float, gaps: list[float]) -> int:
    if not m.any():
        return 0
    s = np.linalg.svd(m, compute_uv=False)
    return _counted(s, max(scale, float(s[0])), gaps)


def _counted(s: np.ndarray, scale: float, gaps: list[float]) -> int:
    """How many of the descending singular values are not zero; the gap that decided is noted."""
    if s.size == 0 or scale == 0.0:
        return 0
    padded = np.concatenate([[1.0], np.clip(s / scale, 1e-30, 1.0), [1e-30]])
    sure = int(np.sum(padded >= SURELY)) - 1
    seen = int(np.sum(padded >= NEVER)) - 1
    steps = np.maximum(padded[:-1], NEVER) / np.maximum(padded[1:], NEVER * 1e-3)
    n = sure + int(np.argmax(steps[sure : seen + 1]))
    gaps.append(float(padded[n] / padded[n + 1]) if padded[n + 1] > 1e-30 else math.inf)
    return n
