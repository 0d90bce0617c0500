"""The field as plain functions serves SciPy's solvers; wrong arguments are named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import deeplinear as dl
from deeplinear import LinearNetwork, Problem, vector_field
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

narrow = st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple)
kinds = st.sampled_from(["identity", "general", "singular", "projector"])


@given(narrow, kinds, st.integers(0, 2**32))
def test_f_is_minus_the_gradient_and_jac_minus_the_hessian(instance, widths, kind, seed):
    case = instance(widths, kind, seed)
    f, jac = vector_field(case.problem, widths)
    y = case.net.to_vector()
    g = np.concatenate([g.ravel() for g in dl.gradient(case.problem, case.net)])
    for t in (0.0, 17.0):
        assert np.array_equal(f(t, y), -g)
        assert np.array_equal(jac(t, y), -dl.hessian(case.problem, case.net))


def test_each_call_returns_a_fresh_array_and_leaves_its_argument_alone(instance):
    case = instance((3, 4, 2), "general")
    f, jac = vector_field(case.problem, (3, 4, 2))
    y = case.net.to_vector()
    first, curvature = f(0.0, y), jac(0.0, y)
    copies = first.copy(), curvature.copy()
    f(0.0, 2 * y), jac(0.0, 2 * y)
    assert np.array_equal(first, copies[0])
    assert np.array_equal(curvature, copies[1])
    assert np.array_equal(y, case.net.to_vector())


def test_two_fields_called_in_turn_do_not_disturb_each_other(instance):
    a, b = instance((3, 4, 2), "general"), instance((3, 4, 2), "singular")
    f, g = vector_field(a.problem, (3, 4, 2))[0], vector_field(b.problem, [3, 4, 2])[0]
    y = a.net.to_vector()
    before = f(0.0, y)
    g(0.0, y)
    assert np.array_equal(f(0.0, y), before)


def test_strided_and_integer_vectors_are_taken_by_value(instance):
    case = instance((2, 3, 2), "general")
    f, jac = vector_field(case.problem, (2, 3, 2))
    y = np.arange(12.0)
    strided = np.repeat(y, 2)[::2]
    for function in (f, jac):
        assert np.array_equal(function(0.0, strided), function(0.0, y))
        assert np.array_equal(function(0.0, np.arange(12)), function(0.0, y))


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_scipy_reaches_the_exact_two_layer_solution(method):
    """Balanced mode: u = s e^(2st) / (e^(2st) - 1 + s/u_0) (theory §7.2)."""
    s, u0, t = 2.0, 0.01, 2.0
    f, jac = vector_field(Problem.from_target([[s]]), (1, 1, 1))
    options = {"jac": jac} if method in ("Radau", "BDF", "LSODA") else {}
    run = solve_ivp(f, (0, t), [u0**0.5] * 2, method=method, rtol=1e-8, atol=1e-10, **options)
    e = np.exp(2 * s * t)
    assert np.prod(run.y[:, -1]) == pytest.approx(s * e / (e - 1 + s / u0), rel=1e-5)


def test_scipy_reaches_the_exact_solution_of_one_general_layer(instance):
    """P(t) = P* + (P_0 - P*) e^(-Sxx t), P* the least-squares map."""
    case = instance((3, 2), "general")
    f, jac = vector_field(case.problem, (3, 2))
    run = solve_ivp(
        f, (0, 0.3), case.net.to_vector(), method="Radau", jac=jac, rtol=1e-10, atol=1e-12
    )
    values, vectors = np.linalg.eigh(case.sxx)
    decay = vectors * np.exp(-0.3 * values) @ vectors.T
    best = np.linalg.solve(case.sxx, case.syx.T).T
    expected = best + (case.net.weights[0] - best) @ decay
    np.testing.assert_allclose(run.y[:, -1].reshape(2, 3), expected, rtol=1e-7, atol=1e-9)


def test_the_laws_hold_and_the_loss_falls_along_a_scipy_run(instance):
    case = instance((4, 6, 2, 3), "general")
    f, jac = vector_field(case.problem, case.net.widths)
    run = solve_ivp(f, (0, 1), case.net.to_vector(), method="Radau", jac=jac, rtol=1e-9, atol=1e-11)
    nets = [LinearNetwork.from_vector(y, case.net.widths) for y in run.y.T]
    for end, start in zip(nets[-1].imbalance(), case.net.imbalance(), strict=True):
        np.testing.assert_allclose(end, start, atol=1e-7)
    assert np.all(np.diff([dl.loss(case.problem, net) for net in nets]) < 0)


NET = LinearNetwork([np.ones((2, 3)), np.ones((4, 2))])  # widths 3-2-4
FUNCTIONS = {
    "loss": dl.loss,
    "gradient": dl.gradient,
    "adjacency_field": dl.adjacency_field,
    "hessian": dl.hessian,
    "hessian_product": lambda problem, net: dl.hessian_product(problem, net, net.weights),
    "vector_field": lambda problem, net: vector_field(problem, net.widths),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("shape", "says"),
    [((4, 5), "start with 5, the number of inputs"), ((2, 3), "end with 2, the number of outputs")],
    ids=["inputs", "outputs"],
)
def test_widths_that_do_not_fit_the_problem_are_named(function, shape, says):
    with pytest.raises(ArgumentError, match=f"`widths` must {says}"):
        function(Problem.from_target(np.ones(shape)), NET)


@pytest.mark.parametrize(
    ("widths", "error"),
    [((3,), ArgumentError), ((3, 0, 4), ArgumentError), ((3, 2.0, 4), ArgumentTypeError)],
    ids=str,
)
def test_widths_that_are_no_widths_are_named(widths, error):
    with pytest.raises(error, match="`widths`"):
        vector_field(Problem.from_target(np.ones((4, 3))), widths)


@pytest.mark.parametrize(
    ("direction", "error", "says"),
    [
        ([np.ones((2, 3))], ArgumentError, r"`direction` must hold 2 matrices"),
        ([np.ones((2, 3))] * 3, ArgumentError, r"`direction` must hold 2 matrices.* holds 3"),
        ([np.ones((2, 3)), np.ones((2, 4))], ArgumentError, r"`direction\[1\]`.*\(4, 2\)"),
        (None, ArgumentTypeError, r"`direction` must be a sequence.* NoneType"),
        (NET, ArgumentTypeError, r"`direction` must be a sequence.* LinearNetwork"),
        ([np.ones(6), np.ones((4, 2))], ArgumentError, r"`direction\[0\]`.*\(6,\)"),
        ([np.ones((2, 3)), np.full((4, 2), np.nan)], ArgumentError, r"`direction\[1\]`.*finite"),
        ([np.ones((2, 3)), np.ones((4, 2)) * 1j], ArgumentTypeError, r"`direction\[1\]`.*real"),
    ],
    ids=["short", "long", "shape", "none", "network", "vector", "nan", "complex"],
)
def test_a_direction_that_does_not_fit_is_named(direction, error, says):
    with pytest.raises(error, match=says):
        dl.hessian_product(Problem.from_target(np.ones((4, 3))), NET, direction)
