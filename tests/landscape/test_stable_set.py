"""`ends_in`: every answer of the theory against where the flow goes; the quotient."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import init, landscape
from deeplinear.geometry import random_gauge
from tests.landscape.problems import KINDS, random_class, random_widths, whitened


def limit(problem, start):
    """The modes that a run has learned in the end, by the flow alone."""
    traj = dl.gradient_flow(problem, start, rtol=1e-9)
    return landscape.learned_modes(problem, traj.final)


def all_classes(problem, widths):
    return [modes for modes, _ in landscape.critical_values(problem, widths)]


def test_scalar_chains_end_where_the_flow_takes_them():
    problem = dl.Problem.from_modes([1.0])
    count = {True: 0, False: 0}
    for depth, values in ((2, (-0.5, -0.2, 0.0, 0.2, 0.5)), (3, (-0.5, -0.2, 0.0, 0.5))):
        for amplitudes in itertools.product(values, repeat=depth):
            start = dl.LinearNetwork([[[a]] for a in amplitudes])
            found = landscape.ends_in(problem, start, [])
            assert found.answer is not None, amplitudes
            traj = dl.gradient_flow(problem, start)  # "auto" evaluates the closed form
            stays = abs(traj.mode_strengths[-1, 0]) < 0.5
            assert found.answer == stays, (amplitudes, found)
            assert landscape.ends_in(problem, start, [0]).answer == (not stays)
            count[stays] += 1
    assert min(count.values()) >= 20


def test_the_stable_set_of_the_hyperbolic_origin_is_the_antidiagonal():
    problem = dl.Problem.from_modes([1.0])
    on = dl.LinearNetwork([[[0.3]], [[-0.3]]])
    beside = dl.LinearNetwork([[[0.3]], [[-0.3 - 1e-6]]])
    assert landscape.ends_in(problem, on, []).answer is True
    assert "wrong sign" in landscape.ends_in(problem, on, []).reason
    assert landscape.ends_in(problem, beside, []).answer is False


def test_decoupled_starts_of_any_frames_end_as_said():
    rng = np.random.default_rng(0)
    answers = {True: 0, False: 0}
    for case in range(60):
        depth = int(rng.integers(2, 4))
        m = int(rng.integers(1, 4))
        problem = dl.Problem.from_modes(1.0 - 0.1 * np.arange(m), seed=case)
        a = rng.choice([-0.4, -0.2, 0.2, 0.4], size=(m, depth))
        frames = [
            problem.modes.v,
            *(np.linalg.qr(rng.standard_normal((m + 1, m)))[0] for _ in range(depth - 1)),
            problem.modes.u,
        ]
        start = dl.LinearNetwork([(frames[i + 1] * a[:, i]) @ frames[i].T for i in range(depth)])
        modes = landscape.ends_in(problem, start, []).possible[0]
        # Later, round-off in the frames would take the flow off the stable set.
        traj = dl.gradient_flow(problem, start, t_end=15.0)
        wanted = landscape.learned_modes(problem, traj.final)
        assert modes == wanted, a
        answers[len(modes) == m] += 1
        assert landscape.ends_in(problem, start, modes).answer is True
    assert min(answers.values()) >= 10


def test_modes_that_no_outer_layer_touches_are_never_learned():
    rng = np.random.default_rng(1)
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])  # on the axes, zeros stay zeros
    for kept in ([0], [1], [0, 2], [1, 2]):
        net = init.gaussian((3, 3, 3), scale=0.2, seed=int(rng.integers(100)))
        u, v = problem.modes.u[:, kept], problem.modes.v[:, kept]
        start = dl.LinearNetwork([net.weights[0] @ v @ v.T, u @ u.T @ net.weights[1]])
        found = landscape.ends_in(problem, start, range(3))
        assert found.answer is False
        assert "touched by neither" in found.reason
        assert limit(problem, start) in found.possible
        assert all(set(modes) <= set(kept) for modes in found.possible)


def test_the_rank_of_a_balanced_start_bounds_that_of_the_limit():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    rng = np.random.default_rng(2)
    target = rng.standard_normal((3, 1)) @ rng.standard_normal((1, 3))
    start = init.balanced((3, 3, 3, 3), product=0.1 * target, seed=0)
    found = landscape.ends_in(problem, start, [0, 1])
    assert found.answer is False
    assert "rank of 1 cannot grow" in found.reason
    end = landscape.learned_modes(problem, dl.gradient_flow(problem, start, t_end=200.0).final)
    assert end in found.possible
    assert all(len(modes) <= 1 for modes in found.possible)


def test_a_loss_below_all_saddles_decides():
    rng = np.random.default_rng(3)
    decided = 0
    for case in range(30):
        widths = random_widths(rng, depths=(2, 3))
        problem = whitened(rng, widths)
        minimum = landscape.random_critical_point(
            problem, widths, range(min(*widths, len(problem.modes))), condition=2.0, seed=case
        )
        start = init.near(minimum, distance=0.05, seed=case)
        classes = all_classes(problem, widths)
        found = landscape.ends_in(problem, start, classes[0])
        if found.answer is not None:
            assert found.answer is True
            assert limit(problem, start) == classes[0]
            decided += 1
    assert decided >= 20


def test_what_only_the_flow_can_tell_is_left_open():
    problem = dl.Problem.from_modes([3.0, 2.0], seed=1)
    start = init.gaussian((2, 2, 2), scale=0.1, seed=0)
    found = landscape.ends_in(problem, start, [0, 1])
    assert found.answer is None
    assert "only the flow can tell" in found.reason
    assert limit(problem, start) in found.possible


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_contradicts_the_flow_on_any_problem(kind):
    rng = np.random.default_rng(4)
    for case in range(12):
        widths = random_widths(rng, depths=(1, 2, 3), largest=3)
        problem = KINDS[kind](rng, widths)
        start = init.gaussian(widths, scale=0.3, seed=case)
        traj = dl.gradient_flow(problem, start, rtol=1e-7)
        if traj.status != "converged":
            continue
        end = landscape.learned_modes(problem, traj.final)
        for modes in all_classes(problem, widths):
            found = landscape.ends_in(problem, start, modes)
            assert found.answer in (None, modes == end), (widths, modes, found)


def test_critical_starts_stay_in_their_class():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    saddle = landscape.critical_point(problem, (3, 3, 3, 3), [1])
    assert landscape.ends_in(problem, saddle, [1]).answer is True
    assert landscape.ends_in(problem, saddle, [0]).answer is False
    zero = dl.LinearNetwork([np.zeros((3, 3))] * 3)
    assert landscape.ends_in(problem, zero, []).answer is True


@pytest.mark.parametrize("kind", KINDS)
def test_all_points_of_a_class_project_to_its_canonical_point(kind):
    rng = np.random.default_rng(5)
    for case in range(20):
        widths = random_widths(rng)
        problem = KINDS[kind](rng, widths)
        modes = random_class(rng, problem, widths)
        patterns = list(landscape.residual_patterns(problem, widths, modes))
        a, b = (
            landscape.random_critical_point(
                problem, widths, modes, pattern=patterns[rng.integers(len(patterns))], seed=seed
            )
            for seed in (case, case + 100)
        )
        assert landscape.same_class(problem, a, b)
        assert landscape.same_class(problem, a, random_gauge(a, condition=10.0, seed=case))
        canonical = landscape.critical_point(problem, widths, modes)
        assert landscape.project(problem, a) == canonical
        others = [other for other in all_classes(problem, widths) if other != modes]
        for other in others[:3]:
            point = landscape.critical_point(problem, widths, other)
            assert not landscape.same_class(problem, a, point)


def test_points_that_are_not_critical_have_no_class():
    problem = dl.Problem.from_modes([2.0, 1.0])
    net = init.gaussian((2, 2, 2), scale=0.3, seed=0)
    with pytest.raises(ValueError, match=r"`net` must be a critical point.*refine"):
        landscape.project(problem, net)
    with pytest.raises(ValueError, match="`b` must be a critical point"):
        landscape.same_class(problem, landscape.critical_point(problem, (2, 2, 2), []), net)
