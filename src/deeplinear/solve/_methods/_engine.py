"""The methods by name, and an engine that runs one of them, or `method="auto"`, on a state."""

import numpy as np

from deeplinear._core.checks import Array
from deeplinear._core.compilation import address_of
from deeplinear.flow import Operands, _kernels
from deeplinear.solve._methods import _monitor
from deeplinear.solve._methods import _state as st
from deeplinear.solve._methods._collocation import GAUSS, RADAU
from deeplinear.solve._methods._descent import DESCENT
from deeplinear.solve._methods._drive import STEPS_AFTER_A_CHANGE, drive
from deeplinear.solve._methods._explicit import EXPLICIT
from deeplinear.solve._methods._method import MEMORY_SIZE, row_length, vectors_for
from deeplinear.solve._methods._stabilized import STABILIZED
from deeplinear.solve._methods._state import State
from deeplinear.solve._methods._structure import settling
from deeplinear.solve._status import Segment

METHODS = {method.name: method for method in (EXPLICIT, STABILIZED, RADAU, GAUSS, DESCENT)}
"""All methods, by name."""

AUTO = (EXPLICIT, STABILIZED, RADAU)
"""The ladder of `method="auto"`, from not stiff to very stiff."""


_ROUND_OFF = 4 * np.finfo(float).eps  # as in error_norm: no tolerance is finer

_BASIS = 12  # its place among the arguments of `drive`

_DEAR = 3e3  # explicit steps: a stiff step that costs more must be called for by its cost
_STEPS_A_VISIT = 10  # stiff steps over which `eigh` must pay, on a short plateau

_SHARED = [
    address_of(kernel)
    for kernel in (_kernels.field, _kernels.hessian, _monitor.observe, _monitor.error_norm)
]


def _step_ratio(tolerance: float) -> float:
    """Steps that accuracy allows the stiff method, over a stabilized one.

    Fitted to runs of widths 5-5-5-5 over their first transitions, where nothing is stiff, at
    tolerances (relative to the layers) from 4e-7 to 4e-13.
    """
    return max(4.9 * (tolerance / 4e-7) ** -0.11, 1.0)


def _stages_that_pay(operands: Operands, longest: float) -> float:
    """The number of stages of a stabilized step above which a stiff step is cheaper.

    Counted, not timed, so that a run is reproducible. The weights of the counts were fitted to
    measured steps, in nanoseconds: of the field, of a Newton iteration, of `eigh`.
    """
    stage = _field_cost(operands) + 20.0 + 0.6 * operands.n_params
    return max(_stiff_cost(operands, _STEPS_A_VISIT) / longest / stage, 10.0)


def _field_cost(operands: Operands) -> float:
    thin = min(operands.target.shape)
    return 60.0 + 50.0 * (len(operands.widths) - 2) + 0.1 * thin * operands.n_params


def _stiff_cost(operands: Operands, steps_a_hessian: float) -> float:
    n = float(operands.n_params)
    iteration = 6 * _field_cost(operands) + 400.0 + 10.0 * n + 0.4 * n * n
    return 6 * iteration + (50.0 * n * n + 1.0 * n**3) / steps_a_hessian


_WHY = {
    (st.STIFF, 1): "stability, not accuracy, limited the explicit steps",
    (st.STIFF, 2): "the steps that accuracy allows would take the stabilized method more than "
    "{:.0f} stages",
    (st.NOT_STIFF, 1): "the steps grew so short that the stabilized method takes few stages for "
    "them",
    (st.NOT_STIFF, 0): "stability no longer limited the steps",
}
"""Why a method took over, by what the one before reported and its own place on the ladder."""


class Engine:
    """One method, or the ladder of "auto", bound to a problem and a state."""

    def __init__(
        self,
        name: str,
        operands: Operands,
        work: Array,
        state: State,
        times: Array,
        tolerance: float,
        structure: str | None = None,
    ) -> None:
        n = operands.n_params
        self._basis = (2 * n, row_length(n))
        self._ladder = AUTO if name == "auto" else (METHODS[name],) * 3
        dense = n <= st.DENSE_LIMIT and any(m.dense for m in self._ladder)
        self._state = state
        state.policy[st.LADDER] = name == "auto"
        state.policy[st.PATIENCE : st.PATIENCE + 2] = 1.0
        longest = state.policy[st.LONGEST] = _step_ratio(max(tolerance, _ROUND_OFF))
        cost = _stiff_cost(operands, 1.0)
        state.policy[st.STIFF_STEPS_TO_LOOK] = min(max(50e6 / cost, 1.0), STEPS_AFTER_A_CHANGE)
        cheap = cost < _DEAR * 12 * _field_cost(operands)
        state.policy[st.NOISY] = dense and cheap and tolerance < 10 * _ROUND_OFF
        state.policy[st.STIFF_STAGES] = _stages_that_pay(operands, longest) if dense else np.inf
        kept = None if name == "gauss" and structure == "laws" else structure
        settle, keep = settling(kept, operands, state.y, self._ladder)
        o = operands
        self._arguments = [
            np.array([*(m.address for m in self._ladder), *_SHARED, *settle], dtype=np.int64),
            *(m.table for m in self._ladder),
            o.widths,
            o.target,
            o.factor,
            o.copies,
            work,
            state.y,
            state.slope,
            vectors_for(self._ladder, n),
            np.zeros(self._basis if dense and name != "auto" else (0, 0)),
            np.zeros(MEMORY_SIZE),
            state.values,
            state.counts,
            state.memo,
            state.rows,
            keep,
            state.policy,
            state.segments,
            times,
            state.saved,
        ]

    def drive(self) -> int:
        """Advance until the driver must look; return the code, see `_state`."""
        code = int(drive(*self._arguments))
        if code == st.NO_SPACE:  # most runs never need it
            self._arguments[_BASIS] = np.zeros(self._basis)
            code = int(drive(*self._arguments))
        return code

    @property
    def method(self) -> str:
        """The name of the method in use."""
        return self._ladder[int(self._state.policy[st.METHOD])].name

    def segments(self) -> list[Segment]:
        """The stretches that one method integrated, so far."""
        s = self._state
        rows = s.segments[: int(s.policy[st.N_SEGMENTS])]
        ends = [*(int(row[2]) for row in rows[1:]), int(s.counts[st.STEPS])]
        return [
            Segment(
                self._ladder[int(row[0])].name,
                float(row[1]),
                end - int(row[2]),
                self._reason(int(row[0]), float(row[1]), int(row[3])),
            )
            for row, end in zip(rows, ends, strict=True)
        ]

    def _reason(self, method: int, t: float, code: int) -> str:
        policy = self._state.policy
        if policy[st.LADDER] == 0.0:
            return "asked for"
        if code == 0:
            return "the start is not known to be stiff"
        why = _WHY[code, method]
        if (code, method) == (st.STIFF, 2) and policy[st.NOISY] > 0.0:
            why = "stability and round-off limited the explicit steps"
        return f"at t = {t:.4g} {why.format(policy[st.STIFF_STAGES])}"
