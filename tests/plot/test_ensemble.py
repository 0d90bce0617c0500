"""Ensembles: nobody is dropped, and what is drawn is what the members hold."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot import data
from deeplinear.solve import Ensemble, Trajectory

THREE = dl.Problem.from_modes([2.0, 1.5, 1.2])
WIDTHS = (3, 3, 3)


def starts(n: int, scale: float = 0.3) -> list[dl.LinearNetwork]:
    return [init.gaussian(WIDTHS, scale=scale, seed=k) for k in range(n)]


@pytest.fixture(scope="module")
def saved() -> Ensemble:
    """Members with their states along the way, one that fails, and one at a saddle."""
    odd = [init.gaussian(WIDTHS, scale=0.0), init.gaussian(WIDTHS, scale=1e120)]
    return dl.ensemble(THREE, [*starts(20), *odd], save=None)


@pytest.fixture(scope="module")
def short() -> Ensemble:
    """Members most of which run out of steps."""
    return dl.ensemble(THREE, starts(60), max_steps=22)


def ticks(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def test_every_member_is_in_a_distribution_failed_or_not(saved: Ensemble) -> None:
    ax = plot.learning_times(saved)
    assert ax.get_title(loc="left") == ("22 members: 20 converged, 1 stopped at a saddle, 1 failed")
    assert ax.get_xscale() == "log"
    assert [line.get_label() for line in ax.lines] == ["mode 0", "mode 1", "mode 2"]
    learned = np.isfinite(saved.learning_times)
    for k, line in enumerate(ax.lines):
        x, y = (np.asarray(v, dtype=float) for v in line.get_data())
        assert y[-1] == pytest.approx(learned[:, k].mean())
        assert np.all(np.diff(y) >= 0)
        for time in saved.learning_times[learned[:, k], k]:
            below = np.mean(saved.learning_times[:, k] <= time * (1 - 1e-12))
            at = y[np.searchsorted(x, time * (1 - 1e-9), side="right") - 1]
            assert at == pytest.approx(below)
        assert line.get_color() == plot.mode_style(k)["color"]
    names = [text.get_text() for text in ax.texts if "%" in text.get_text()]
    assert names == [f"{k}: {100 * learned[:, k].mean():.0f} %" for k in (2, 1, 0)]


def test_distributions_of_many_members_are_thinned_and_stay_exact() -> None:
    problem = dl.Problem.from_modes([1.0])
    found = data.learning_times([dl.gradient_flow(problem, init.gaussian((1, 1), scale=0.1))])
    times = np.random.default_rng(0).lognormal(size=(5000, 1))
    many = data.LearningTimes(times, np.full(5000, "converged", dtype=object))
    x, y = plot._ensemble._distribution(many.times[:, 0], 1e-3, 1e3)
    assert len(x) < 2100
    for t in (0.3, 1.0, 2.0):
        at = y[np.searchsorted(x, t, side="right") - 1]
        assert at == pytest.approx(many.share(0, t), abs=1.1e-3)
    assert found.times.shape == (1, 1)


def test_a_store_is_read_by_two_columns_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = dl.ensemble(THREE, starts(30), store=tmp_path / "store")
    asked = []
    source = members._source
    column = type(source).column
    monkeypatch.setattr(
        type(source), "column", lambda self, name: asked.append(name) or column(self, name)
    )
    monkeypatch.setattr(type(source), "member", lambda self, k: pytest.fail("a member was read"))
    plot.learning_times(members)
    plot.itineraries(members)
    assert set(asked) == {"learning_times", "status"}


def test_orders_are_those_of_the_learning_times(saved: Ensemble) -> None:
    orders = data.itineraries(saved)
    wanted: Counter[str] = Counter()
    for times in saved.learning_times[:20]:
        wanted[" → ".join(str(k) for k in np.argsort(times))] += 1
    finished = {order.name: order.count for order in orders if order.status is None}
    assert finished == {**wanted, "none": 1}
    assert sum(order.count for order in orders) == 22
    (failed,) = [order for order in orders if order.status is not None]
    assert (failed.status, failed.count) == ("failed", 1)
    for order in orders:
        assert order.interval[0] <= order.share <= order.interval[1]


def test_modes_that_are_learned_at_once_or_never_are_named_so() -> None:
    inf = np.inf
    times = np.array([[0.0, 2.0, 1.0], [inf, 1.0, inf], [3.0, 3.0, 1.0], [0.0, 0.0, inf]])
    ranks, counts = data._ensemble._ranks(times)
    assert sorted(map(data._ensemble._order, ranks)) == sorted(
        ["{0} → 2 → 1", "1", "2 → {0, 1}", "{0, 1}"]
    )
    assert counts.sum() == 4


def test_bars_are_shares_with_intervals_and_unfinished_ones_are_hatched(short: Ensemble) -> None:
    assert short.statuses["step limit"] > 20
    orders = data.itineraries(short)
    ax = plot.itineraries(short, most=50)
    assert len(ax.patches) == len(orders)
    for bar, order in zip(ax.patches, orders, strict=True):
        assert bar.get_width() == pytest.approx(order.count / 60)
        assert (bar.get_hatch() is not None) == (order.status is not None)
    assert [name.split("  (")[0] for name in ticks(ax)] == [order.name for order in orders]
    assert sum(name.endswith("(step limit)") for name in ticks(ax)) > 1
    intervals = [line for line in ax.lines if line.get_label() == "_interval"]
    np.testing.assert_allclose(intervals[0].get_xdata(), data.wilson(orders[0].count, 60))
    assert ax.get_xlabel() == "share of 60 members"


def test_the_rest_of_the_orders_is_put_together_and_counted(short: Ensemble) -> None:
    ax = plot.itineraries(short, most=3)
    assert len(ax.patches) == 5
    assert sum(bar.get_width() for bar in ax.patches) == pytest.approx(1.0)
    assert any(name.endswith("other orders") for name in ticks(ax))
    assert ticks(ax)[-1].endswith("other unfinished")
    counts = [int(text.get_text()) for text in ax.texts]
    assert sum(counts) == 60


def test_itineraries_of_runs_say_what_was_learned_and_lost(saved: Ensemble) -> None:
    some = [dl.itinerary(saved[k]) for k in range(4)]
    assert sum(order.count for order in data.itineraries(some)) == 4
    names = {order.name for order in data.itineraries(some)}
    assert names <= {order.name for order in data.itineraries(saved)}
    back = dl.gradient_flow(THREE, saved[0].final, t_end=1.5, reverse=True)
    visits = dl.itinerary(back)
    if len(visits) > 1:
        (order,) = data.itineraries([visits])
        assert order.name.startswith("{0–2}")
        assert "−" in order.name


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    # Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611),
                 (1, 29): (0.0061, 0.1718)}  # fmt: skip
    for (count, n), wanted in published.items():
        assert data.wilson(count, n) == pytest.approx(wanted, abs=5e-5)


def test_bands_are_the_quantiles_of_the_members(saved: Ensemble) -> None:
    bands = data.ensemble_bands(list(saved)[:20])
    j = 130
    gaps = []
    for k in range(20):
        run = saved[k]
        gaps.append(np.interp(bands.t[j], run.t, np.log(run.gap)))
    wanted = np.exp(np.quantile(gaps, data.LEVELS))
    np.testing.assert_allclose(bands.values[0, :, j], wanted, rtol=1e-9)
    assert np.all(np.diff(bands.values[0], axis=0) >= 0)
    assert bands.known.tolist() == [20] * len(bands.t)
    strengths = data.ensemble_bands(list(saved)[:20], "mode strengths")
    assert strengths.values.shape == (3, 5, len(bands.t))
    np.testing.assert_allclose(strengths.values[:, :, -1].T, [THREE.modes.s] * 5, atol=1e-3)


def test_a_member_that_did_not_finish_is_unknown_after_its_end() -> None:
    full = dl.gradient_flow(THREE, starts(1)[0])
    cut = dl.gradient_flow(THREE, starts(1)[0], t_end=1.0)
    bands = data.ensemble_bands([full, cut])
    assert bands.known[0] == 2
    assert bands.known[bands.t > 1.01].tolist() == [1] * int(np.sum(bands.t > 1.01))
    assert bands.counts == {"converged": 1, "t_end": 1}


def test_the_picture_shows_the_bands(saved: Ensemble) -> None:
    ax = plot.ensemble_bands(saved)
    bands = data.ensemble_bands(saved)
    (median,) = [line for line in ax.lines if line.get_label() == "loss"]
    np.testing.assert_array_equal(median.get_ydata(), bands.values[0, 2])
    assert [c.get_label() for c in ax.collections] == ["_band", "_band"]
    assert ax.get_yscale() == ax.get_xscale() == "log"
    labels = [text.get_text() for text in ax.texts if text.get_text()]
    assert labels == ["0, 1", "0", "none", "learned"]
    ax = plot.ensemble_bands(saved, "mode strengths")
    colors = [line.get_color() for line in ax.lines if str(line.get_label()).startswith("mode")]
    assert colors == [plot.mode_style(k)["color"] for k in range(3)]


def test_a_part_of_very_many_members_is_read_and_the_picture_says_so(saved: Ensemble) -> None:
    ax = plot.ensemble_bands(saved, most=5)
    assert ax.get_title(loc="left").startswith("5 of 22 members: ")


def test_runs_of_every_kind_can_be_pooled(any_run: Trajectory) -> None:
    for draw in (plot.learning_times, plot.itineraries):
        ax = draw([any_run, any_run])
        ax.figure.canvas.draw()
    if len(any_run) > 2:
        for quantity in ("loss", "mode strengths"):
            ax = plot.ensemble_bands([any_run, any_run], quantity)  # type: ignore[arg-type]
            ax.figure.canvas.draw()


def test_equal_modes_are_learned_first_ones_first() -> None:
    problem = dl.Problem.from_modes([2.0, 2.0, 1.0], seed=4)
    members = dl.ensemble(problem, [init.gaussian(WIDTHS, scale=0.1, seed=k) for k in range(20)])
    times = data.learning_times(members).times
    assert np.all(times[:, 0] <= times[:, 1])
    assert {order.name for order in data.itineraries(members)} <= {"0 → 1 → 2", "0 → 2 → 1"}


def test_statistics_of_an_ensemble_are_those_of_its_dataset(short: Ensemble) -> None:
    table = short.to_xarray()
    for name in ("gap", "learning_times", "n_steps"):
        np.testing.assert_array_equal(short.statistic(name), table[name].values)
    assert short.statistic("status")[3] == short[3].status
    assert short.problem is THREE
    with pytest.raises(ArgumentError, match="`name` must be one of"):
        short.statistic("gaps")


def test_wrong_members_are_refused_by_name(short: Ensemble) -> None:
    with pytest.raises(ArgumentError, match="states along the way"):
        plot.ensemble_bands(short)
    with pytest.raises(ArgumentTypeError, match="`members` must be an Ensemble or a list"):
        plot.learning_times(THREE)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="at least one member"):
        plot.itineraries([])
    with pytest.raises(ArgumentError, match="`quantity`"):
        plot.ensemble_bands(short, "losses")  # type: ignore[arg-type]
    other = dl.gradient_flow(dl.Problem.from_modes([1.0]), init.gaussian((1, 1), scale=0.1))
    with pytest.raises(ArgumentError, match="runs of one problem"):
        plot.learning_times([short[0], other])
    ax = Figure().subplots()
    assert plot.itineraries(short, ax=ax) is ax
