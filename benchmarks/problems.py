"""The problems as data: targets, starts, times, and how many times faster we want to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

import deeplinear as dl

Array = np.ndarray
MEMBERS = 1000
"""Starts of the ensemble P5; their seeds are 0 ... 999."""
STOP = 1e-8
"""The loss at which a member of P5 is done."""


@dataclass(frozen=True)
class Case:
    """One initial value problem: the flow of L = 1/2 ||sigma - P||^2 on [0, t_end].

    goals : error target -> how many times faster than the best peer we want to be.
    """

    name: str
    title: str
    sigma: Array
    start: tuple[Array, ...]
    t_end: float
    goals: Mapping[float, float] = field(default_factory=dict)

    @property
    def problem(self) -> dl.Problem:
        """The loss, as deeplinear takes it."""
        return dl.Problem.from_target(self.sigma)

    @property
    def network(self) -> dl.LinearNetwork:
        """The start, as deeplinear takes it."""
        return dl.LinearNetwork(self.start)

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, hidden layers, outputs."""
        return self.network.widths

    @property
    def vector(self) -> Array:
        """The start as one vector: row-major layers, in order."""
        return self.network.to_vector()


def gaussian(widths: tuple[int, ...], scale: float, seed: int) -> tuple[Array, ...]:
    """Layers scale * N(0, 1), drawn one after the other from ``default_rng(seed)``."""
    rng = np.random.default_rng(seed)
    pairs = zip(widths[1:], widths[:-1], strict=True)
    return tuple(scale * rng.standard_normal(shape) for shape in pairs)


def two_layers() -> Case:
    """P1: easy and short, so that overheads decide."""
    spectrum = np.sort(np.random.default_rng(1).uniform(1.0, 3.0, 10))[::-1]
    return Case(
        "P1",
        "widths 10-10-10, random spectrum in [1, 3], start 0.3 randn, T = 20",
        np.diag(spectrum),
        gaussian((10, 10, 10), 0.3, 0),
        20.0,
        {1e-5: 3.0},
    )


def plateaus() -> Case:
    """P2: five transitions between plateaus; T is where the loss passes 1e-8, rounded up."""
    return Case(
        "P2",
        "widths 5-5-5-5, diag(5, 4, 3, 2, 1), start 1e-2 randn, until loss < 1e-8: T = 420",
        np.diag([5.0, 4.0, 3.0, 2.0, 1.0]),
        gaussian((5, 5, 5, 5), 1e-2, 0),
        420.0,
        {1e-5: 20.0, 1e-7: 20.0},
    )


def stiff_plateaus() -> Case:
    """P3: plateaus four orders of magnitude longer than the modes' relaxation."""
    return Case(
        "P3",
        "widths 4-4-4-4-4, diag(4, 3, 2, 1), start 1e-2 randn, until loss < 1e-8: T = 114,400",
        np.diag([4.0, 3.0, 2.0, 1.0]),
        gaussian((4, 4, 4, 4, 4), 1e-2, 0),
        114_400.0,
        {1e-5: 10.0, 1e-7: 15.0},
    )


def wide() -> Case:
    """P4: 25,856 weights, so that products of matrices decide."""
    widths = (64, 128, 128, 10)
    layers = gaussian(widths, 0.5, 0)
    # Entries of variance 1/64: the ten singular values lie between about 0.6 and 1.4.
    target = np.random.default_rng(1).standard_normal((10, 64)) / 8.0
    return Case(
        "P4",
        "widths 64-128-128-10, random target, start 0.5 randn / sqrt(fan-in), T = 50",
        target,
        tuple(w / np.sqrt(w.shape[1]) for w in layers),
        50.0,
        {1e-6: 4.0},
    )


CASES: Mapping[str, Callable[[], Case]] = {
    "P1": two_layers,
    "P2": plateaus,
    "P3": stiff_plateaus,
    "P4": wide,
}

ENSEMBLE_GOAL = 25.0
"""P5: how many times faster than the loop over SciPy's LSODA we want to be."""
ENSEMBLE_RTOL = 1e-6


def ensemble_starts(members: int = MEMBERS) -> list[tuple[Array, ...]]:
    """P5: the starts of P2's kind with seeds 0, 1, ..."""
    return [gaussian((5, 5, 5, 5), 1e-2, seed) for seed in range(members)]
