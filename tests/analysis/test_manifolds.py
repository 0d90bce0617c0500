"""Grown curves and surfaces: closed forms, invariance, limits, and starts that are refused."""

import math

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import analysis, exact, init
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis._resampling import resampled
from deeplinear.landscape import classify, critical_point

CHAIN = dl.Problem.from_modes([1.5])
THREE = dl.Problem.from_modes([4.0, 2.5, 1.0])


def balanced(problem: dl.Problem, saddle: dl.LinearNetwork, mode: int) -> list[Array]:
    """The balanced direction in which a canonical point of the first modes learns the next one."""
    modes, rank = problem.modes, int(np.linalg.matrix_rank(saddle.product()))
    slot = [modes.v[:, mode], *(np.eye(d)[rank] for d in saddle.widths[1:-1]), modes.u[:, mode]]
    return [np.outer(slot[i + 1], slot[i]) for i in range(saddle.depth)]


def away(points: Array, curve: Array) -> float:
    """The largest distance from a point to a polygon."""
    a, b = curve[:-1], curve[1:]
    steps = b - a
    squares = np.maximum(np.sum(steps**2, axis=1), 1e-300)
    x = np.clip(np.einsum("kij,ij->ki", points[:, None] - a, steps) / squares, 0, 1)
    nearest = a + x[..., None] * steps
    return float(np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1).max())


def eigenvectors(problem: dl.Problem, net: dl.LinearNetwork) -> tuple[Array, list]:
    values, vectors = np.linalg.eigh(dl.hessian(problem, net))
    return values, [dl.LinearNetwork.from_vector(v, net.widths).weights for v in vectors.T]


def moved_along_its_fiber(net: dl.LinearNetwork) -> dl.LinearNetwork:
    """The same map with the first hidden layer in another frame, unbalanced."""
    n = net.widths[1]
    gauge = init.orthogonal((n, n), seed=5).weights[0] * np.linspace(0.7, 1.5, n)
    first, second, *rest = net.weights
    return dl.LinearNetwork([gauge @ first, second @ np.linalg.inv(gauge), *rest])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_unstable_set_of_the_chain_s_origin_is_the_diagonal(sign: float) -> None:
    origin = critical_point(CHAIN, (1, 1, 1), [])
    curve = analysis.unstable_curve(CHAIN, origin, ([[sign]], [[sign]]), method="explicit")
    np.testing.assert_allclose(curve.points[:, 0], curve.points[:, 1], atol=1e-13)
    np.testing.assert_allclose(curve.points[-1], sign * math.sqrt(1.5), atol=1e-4)
    assert curve.forward
    assert curve.limit is not None
    assert (curve.limit.kind, curve.limit.modes) == ("global minimum", (0,))
    assert curve.source.kind == "strict saddle"


def test_the_stable_set_of_the_chain_s_origin_is_the_other_diagonal() -> None:
    origin = critical_point(CHAIN, (1, 1, 1), [])
    curve = analysis.stable_curve(CHAIN, origin, ([[1.0]], [[-1.0]]), norm_cap=20.0)
    np.testing.assert_array_equal(curve.points[:, 0], -curve.points[:, 1])
    assert not curve.forward
    assert np.linalg.norm(curve.points[-1]) > 20.0
    assert curve.limit is None
    assert "cap 20" in repr(curve)
    assert curve.trajectory.status == "failed"
    assert "blow up" in curve.trajectory.status.reason


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("method", ["auto", "explicit"])
def test_the_heteroclinic_orbit_to_one_more_mode_follows_the_closed_form(
    depth: int, method: str
) -> None:
    widths = (3,) * (depth + 1)
    saddle = critical_point(THREE, widths, [0])
    direction = balanced(THREE, saddle, 1)
    t_end = float(exact.mode_time(2.5, depth, 0.01, (0.999999 * 2.5) ** (1 / depth)))
    curve = analysis.unstable_curve(
        THREE, saddle, direction, distance=0.01, t_end=t_end, rtol=1e-10, method=method
    )
    amplitude = exact.mode_amplitude(2.5, depth, 0.01, curve.trajectory.t)
    unit = dl.LinearNetwork(direction).to_vector()
    expected = saddle.to_vector() + amplitude[:, None] * unit
    np.testing.assert_allclose(curve.points, expected, atol=1e-7)
    assert curve.limit is not None
    assert curve.limit.modes == (0, 1)
    assert curve.displacement < 1e-4


def test_a_heteroclinic_orbit_in_random_frames_ends_in_one_more_mode() -> None:
    problem = dl.Problem.from_modes([4.0, 2.5, 1.0], seed=3)
    saddle = critical_point(problem, (3, 3, 3, 3), [0])
    curve = analysis.unstable_curve(problem, saddle, balanced(problem, saddle, 1))
    assert curve.limit is not None
    assert curve.limit.modes == (0, 1)
    assert curve.trajectory.status == "stopped at a saddle"


@pytest.mark.parametrize("depth", [2, 3])
def test_the_strong_unstable_curve_converges_at_first_order_in_the_distance(depth: int) -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    saddle = moved_along_its_fiber(critical_point(problem, (3,) * (depth + 1), [1]))
    values, vectors = eigenvectors(problem, saddle)
    assert values[0] < 0

    def curve(distance: float) -> Array:
        t_end = 3.0 - math.log(distance) / -values[0]
        grown = analysis.unstable_curve(
            problem,
            saddle,
            vectors[0],
            distance=distance,
            t_end=t_end,
            method="explicit",
            rtol=1e-10,
        )
        assert grown.trajectory.loss[-1] < grown.source.loss - 1.0
        return resampled(grown.points, np.gradient(grown.points, axis=0), 300)

    reference = np.vstack([saddle.to_vector(), curve(1e-6)])
    errors = [away(curve(distance)[:270], reference) for distance in (0.02, 0.04, 0.08)]
    assert errors[2] < 0.04
    assert errors[0] < 0.65 * errors[1] or errors[0] < 1e-4
    assert errors[1] < 0.65 * errors[2] or errors[1] < 1e-4


def test_a_curve_that_ends_at_a_second_non_strict_saddle_names_it() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    saddle = critical_point(problem, (3, 3, 3, 3), [0])
    # Unbalanced frames and a ray that is not the balanced one: no closed form.
    gauge = np.array([[2.0, 0.5, 0.0], [0.0, 1.0, 0.4], [0.3, 0.0, 1.5]])
    first, second, third = balanced(problem, saddle, 1)
    w = saddle.weights
    saddle = dl.LinearNetwork([gauge @ w[0], w[1] @ np.linalg.inv(gauge), w[2]])
    step = [0.8 * gauge @ first, second @ np.linalg.inv(gauge), third]
    curve = analysis.unstable_curve(problem, saddle, step, distance=0.01, max_steps=3000)
    assert curve.source.kind == "non-strict saddle"
    assert curve.limit is not None
    assert (curve.limit.kind, curve.limit.modes) == ("non-strict saddle", (0, 1))
    assert curve.trajectory.status == "stopped at a saddle"


def test_a_curved_escape_may_be_given_as_a_function() -> None:
    saddle = critical_point(THREE, (3, 3, 3), [0])
    step = balanced(THREE, saddle, 1)

    def escape(distance: float) -> dl.LinearNetwork:
        steps = zip(saddle.weights, step, strict=True)
        return dl.LinearNetwork([w + distance * v for w, v in steps])

    curve = analysis.unstable_curve(THREE, saddle, escape, distance=1e-2)
    straight = analysis.unstable_curve(THREE, saddle, step, distance=1e-2)
    np.testing.assert_array_equal(curve.points, straight.points)


def test_not_whitened_data_grow_curves_too() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)) * [2.0, 1.0, 0.5]
    problem = dl.Problem.from_data(x, x @ rng.standard_normal((3, 2)))
    saddle = critical_point(problem, (3, 2, 2), [1])
    _, vectors = eigenvectors(problem, saddle)
    for sign in (1.0, -1.0):
        step = [sign * v for v in vectors[0]]
        curve = analysis.unstable_curve(problem, saddle, step)
        assert np.all(np.diff(curve.trajectory.loss) <= 1e-12)
        assert curve.limit is not None
        assert curve.limit.kind == "global minimum"


def test_backward_from_a_stable_curve_s_end_the_flow_returns_to_the_saddle() -> None:
    saddle = critical_point(THREE, (3, 3, 3), [0])
    values, vectors = eigenvectors(THREE, saddle)
    assert values[-1] > 0
    outward = math.copysign(1.0, sum(float(v[0, 0]) for v in vectors[-1]))
    step = [outward * v for v in vectors[-1]]
    curve = analysis.stable_curve(THREE, saddle, step, distance=1e-3, rtol=1e-11)
    assert curve.limit is None
    assert np.all(np.diff(curve.trajectory.loss) > 0)
    back = dl.gradient_flow(
        THREE, curve.trajectory.final, t_end=-curve.trajectory.t_end, rtol=1e-11
    ).final.to_vector()
    np.testing.assert_allclose(back, curve.points[0], atol=1e-7)
    assert np.linalg.norm(back - saddle.to_vector()) < 1.1e-3


def test_backward_along_an_orbit_between_saddles_the_other_saddle_is_found() -> None:
    upper = critical_point(CHAIN, (1, 1, 1), [0])
    curve = analysis.stable_curve(CHAIN, upper, ([[-1.0]], [[-1.0]]), t_end=12.0)
    assert curve.limit is not None
    assert (curve.limit.kind, curve.limit.modes) == ("strict saddle", ())
    assert "strict saddle with no mode" in repr(curve)


@pytest.fixture(scope="module")
def surface() -> analysis.GrownSurface:
    """A two-dimensional negative eigenspace: two equal modes leave the origin, rotated."""
    problem = dl.Problem.from_modes([2.0, 2.0, 1.0], seed=4)
    origin = critical_point(problem, (3, 3, 3), [])
    _, vectors = eigenvectors(problem, origin)
    return analysis.unstable_surface(problem, origin, vectors[:2], n=12, n_t=25)


def test_losses_fall_along_every_ray_and_end_in_higher_classes(
    surface: analysis.GrownSurface,
) -> None:
    assert surface.points.shape == (12, 25, 18)
    assert surface.loss.shape == (12, 25)
    assert np.all(np.diff(surface.loss, axis=1) < 1e-8)
    assert all(modes is not None and len(modes) >= 1 for modes in surface.limits)
    assert surface.closed
    lengths = np.linalg.norm(np.diff(surface.points, axis=1), axis=2)
    np.testing.assert_allclose(lengths, lengths.mean(axis=1, keepdims=True) * np.ones(24), rtol=0.1)


def test_mesh_points_lie_on_the_orbits(surface: analysis.GrownSurface) -> None:
    for j in (0, 5):
        curve = surface.curves[j]
        target = surface.points[j, 12]
        saved = curve.points
        k = int(np.argmin(np.linalg.norm(saved - target, axis=1)))
        k = max(k - 1, 0)
        times = np.linspace(curve.trajectory.t[k], curve.trajectory.t[k + 2], 200)
        again = dl.gradient_flow(
            surface.problem,
            curve.trajectory[k],
            t_end=float(times[-1] - times[0]),
            rtol=1e-10,
            save=times - times[0],
            method="explicit",
        )
        assert away(target[None], again.vectors) < 2e-5


def test_coordinates_are_mode_strengths_or_projections(surface: analysis.GrownSurface) -> None:
    strengths = surface.coordinates()
    assert strengths.shape == (12, 25, 3)
    np.testing.assert_allclose(strengths[:, -1], [[2.0, 2.0, 0.0]] * 12, atol=1e-6)
    net = dl.LinearNetwork.from_vector(surface.points[3, 9], (3, 3, 3))
    modes = surface.problem.modes
    expected = np.diag(modes.u.T @ net.product() @ modes.v)
    np.testing.assert_allclose(strengths[3, 9], expected, atol=1e-14)
    _, vectors = eigenvectors(surface.problem, surface.saddle)
    flat = surface.coordinates(vectors[:2])
    np.testing.assert_allclose(np.linalg.norm(flat[:, 0], axis=1), 1e-3 * math.sqrt(2.0))
    np.testing.assert_allclose(np.arctan2(flat[:, 0, 1], flat[:, 0, 0]) % (2 * np.pi),
                               surface.angles, atol=1e-9)  # fmt: skip


def test_rays_between_two_modes_end_in_both_and_the_edges_in_one() -> None:
    saddle = critical_point(THREE, (3, 3, 3, 3), [])
    rays = [[np.diag(np.eye(3)[k])] * 3 for k in (1, 2)]
    grown = analysis.unstable_surface(
        THREE, saddle, rays, angles=np.linspace(0, np.pi / 2, 5), n_t=10
    )
    assert grown.limits == ((1,), (1, 2), (1, 2), (1, 2), (2,))
    assert not grown.closed
    assert "modes 1, 2 (3 rays)" in repr(grown)


def test_at_odd_depth_the_rays_uphill_are_named() -> None:
    saddle = critical_point(THREE, (3, 3, 3, 3), [])
    rays = [[np.diag(np.eye(3)[k])] * 3 for k in (1, 2)]
    with pytest.raises(ArgumentError, match=r"rays do not; at angle .* the loss rises"):
        analysis.unstable_surface(THREE, saddle, rays)


def test_on_a_stable_surface_the_loss_rises_backward_and_the_flow_returns() -> None:
    saddle = critical_point(THREE, (3, 3, 3), [0])
    e, f = np.diag([0.0, 1.0, 0.0]), np.diag([0.0, 0.0, 1.0])
    grown = analysis.stable_surface(
        THREE, saddle, [(e, -e), (f, -f)], n=5, n_t=12, distance=1e-3, rtol=1e-11
    )
    assert np.all(np.diff(grown.loss, axis=1) > 0)
    assert not grown.forward
    for curve in grown.curves:
        run = dl.gradient_flow(
            THREE, curve.trajectory.final, t_end=-curve.trajectory.t_end, rtol=1e-11
        )
        assert np.linalg.norm(run.final.to_vector() - saddle.to_vector()) < 2e-3


def test_a_point_that_is_not_critical_is_refused_with_the_remedy() -> None:
    net = init.gaussian((3, 3, 3), scale=0.5, seed=0)
    with pytest.raises(ArgumentError, match=r"critical point.*landscape\.refine"):
        analysis.unstable_curve(THREE, net, net.weights)
    with pytest.raises(ArgumentTypeError, match="`saddle` must be a LinearNetwork"):
        analysis.stable_curve(THREE, net.weights, net.weights)  # type: ignore[arg-type]


def test_a_minimum_has_no_unstable_set_but_a_stable_one() -> None:
    best = critical_point(CHAIN, (1, 1, 1), [0])
    with pytest.raises(ArgumentError, match="the loss cannot fall"):
        analysis.unstable_curve(CHAIN, best, ([[1.0]], [[1.0]]))
    assert analysis.stable_curve(CHAIN, best, ([[1.0]], [[1.0]])).trajectory.loss[-1] > 1.0
    one = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ArgumentError, match="global minimum"):
        analysis.unstable_curve(one, dl.LinearNetwork([one.syx]), [np.eye(2)])


def test_directions_of_wrong_shape_zero_or_uphill_are_refused() -> None:
    origin = critical_point(CHAIN, (1, 1, 1), [])
    grow = analysis.unstable_curve
    with pytest.raises(ArgumentError, match=r"`direction\[1\]` must have shape \(1, 1\)"):
        grow(CHAIN, origin, ([[1.0]], [[1.0, 2.0]]))
    with pytest.raises(ArgumentError, match="must hold 2 matrices"):
        grow(CHAIN, origin, ([[1.0]],))
    with pytest.raises(ArgumentError, match="must not be zero"):
        grow(CHAIN, origin, ([[0.0]], [[0.0]]))
    with pytest.raises(ArgumentTypeError, match="from_vector"):
        grow(CHAIN, origin, origin)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="from_vector"):
        grow(CHAIN, origin, 3.0)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="unstable set, but the loss rises"):
        grow(CHAIN, origin, ([[1.0]], [[-1.0]]))
    with pytest.raises(ArgumentError, match="stable set, but the loss falls"):
        analysis.stable_curve(CHAIN, origin, ([[1.0]], [[1.0]]))
    with pytest.raises(ArgumentError, match="must return a LinearNetwork of widths"):
        grow(CHAIN, origin, lambda d: dl.LinearNetwork([[[d]]]))
    with pytest.raises(ArgumentError, match="`distance` must be greater than 0"):
        grow(CHAIN, origin, ([[1.0]], [[1.0]]), distance=0.0)
    with pytest.raises(ArgumentError, match="`norm_cap` must exceed"):
        analysis.stable_curve(CHAIN, origin, ([[1.0]], [[-1.0]]), norm_cap=1e-4)


def test_a_direction_along_the_critical_set_is_refused() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    saddle = critical_point(problem, (2, 2, 2, 2), [])
    flat = [np.diag([1.0, 0.0]), np.zeros((2, 2)), np.zeros((2, 2))]
    with pytest.raises(ArgumentError, match="along the critical set"):
        analysis.unstable_curve(problem, saddle, flat)
    assert classify(problem, saddle).escape_order == 3


def test_two_directions_that_do_not_span_a_plane_are_refused() -> None:
    origin = critical_point(CHAIN, (1, 1, 1), [])
    step = ([[1.0]], [[1.0]])
    with pytest.raises(ArgumentError, match="parallel"):
        analysis.unstable_surface(CHAIN, origin, [step, ([[-2.0]], [[-2.0]])])
    with pytest.raises(ArgumentTypeError, match="two directions"):
        analysis.unstable_surface(CHAIN, origin, [step])
    with pytest.raises(ArgumentError, match="`n` must be at least 3"):
        analysis.unstable_surface(CHAIN, origin, [step, ([[1.0]], [[0.9]])], n=2)
    with pytest.raises(ArgumentError, match="`angles` must hold at least one"):
        analysis.unstable_surface(CHAIN, origin, [step, ([[1.0]], [[0.9]])], angles=[])
    with pytest.raises(ArgumentError, match="`n_t` must be at least 2"):
        analysis.unstable_surface(CHAIN, origin, [step, ([[1.0]], [[0.9]])], angles=[0.1], n_t=1)


def test_results_print_themselves(surface: analysis.GrownSurface) -> None:
    lines = repr(surface).splitlines()
    assert lines[0] == "GrownSurface"
    assert "12 rays x 25 points in 18 parameters" in lines[2]
    assert max(map(len, repr(surface.curves[0]).splitlines())) < 150
