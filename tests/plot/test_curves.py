"""What the curves show: data, limits, labels, and one style for each mode."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import deeplinear as dl
from deeplinear import analysis, exact, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
CURVES = [plot.loss, plot.gradient_norm, plot.mode_strengths, plot.singular_values, plot.drift]


def lines_of(ax: Axes, *, horizontal: bool) -> list[Line2D]:
    """The reference lines across the whole axes, or the curves."""
    return [line for line in ax.lines if (line.get_transform() != ax.transData) == horizontal]


def margin_texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("draw", [*CURVES, plot.alignment])
def test_every_kind_of_run_is_drawn_without_a_warning(draw, any_run: Trajectory) -> None:
    ax = draw(any_run)
    ax.figure.canvas.draw()
    assert ax.get_ylabel()
    assert "time" in ax.get_xlabel()
    limits = np.array([ax.get_xlim(), ax.get_ylim()])
    assert np.isfinite(limits).all()
    assert np.all(limits[:, 0] != limits[:, 1])


def test_the_loss_is_drawn_above_the_optimum_with_all_its_plateaus_in_view(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.loss(traj)
    (curve,) = lines_of(ax, horizontal=False)
    np.testing.assert_array_equal(curve.get_xdata(), traj.t[1:])
    np.testing.assert_array_equal(curve.get_ydata(), traj.gap[1:])
    assert ax.get_xscale() == ax.get_yscale() == "log"
    low, high = ax.get_ylim()
    assert low < 0.5 / 10
    assert high > 7.0


def test_critical_lines_lie_at_the_neighboring_values_and_name_their_modes(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.loss(traj)
    heights = [line.get_ydata()[0] for line in lines_of(ax, horizontal=True)]
    expected = [value for _, value in analysis.neighboring_values(traj) if value > 1e-9]
    np.testing.assert_allclose(heights, expected)
    assert margin_texts(ax) == ["0, 1", "0", "none", "learned"]
    assert not lines_of(plot.loss(traj, classes=False), horizontal=True)


def test_critical_lines_are_measured_from_an_optimum_that_is_not_zero(runs: Runs) -> None:
    traj = runs["not whitened"]
    optimum = traj.problem.optimum(1)
    assert optimum > 0.1
    ax = plot.loss(traj)
    heights = [line.get_ydata()[0] for line in lines_of(ax, horizontal=True)]
    assert heights[0] == pytest.approx(traj.problem.optimum(0) - optimum)
    assert f"{optimum:.4g}" in ax.get_ylabel()


def test_classes_that_the_run_did_not_visit_are_dotted(runs: Runs) -> None:
    ax = plot.loss(runs["ends only"])
    styles = [line.get_linestyle() for line in lines_of(ax, horizontal=True)]
    assert styles == ["-", ":", ":"]


def test_mode_strengths_approach_their_targets(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.mode_strengths(traj)
    curves, targets = lines_of(ax, horizontal=False), lines_of(ax, horizontal=True)
    for k, curve in enumerate(curves):
        np.testing.assert_array_equal(curve.get_ydata(), traj.mode_strengths[1:, k])
    heights = {float(line.get_ydata()[0]) for line in targets}
    assert heights == {0.0, *traj.problem.modes.s}
    assert margin_texts(ax) == ["2", "1", "0", "mode"]


def test_the_gradient_norm_is_that_of_the_gradient(runs: Runs) -> None:
    traj = runs["not whitened"]
    (curve,) = lines_of(plot.gradient_norm(traj), horizontal=False)
    norms = [np.hypot.reduce([np.linalg.norm(g) for g in dl.gradient(traj.problem, net)])
             for net in traj]  # fmt: skip
    np.testing.assert_array_equal(curve.get_xdata(), traj.t[1:])
    np.testing.assert_allclose(curve.get_ydata(), norms[1:], rtol=1e-12)


def test_a_closed_form_is_laid_over_the_run_as_dots() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=4, seed=0)
    net = dl.init.lambda_balanced((4, 2, 2), lam=-0.5, scale=0.1, seed=0)
    traj = dl.gradient_flow(problem, net, t_end=4.0, rtol=1e-9, save=np.linspace(1.0, 4.0, 80))
    (form,) = exact.applicable(problem, traj.initial)
    before = len(plot.mode_strengths(traj).lines)
    dots = plot.mode_strengths(traj, exact=form).lines[before:]
    assert [line.get_label() for line in dots] == ["_exact", "_exact"]
    for k, line in enumerate(dots):
        assert line.get_linestyle() != "-"
        x, y = line.get_data()
        assert x[0] >= 1.0
        assert x[-1] <= 4.0
        assert len(x) > 2 * len(traj)
        expected = np.interp(x, traj.t, traj.mode_strengths[:, k])
        np.testing.assert_allclose(y, expected, atol=2e-3)
    assert len(plot.mode_strengths(traj, exact=form, modes=[1]).lines) == 4


def test_a_closed_form_is_laid_over_the_singular_values_too() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=4, seed=0)
    net = dl.init.lambda_balanced((4, 2, 2), lam=-0.5, scale=0.1, seed=0)
    traj = dl.gradient_flow(problem, net, t_end=4.0, rtol=1e-9, save=np.linspace(0.0, 4.0, 80))
    (form,) = exact.applicable(problem, traj.initial)
    ax = plot.singular_values(traj, exact=form)
    dots = [line for line in ax.lines if line.get_label() == "_exact"]
    for k, line in enumerate(dots):
        x, y = line.get_data()
        products = exact.two_layer(problem, net, x[::50])
        values = np.linalg.svd(products, compute_uv=False)[:, k]
        np.testing.assert_allclose(y[::50], values, rtol=1e-9)
    assert len(dots) == 2


def test_closed_forms_that_do_not_fit_are_refused(runs: Runs) -> None:
    form = exact.applicable(runs["saddle"].problem, runs["saddle"].initial)[0]
    with pytest.raises(ArgumentError, match="`exact` must be None for a run backward"):
        plot.mode_strengths(runs["backward"], exact=form)
    with pytest.raises(ArgumentError, match="`exact` must be None for a run backward"):
        plot.singular_values(runs["backward"], exact=form)
    with pytest.raises(ArgumentTypeError, match="`exact` must be a closed form"):
        plot.mode_strengths(runs["saddle"], exact=True)  # type: ignore[arg-type]


def test_a_choice_of_modes_keeps_their_styles(runs: Runs) -> None:
    ax = plot.mode_strengths(runs["staircase"], modes=[2])
    (curve,) = lines_of(ax, horizontal=False)
    assert to_hex(curve.get_color()) == plot.mode_style(2)["color"]
    assert margin_texts(ax) == ["2", "mode"]


def test_a_mode_has_one_color_and_line_style_in_every_figure(runs: Runs) -> None:
    traj = runs["many modes"]
    strengths = lines_of(plot.mode_strengths(traj), horizontal=False)
    values = lines_of(plot.singular_values(traj), horizontal=False)
    styles = [(to_hex(a.get_color()), a.get_linestyle()) for a in strengths]
    assert styles == [(to_hex(a.get_color()), a.get_linestyle()) for a in values]
    assert [color for color, _ in styles] == [plot.mode_style(k)["color"] for k in range(30)]
    ticks = plot.alignment(traj).get_yticklabels()
    colors = [plot.mode_style(int(tick.get_text()))["color"] for tick in ticks]
    assert [to_hex(tick.get_color()) for tick in ticks] == colors


def test_singular_values_that_are_round_off_are_not_drawn(runs: Runs) -> None:
    ax = plot.singular_values(runs["saddle"])
    assert [np.isfinite(c.get_ydata()).any() for c in lines_of(ax, horizontal=False)] == [
        True,
        True,
        False,
    ]


def test_drift_shows_round_off_and_tolerance(runs: Runs) -> None:
    traj = runs["staircase"]
    ax = plot.drift(traj)
    assert margin_texts(ax) == ["round-off", "rtol"]
    heights = [line.get_ydata()[0] for line in lines_of(ax, horizontal=True)]
    np.testing.assert_allclose(heights, [np.finfo(float).eps, traj.options["rtol"]])
    (curve,) = lines_of(ax, horizontal=False)
    np.testing.assert_array_equal(curve.get_ydata(), traj.drift[1:])


@pytest.mark.parametrize(
    ("draw", "kind", "text"),
    [
        (plot.loss, "one saved time", "optimum"),
        (plot.mode_strengths, "no modes", "no mode to learn"),
        (plot.gradient_norm, "saddle at the start", "zero at every saved time"),
        (plot.singular_values, "saddle at the start", "zero at every saved time"),
        (plot.drift, "depth 1", "no law"),
        (plot.drift, "one saved time", "exactly"),
        (plot.alignment, "no modes", "no mode to align"),
    ],
)
def test_axes_with_nothing_to_show_say_why(draw, kind: str, text: str, runs: Runs) -> None:
    ax = draw(runs[kind])
    assert any(text in shown for shown in margin_texts(ax))


def test_all_figures_of_a_run_share_the_time_axis(runs: Runs) -> None:
    for traj in runs.values():
        limits = [draw(traj).get_xlim() for draw in CURVES]
        np.testing.assert_allclose(limits, [limits[0]] * len(CURVES))


def test_a_wait_at_a_saddle_is_cut_and_said(runs: Runs) -> None:
    traj = runs["saddle"]
    ax = plot.loss(traj)
    assert traj.t_end > 1e6 > ax.get_xlim()[1]
    assert "nearly constant" in ax.get_xlabel()


def test_backward_runs_are_drawn_over_the_time_backward(runs: Runs) -> None:
    ax = plot.loss(runs["backward"])
    assert "backward" in ax.get_xlabel()
    assert min(lines_of(ax, horizontal=False)[0].get_xdata()) > 0


def test_several_runs_on_one_axes_stay_in_view(runs: Runs) -> None:
    ax = plot.loss(runs["staircase"], label="depth 3")
    assert plot.loss(runs["ends only"], ax=ax, classes=False, color="red", label="ends") is ax
    curves = lines_of(ax, horizontal=False)
    assert [curve.get_label() for curve in curves] == ["depth 3", "ends"]
    assert ax.get_xlim()[1] > runs["staircase"].t_end


def test_a_given_axes_is_used_and_pyplot_is_left_alone(runs: Runs) -> None:
    import matplotlib.pyplot as plt

    for draw in [*CURVES, plot.alignment]:
        ax = Figure().subplots()
        assert draw(runs["staircase"], ax=ax) is ax
    assert plt.get_fignums() == []


def test_what_is_no_run_or_no_axes_is_refused_by_name(runs: Runs) -> None:
    with pytest.raises(ArgumentTypeError, match="`traj` must be a Trajectory"):
        plot.loss(runs["saddle"].final)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="`ax` must be a matplotlib Axes"):
        plot.loss(runs["saddle"], ax=3)  # type: ignore[arg-type]


def test_alignment_shows_every_saved_time_of_a_small_run(runs: Runs) -> None:
    traj = runs["staircase"]
    (mesh,) = plot.alignment(traj, colorbar=False).collections
    _, overlap = analysis.alignment(traj)
    np.testing.assert_array_equal(mesh.get_array(), overlap[1:].T)
