"""Which states of a run are kept: by resolution with a cap, at given times, or the ends only."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError
from deeplinear.solve._methods import _state as st
from deeplinear.solve._methods._state import State

MEMORY_BUDGET = 256 * 2**20
"""Bytes that the saved states of one run take at most by default."""

DEFAULT_SAVED = 400
"""Saved states of one run at most by default."""

_BLOCK = 64

SaveLike = None | int | Literal["ends"] | ArrayLike


@dataclass
class Saver:
    """Collects saved states. `times` are landed on exactly; otherwise `limit` caps a thinning.

    When more than `limit` states have been recorded, every second one is dropped and the
    observer's resolution is halved: the rest stays evenly spread over what happens.
    """

    limit: int
    times: Array | None = None
    t: list[float] = field(default_factory=list)
    vectors: list[Array] = field(default_factory=list)

    @classmethod
    def of(cls, save: SaveLike, n_params: int, t_end: float) -> "Saver":
        """Interpret the `save` argument of `gradient_flow`."""
        if save is None:
            affordable = MEMORY_BUDGET // (8 * n_params)
            return cls(limit=int(np.clip(affordable, 8, DEFAULT_SAVED)))
        if isinstance(save, str):
            if save != "ends":
                raise ArgumentError(
                    "Argument `save` must be None, 'ends', a number of states, or increasing "
                    f"times, but it is {save!r}."
                )
            return cls(limit=0)
        if np.ndim(save) == 0:
            return cls(limit=checks.integer("save", save, minimum=2))
        times = checks.real_array("save", save, ndim=1, shape_text="(k,)")
        forward = times if t_end >= 0 else -times
        if times.size == 0 or (forward[1:] <= forward[:-1]).any() or forward[0] < 0:
            raise ArgumentError(
                "Argument `save` must hold times that start at or after 0 and strictly increase "
                "(decrease when reverse=True), but it does not."
            )
        if abs(times[-1]) > abs(t_end):
            raise ArgumentError(
                f"Argument `save` must hold times up to `t_end` = {t_end:g}, but the last one is "
                f"{times[-1]:g}."
            )
        return cls(limit=0, times=times)

    def begin(self, state: State, gap: float) -> None:
        """Take the start, and set up the observer."""
        state.memo[st.RECORDING] = float(self.limit > 0)
        state.memo[st.RESOLUTION] = 1.0
        state.memo[st.N_ROWS] = 1.0
        state.memo[st.GAP_SAVED] = gap
        if self.limit > 0:
            state.rows[0, 0], state.rows[0, 1:] = 0.0, state.y
        if self.times is None or self.times[0] == 0.0:
            self._keep(0.0, state.y)

    def rows(self, n_params: int) -> Array:
        """The observer's buffer of (t, y...) rows."""
        block = int(np.clip(2**20 // n_params, 4, _BLOCK)) if self.limit > 0 else 2
        return np.empty((block, (n_params if self.limit > 0 else 0) + 1))

    @cached_property
    def later_times(self) -> Array:
        """The times to land on, beyond the start."""
        return np.zeros(0) if self.times is None else self.times[self.times != 0.0]

    def space(self, n_params: int) -> Array:
        """Rows for the states at `later_times`."""
        return np.empty((len(self.later_times), n_params if len(self.later_times) else 0))

    def harvest(self, state: State) -> None:
        """Move what the observer recorded into the saved states, and thin them if too many."""
        count = int(state.memo[st.N_ROWS])
        for row in state.rows[1:count]:
            self._keep(row[0], row[1:])
        if count > 1:
            state.rows[0] = state.rows[count - 1]
            state.memo[st.N_ROWS] = 1.0
        while len(self.t) > max(self.limit, 2) and self.limit > 0:
            # The last one stays: the observer measures from it.
            keep = sorted({*range(0, len(self.t), 2), len(self.t) - 1})
            self.t = [self.t[k] for k in keep]
            self.vectors = [self.vectors[k] for k in keep]
            state.memo[st.RESOLUTION] *= 2.0

    def landed(self, state: State) -> None:
        """Take the states at the times that were landed on."""
        done = int(state.policy[st.TIMES_DONE])
        self.t += self.later_times[:done].tolist()
        self.vectors += list(state.saved[:done])

    def take(self, t: Array, states: Array) -> None:
        """Take all states of a run that is known in closed form, in place of the start."""
        self.t, self.vectors = [], []
        for time, y in zip(t, states, strict=True):
            self._keep(time, y)

    def end(self, t: float, y: Array) -> tuple[Array, Array]:
        """Take the end; return all saved times and states."""
        if not self.t or self.t[-1] != t:
            self._keep(t, y)
        return np.array(self.t), np.array(self.vectors)

    def _keep(self, t: float, y: Array) -> None:
        self.t.append(float(t))
        self.vectors.append(np.array(y))
