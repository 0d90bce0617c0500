"""Labels in the margin: near their heights, never over each other."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text

from deeplinear import plot
from deeplinear.analysis import set_name
from deeplinear.plot._labels import Label, margin_labels, spread
from deeplinear.solve import Trajectory

HEIGHTS = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=15).map(sorted)


@given(y=HEIGHTS)
def test_spread_places_are_a_step_apart_and_within_bounds(y: list[float]) -> None:
    places = spread(np.array(y), 1 / 20, 0.0, 1.0)
    assert np.all(np.diff(places) >= 1 / 20 - 1e-12)
    assert places[0] >= -1e-12
    assert places[-1] <= 1 + 1e-12


@given(y=HEIGHTS)
def test_heights_that_are_apart_already_stay(y: list[float]) -> None:
    apart = np.linspace(0.0, 1.0, len(y))
    np.testing.assert_allclose(spread(apart, 1 / 20, 0.0, 1.0), apart, atol=1e-12)


@given(y=HEIGHTS)
def test_spread_is_the_nearest_such_placement(y: list[float]) -> None:
    places = spread(np.array(y), 1 / 20, -9.0, 9.0)
    rng = np.random.default_rng(0)
    for _ in range(20):  # no feasible small move comes nearer
        other = places + 1e-4 * rng.standard_normal(len(y))
        if np.all(np.diff(other) >= 1 / 20):
            assert np.sum((other - y) ** 2) >= np.sum((places - y) ** 2) - 1e-9


@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (draw, kind)
        for draw in (plot.loss, plot.mode_strengths, plot.singular_values)
        for kind in ("many modes", "staircase", "equal modes", "saddle at the start")
    ],
)
def test_labels_do_not_overlap(draw, kind: str, runs: dict[str, Trajectory]) -> None:
    ax = draw(runs[kind])
    ax.figure.canvas.draw()
    boxes = [Text.get_window_extent(text) for text in ax.texts]  # without the leader lines
    pairs = list(itertools.combinations(boxes, 2))
    assert not any(a.padded(-1).overlaps(b.padded(-1)) for a, b in pairs)


def test_too_many_labels_are_thinned_and_the_kept_ones_survive() -> None:
    ax = Figure(figsize=(3, 1.5)).subplots()
    labels = [Label(k / 100, str(k), "black", keep=k % 10 == 0) for k in range(101)]
    margin_labels(ax, labels, "all")
    shown = {text.get_text() for text in ax.texts} - {"all"}
    assert {"0", "100"} <= shown
    assert all(int(text) % 10 == 0 for text in shown)


def test_labels_out_of_view_are_dropped() -> None:
    ax = Figure().subplots()
    margin_labels(ax, [Label(0.5, "in", "black"), Label(7.0, "out", "black")], "")
    assert [text.get_text() for text in ax.texts] == ["in"]


def test_equal_heights_keep_the_first_label_on_top() -> None:
    ax = Figure().subplots()
    margin_labels(ax, [Label(0.5, "0", "black"), Label(0.5, "1", "black")], "")
    height = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert height["0"] > height["1"]


@given(modes=st.sets(st.integers(0, 12)).map(sorted))
def test_set_names_can_be_read_back(modes: list[int]) -> None:
    name = set_name(modes)
    back: list[int] = []
    for part in [] if name == "none" else name.split(", "):
        first, _, last = part.partition("–")
        back.extend(range(int(first), int(last or first) + 1))
    assert back == modes
