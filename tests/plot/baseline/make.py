"""Draw the pictures that tests/plot/test_baseline.py compares with: run it after a wanted change.

    python tests/plot/baseline/make.py

Every picture is drawn from numbers that are given here, so that only a change of the drawing
changes it.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

import deeplinear as dl
from deeplinear import exact, init, landscape, plot

FOLDER = Path(__file__).parent
DPI = 60
THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])
NET = dl.LinearNetwork(
    [
        [[1.0, -0.4, 0.0, 0.2], [0.3, 0.9, -0.8, 0.0], [0.0, 0.1, 0.5, -1.2]],
        [[0.7, 0.0, -0.3], [-0.9, 1.1, 0.05]],
    ]
)


def chains() -> dl.solve.Trajectory:
    """A run of decoupled modes, which has a closed form."""
    start = init.decoupled(THREE, (3, 3, 3, 3), 0.2)
    return dl.gradient_flow(THREE, start, t_end=12.0, save=np.linspace(0.0, 12.0, 200), rtol=1e-9)


def strengths() -> Axes:
    traj = chains()
    form = exact.applicable(THREE, traj.initial)[0]
    return plot.mode_strengths(traj, exact=form)


PICTURES: dict[str, Callable[[], Axes]] = {
    "adjacency": lambda: plot.adjacency(NET),
    "barcode": lambda: plot.barcode(
        dl.LinearNetwork([np.diag([1.0, 1.0, 0.0]), np.diag([0.0, 1.0, 1.0])])
    ),
    "imbalance": lambda: plot.imbalance(NET),
    "lattice": lambda: plot.lattice(landscape.lattice(THREE, (3, 3, 3))),
    "loss": lambda: plot.loss(chains(), zoom=2),
    "mode_strengths": strengths,
    "network": lambda: plot.network(NET),
    "phase_portrait": lambda: plot.phase_portrait(3),
    "spectrum": lambda: plot.spectrum(THREE, landscape.critical_point(THREE, (3, 4, 3), [0])),
}


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("agg")
    for name, draw in PICTURES.items():
        draw().figure.savefig(FOLDER / f"{name}.png", dpi=DPI, metadata={"Software": None})
