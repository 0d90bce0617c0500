"""Draw the picture of the README: python examples/readme_picture.py [FILE].

Five planted modes, learned one at a time by a network of four layers of nodes.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt

import deeplinear as dl

TARGET = Path(__file__).parents[1] / "docs" / "images" / "planted.png"


def draw(target: Path = TARGET) -> None:
    """Run the planted example of `deeplinear demo`, and draw its loss and its modes."""
    problem = dl.Problem.from_data(*dl.datasets.planted([5, 4, 3, 2, 1]))
    start = dl.init.gaussian((5, 5, 5, 5), scale=1e-3, seed=0)
    traj = dl.gradient_flow(problem, start)
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.1), layout="constrained")
    dl.plot.loss(traj, ax=left)
    dl.plot.mode_strengths(traj, ax=right)
    left.set_title("The loss waits at critical values,", fontsize=10)
    right.set_title("and one mode is learned at a time", fontsize=10)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=210, facecolor="white")
    plt.close(figure)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
