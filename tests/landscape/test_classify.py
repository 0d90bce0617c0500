"""Classification of known points: the examples of theory §8, scales, groups, doubt, refusals."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.landscape import classify, critical_point

Layers = dict[int, np.ndarray]
I2, E, F = np.eye(2), np.diag([1.0, 0.0]), np.diag([0.0, 1.0])


def point(problem: dl.Problem, widths: tuple, r: int, residual: Layers) -> dl.LinearNetwork:
    """The canonical point of the r largest modes, with residual layers."""
    weights = [w.copy() for w in critical_point(problem, widths, range(r)).weights]
    for i, z in residual.items():
        weights[i][r:, r:] += z
    return dl.LinearNetwork(weights)


@pytest.mark.parametrize(
    ("residual", "order"),
    [({}, 4), ({0: I2}, 3), ({1: I2}, 3), ({1: E, 2: E}, 2), ({1: E, 2: F}, 3)],
)
def test_the_examples_of_the_theory_with_widths_three(residual: Layers, order: int) -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    verdict = classify(problem, point(problem, (3,) * 5, 1, residual))
    assert verdict.escape_order == order
    assert len(verdict.escape_layers) == order
    assert verdict.kind == ("strict saddle" if order == 2 else "non-strict saddle")
    assert verdict.modes == (0,)


@pytest.mark.parametrize(("residual", "order"), [({}, 5), ({1: np.eye(1)}, 4)])
def test_the_examples_of_the_theory_with_widths_two(residual: Layers, order: int) -> None:
    problem = dl.Problem.from_modes([3.0, 2.0])
    assert classify(problem, point(problem, (2,) * 6, 1, residual)).escape_order == order


def test_the_exception_for_rank_deficient_targets() -> None:
    problem = dl.Problem.from_target(np.diag([1.0, 0.0]))
    net = dl.LinearNetwork([[[0.0, 1.0]], [[0.0]], [[0.0], [1.0]]])
    verdict = classify(problem, net)
    assert (verdict.kind, verdict.escape_order) == ("non-strict saddle", 4)
    assert "blocked" in verdict.decided_by


@pytest.mark.parametrize("depth", range(2, 8))
def test_the_origin_has_the_order_of_the_depth(depth: int) -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    verdict = classify(problem, critical_point(problem, (2,) * (depth + 1), []))
    assert verdict.escape_order == depth
    assert verdict.escape_layers == tuple(range(depth))
    assert verdict.modes == ()


def test_bottlenecks_decide_what_is_a_minimum() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    best = classify(problem, critical_point(problem, (3, 2, 3), [0, 1]))
    assert best.kind == "global minimum"
    assert best.escape_order is None
    assert best.escape_layers == ()
    second = classify(problem, critical_point(problem, (3, 2, 3), [0, 2]))
    assert (second.kind, second.escape_order, second.escape_layers) == ("strict saddle", 2, (0, 1))


def test_equal_modes_are_a_group() -> None:
    problem = dl.Problem.from_modes([2.0, 2.0, 2.0, 1.0], seed=0)
    for modes in ((0,), (1,), (2,)):
        verdict = classify(problem, critical_point(problem, (4, 4, 4, 4), modes))
        assert (verdict.kind, verdict.modes) == ("non-strict saddle", (0,))
    # Any direction inside the group's span is as good.
    u, v, q = problem.modes.u[:, :3], problem.modes.v[:, :3], np.ones(3) / np.sqrt(3)
    a = 2.0 ** (1 / 3)
    hidden = np.eye(4, 1)
    net = dl.LinearNetwork(
        [a * hidden @ (v @ q)[None, :], a * hidden @ hidden.T, a * (u @ q)[:, None] @ hidden.T]
    )
    assert classify(problem, net).modes == (0,)
    assert classify(problem, critical_point(problem, (4, 4, 4, 4), [0, 1, 3])).kind == (
        "strict saddle"
    )


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1e3, 1e8])
def test_the_scale_of_the_data_does_not_matter(scale: float) -> None:
    problem = dl.Problem.from_modes(scale * np.array([3.0, 2.0, 1.0]), seed=0)
    for modes, order in (((), 3), ((0,), 3), ((1,), 2), ((0, 1, 2), None)):
        net = critical_point(problem, (3, 4, 4, 3), modes)
        verdict = classify(problem, net)
        assert (verdict.modes, verdict.escape_order) == (modes, order)
        assert verdict.margin > 1e3


def test_layers_of_very_different_sizes_are_the_same_point() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=0)
    w = critical_point(problem, (3, 3, 3, 3), [0]).weights
    net = dl.LinearNetwork([1e-3 * w[0], w[1], 1e3 * w[2]])
    assert classify(problem, net).escape_order == 3


def test_one_dimensional_networks() -> None:
    problem = dl.Problem.from_target([[4.0]])
    assert classify(problem, dl.LinearNetwork([[[2.0]], [[2.0]]])).kind == "global minimum"
    assert classify(problem, dl.LinearNetwork([[[0.0]], [[0.0]]])).kind == "strict saddle"
    assert classify(problem, dl.LinearNetwork([[[1.0]], [[0.0]], [[0.0]]])).escape_order == 2
    assert classify(problem, dl.LinearNetwork([[[0.0]]] * 3)).escape_order == 3


def test_depth_one_has_minima_only() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    assert classify(problem, dl.LinearNetwork([problem.solution()])).kind == "global minimum"
    assert classify(problem, dl.LinearNetwork([np.zeros((2, 2))])).kind == "not critical"


def test_a_zero_target_has_global_minima_only() -> None:
    problem = dl.Problem.from_target(np.zeros((2, 2)))
    for weights in ([np.zeros((2, 2))] * 3, [E, F, E]):
        assert classify(problem, dl.LinearNetwork(weights)).kind == "global minimum"


def test_what_is_not_critical_is_said_to_be_so_with_its_gradient() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    verdict = classify(problem, dl.init.gaussian((2, 2, 2), scale=1.0, seed=0))
    assert verdict.kind == "not critical"
    assert verdict.escape_order is None
    assert "refine" in verdict.decided_by
    assert verdict.margin > 1


def test_numbers_near_the_tolerance_are_in_doubt() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    # Below, just above and far above the default tolerance.
    kinds = [
        classify(problem, point(problem, (3, 3, 3, 3), 1, {1: size * I2}))
        for size in (1e-9, 5e-6, 1e-2)
    ]
    assert [v.escape_order for v in kinds] == [3, None, 2]
    assert kinds[1].kind == "undecided"
    assert "may or may not be zero" in kinds[1].decided_by


def test_a_saddle_seen_from_near_by_is_not_decided_by_its_neighborhood() -> None:
    # Residual layers of 1e-4 at depth 3 make a gradient of 1e-8: they may be zero or not.
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    net = point(problem, (3, 3, 3, 3), 1, dict.fromkeys(range(3), 1e-4 * I2))
    assert classify(problem, net).kind == "undecided"
    assert classify(problem, dl.landscape.refine(problem, net).network).escape_order == 3


def test_it_prints_every_answer_in_aligned_lines() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    lines = repr(classify(problem, critical_point(problem, (2, 2, 2), [1]))).splitlines()
    assert lines[0] == "Classification"
    assert [line.split()[0] for line in lines[1:]] == [
        "kind",
        "learned",
        "loss",
        "escape",
        "decided",
    ]


def test_wrong_arguments_are_named() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0])
    net = dl.init.gaussian((2, 2), seed=0)
    with pytest.raises(ValueError, match=r"`tol` must be at most 0\.01"):
        classify(problem, net, tol=0.1)
    with pytest.raises(ValueError, match="`tol` must be greater than 0"):
        classify(problem, net, tol=0.0)
    with pytest.raises(ValueError, match="`widths` must end with 2"):
        classify(problem, dl.init.gaussian((2, 3), seed=0))
