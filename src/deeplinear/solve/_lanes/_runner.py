"""Many members of the same widths by the lane kernels: what they need, set up once a thread."""

from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.compilation import address_of
from deeplinear._core.lanes import LANES
from deeplinear._core.memory import aligned_zeros
from deeplinear.flow import Operands
from deeplinear.problem import Problem
from deeplinear.solve._lanes import _explicit, _field, _learning, _monitor, _stabilized
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._batch import run
from deeplinear.solve._methods._scales import finest_scale
from deeplinear.solve._methods._stabilized import STABILIZED


@dataclass(frozen=True)
class LaneOptions:
    """The numerical options that lanes know; None or "default" where the start decides."""

    rtol: float
    atol: float | None
    t_end: float
    gap: float | str | None
    max_steps: int
    norm_cap: float | None


class LaneRunner:
    """The kernels bound to one problem, one choice of widths and one thread's memory."""

    def __init__(
        self,
        problem: Problem,
        widths: tuple[int, ...],
        options: LaneOptions,
        safety: float,
        stiff_stages: float,
    ) -> None:
        operands = Operands.of(problem, widths)
        target, factor = operands.target, operands.factor
        modes = problem.modes
        p, q, h, n = *target.shape, len(widths) - 1, operands.n_params
        right = np.ascontiguousarray((modes.u / modes.s).T @ target) if len(modes) else target[:0]
        left = np.ascontiguousarray(modes.u.T)
        self.n_modes = k = len(modes)
        self.n_rows = ls.N_ROWS + 2 * k
        table, order = _explicit.table_and_order()
        width = np.array([STABILIZED.table.shape[1]])
        common = np.zeros(ls.N_COMMON)
        optimum = problem.optimum(min(widths)) - problem.floor
        target_excess = 0.5 * float(np.sum(target**2))
        natural = float(np.linalg.norm(target)) ** (1 / h)
        scale = float(np.linalg.norm(modes.s)) ** (1 / h) if k else 1.0
        gap = {"default": -2.0, None: -1.0}.get(options.gap, options.gap)  # type: ignore[arg-type]
        for entry, value in (
            (ls.RTOL, safety * options.rtol),
            (ls.T_END, options.t_end),
            (ls.MAX_STEPS, options.max_steps),
            (ls.OPTIMUM, optimum),
            (ls.STOPS, options.gap is not None),
            (ls.TARGET_NORM, np.linalg.norm(target)),
            (ls.FACTOR_NORM, np.linalg.norm(factor, 2) if factor.size else 1.0),
            (ls.STIFF_STAGES, stiff_stages),
            (ls.NATURAL, natural),
            (ls.GIVEN_ATOL, -1.0 if options.atol is None else safety * options.atol),
            (ls.GIVEN_GAP, gap),
            (ls.GIVEN_CAP, -1.0 if options.norm_cap is None else options.norm_cap),
            (ls.ZERO_GAP, target_excess - optimum),
            (ls.ROUNDING, 32 * np.finfo(float).eps * max(optimum, 1e-3 * target_excess)),
            (ls.TYPICAL, scale / np.sqrt(max(widths))),
        ):
            common[entry] = value
        vectors = aligned_zeros(ls.N_VECTORS * LANES * n)
        rows = aligned_zeros(LANES * self.n_rows)
        work = aligned_zeros(LANES * _field.work_size(widths, q))
        layers = aligned_zeros(LANES * max(24, 2 * h, 3 * k))
        halves = 0.5 * np.asarray(modes.s)
        self._numbers = numbers = np.zeros(ls.BLOCK_SIZE, dtype=np.int64)
        for entry, kernel in (
            (ls.FIELD, _field.field),
            (ls.PRODUCT, _field.product),
            (ls.NORM, _monitor.error_norm),
            (ls.ACCEPT, _monitor.accept),
            (ls.BEGIN, _learning.begin),
            (ls.LEARN, _learning.learn),
        ):
            numbers[entry] = address_of(kernel)
        arrays = {
            ls.WIDTHS: operands.widths,
            ls.TARGET: target,
            ls.FACTOR: factor,
            ls.WORK: work,
            ls.VECTORS: vectors,
            ls.ROWS: rows,
            ls.COMMON: common,
            ls.LEFT: left,
            ls.RIGHT: right,
            ls.HALVES: halves,
            ls.LAYERS: layers,
        }
        for entry, array in arrays.items():
            numbers[entry] = array.ctypes.data if array.size else 0
        sizes = {ls.DEPTH: h, ls.P: p, ls.Q: q, ls.N: n, ls.MODES: k}
        for entry, size in sizes.items():
            numbers[entry] = size
        self._methods = np.array(
            [
                [address_of(_explicit.advance), table.ctypes.data, order.ctypes.data],
                [
                    address_of(_stabilized.advance),
                    STABILIZED.table.ctypes.data,
                    width.ctypes.data,
                ],
            ],
            dtype=np.int64,
        )
        self._prepare = address_of(_monitor.prepare)
        self._alive = [*arrays.values(), table, order, width]  # their addresses are in use
        self.widths, self.natural = widths, natural
        self._zero_gap, self._rounding = common[ls.ZERO_GAP], common[ls.ROUNDING]

    def integrate(self, starts: Array, finest: Array, wishes: np.ndarray) -> tuple[Array, Array]:
        """Integrate the starts (m, n): ends (m, n), and a record of each member's rows (m, ...).

        wishes[0] > 0 stops; wishes[1] counts the members that are done.
        """
        ends = np.array(starts)
        records = np.zeros((len(ends), self.n_rows))
        records[:, ls.FINEST] = finest
        slopes, directions = np.zeros_like(ends), np.zeros_like(ends)
        run(self._numbers, self._methods, self._prepare, ends, slopes, directions, records, wishes)
        return ends, records

    def default_gap(self, start_gap: float) -> float:
        """The gap at which a run stops by default, for the gap of its start."""
        scale = min(start_gap, self._zero_gap) if self._zero_gap > 0 else start_gap
        return float(max(1e-10 * scale, self._rounding))

    def finest(self, starts: Array) -> Array:
        """The smallest singular value, over layers, that carries signal at each start."""
        widths = np.array(self.widths)
        return np.array([finest_scale(start, widths) for start in starts])
