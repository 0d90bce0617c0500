"""Grown curves and surfaces in pictures: where they start, end, and what they are called."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import deeplinear as dl
from deeplinear import analysis, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

PROBLEM = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=2)
WIDTHS = (3, 3, 3)


def ray(problem: dl.Problem, k: int, sign: float = 1.0) -> list[np.ndarray]:
    """The balanced direction of mode k through hidden node k, at depth 2."""
    node = np.eye(3)[k]
    return [np.outer(node, problem.modes.v[:, k]), sign * np.outer(problem.modes.u[:, k], node)]


@pytest.fixture(scope="module")
def mesh() -> analysis.GrownSurface:
    origin = dl.landscape.critical_point(PROBLEM, WIDTHS, [])
    return analysis.unstable_surface(
        PROBLEM, origin, [ray(PROBLEM, 0), ray(PROBLEM, 1)],
        angles=[0.0, 0.6, 1.2, np.pi / 2], distance=0.2, n_t=15, method="explicit", t_end=9.0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def curve() -> analysis.GrownCurve:
    saddle = dl.landscape.critical_point(PROBLEM, WIDTHS, [0])
    return analysis.unstable_curve(PROBLEM, saddle, ray(PROBLEM, 1), t_end=9.0)


@pytest.fixture(scope="module")
def stable() -> analysis.GrownCurve:
    origin = dl.landscape.critical_point(PROBLEM, WIDTHS, [])
    return analysis.stable_curve(PROBLEM, origin, ray(PROBLEM, 0, -1.0), norm_cap=30.0)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_text()]


def rays(ax: Axes) -> list[np.ndarray]:
    marks = ("_saddle", "_limit")
    return [
        np.array(line.get_xydata())
        for line in ax.lines
        if line.get_transform() == ax.transData and line.get_label() not in marks
    ]


def test_a_curve_is_its_mode_strengths_from_saddle_to_limit(curve: analysis.GrownCurve) -> None:
    ax = plot.manifold(curve)
    (line,) = rays(ax)
    np.testing.assert_allclose(line, curve.trajectory.mode_strengths[:, :2], atol=1e-12)
    np.testing.assert_allclose(line[[0, -1]], [[3.0, 0.0], [3.0, 2.0]], atol=1e-3)
    assert texts(ax) == ["0", "0, 1"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mode strength $p_0$", "mode strength $p_1$")
    assert ax.get_legend() is None


def test_other_modes_can_be_chosen(curve: analysis.GrownCurve) -> None:
    ax = plot.manifold(curve, modes=(2, 1))
    (line,) = rays(ax)
    np.testing.assert_allclose(line, curve.trajectory.mode_strengths[:, [2, 1]], atol=1e-12)
    assert ax.get_xlabel() == "mode strength $p_2$"


def test_rays_are_colored_by_the_class_in_which_they_end(mesh: analysis.GrownSurface) -> None:
    assert mesh.limits == ((0,), (0, 1), (0, 1), (1,))
    ax = plot.manifold(mesh)
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["modes 0, 1", "mode 0", "mode 1"]
    assert legend.get_title().get_text() == "ends in"
    handles = legend.get_lines()
    assert len({handle.get_color() for handle in handles}) == 3
    assert len({str(handle._dash_pattern) for handle in handles}) == 3
    drawn = [line for line in ax.lines if str(line.get_label()).strip("_").startswith("mode")]
    assert len(drawn) == 4
    assert drawn[1].get_color() == drawn[2].get_color() == handles[0].get_color()
    assert sorted(texts(ax)) == ["0", "0, 1", "1", "none"]


def test_arrows_point_along_the_flow(
    mesh: analysis.GrownSurface, stable: analysis.GrownCurve
) -> None:
    for grown in (mesh, stable):
        ax = plot.manifold(grown)
        arrows = [text for text in ax.texts if not text.get_text()]
        assert arrows
        for arrow in arrows:
            at, step = np.array(arrow.xy), np.array(arrow.xy) - np.array(arrow.xyann)
            assert at[0] >= ax.get_xlim()[0]
            assert step.sum() > 0  # strengths grow, and on the stable curve rise to zero


def test_color_by_loss_has_a_bar_and_covers_the_losses(mesh: analysis.GrownSurface) -> None:
    ax = plot.manifold(mesh, color="loss")
    (lines,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    assert lines.get_array().max() <= mesh.loss.max() + 1e-9
    assert lines.get_array().max() > 0.9 * mesh.loss.max()
    assert lines.get_array().min() == pytest.approx(0.5, abs=1e-3)
    assert len(ax.figure.axes) == 2
    assert ax.figure.axes[1].get_ylabel() == "loss"


def test_a_stable_curve_far_out_does_not_shrink_the_rest(
    mesh: analysis.GrownSurface, stable: analysis.GrownCurve
) -> None:
    assert stable.trajectory.mode_strengths[-1, 0] < -100.0
    ax = plot.manifold([mesh, stable])
    assert -5.0 < ax.get_xlim()[0] < -3.6
    assert 3.0 < ax.get_xlim()[1] < 4.0
    assert [text.get_text() for text in ax.get_legend().get_texts()][-1] == "no critical point"


def test_points_that_coincide_in_the_projection_share_a_mark() -> None:
    saddle = dl.landscape.critical_point(PROBLEM, WIDTHS, [1])
    grown = analysis.unstable_curve(PROBLEM, saddle, ray(PROBLEM, 2), t_end=15.0)
    ax = plot.manifold(grown)
    assert texts(ax) == ["1 / 1, 2"]
    ax.figure.canvas.draw()


def test_the_height_of_the_surface_is_the_loss(mesh: analysis.GrownSurface) -> None:
    ax = plot.surface(mesh)
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_zlabel()) == ("mode strength $p_{0}$", "loss")
    x, y, z = (np.array(limits) for limits in (ax.get_xlim(), ax.get_ylim(), ax.get_zlim()))
    assert x[0] < 0.1 < 2.9 < x[1]
    assert y[0] < 0.1 < 1.9 < y[1]
    assert z[0] < 0.6 < 6.8 < z[1]
    assert sorted(text.get_text().strip() for text in ax.texts) == ["0", "0, 1", "1", "none"]
    assert len(ax.collections) == 1


def test_a_surface_under_another_problem_and_on_given_axes(mesh: analysis.GrownSurface) -> None:
    other = dl.Problem.from_target(2.0 * PROBLEM.syx)
    ax = plt.figure(figsize=(3.4, 3.0)).add_subplot(projection="3d")
    assert plot.surface(mesh, other, ax=ax, modes=(1, 0)) is ax
    assert ax.get_zlim()[1] > 25.0
    assert ax.get_xlabel() == "mode strength $p_{1}$"


@pytest.mark.parametrize("draw", [plot.manifold, plot.surface])
def test_wrong_arguments_are_refused_by_name(
    draw: Callable[..., Axes], mesh: analysis.GrownSurface
) -> None:
    with pytest.raises(ArgumentError, match="two different modes below 3"):
        draw(mesh, modes=(0, 3))
    with pytest.raises(ArgumentError, match="two different modes"):
        draw(mesh, modes=(1, 1))
    with pytest.raises(ArgumentTypeError, match="`modes` must be"):
        draw(mesh, modes=1)
    with pytest.raises(ArgumentTypeError, match="`grown` must be"):
        draw(mesh.curves[0].trajectory)


def test_what_only_one_of_them_refuses(
    mesh: analysis.GrownSurface, curve: analysis.GrownCurve
) -> None:
    with pytest.raises(ArgumentError, match="`color` must be one of"):
        plot.manifold(mesh, color="depth")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="at least one curve"):
        plot.manifold([])
    with pytest.raises(ArgumentTypeError, match=r"plot\.manifold"):
        plot.surface(curve)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="three-dimensional"):
        plot.surface(mesh, ax=Figure().subplots())
