"""Slices of the loss: every value is the loss there, and the run is where it was projected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.plot import data
from deeplinear.solve import Trajectory

TWO = dl.Problem.from_modes([4.0, 2.0])


@pytest.fixture(scope="module")
def run() -> Trajectory:
    """Two modes, one after the other."""
    return dl.gradient_flow(TWO, init.gaussian((2, 2, 2), scale=1e-2, seed=0))


@pytest.fixture(scope="module")
def saddles(run: Trajectory) -> list[dl.LinearNetwork]:
    """The critical points near that run."""
    return [visit.network for visit in dl.itinerary(run)]


def three(widths: tuple[int, ...], scale: float = 0.5) -> list[dl.LinearNetwork]:
    return [init.gaussian(widths, scale=scale, seed=k) for k in range(3)]


def data_problem(d_in: int, d_out: int) -> dl.Problem:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((40, d_in))
    x[:, -1] = x[:, 0]
    y = x @ rng.standard_normal((d_in, d_out)) + rng.standard_normal((40, d_out))
    return dl.Problem.from_data(x, y)


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 5), min_size=2, max_size=8).filter(
        lambda w: sum(a * b for a, b in zip(w[1:], w[:-1], strict=True)) > 2
    ),
    whitened=st.booleans(),
    seed=st.integers(0, 100),
)
def test_the_loss_on_a_plane_is_the_loss_of_its_networks(
    widths: list[int], whitened: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sigma = rng.standard_normal((widths[-1], widths[0]))
    problem = dl.Problem.from_target(sigma) if whitened else data_problem(widths[0], widths[-1])
    shown = data.loss_slice(problem, three(tuple(widths)), resolution=4)
    for i, j in rng.integers(0, 4, (3, 2)):
        there = dl.loss(problem, shown.plane.network(shown.x[j], shown.y[i]))
        assert shown.gap[i, j] + shown.optimum == pytest.approx(there, rel=1e-9, abs=1e-12)


def test_the_gap_keeps_its_digits_near_a_minimum() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    ends = [dl.landscape.critical_point(problem, (3, 4, 4, 3), modes) for modes in ([], [0])]
    best = dl.landscape.critical_point(problem, (3, 4, 4, 3), [0, 1, 2])
    shown = data.loss_slice(problem, [best, *ends])
    loss = data.PlaneLoss(problem, shown.plane, 3.0)
    assert shown.point_gaps[0] < 1e-28
    near = loss.gap(1e-9, 0.0)
    twice = loss.gap(2e-9, 0.0)
    assert twice / near == pytest.approx(4.0, rel=1e-4)


def test_wide_networks_need_no_product_for_each_grid_point() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=300, d_out=200, seed=0)
    shown = data.loss_slice(problem, three((300, 150, 200), 0.05))
    assert shown.gap.shape == (201, 201)
    there = dl.loss(problem, shown.plane.network(shown.x[7], shown.y[150]))
    assert shown.gap[150, 7] == pytest.approx(there, rel=1e-10)


def test_axes_are_orthonormal_and_hold_the_points() -> None:
    nets = three((3, 2, 4))
    shown = data.loss_slice(data_problem(3, 4), nets)
    np.testing.assert_allclose(shown.plane.axes @ shown.plane.axes.T, np.eye(2), atol=1e-14)
    for net, (x, y) in zip(nets, shown.points, strict=True):
        np.testing.assert_allclose(shown.plane.network(x, y).to_vector(), net.to_vector())
    assert shown.points[0].tolist() == [0.0, 0.0]
    assert shown.points[1, 1] == pytest.approx(0.0, abs=1e-12)


def test_the_run_is_projected_orthogonally(
    run: Trajectory, saddles: list[dl.LinearNetwork]
) -> None:
    shown = data.loss_slice(TWO, saddles, trajectory=run)
    k = len(run) // 2
    foot = shown.plane.network(*shown.path[k]).to_vector()
    rest = run.vectors[k] - foot
    np.testing.assert_allclose(shown.plane.axes @ rest, 0.0, atol=1e-12)
    assert shown.distance[k] == pytest.approx(np.linalg.norm(rest))
    assert len(shown.path) == len(run)


def test_points_are_named_by_what_they_are(
    run: Trajectory, saddles: list[dl.LinearNetwork]
) -> None:
    ax = plot.loss_slice(TWO, saddles, trajectory=run)
    texts = [text.get_text() for text in ax.texts if text.get_text()]
    assert texts == ["saddle of no mode", "saddle of mode 0", "minimum of modes 0, 1"]
    assert ax.get_ylabel() == "distance across, toward “minimum of modes 0, 1”"
    points = [line for line in ax.lines if line.get_label() == "_point"]
    assert [p.get_markerfacecolor() for p in points] == ["white", "white", data.INK]
    net = init.gaussian((2, 2, 2), scale=0.3, seed=9)
    shown = data.loss_slice(TWO, [run.initial, saddles[1], net], trajectory=run)
    assert shown.names == ("start", "saddle of mode 0", "point 2")
    shown = data.loss_slice(TWO, saddles, names=["a", "b", "c"])
    assert shown.names == ("a", "b", "c")


def test_the_line_is_thin_where_the_run_is_far_from_the_plane(
    run: Trajectory, saddles: list[dl.LinearNetwork]
) -> None:
    ax = plot.loss_slice(TWO, saddles, trajectory=run)
    (line,) = [c for c in ax.collections if c.get_zorder() == 4]
    shown = data.loss_slice(TWO, saddles, trajectory=run)
    middle = (shown.distance[1:] + shown.distance[:-1]) / 2
    widths = np.array(line.get_linewidths())
    assert np.argmin(widths) == np.argmax(middle)
    assert np.all(np.diff(widths[np.argsort(middle)]) <= 1e-12)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    farthest = f"{shown.distance.max():.2g}"
    assert legend == ["run, in the plane", f"run, at distance {farthest} from it"]


def test_levels_pass_through_the_marked_saddle(saddles: list[dl.LinearNetwork]) -> None:
    ax = plot.loss_slice(TWO, saddles)
    lines = [c for c in ax.collections if hasattr(c, "levels") and c.filled is False]
    (thin,) = lines
    np.testing.assert_allclose(thin.levels, [2.0, 10.0], rtol=1e-8)  # sums of unlearned s^2 / 2
    (filled,) = [c for c in ax.collections if getattr(c, "filled", False)]
    assert filled.levels[-1] == pytest.approx(15.0)
    assert filled.levels[0] >= 1e-4 * 15.0
    np.testing.assert_allclose(np.diff(np.log(filled.levels)), np.log(1e4) / 24, rtol=0.2)
    linear = plot.loss_slice(TWO, saddles, scale="linear")
    (filled,) = [c for c in linear.collections if getattr(c, "filled", False)]
    np.testing.assert_allclose(filled.levels, np.linspace(0.0, 15.0, 25))


def test_escape_rays_and_directions_span_the_plane() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    saddle = dl.landscape.critical_point(problem, (3, 3, 3, 3), [0])
    rays = list(dl.landscape.escape_rays(problem, (3, 3, 3, 3), [0]))[:2]
    shown = data.loss_slice(problem, saddle, rays)
    assert shown.labels[0] == "distance along the ray of mode 1"
    tip = rays[0](2.0).to_vector()
    np.testing.assert_allclose(shown.plane.project(tip[None])[1], 0.0, atol=1e-12)
    ax = plot.loss_slice(problem, saddle, rays)
    assert ax.get_xlim()[1] > np.sqrt(3) * 2.0 ** (1 / 3)  # the minimum of mode 1 is in view
    strict = dl.landscape.critical_point(TWO, (2, 2, 2), [])
    found = dl.landscape.escape(TWO, strict).directions[:2]
    shown = data.loss_slice(TWO, strict, found)
    assert shown.labels == ("distance along direction 0", "distance along direction 1")
    away = data.PlaneLoss(TWO, shown.plane, 1.0)
    assert away.gap(0.01, 0.0) < shown.point_gaps[0]


def test_arguments_that_span_no_plane_are_refused() -> None:
    a, b, _ = three((2, 3, 2))
    line = dl.LinearNetwork([2 * v - w for v, w in zip(b.weights, a.weights, strict=True)])
    with pytest.raises(ArgumentError, match="`points` must not lie on one line"):
        plot.loss_slice(TWO, [a, b, line])
    with pytest.raises(ArgumentError, match="different networks, but entry 1 equals entry 0"):
        plot.loss_slice(TWO, [a, a, b])
    with pytest.raises(ArgumentError, match="span a plane, but they are parallel"):
        plot.loss_slice(TWO, a, [a.weights, [-w for w in a.weights]])
    with pytest.raises(ArgumentError, match="span a plane, but entry 1 is zero"):
        plot.loss_slice(TWO, a, [a.weights, [0 * w for w in a.weights]])
    with pytest.raises(ArgumentError, match="must hold three networks without"):
        plot.loss_slice(TWO, [a, b])
    with pytest.raises(ArgumentError, match="must hold one network with"):
        plot.loss_slice(TWO, [a, b], [a.weights, b.weights])
    with pytest.raises(ArgumentError, match="networks of the same widths"):
        plot.loss_slice(TWO, [a, b, init.gaussian((2, 4, 2), scale=1.0, seed=0)])
    with pytest.raises(ArgumentTypeError, match="`points` must be three networks"):
        plot.loss_slice(TWO, 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`directions` must hold two"):
        plot.loss_slice(TWO, a, [a.weights])
    with pytest.raises(ArgumentError, match="`names` must hold 3 texts"):
        plot.loss_slice(TWO, three((2, 3, 2)), names=["one"])
    with pytest.raises(ArgumentError, match="`scale`"):
        plot.loss_slice(TWO, three((2, 3, 2)), scale="square")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="it overflows"):
        plot.loss_slice(TWO, three((2, 3, 2), 1e100))


def test_runs_of_every_kind_can_be_projected(any_run: Trajectory) -> None:
    widths = any_run.widths
    if any_run.n_params < 3:
        pytest.skip("there is no plane")
    nets = three(widths, 0.4)
    ax = plot.loss_slice(any_run.problem, nets, trajectory=any_run, resolution=21)
    ax.figure.canvas.draw()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


def test_given_axes_are_used(run: Trajectory, saddles: list[dl.LinearNetwork]) -> None:
    ax = Figure().subplots()
    assert plot.loss_slice(TWO, saddles, ax=ax, colorbar=False, reach=0.5) is ax
    assert len(ax.figure.axes) == 1
    assert ax.get_xlim()[0] == pytest.approx(-0.5)
    with pytest.raises(ArgumentError, match="`trajectory` must have the widths"):
        plot.loss_slice(TWO, three((2, 3, 2)), trajectory=run)
