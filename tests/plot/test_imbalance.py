"""Imbalance spectra: every eigenvalue of every layer, flat along the flow."""

import itertools

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.plot._imbalance import _looks
from deeplinear.solve import Trajectory

NET = init.gaussian((3, 4, 2, 3), scale=0.3, seed=0)


def test_every_kind_of_run_is_drawn_without_a_warning(any_run: Trajectory) -> None:
    ax = plot.imbalance(any_run)
    ax.figure.canvas.draw()
    assert "time" in ax.get_xlabel()


def test_a_run_has_a_line_for_each_eigenvalue_at_its_value(runs: dict[str, Trajectory]) -> None:
    traj = runs["descent"]
    ax = plot.imbalance(traj)
    (c,) = traj.final.imbalance()
    lines = [line for line in ax.lines if "C" in str(line.get_label())]
    ends = [line.get_ydata()[-1] for line in lines]
    np.testing.assert_allclose(sorted(ends), np.linalg.eigvalsh(c))
    assert lines[0].get_ydata()[0] != lines[0].get_ydata()[-1]  # descent bends them


def test_a_network_has_a_column_of_ticks_for_each_hidden_layer() -> None:
    ax = plot.imbalance(NET)
    columns = [c for c in ax.collections if isinstance(c, LineCollection)]
    for i, (column, c) in enumerate(zip(columns, NET.imbalance(), strict=True)):
        heights = [segment[0][1] for segment in column.get_segments()]
        np.testing.assert_allclose(sorted(heights), np.linalg.eigvalsh(c))
        assert column.get_segments()[0].mean(axis=0)[0] == pytest.approx(i)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1"]


def test_layers_differ_in_color_and_neighbors_in_dashes(runs: dict[str, Trajectory]) -> None:
    looks = _looks(6)
    assert len({look["color"] for look in looks}) == 6
    assert all(a["linestyle"] != b["linestyle"] for a, b in itertools.pairwise(looks))
    net = init.gaussian((3, 3, 3, 3, 3), scale=0.3, seed=0)
    ax = plot.imbalance(dl.gradient_flow(runs["staircase"].problem, net, t_end=1.0))
    colors = [line.get_color() for line in ax.lines if str(line.get_label()).startswith("$C")]
    assert colors == [look["color"] for look in _looks(3)]


def test_balanced_wide_and_shallow_networks_say_what_they_are() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    balanced = plot.imbalance(init.balanced((2, 2, 2), scale=0.5, seed=0))
    assert balanced.texts[0].get_text() == "balanced up to round-off"
    wide = plot.imbalance(init.gaussian((2, 60, 2), seed=0))
    assert wide.texts[0].get_text() == "not all eigenvalues are drawn"
    assert len(wide.collections[0].get_segments()) == 40
    flat = plot.imbalance(dl.gradient_flow(problem, init.gaussian((2, 2), seed=0)))
    assert flat.texts[0].get_text() == "depth 1: no law"


def test_given_axes_are_used_and_nothing_else() -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.subplots()
    assert plot.imbalance(NET, ax=ax) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_is_neither_run_nor_network_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="`run_or_network` must be a Trajectory or a Lin"):
        plot.imbalance(3)  # type: ignore[arg-type]
