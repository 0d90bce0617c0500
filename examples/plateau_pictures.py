"""Draw the pictures of docs/plateaus.md: python examples/plateau_pictures.py [FOLDER].

A saddle in two variables, waiting times, and the parts of a report on small runs.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np

import deeplinear as dl

TARGET = Path(__file__).parents[1] / "docs" / "images"

LOOK = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}

SCALES = (1e-1, 1e-2, 1e-3, 1e-4)


def chain(weight: float, depth: int) -> dl.solve.Trajectory:
    """Train a network of one node a layer, all weights equal, on one mode of singular value 1."""
    start = dl.LinearNetwork([[[weight]]] * depth)
    return dl.gradient_flow(dl.Problem.from_modes([1.0]), start)


def saddle(figure: plt.Figure) -> None:
    """The loss (1 - ab)^2 / 2 of two weights, four runs on it, and their losses."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    grid = np.linspace(-1.6, 1.6, 161)
    a, b = np.meshgrid(grid, grid)
    levels = (0.02, 0.1, 0.25, 0.5, 1.0, 2.0, 3.5)
    left.contour(a, b, (1 - a * b) ** 2 / 2, levels, colors="#b6bcc4", linewidths=0.7)
    problem = dl.Problem.from_modes([1.0])
    for k, offset in enumerate((1e-1, 1e-2, 1e-4, 1e-6)):
        start = dl.LinearNetwork([[[-1.0 + offset]], [[1.0]]])
        traj = dl.gradient_flow(problem, start)
        color = dl.plot.mode_style(k)["color"]
        left.plot(*traj.vectors.T, color=color)
        right.plot(traj.t, traj.loss, color=color, label=f"{offset:g}")
    left.plot(0, 0, "o", color="#1b1f24", ms=5)
    left.set(xlabel="weight $a$", ylabel="weight $b$", title="Every run comes by the saddle,")
    left.set_aspect("equal")
    right.axhline(0.5, color="#6b7280", lw=0.6, zorder=0)
    right.set(xlabel="time $t$", ylabel=r"loss $(1 - ab)^2 / 2$")
    right.set_title("and waits the longer, the nearer it comes")
    right.legend(title="start at $b = 1$,\n$a = -1$ plus", frameon=False)


def waiting(figure: plt.Figure) -> None:
    """Time until one mode is learned against the size of the initial weights, depths 2 to 4."""
    ax = figure.subplots()
    for k, depth in enumerate((2, 3, 4)):
        color = dl.plot.mode_style(k)["color"]
        times = [dl.analysis.learning_times(chain(scale, depth))[0] for scale in SCALES]
        ax.loglog(SCALES, times, "o", color=color, label=f"{depth} layers")
        predicted = [dl.exact.escape_time(1.0, depth, scale) for scale in SCALES]
        ax.loglog(SCALES, predicted, color=color, lw=0.8)
    ax.set(xlabel="initial weight", ylabel="time until the mode is learned")
    ax.legend(frameon=False)


def staircase() -> dl.solve.Trajectory:
    """Three modes, learned one at a time by three layers."""
    problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    return dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=1e-2, seed=0))


def curves(figure: plt.Figure) -> None:
    """Loss and gradient norm with the plateaus marked."""
    traj = staircase()
    visits = dl.itinerary(traj)
    left, right = figure.subplots(1, 2)
    dl.plot.loss(traj, ax=left, itinerary=visits)
    dl.plot.gradient_norm(traj, ax=right, itinerary=visits)


def strengths(figure: plt.Figure) -> None:
    """Mode strengths of a run and the closed form of its start."""
    problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    start = dl.init.lambda_balanced((3, 3, 3), lam=0.0, scale=1e-3, seed=3)
    traj = dl.gradient_flow(problem, start)
    (form,) = dl.exact.applicable(problem, start)
    dl.plot.mode_strengths(traj, ax=figure.subplots(), exact=form)


def points(figure: plt.Figure) -> None:
    """Spectrum and network at a strict saddle and at a non-strict one, both with mode 0 learned."""
    problem = dl.Problem.from_modes([4.0, 2.0, 1.0])
    rows = figure.subplots(2, 2)
    for (left, right), widths in zip(rows, ((3, 3, 3), (3, 3, 3, 3)), strict=True):
        point = dl.landscape.critical_point(problem, widths, [0])
        found = dl.landscape.classify(problem, point)
        dl.plot.spectrum(problem, point, ax=left)
        dl.plot.adjacency(point, ax=right)
        left.set_title(f"{len(widths) - 1} layers: {found.kind}, order {found.escape_order}")


PICTURES = {
    "saddle": (saddle, (7.4, 2.9)),
    "waiting": (waiting, (4.6, 2.9)),
    "curves": (curves, (7.6, 2.9)),
    "strengths": (strengths, (4.8, 2.9)),
    "points": (points, (7.4, 5.2)),
}


def draw(folder: Path = TARGET) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(LOOK):
        for name, (make, size) in PICTURES.items():
            figure = plt.figure(figsize=size, layout="constrained")
            make(figure)
            figure.savefig(folder / f"plateau_{name}.png", dpi=140, facecolor="white")
            plt.close(figure)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
