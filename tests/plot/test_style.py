"""The look: stable, told apart in color and in grey, without side effects."""

import itertools
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from deeplinear import plot
from deeplinear.plot.data import COLORS, INK, MUTED
from deeplinear.solve import Trajectory

# Machado, Oliveira, Fernandes 2009: what people without red or green cones see (linear RGB).
PROTANOPIA = np.array(
    [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
)
DEUTERANOPIA = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)
# IEC 61966-2-1: linear sRGB to CIE XYZ.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colors: tuple[str, ...]) -> np.ndarray:
    """Convert sRGB colors to linear RGB."""
    c = np.array([to_rgb(color) for color in colors])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b*, in which a distance of about 2.3 is just noticed."""
    t = rgb @ XYZ.T / XYZ.sum(axis=1)
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    x, y, z = f.T
    return np.column_stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def covered(k: int) -> float:
    """The share of a line of mode k that has ink."""
    dashes = plot.mode_style(k)["linestyle"]
    return 1.0 if dashes == "-" else sum(dashes[1][::2]) / sum(dashes[1])


def test_twenty_four_modes_have_different_styles() -> None:
    styles = [tuple(map(str, plot.mode_style(k).values())) for k in range(24)]
    assert len(set(styles)) == 24
    assert plot.mode_style(24) == plot.mode_style(0)


def test_colors_differ_for_every_common_color_vision() -> None:
    for vision in (np.eye(3), PROTANOPIA, DEUTERANOPIA):
        seen = lab(np.clip(linear(COLORS) @ vision.T, 0, 1))
        gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
        assert min(gaps) > 15


def test_neighboring_modes_differ_in_gray_by_lightness_or_by_dashes() -> None:
    lightness = lab(linear(tuple(plot.mode_style(k)["color"] for k in range(24))))[:, 0]
    for k in range(23):
        far = abs(lightness[k] - lightness[k + 1]) > 20
        assert far or abs(covered(k) - covered(k + 1)) > 0.08
        assert plot.mode_style(k)["linestyle"] != plot.mode_style(k + 1)["linestyle"]


def test_every_mode_color_stands_out_from_white_paper() -> None:
    assert lab(linear(COLORS))[:, 0].max() < 72
    assert lab(linear((INK, MUTED)))[:, 0].max() < 50


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
