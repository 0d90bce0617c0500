"""Runs of every kind, and pyplot without a screen or left-over figures."""

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest

import deeplinear as dl
from deeplinear import init
from deeplinear.solve import Stats, Status, Trajectory

mpl.use("agg")


def overflowing() -> Trajectory:
    """A failed run whose last losses are infinite."""
    net = init.gaussian((2, 2, 2, 2), scale=1.0, seed=0)
    vectors = np.array([net.to_vector() * size for size in (0.1, 10.0, 1e30, 1e60)])
    return Trajectory(
        dl.Problem.from_modes([2.0, 1.0]),
        net.widths,
        np.arange(4.0),
        vectors,
        status=Status("failed", "The weights grew.", "Use a smaller step."),
        stats=Stats(3, 0, 4, 0, 0, 0, 0.01),
        segments=(),
        options={"method": "gradient descent", "step_size": 1.0, "rtol": 0.0, "t_end": 3.0},
        largest_rise=np.inf,
    )


def _data_problem() -> dl.Problem:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 4))
    x[:, 3] = x[:, 0]
    return dl.Problem.from_data(x, x @ rng.standard_normal((4, 2)) + rng.standard_normal((50, 2)))


THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])


def _saddle() -> Trajectory:
    return dl.gradient_flow(THREE, dl.LinearNetwork([np.diag([0.2, 0.1, 0.0])] * 3))


KINDS = {
    "staircase": lambda: dl.gradient_flow(THREE, init.gaussian((3, 3, 3, 3), scale=0.02, seed=1)),
    "depth 1": lambda: dl.gradient_flow(THREE, init.gaussian((3, 3), scale=0.5, seed=0)),
    "width 1": lambda: dl.gradient_flow(
        dl.Problem.from_modes([1.0]), dl.LinearNetwork([[[0.1]], [[0.1]]])
    ),
    "one saved time": lambda: dl.gradient_flow(
        dl.Problem.from_modes([1.0]), dl.LinearNetwork([[[1.0]], [[1.0]]])
    ),
    "saddle at the start": lambda: dl.gradient_flow(
        THREE, dl.LinearNetwork([np.zeros((3, 3))] * 2)
    ),
    "saddle": _saddle,
    "ends only": lambda: dl.gradient_flow(
        THREE, init.gaussian((3, 3, 3), scale=0.1, seed=0), save="ends"
    ),
    "late times": lambda: dl.gradient_flow(
        THREE, init.gaussian((3, 3, 3), scale=0.1, seed=0), t_end=9.0, save=np.linspace(5, 9, 9)
    ),
    "backward": lambda: dl.gradient_flow(
        THREE, init.gaussian((3, 3, 3), scale=0.5, seed=0), t_end=20.0, reverse=True
    ),
    "descent": lambda: dl.gradient_descent(
        THREE, init.gaussian((3, 3, 3), scale=0.5, seed=0), step_size=0.05, n_steps=200
    ),
    "diverged": lambda: dl.gradient_descent(
        THREE, init.gaussian((3, 3, 3), scale=0.5, seed=0), step_size=9.0, n_steps=50
    ),
    "overflowing": overflowing,
    "no modes": lambda: dl.gradient_flow(
        dl.Problem.from_modes([0.0, 0.0]), init.gaussian((2, 2, 2), scale=0.5, seed=0)
    ),
    "equal modes": lambda: dl.gradient_flow(
        dl.Problem.from_modes([2.0, 2.0, 1.0, 1.0], seed=3),
        init.gaussian((4, 4, 4), scale=0.05, seed=0),
    ),
    "not whitened": lambda: dl.gradient_flow(
        _data_problem(), init.gaussian((4, 1, 2), scale=0.1, seed=0)
    ),
    "many modes": lambda: dl.gradient_flow(
        dl.Problem.from_modes(np.linspace(1.0, 4.0, 30), seed=3),
        init.gaussian((30, 30, 30), scale=1e-3, seed=0),
    ),
}


@pytest.fixture(scope="session")
def runs() -> dict[str, Trajectory]:
    """One run of each kind."""
    return {kind: make() for kind, make in KINDS.items()}


@pytest.fixture(params=list(KINDS))
def any_run(request: pytest.FixtureRequest, runs: dict[str, Trajectory]) -> Trajectory:
    """Each kind of run in turn."""
    return runs[request.param]


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
