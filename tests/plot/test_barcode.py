"""Barcodes: every interval once, at its place, with its number; full ones apart."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import deeplinear as dl
from deeplinear import geometry, init, plot
from deeplinear._core.errors import ArgumentTypeError
from deeplinear.geometry import Barcode
from deeplinear.solve import Trajectory

SMALL = {(0, 3): 2, (0, 1): 1, (0, 0): 4, (1, 2): 3, (2, 3): 1, (3, 3): 5}


def bars(ax: Axes) -> list[Line2D]:
    return [line for line in ax.lines if line.get_label() in ("full bar", "_bar")]


def intervals(ax: Axes) -> list[tuple[int, int]]:
    return [(int(line.get_xdata()[0]), int(line.get_xdata()[-1])) for line in bars(ax)]


def numbers(ax: Axes) -> dict[tuple[int, float], int]:
    """The multiplicities by the place at which they are written."""
    found = [text for text in ax.texts if text.get_text().isdigit()]
    return {(int(text.xy[0]), float(text.xy[1])): int(text.get_text()) for text in found}


def notes(ax: Axes) -> str:
    return " ".join(text.get_text() for text in ax.texts if not text.get_text().isdigit())


def test_every_interval_is_one_bar_with_its_multiplicity() -> None:
    ax = plot.barcode(Barcode(SMALL))
    assert sorted(intervals(ax)) == sorted(SMALL)
    written = numbers(ax)
    for line, interval in zip(bars(ax), intervals(ax), strict=True):
        height = set(line.get_ydata())
        assert len(height) == 1
        assert written[interval[0], height.pop()] == SMALL[interval]


def test_full_bars_are_on_top_and_differ_in_color_and_width() -> None:
    ax = plot.barcode(Barcode(SMALL))
    first, *rest = bars(ax)
    assert intervals(ax)[0] == (0, 3)
    assert first.get_label() == "full bar"
    assert all(to_hex(line.get_color()) != to_hex(first.get_color()) for line in rest)
    assert all(line.get_linewidth() < first.get_linewidth() for line in rest)
    bottom, top = ax.get_ylim()
    heights = [line.get_ydata()[0] for line in bars(ax)]
    assert heights == sorted(heights)
    assert top < heights[0]
    assert heights[-1] < bottom


def test_bars_are_grouped_by_birth_and_the_longer_come_first() -> None:
    ax = plot.barcode(Barcode(SMALL))
    assert intervals(ax)[1:] == sorted(intervals(ax)[1:], key=lambda bar: (bar[0], -bar[1]))
    heights = [line.get_ydata()[0] for line in bars(ax)]
    births = [born for born, _ in intervals(ax)]
    for k in range(1, len(births) - 1):
        step = heights[k + 1] - heights[k]
        assert step == pytest.approx(1.0 if births[k] == births[k + 1] else 1.6)


def test_layers_are_named_with_their_widths() -> None:
    ax = plot.barcode(Barcode(SMALL))
    names = [tick.get_text() for tick in ax.get_xticklabels()]
    assert names == [f"{j}\n{width}" for j, width in enumerate(Barcode(SMALL).widths)]
    left, right = ax.get_xlim()
    assert left < 0 < 3 < right


def test_a_network_has_the_picture_of_its_barcode_with_the_narrowest_gap() -> None:
    rng = np.random.default_rng(0)
    net = dl.LinearNetwork(
        [rng.standard_normal((n, 2)) @ rng.standard_normal((2, n)) for n in (4, 4)]
    )
    found = geometry.barcode(net)
    ax, other = plot.barcode(net), plot.barcode(found)
    assert intervals(ax) == intervals(other) == sorted(found, key=lambda bar: bar != (0, 2))
    assert "rank of the map 2" in notes(ax)
    (j, i), gap = min(found.gaps.items(), key=lambda item: item[1])
    exponent = int(f"{gap:.0e}".split("e")[1])
    assert f"10^{{{exponent}}}$, layer {j} to {i}" in notes(ax)
    assert "CERTAIN" not in notes(ax)


def test_ranks_in_doubt_are_told() -> None:
    net = dl.LinearNetwork([np.diag([1.0, 2e-10, 1e-11]), np.eye(3)])
    assert not geometry.barcode(net).certain
    assert "NOT CERTAIN" in notes(plot.barcode(net))


def test_without_a_gap_or_a_full_bar_the_notes_say_so() -> None:
    ax = plot.barcode(dl.LinearNetwork([np.zeros((3, 3))] * 3))
    assert "rank of the map 0" in notes(ax)
    assert "gap infinite" in notes(ax)
    assert not [line for line in bars(ax) if line.get_label() == "full bar"]
    assert "gap" not in notes(plot.barcode(Barcode(SMALL)))


def test_points_are_dots_and_can_be_seen() -> None:
    ax = plot.barcode(Barcode({(0, 0): 1, (1, 1): 1, (0, 1): 1}))
    for line, (born, last) in zip(bars(ax), intervals(ax), strict=True):
        assert (line.get_marker() == "o") == (born == last)
        assert born != last or line.get_markersize() > 3


def test_deep_networks_stay_within_a_page_and_wide_ones_are_few_bars() -> None:
    rng = np.random.default_rng(0)
    layers = [rng.standard_normal((30, 20)) @ rng.standard_normal((20, 30)) for _ in range(24)]
    ax = plot.barcode(dl.LinearNetwork(layers))
    assert ax.figure.get_size_inches()[1] <= 7.5
    names = [tick.get_text() for tick in ax.get_xticklabels()]
    assert names[0] == "0\n30"
    assert names[-1] == "24\n30"
    assert len(names) < 20
    wide = geometry.Barcode({(0, 3): 100, (0, 1): 200, (0, 0): 212, (1, 3): 212, (3, 3): 200})
    assert len(plot.barcode(wide).lines) == len(wide) + 4


def test_the_final_network_of_every_run_has_a_picture(any_run: Trajectory) -> None:
    if not all(np.isfinite(w).all() and np.abs(w).max() < 1e50 for w in any_run.final.weights):
        pytest.skip("its weights have no ranks")
    ax = plot.barcode(any_run.final)
    ax.figure.canvas.draw()
    assert sum(numbers(ax).values()) == sum(geometry.barcode(any_run.final).values())


def test_given_axes_are_used_and_nothing_else() -> None:
    import matplotlib.pyplot as plt

    figure = Figure()
    ax = figure.subplots()
    assert plot.barcode(init.gaussian((3, 2, 3), seed=0), ax=ax) is ax
    assert figure.axes == [ax]
    assert plt.get_fignums() == []


def test_what_is_no_barcode_is_refused_by_name() -> None:
    with pytest.raises(ArgumentTypeError, match="`barcode_or_network` must be a Barcode or a Lin"):
        plot.barcode({(0, 1): 1})  # type: ignore[arg-type]
