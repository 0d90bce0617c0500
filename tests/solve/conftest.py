"""Starts and reference problems shared by the tests of the solvers."""

import numpy as np
import pytest

import deeplinear as dl

PLANTED = {
    2: ((4, 4, 4), [4.0, 2.5, 1.5, 0.8]),
    3: ((4, 4, 4, 4), [4.0, 2.5, 1.5, 0.8]),
    4: ((4, 4, 4, 4, 4), [4.0, 2.5, 1.5, 0.8]),
}
"""Widths and planted spectrum by depth."""


@pytest.fixture
def small():
    """A two-mode problem and a start away from every saddle."""
    problem = dl.Problem.from_modes([2.0, 1.0], seed=3)
    return problem, dl.init.gaussian((2, 3, 2), scale=0.5, seed=1)


def planted_run(depth: int, scale: float, seed: int):
    """A planted problem and a Gaussian start of this depth and scale."""
    widths, modes = PLANTED[depth]
    return dl.Problem.from_modes(modes), dl.init.gaussian(widths, scale=scale, seed=seed)


def times_by_arc_length(traj, k: int):
    """K times, equally spaced in arc length: inside the transitions, not on the plateaus."""
    steps = np.linalg.norm(np.diff(traj.vectors, axis=0), axis=1)
    arc = np.concatenate([[0.0], np.cumsum(steps)])
    return np.interp(np.linspace(0, arc[-1], k + 2)[1:-1], arc, traj.t)
