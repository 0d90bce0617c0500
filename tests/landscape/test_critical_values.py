"""Critical values: all of them, in order, lazily, against brute force over subsets."""

import itertools
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear.landscape import critical_value, critical_values, mode_groups


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    s=st.lists(st.sampled_from([1.0, 2.0, 3.0, 1.5, 0.0]), min_size=1, max_size=6),
    hidden=st.integers(1, 7),
)
def test_every_class_comes_once_and_in_order(s: list[float], hidden: int) -> None:
    problem = dl.Problem.from_modes(s, d_out=len(s) + 1)
    values = critical_values(problem, (len(s), hidden, len(s) + 1))
    found = list(values)
    m, groups = len(problem.modes), mode_groups(problem.modes.s)
    counts = {
        tuple(sum(k in subset for k in group) for group in groups)
        for r in range(min(m, hidden) + 1)
        for subset in itertools.combinations(range(m), r)
    }
    assert {tuple(sum(k in v.modes for k in g) for g in groups) for v in found} == counts
    assert len(found) == len(counts) == values.count
    assert all(a.value <= b.value for a, b in itertools.pairwise(found))
    for modes, value in found:
        rest = sum(problem.modes.s[k] ** 2 for k in range(m) if k not in modes)
        assert value == pytest.approx(rest / 2, abs=1e-14)


def test_the_lowest_is_the_optimum_and_the_highest_the_zero_map() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 5)), rng.normal(size=(40, 4))
    problem = dl.Problem.from_data(x, y)
    found = list(critical_values(problem, (5, 3, 4)))
    assert found[0].value == pytest.approx(problem.optimum(3), rel=1e-12)
    assert found[-1] == ((), pytest.approx(problem.loss(np.zeros((4, 5))), rel=1e-12))
    assert len(found) == 15


def test_the_first_classes_of_astronomically_many_come_at_once() -> None:
    problem = dl.Problem.from_modes(np.linspace(1.0, 2.0, 200))
    for hidden in (200, 3, 100):
        values = critical_values(problem, (200, hidden, 200))
        began = time.perf_counter()
        first = list(itertools.islice(values, 50))
        assert time.perf_counter() - began < 5.0  # about 0.02 s
        assert first[0].modes == tuple(range(min(hidden, 200)))
        assert values.count == sum(math.comb(200, r) for r in range(hidden + 1))


def test_many_equal_modes_make_few_classes() -> None:
    problem = dl.Problem.from_modes([2.0] * 30 + [1.0] * 20)
    assert critical_values(problem, (50, 50, 50)).count == 31 * 21
    assert next(iter(critical_values(problem, (50, 4, 50)))).modes == (0, 1, 2, 3)


def test_different_sets_may_share_a_value() -> None:
    problem = dl.Problem.from_modes([5.0, 4.0, 3.0])
    assert critical_value(problem, (1, 2)) == critical_value(problem, (0,)) == 12.5


def test_depth_one_has_one_class() -> None:
    values = critical_values(dl.Problem.from_modes([2.0, 1.0]), (2, 2))
    assert list(values) == [((0, 1), 0.0)]
    assert values.count == 1


def test_a_zero_target_has_one_class() -> None:
    problem = dl.Problem.from_target(np.zeros((2, 3)))
    assert list(critical_values(problem, (3, 2, 2))) == [((), 0.0)]


def test_it_prints_its_count_not_its_classes() -> None:
    values = critical_values(dl.Problem.from_modes(np.arange(1.0, 65.0)), (64, 64, 64))
    assert repr(values) == f"CriticalValues({2**64} classes, at most 64 learned modes)"


def test_wrong_arguments_are_named() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ValueError, match="`widths` must start with 2"):
        critical_values(problem, (3, 2))
    with pytest.raises(ValueError, match="`modes` must hold indices below 2"):
        critical_value(problem, [2])
    with pytest.raises(TypeError, match="`modes` must be an integer"):
        critical_value(problem, [0.5])
