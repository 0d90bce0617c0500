"""Which closed forms cover a start, and the form of one layer (theory §7)."""

import time

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear import exact
from deeplinear._core.errors import ArgumentError
from tests.exact.conftest import flow, products

identity = settings(deadline=None, derandomize=True, max_examples=40)


def random_problem(d_in, d_out, rank, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((30, rank)) @ rng.standard_normal((rank, d_in))
    return dl.Problem.from_data(x, rng.standard_normal((30, d_out)))


@identity
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 5), st.integers(0, 99))
def test_one_layer_is_the_matrix_exponential(d_in, d_out, rank, seed):
    problem = random_problem(d_in, d_out, min(rank, d_in), seed)
    net = dl.init.gaussian((d_in, d_out), scale=1.0, seed=seed)
    p0 = net.product()
    for t, p in zip([0.0, 0.3, 2.0], exact.one_layer(problem, net, [0.0, 0.3, 2.0]), strict=True):
        # d/dt [P 1] = [P 1] [[-Sxx, 0], [Syx, 0]], one row of P at a time
        block = np.block(
            [[-problem.sxx, np.zeros((d_in, d_out))], [problem.syx, np.zeros((d_out, d_out))]]
        )
        state = np.hstack([p0, np.eye(d_out)])
        assert np.abs(p - (state @ scipy.linalg.expm(block * t))[:, :d_in]).max() <= 1e-12


def test_one_layer_freezes_off_the_range_and_ends_at_the_solution():
    problem = random_problem(4, 3, 2, seed=1)
    net = dl.init.gaussian((4, 3), scale=1.0, seed=2)
    late = exact.one_layer(problem, net, [1e300])[0]
    null = scipy.linalg.null_space(problem.sxx, rcond=1e-10)
    assert np.abs((late - net.product()) @ null).max() <= 1e-14
    assert problem.loss(late) == pytest.approx(problem.optimum(), rel=1e-13)


def test_one_layer_runs_backward():
    problem = random_problem(3, 2, 3, seed=1)
    net = dl.init.gaussian((3, 2), scale=1.0, seed=2)
    forward = exact.one_layer(problem, net, 1.5)[0]
    back = exact.one_layer(problem, dl.LinearNetwork([forward]), -1.5)[0]
    assert np.abs(back - net.product()).max() <= 1e-11
    with pytest.raises(ArgumentError, match=r"so negative that the product overflows.*-1e"):
        exact.one_layer(problem, net, -1e10)


def test_one_layer_needs_one_layer():
    with pytest.raises(ArgumentError, match="`net` must have one layer, but its depth is 2"):
        exact.one_layer(dl.Problem.from_modes([1.0]), dl.init.identity((1, 1, 1)), 1.0)


def names(problem, net):
    return [form.name for form in exact.applicable(problem, net)]


def test_the_forms_of_typical_starts():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=4, d_out=3, seed=1)
    general = random_problem(4, 3, 4, seed=1)
    assert names(problem, dl.init.gaussian((4, 3), seed=1)) == ["one layer"]
    assert names(general, dl.init.gaussian((4, 3), seed=1)) == ["one layer"]
    assert names(problem, dl.init.gaussian((4, 3, 3), seed=1)) == []
    assert names(problem, dl.init.gaussian((4, 3, 3, 3), seed=1)) == []
    assert names(problem, dl.init.balanced((4, 3, 3), seed=1)) == ["two layers"]
    assert names(problem, dl.init.balanced((4, 3, 3, 3), seed=1)) == []
    decoupled = dl.init.decoupled(problem, (4, 3, 3), [0.1, 0.2], seed=1)
    assert names(problem, decoupled) == ["decoupled", "two layers"]
    assert names(general, decoupled) == []
    unequal = dl.init.decoupled(problem, (4, 3, 3), [[0.1, 0.2], [0.3, 0.5]], seed=1)
    assert names(problem, unequal) == ["decoupled"]
    deep = dl.init.decoupled(problem, (4, 3, 2, 3), [0.1, 0.2], seed=1)
    assert names(problem, deep) == ["decoupled"]


def test_each_form_solves_the_flow_with_weights_where_it_has_them():
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=3, d_out=2, seed=1)
    t = np.array([0.0, 0.5, 2.0])
    seen = set()
    for net in (
        dl.init.gaussian((3, 2), scale=1.0, seed=1),
        dl.init.decoupled(problem, (3, 2, 2), 0.3, seed=1),
        dl.init.decoupled(problem, (3, 2, 3, 2), [[0.1, 0.2], [0.3, -0.4], [1, 1]], seed=1),
    ):
        reference = flow(problem, net, t)
        for form in exact.applicable(problem, net):
            seen.add(form.name)
            assert form.violation <= 1e-13
            p = form.products(list(t))
            assert np.abs(p - products(reference, net.widths)).max() <= 1e-11
            assert (form.weights is None) == (form.name == "two layers")
            if form.weights is not None:
                assert np.abs(form.weights(t) - reference).max() <= 1e-11
            with pytest.raises(ArgumentError, match="`t` must be finite"):
                form.products([np.inf])
    assert seen == {"one layer", "decoupled", "two layers"}


@pytest.mark.parametrize("s", [np.linspace(3, 1, 10), np.ones(10)])
def test_starts_that_are_not_covered_cost_milliseconds(s):
    problem = dl.Problem.from_modes(s, d_in=64, d_out=10, seed=1)
    net = dl.init.gaussian((64, 32, 32, 10), seed=1)
    durations = []
    for _ in range(20):
        start = time.perf_counter()
        assert exact.applicable(problem, net) == ()
        durations.append(time.perf_counter() - start)
    assert min(durations) < 5e-3


def test_a_network_that_does_not_fit_is_named():
    with pytest.raises(ArgumentError, match="`widths` must start with 2"):
        exact.applicable(dl.Problem.from_modes([2.0, 1.0]), dl.init.identity((3, 2)))


def test_forms_print_without_their_functions():
    form = exact.applicable(dl.Problem.from_modes([1.0]), dl.init.identity((1, 1)))[0]
    assert repr(form) == "Solution(name='one layer', violation=0.0)"
