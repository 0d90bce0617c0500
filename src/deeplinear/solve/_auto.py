"""method="auto": explicit until stability limits its steps, stiff while that pays."""

from deeplinear.solve._state import DENSE_LIMIT, RATIO_STIFF, STIFF_AFTER, H, MethodData, State, T


def step_cost_ratio(data: MethodData) -> float:
    """The cost of a stiff step over that of an explicit one, from operation counts.

    Counted, not timed, so that a run is reproducible. The weights of the counts were fitted to
    measured steps: dense linear algebra runs about ten times faster a flop than short loops.
    """
    o = data.operands
    n = float(o.n_params)
    field = 6.0 * min(o.target.shape[1], int(o.widths[-1])) * n + 100.0
    explicit = 12 * field + 150 * n
    iteration = 4 * field + 16 * n * n / 4
    return (10 * n**3 / 15 + n * n + 5 * iteration) / explicit


class AutoPolicy:
    """When to change the method, by operation counts; each way back doubles the patience."""

    def __init__(self, data: MethodData) -> None:
        self._ratio = step_cost_ratio(data)
        self._patience = 1.0
        self.stiff_allowed = data.operands.n_params <= DENSE_LIMIT

    def arm(self, state: State) -> None:
        """Tell the methods when to report back."""
        patience = max(15.0, 2.0 * self._ratio) * self._patience
        state.values[STIFF_AFTER] = patience if self.stiff_allowed else float("inf")
        state.values[RATIO_STIFF] = 0.5 * self._ratio

    def to_stiff(self, state: State) -> str:
        """The explicit method met stiffness; return the reason for the change."""
        state.values[H] *= 2.0
        return (
            f"at t = {state.values[T]:.4g} stability, not accuracy, limited the explicit steps, "
            f"and a stiff step costs {self._ratio:.2g} explicit ones"
        )

    def to_explicit(self, state: State, rate: float) -> str:
        """The stiff method no longer pays; return the reason for the change."""
        self._patience *= 2.0
        state.values[H] = min(state.values[H], 3.0 / rate)
        self.arm(state)
        return (
            f"at t = {state.values[T]:.4g} accuracy limited the stiff steps so much that explicit "
            "ones are cheaper"
        )
