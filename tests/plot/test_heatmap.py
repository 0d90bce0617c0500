"""The adjacency heat map: exact where it can be, small where it must be."""

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot.data._adjacency import PIXELS, layer_pixels, resampled
from deeplinear.solve import Trajectory

NET = init.gaussian((4, 3, 5), scale=0.3, seed=0)


def test_the_image_is_the_adjacency_matrix() -> None:
    ax = plot.adjacency(NET)
    np.testing.assert_array_equal(ax.images[0].get_array(), NET.adjacency())
    assert ax.images[0].get_extent() == [0, 12, 12, 0]


def test_colors_are_symmetric_about_a_white_zero() -> None:
    image = plot.adjacency(NET).images[0]
    assert image.get_clim() == (-np.abs(NET.adjacency()).max(), np.abs(NET.adjacency()).max())
    middle = to_rgba(mpl.colormaps[image.get_cmap().name](0.5))
    np.testing.assert_allclose(middle, 1.0, atol=0.04)


def test_layers_are_bounded_and_named() -> None:
    ax = plot.adjacency(NET)
    bounds = sorted(line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] != 0)
    assert bounds == [4, 7]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["inputs\n4", "3", "outputs\n5"]
    np.testing.assert_allclose(ax.get_xticks(), [2, 5.5, 9.5])


def test_a_network_of_zeros_is_drawn() -> None:
    ax = plot.adjacency(dl.LinearNetwork([np.zeros((2, 2))]))
    ax.figure.canvas.draw()
    assert ax.images[0].get_clim() == (-1.0, 1.0)


@given(widths=st.lists(st.integers(1, 3000), min_size=2, max_size=12).map(tuple))
def test_the_raster_is_small_and_no_layer_vanishes(widths: tuple[int, ...]) -> None:
    pixels = layer_pixels(widths)
    assert sum(pixels) <= PIXELS
    assert min(pixels) >= 0.3 * sum(pixels) / len(widths) or min(pixels) >= 0.035 * sum(pixels)


def test_of_merged_weights_the_largest_shows() -> None:
    w = np.zeros((2, 1000))
    w[1, 777] = -5.0
    ax = plot.adjacency(dl.LinearNetwork([w]), colorbar=False)
    assert ax.images[0].get_array().min() == -5.0
    assert max(ax.images[0].get_array().shape) <= PIXELS


@given(rows=st.integers(1, 40), n=st.integers(1, 60), seed=st.integers(0, 99))
def test_resampling_keeps_extremes_and_order(rows: int, n: int, seed: int) -> None:
    a = np.random.default_rng(seed).standard_normal((rows, 2))
    small = resampled(a, n)
    assert small.shape == (n, 2)
    assert np.isin(small, a).all()
    np.testing.assert_array_equal(np.abs(small).max(axis=0), np.abs(a).max(axis=0))
    places = [[np.flatnonzero(a[:, j] == value)[0] for value in small[:, j]] for j in (0, 1)]
    assert all(np.all(np.diff(column) >= 0) for column in places)


def test_a_common_limit_and_given_axes_are_used() -> None:
    ax = Figure().subplots()
    assert plot.adjacency(NET, ax=ax, limit=2.0, colorbar=False) is ax
    assert ax.images[0].get_clim() == (-2.0, 2.0)
    assert len(ax.figure.axes) == 1


def test_a_run_or_a_limit_of_zero_is_refused(runs: dict[str, Trajectory]) -> None:
    with pytest.raises(ArgumentTypeError, match=r"traj\.final"):
        plot.adjacency(runs["saddle"])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`limit` must be greater than 0"):
        plot.adjacency(NET, limit=0.0)
