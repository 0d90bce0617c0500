"""How the flow leaves saddles and arrives: directions, rays, orbits, rates, against the flow."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import deeplinear as dl
from deeplinear import landscape
from deeplinear.geometry import random_gauge
from deeplinear.landscape._directions import _Maker
from deeplinear.landscape._normal_form import normal_form
from tests.landscape.problems import KINDS, random_class, random_widths

P3 = dl.Problem.from_modes([3.0, 2.0, 1.0])


def slope(problem, direction, eps):
    """D log(fall) / d log(eps) from losses as such, at an eps where round-off allows."""
    start = dl.loss(problem, direction.network)
    falls = [start - dl.loss(problem, direction(e)) for e in (eps, eps / 2)]
    return math.log(falls[0] / falls[1]) / math.log(2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_saddle_has_directions_along_which_the_loss_falls_as_they_say(kind):
    rng = np.random.default_rng(2)
    count = 0
    while count < 40:
        widths = random_widths(rng, depths=(2, 3, 4, 5))
        problem = KINDS[kind](rng, widths)
        modes = random_class(rng, problem, widths)
        patterns = list(landscape.residual_patterns(problem, widths, modes))
        net = landscape.random_critical_point(
            problem, widths, modes, pattern=patterns[rng.integers(len(patterns))], condition=2.0
        )
        found = landscape.escape(problem, net)
        if found.order is None:
            assert found.classification.kind == "global minimum"
            assert found.directions == ()
            assert found.leaving_time(0.1) == math.inf
            continue
        assert found.directions, (widths, modes)
        for one in found.directions:
            assert one.order == found.order
            assert abs(one.measured_order - one.order) < 0.1
            parts = [v for v, e in zip(one.direction, one.exponents, strict=True) if e == 1]
            assert math.hypot(*(np.linalg.norm(v) for v in parts)) == pytest.approx(1.0)
            still = [i for i in range(net.depth) if i not in one.layers]
            assert all(np.linalg.norm(one.direction[i]) < 1e-8 for i in still)
            assert one.coefficient > 0
        coefficients = [one.coefficient for one in found.directions]
        assert coefficients == sorted(coefficients, reverse=True)
        count += 1


def test_the_fall_along_a_direction_is_seen_in_plain_losses():
    for order, eps in ((2, 1e-3), (3, 1e-2), (4, 3e-2), (5, 0.1)):
        net = landscape.critical_point(P3, (3,) * 6, [0], escape_order=order)
        best = landscape.escape(P3, net).directions[0]
        assert slope(P3, best, eps) == pytest.approx(order, abs=0.05)


def test_strict_saddles_leave_along_unstable_eigenvectors_at_their_rates():
    saddle = landscape.critical_point(P3, (3, 3, 3, 3), [2])
    found = landscape.escape(P3, saddle)
    assert found.index == len(found.directions) == 2
    values = landscape.canonical_spectrum(P3, (3, 3, 3, 3), [2])[:2]
    assert [one.rate for one in found.directions] == pytest.approx(-values)
    best, eps = found.directions[0], 1e-5
    traj = dl.gradient_flow(P3, best(eps), t_end=3.0, rtol=1e-10)
    distance = np.linalg.norm(traj.final.to_vector() - saddle.to_vector())
    assert math.log(distance / eps) / 3.0 == pytest.approx(best.rate, rel=1e-4)
    assert best.leaving_time(best.unit * math.exp(-3.0 * best.rate)) == pytest.approx(3.0)


def test_the_coefficient_at_a_canonical_point_is_that_of_the_fastest_ray():
    for depth in (3, 4, 5):
        problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=depth)
        widths = (3,) * (depth + 1)
        saddle = landscape.critical_point(problem, widths, [0])
        best = landscape.escape(problem, saddle).directions[0]
        ray = next(landscape.escape_rays(problem, widths, [0]))
        # Over all layers the distance is sqrt(h) a, and the loss falls by c a^h.
        assert best.coefficient == pytest.approx(ray.rate * depth ** (-depth / 2))
        time = best.leaving_time(math.sqrt(depth) * 0.01)
        assert time == pytest.approx(ray.leaving_time(0.01))


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_rays_grow_at_their_rates_and_stay_rays(depth):
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    widths = (3, *(4,) * (depth - 1), 3)
    for ray in landscape.escape_rays(problem, widths, [0]):
        a = 1e-3
        t = 0.5 * ray.leaving_time(a)
        traj = dl.gradient_flow(problem, ray(a), t_end=t, rtol=1e-11)
        grown = (a ** (2 - depth) - (depth - 2) * ray.rate * t) ** (-1 / (depth - 2))
        wanted = ray(grown)
        change = traj.final.to_vector() - wanted.to_vector()
        assert np.linalg.norm(change) < 1e-5 * grown, ray.modes
        fall = dl.loss(problem, ray.saddle) - dl.loss(problem, ray(0.05))
        assert fall == pytest.approx(ray.rate * 0.05**depth, rel=1e-2)


def test_rays_come_fastest_first_one_for_every_set_that_fits():
    problem = dl.Problem.from_modes([4.0, 3.0, 2.0, 1.0, 0.5])
    rays = list(landscape.escape_rays(problem, (5, 3, 5, 5), [1]))
    assert [ray.modes for ray in rays][:2] == [(0,), (2,)]
    assert len({ray.modes for ray in rays}) == len(rays) == 4 + 6  # at most two more modes
    rates = [ray.rate for ray in rays]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(4.0)
    many = landscape.escape_rays(dl.Problem.from_modes(np.arange(1.0, 41.0)), (40,) * 4, [])
    assert next(many).modes == (0,)


def test_orbits_solve_the_flow_and_join_the_canonical_points():
    for widths in ((3, 3, 3), (3, 4, 3, 3), (3, 3, 3, 3, 3)):
        problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=3, d_out=3, seed=2)
        orbit = landscape.heteroclinic(problem, widths, [1], 0)
        field, _ = dl.vector_field(problem, widths)
        run = solve_ivp(
            field, (0.0, 4.0), orbit.at(0.2).to_vector(), method="DOP853", rtol=1e-12, atol=1e-14
        )
        for t, y in zip(run.t[::8], run.y.T[::8], strict=True):
            assert orbit(t, a0=0.2).to_vector() == pytest.approx(y, abs=1e-9)
        assert orbit.at(0.0) == orbit.source
        assert landscape.same_class(problem, orbit.target, landscape.critical_point(
            problem, widths, [0, 1]))  # fmt: skip
        assert landscape.project(problem, orbit.target).product() == pytest.approx(
            orbit.target.product()
        )
        drop = dl.loss(problem, orbit.source) - dl.loss(problem, orbit.target)
        assert drop == pytest.approx(orbit.drop)
        t = orbit.duration(0.01, 0.5)
        assert orbit.amplitudes(t, a0=0.01) == pytest.approx(0.5)


def test_no_rank_one_direction_of_random_ones_is_steeper_whatever_the_covariance():
    rng = np.random.default_rng(8)
    for kind in ("whitened", "general"):
        problem = KINDS[kind](rng, (4, 3, 3, 3))
        net = landscape.random_critical_point(problem, (4, 3, 3, 3), [0], seed=1)
        best = landscape.escape(problem, net).directions[0]
        form = normal_form(problem, net, 1)
        maker = _Maker(problem, net, form, landscape.inertia(problem, net).pattern)
        for _ in range(2000):
            parts = [
                maker._lifted(i + 1, np.outer(*(rng.standard_normal(d) for d in z.shape)))
                for i, z in enumerate(form.z)
            ]
            direction = [v / (np.linalg.norm(v) * math.sqrt(3)) for v in parts]
            assert abs(maker._coefficient(direction, 3)[0]) <= best.coefficient * (1 + 1e-9)


def test_tiny_distances_take_infinite_time_and_no_error():
    saddle = landscape.critical_point(P3, (3,) * 5, [0])
    assert landscape.escape(P3, saddle).leaving_time(1e-200) == math.inf
    assert next(landscape.escape_rays(P3, (3,) * 5, [0])).leaving_time(1e-200) == math.inf


def test_the_time_to_leave_predicts_that_of_the_flow_to_leading_order():
    # From eps along the fastest direction the flow needs the predicted time, up to a bounded one.
    for order in (3, 4):
        problem = dl.Problem.from_modes([2.0, 1.0])
        saddle = landscape.critical_point(problem, (2,) * (order + 1), [0])
        best = landscape.escape(problem, saddle).directions[0]
        for eps in (0.02, 0.01):
            traj = dl.gradient_flow(problem, best(eps))
            left = dl.analysis.learning_times(traj)[1]
            assert left == pytest.approx(best.leaving_time(eps), rel=0.05)


def test_arrival_rates_are_the_positive_eigenvalues_and_the_flow_decays_at_the_slowest():
    problem = dl.Problem.from_modes([3.0, 1.0], seed=1)
    minimum = random_gauge(landscape.critical_point(problem, (2, 3, 2), [0, 1]), seed=4)
    found = landscape.arrival(problem, minimum)
    values = np.linalg.eigvalsh(dl.hessian(problem, minimum))
    assert found.rates == pytest.approx(values[values > 1e-9])
    slow = found.directions[0]
    start = dl.LinearNetwork([w + 1e-4 * v for w, v in zip(minimum.weights, slow, strict=True)])
    traj = dl.gradient_flow(problem, start, t_end=2.0, rtol=1e-11)
    assert math.log(traj.loss[0] / traj.loss[-1]) / 4.0 == pytest.approx(found.slowest, rel=1e-3)


def test_arrival_at_a_wide_canonical_point_has_rates_in_closed_form():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=100, d_out=50, seed=1)
    point = landscape.critical_point(problem, (100, 80, 80, 50), [0, 1])
    found = landscape.arrival(problem, point)
    assert found.directions == ()
    assert found.slowest == pytest.approx(1.0)
    assert len(found.rates) == 4 + 2 * (98 + 48)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: landscape.escape(P3, dl.init.gaussian((3, 3, 3), scale=0.3, seed=0)),
            r"`net` must be a critical point.*refine",
        ),
        (
            lambda: landscape.arrival(P3, dl.init.gaussian((3, 3, 3), scale=0.3, seed=0)),
            r"`net` must be a critical point.*refine",
        ),
        (lambda: landscape.escape_rays(P3, (3, 3, 3), [0]), "at least three layers"),
        (
            lambda: landscape.escape_rays(
                KINDS["general"](np.random.default_rng(0), (3, 3)), (3, 3, 3, 3), [0]
            ),
            "`problem` must be whitened",
        ),
        (lambda: landscape.heteroclinic(P3, (3, 3, 3), [0], 0), "`mode` must not be among"),
        (
            lambda: landscape.heteroclinic(P3, (3, 1, 3), [0], 1),
            "must leave room for one more mode",
        ),
        (lambda: landscape.heteroclinic(P3, (3, 3), [0, 1, 2], 0), "must not be among"),
        (
            lambda: landscape.heteroclinic(
                KINDS["general"](np.random.default_rng(0), (3, 3)), (3, 3, 3), [0], 1
            ),
            "`problem` must be whitened",
        ),
    ],
)
def test_what_has_no_exact_answer_is_refused_with_the_reason(call, expected):
    with pytest.raises(ValueError, match=expected):
        call()


def test_an_escape_prints_itself_in_lines_of_a_terminal():
    for order in (2, 3):
        net = landscape.critical_point(P3, (3, 3, 3, 3), [0], escape_order=order)
        text = repr(landscape.escape(P3, net))
        assert max(map(len, text.splitlines())) <= 90
        assert f"order     {order}" in text
