"""The look: stable, told apart in color and in grey, without side effects."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from deeplinear import plot
from deeplinear.plot.data import COLORS
from deeplinear.solve import Trajectory

# Machado, Oliveira, Fernandes 2009: what people without red or green cones see (linear RGB).
PROTANOPIA = np.array(
    [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
)
DEUTERANOPIA = np.array(
    [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
)


def test_twenty_four_modes_have_different_styles() -> None:
    styles = [tuple(map(str, plot.mode_style(k).values())) for k in range(24)]
    assert len(set(styles)) == 24
    assert plot.mode_style(24) == plot.mode_style(0)


def test_colors_differ_for_every_common_color_vision() -> None:
    linear = np.array([to_rgb(color) for color in COLORS]) ** 2.2
    for vision in (np.eye(3), PROTANOPIA, DEUTERANOPIA):
        seen = np.clip(linear @ vision.T, 0, 1) ** (1 / 2.2)
        gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(gaps) > 0.18


def test_plotting_leaves_the_settings_of_matplotlib_alone(runs: dict[str, Trajectory]) -> None:
    before = dict(mpl.rcParams)
    plot.loss(runs["staircase"])
    plot.adjacency(runs["staircase"].final)
    assert dict(mpl.rcParams) == before


def test_many_open_figures_raise_no_warning(runs: dict[str, Trajectory]) -> None:
    for _ in range(25):
        plot.drift(runs["one saved time"])
    assert len(plt.get_fignums()) == 25


def test_importing_the_plots_does_not_import_matplotlib() -> None:
    code = "import sys, deeplinear.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
