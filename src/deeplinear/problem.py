"""From data to moments to modes: the quadratic loss of the end-to-end map (theory §2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array, SeedLike
from deeplinear._core.errors import ArgumentError

__all__ = ["Modes", "Problem"]

RANK_TOLERANCE = 1e-13
"""Eigenvalues of Sxx below this fraction of the largest count as zero, per input dimension."""

CONDITION_REPORTED = 1e10
"""Condition numbers of Sxx on its range above this are named in `Problem.notes`."""


@dataclass(frozen=True)
class Modes:
    """The positive modes of the target: Sigma = sum_k s_k u_k v_k^T, s descending.

    Attributes
    ----------
    u : ``(d_out, m)`` left singular vectors.
    s : ``(m,)`` singular values, descending, all positive.
    v : ``(d_in, m)`` right singular vectors.
    """

    u: Array
    s: Array
    v: Array

    def __len__(self) -> int:
        return len(self.s)


class Problem:
    r"""A linear regression problem, reduced to its second moments.

    .. math:: L(P) = \tfrac12 \mathrm{tr}(P S_{xx} P^T) - \mathrm{tr}(P^T S_{yx})
              + \tfrac12 S_{yy} = \tfrac12 \|\Sigma - P S_{xx}^{1/2}\|_F^2 + L_0

    with the target :math:`\Sigma = S_{yx} (S_{xx}^{1/2})^+` and the floor :math:`L_0 \ge 0` that no
    linear map removes. Build one with `from_data`, `from_target`, `from_moments` or
    `from_modes`; the data's rows are read once and never kept.

    Attributes
    ----------
    d_in, d_out : numbers of inputs and outputs.
    sxx : ``(d_in, d_in)``, syx : ``(d_out, d_in)``, syy : float, the trace of the outputs' moment.
    whitened : whether Sxx is the identity, or a projector (whitened rank-deficient data).
    rank : rank of Sxx, at the relative tolerance ``1e-13 d_in`` on its eigenvalues.
    notes : what a reader must know about the data (rank, conditioning), in sentences.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_target([[3.0, 0.0], [0.0, 1.0]])
    >>> problem
    Problem(2 inputs, 2 outputs, 2 modes from 3 to 1, whitened, optimum 0)
    >>> float(problem.loss([[3.0, 0.0], [0.0, 0.0]]))
    0.5

    References
    ----------
    theory §2; Wendin, Altafini, arXiv 2511.10362, section 2.
    """

    def __init__(self, sxx: Array, syx: Array, syy: float, *, notes: tuple[str, ...] = ()) -> None:
        self.sxx = checks.frozen(sxx)
        self.syx = checks.frozen(syx)
        self.syy = float(syy)
        values, vectors = scipy.linalg.eigh(self.sxx)
        kept = values > RANK_TOLERANCE * self.d_in * max(values[-1], 0.0)
        self.rank = int(kept.sum())
        self._range = vectors[:, kept]
        self._eigenvalues = values[kept]
        self.condition = float(values[-1] / values[kept][0]) if self.rank else 1.0
        spread = np.abs(self._eigenvalues - 1.0).max(initial=0.0)
        self.whitened = bool(spread <= 1e-12 * self.d_in and self.rank > 0)
        self.notes = tuple(dict.fromkeys(notes + self._data_notes()))

    @classmethod
    def from_data(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        *,
        whiten: bool = False,
        center: bool = False,
        mean: bool = True,
    ) -> Self:
        """Reduce samples to moments: Sxx = X X^T, Syx = Y X^T, each divided by N if `mean`.

        Parameters
        ----------
        x, y
            ``(N, d_in)`` inputs and ``(N, d_out)`` outputs, one row per sample.
        whiten
            Replace the inputs by Sxx^{-1/2} X on the range of Sxx. On rank-deficient data d_in is
            kept, Sxx becomes the projector onto its range, and the columns of the first layer off
            the range stay frozen; `notes` says so. Whitening changes the flow, not the landscape.
        center
            Subtract each column's mean from x and y first.
        mean
            Divide the moments by N.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            No rows, different numbers of rows, entries that are not finite real numbers.
        """
        inputs = checks.matrix("x", x, shape_text="(N, d_in)")
        outputs = checks.matrix("y", y, shape_text="(N, d_out)")
        n = len(inputs)
        if len(outputs) != n:
            raise ArgumentError(
                f"Arguments `x` and `y` must have the same number of rows, one per sample, "
                f"but they have {n} and {len(outputs)}."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            if center:
                inputs = inputs - inputs.mean(axis=0)
                outputs = outputs - outputs.mean(axis=0)
            divisor = n if mean else 1
            sxx = inputs.T @ inputs / divisor
            syx = outputs.T @ inputs / divisor
            syy = float(np.vdot(outputs, outputs)) / divisor
        _require_representable(sxx, syx, syy, inputs, outputs)
        return cls._whitening(sxx, syx, syy) if whiten else cls(sxx, syx, syy)

    @classmethod
    def _whitening(cls, sxx: Array, syx: Array, syy: float) -> Self:
        values, vectors = scipy.linalg.eigh(sxx)
        d_in = len(sxx)
        kept = values > RANK_TOLERANCE * d_in * max(values[-1], 0.0)
        rank, basis = int(kept.sum()), vectors[:, kept]
        notes: tuple[str, ...] = ()
        if rank and values[-1] / values[kept][0] > CONDITION_REPORTED:
            notes += (
                f"Before whitening, the inputs' covariance had condition number "
                f"{values[-1] / values[kept][0]:.1e}: the smallest directions that whitening "
                "enlarged carry few correct digits.",
            )
        target = (syx @ basis) / np.sqrt(values[kept]) @ basis.T
        whitened_sxx = np.eye(d_in) if rank == d_in else basis @ basis.T
        return cls(whitened_sxx, target, syy, notes=notes)

    @classmethod
    def from_target(cls, sigma: ArrayLike) -> Self:
        """The whitened problem with L = 1/2 ||sigma - P||_F^2, sigma ``(d_out, d_in)``."""
        target = checks.matrix("sigma", sigma, shape_text="(d_out, d_in)")
        sxx, syy = np.eye(target.shape[1]), float(np.vdot(target, target))
        _require_representable(sxx, target, syy, None, target)
        return cls(sxx, target, syy)

    @classmethod
    def from_moments(cls, sxx: ArrayLike, syx: ArrayLike, syy: ArrayLike | None = None) -> Self:
        """Build the problem from its moments.

        Parameters
        ----------
        sxx
            ``(d_in, d_in)``, symmetric, positive semidefinite.
        syx
            ``(d_out, d_in)``; its rows must lie in the range of sxx, as data's always do.
        syy
            tr(Y Y^T): a number, or the ``(d_out, d_out)`` moment whose trace is taken. None: the
            smallest value consistent with the others, so that the floor of the loss is 0.
        """
        a = checks.matrix("sxx", sxx, shape_text="(d_in, d_in)")
        b = checks.matrix("syx", syx, shape_text="(d_out, d_in)")
        if a.shape[0] != a.shape[1]:
            raise ArgumentError(f"Argument `sxx` must be square, but its shape is {a.shape}.")
        if b.shape[1] != a.shape[0]:
            raise ArgumentError(
                f"Argument `syx` must have {a.shape[0]} columns, as `sxx` has, "
                f"but its shape is {b.shape}."
            )
        skew = np.abs(a / 2 - a.T / 2).max()
        if skew > 0.5e-12 * np.abs(a).max():
            raise ArgumentError(
                f"Argument `sxx` must be symmetric, but it is off by {2 * float(skew):.1e}."
            )
        a = a / 2 + a.T / 2
        values, vectors = scipy.linalg.eigh(a)
        if values[0] < -1e-12 * len(a) * max(values[-1], -values[0]):
            raise ArgumentError(
                "Argument `sxx` must be positive semidefinite, "
                f"but its smallest eigenvalue is {values[0]:.3g}."
            )
        kept = values > RANK_TOLERANCE * len(a) * max(values[-1], 0.0)
        basis = vectors[:, kept]
        size = float(np.abs(b).max()) or 1.0  # squares of b itself may under- or overflow
        outside = float(np.linalg.norm(b / size - b / size @ basis @ basis.T))
        if outside > 1e-8 * float(np.linalg.norm(b / size)):
            raise ArgumentError(
                "Argument `syx` must have its rows in the range of `sxx` (the loss has no minimum "
                f"otherwise), but a part of norm {size * outside:.3g} lies outside."
            )
        with np.errstate(over="ignore", invalid="ignore"):
            explained = float(np.sum((b / size @ basis * (size / np.sqrt(values[kept]))) ** 2))
        _require_representable(a, b, explained, a, None)
        if syy is None:
            trace = explained
        else:
            value = syy.item() if isinstance(syy, np.ndarray | np.generic) and not syy.ndim else syy
            if np.isscalar(value):
                trace = checks.number("syy", value, minimum=0.0)
            else:
                moment = checks.matrix("syy", syy, shape_text="(d_out, d_out)")
                if moment.shape != (len(b), len(b)):
                    raise ArgumentError(
                        f"Argument `syy` must be a number or have shape {(len(b), len(b))}, "
                        f"but its shape is {moment.shape}."
                    )
                with np.errstate(over="ignore"):
                    trace = float(np.trace(moment))
            if trace < explained * (1 - 1e-9):
                raise ArgumentError(
                    f"Argument `syy` must be at least {explained:.6g}, the smallest value that "
                    f"`sxx` and `syx` allow, but it is {trace:.6g}."
                )
        _require_representable(a, b, trace, a, b)
        return cls(a, b, trace)

    @classmethod
    def from_modes(
        cls,
        s: ArrayLike,
        *,
        d_in: int | None = None,
        d_out: int | None = None,
        seed: SeedLike = None,
    ) -> Self:
        """A whitened problem with a planted spectrum.

        Parameters
        ----------
        s
            Singular values, at least 0, in any order (the modes are sorted).
        d_in, d_out
            Default: the number of values.
        seed
            None: identity frames (sigma is diagonal). Otherwise random orthogonal frames.
        """
        values = checks.real_array("s", s, ndim=1, shape_text="(m,)")
        if values.size == 0 or values.min() < 0:
            raise ArgumentError(
                f"Argument `s` must hold at least one value, all at least 0, but it is {values}."
            )
        values = np.sort(values)[::-1]
        m = len(values)
        sizes = []
        for name, size in (("d_in", d_in), ("d_out", d_out)):
            size = m if size is None else checks.integer(name, size, minimum=1)
            if size < m:
                raise ArgumentError(
                    f"Argument `{name}` must be at least {m}, the number of singular values, "
                    f"but it is {size}."
                )
            sizes.append(size)
        u, v = np.eye(sizes[1])[:, :m], np.eye(sizes[0])[:, :m]
        if seed is not None:
            rng = checks.generator(seed)
            u, v = (np.linalg.qr(rng.standard_normal(f.shape))[0] for f in (u, v))
        return cls.from_target((u * values) @ v.T)

    @property
    def d_in(self) -> int:
        """The number of inputs."""
        return self.syx.shape[1]

    @property
    def d_out(self) -> int:
        """The number of outputs."""
        return self.syx.shape[0]

    @cached_property
    def target(self) -> Array:
        """Sigma = Syx (Sxx^{1/2})^+ of shape ``(d_out, d_in)``: what P Sxx^{1/2} learns."""
        return checks.frozen(self.syx @ self._sqrt_pinv)

    @cached_property
    def sqrt_sxx(self) -> Array:
        """Sxx^{1/2}, symmetric, ``(d_in, d_in)``."""
        return checks.frozen((self._range * np.sqrt(self._eigenvalues)) @ self._range.T)

    @cached_property
    def _sqrt_pinv(self) -> Array:
        return (self._range / np.sqrt(self._eigenvalues)) @ self._range.T

    @cached_property
    def factor(self) -> Array | None:
        """A thin F ``(d_in, rank)`` with F F^T = Sxx, or None if Sxx is the identity.

        With it, L(P) = 1/2 ||T - P F||_F^2 + floor, T = `factor_target`, without cancellation.
        """
        if self.rank == self.d_in and self.whitened:
            return None
        return checks.frozen(self._range * np.sqrt(self._eigenvalues))

    @cached_property
    def factor_target(self) -> Array:
        """T ``(d_out, rank)`` with T F^T = Syx (`factor`); Syx itself if Sxx is the identity."""
        if self.factor is None:
            return self.syx
        return checks.frozen((self.syx @ self._range) / np.sqrt(self._eigenvalues))

    @cached_property
    def modes(self) -> Modes:
        """The positive modes of `target`; values below 1e-13 of the largest count as zero.

        v lies in the range of Sxx. For whitened problems these are the modes of P itself.
        """
        if self.rank == 0:
            return Modes(np.zeros((self.d_out, 0)), np.zeros(0), np.zeros((self.d_in, 0)))
        basis = self._range if self.factor is not None else np.eye(self.d_in)
        u, s, vt = scipy.linalg.svd(self.factor_target, full_matrices=False)
        m = int(np.sum(s > RANK_TOLERANCE * s[0])) if s[0] > 0 else 0
        frames = (u[:, :m], s[:m], basis @ vt[:m].T)
        return Modes(*(checks.frozen(f) for f in frames))

    @cached_property
    def floor(self) -> float:
        """The part of the loss that no linear map removes, 1/2 (Syy - ||Sigma||_F^2) >= 0."""
        explained = float(np.vdot(self.factor_target, self.factor_target))
        floor = 0.5 * (self.syy - explained)
        return floor if floor > 1e-14 * self.syy else 0.0

    def require_widths(self, widths: Sequence[int]) -> None:
        """Raise ArgumentError unless the widths run from d_in to d_out."""
        if widths[0] == self.d_in and widths[-1] == self.d_out:
            return
        for name, end, size, verb in (
            ("inputs", 0, self.d_in, "start"),
            ("outputs", -1, self.d_out, "end"),
        ):
            if widths[end] != size:
                raise ArgumentError(
                    f"Argument `widths` must {verb} with {size}, the number of {name} of the "
                    f"problem, but it is {tuple(widths)}."
                )

    def loss(self, product: ArrayLike) -> float:
        """Return the full loss of an end-to-end map P ``(d_out, d_in)``."""
        p = checks.matrix("product", product, shape_text="(d_out, d_in)")
        if p.shape != self.syx.shape:
            raise ArgumentError(
                f"Argument `product` must have shape {self.syx.shape}, but its shape is {p.shape}."
            )
        residual = self.factor_target - (p if self.factor is None else p @ self.factor)
        return 0.5 * float(np.vdot(residual, residual)) + self.floor

    def optimum(self, rank: int | None = None) -> float:
        """Return the smallest loss over maps of rank at most `rank` (None: any rank).

        1/2 Syy - 1/2 sum_{k < rank} s_k^2, singular Sxx included (theory §8).
        """
        rank = len(self.modes) if rank is None else checks.integer("rank", rank, minimum=0)
        return float(self._unlearned[min(rank, len(self.modes))]) + self.floor

    @cached_property
    def _unlearned(self) -> Array:
        """1/2 sum_{k >= r} s_k^2 for r = 0, ..., m."""
        squares = 0.5 * self.modes.s[::-1] ** 2
        return np.concatenate([[0.0], np.cumsum(squares)])[::-1]

    def solution(self, rank: int | None = None) -> Array:
        """Return the optimal map of rank at most `rank`, zero off the range of Sxx.

        Unique if s_{rank - 1} > s_rank and Sxx is regular.
        """
        rank = len(self.modes) if rank is None else checks.integer("rank", rank, minimum=0)
        u, s, v = self.modes.u[:, :rank], self.modes.s[:rank], self.modes.v[:, :rank]
        return (u * s) @ (v.T @ self._sqrt_pinv)

    def _data_notes(self) -> tuple[str, ...]:
        notes = []
        if self.rank < self.d_in:
            frozen = "" if not self.whitened else ", so Sxx is the projector onto its range"
            notes.append(
                f"The inputs have rank {self.rank} of {self.d_in}{frozen}; the part of the first "
                "layer off this range has no gradient and stays frozen."
            )
        if self.condition > CONDITION_REPORTED:
            notes.append(
                f"The inputs' covariance has condition number {self.condition:.1e} on its range: "
                "the smallest directions are learned very slowly and carry few correct digits."
            )
        return tuple(notes)

    def __repr__(self) -> str:
        s = self.modes.s
        spectrum = f"{len(s)} modes" if len(s) != 1 else "1 mode"
        if len(s):
            spectrum += f" from {s[0]:.4g} to {s[-1]:.4g}" if len(s) > 1 else f", {s[0]:.4g}"
        kind = "whitened" if self.whitened else "general covariance"
        rank = "" if self.rank == self.d_in else f" of rank {self.rank}"
        return (
            f"Problem({self.d_in} inputs{rank}, {self.d_out} outputs, {spectrum}, {kind}, "
            f"optimum {self.optimum():.4g})"
        )


def _require_representable(
    sxx: Array, syx: Array, syy: float, inputs: Array | None, outputs: Array | None
) -> None:
    """Raise if moments overflow, or if those of non-zero inputs or outputs underflow."""
    if not (np.isfinite(sxx).all() and np.isfinite(syx).all() and np.isfinite(syy)):
        raise ArgumentError(
            "The data must be small enough that their second moments are finite in double "
            "precision, but the moments overflow. Rescale the data."
        )
    for data, moment in ((inputs, float(np.abs(sxx).max())), (outputs, syy)):
        if data is not None and data.any() and moment < np.finfo(np.float64).tiny:
            raise ArgumentError(
                "The data must be large enough that their second moments are above 2e-308, "
                f"the smallest normal number, but a moment is {moment:.3g}. Rescale the data."
            )
