"""Gradient and Hessian against derivatives of the moment-form loss that share no code with them.

Extended precision: central differences at 60 digits (error 1e-38). Symbols: SymPy's derivatives.
"""

import itertools
from functools import reduce

import mpmath
import numpy as np
import pytest
import sympy

from deeplinear import LinearNetwork, Problem, adjacency_field, gradient, hessian

KINDS = ["identity", "general", "singular", "projector"]


def moment_loss(entries, widths, sxx, syx):
    """1/2 tr(P Sxx P^T) - tr(P^T Syx) of numbers of any type; constants have no derivative."""
    weights, at = [], 0
    for columns, rows in itertools.pairwise(widths):
        weights.append(np.array(entries[at : at + rows * columns]).reshape(rows, columns))
        at += rows * columns
    p = reduce(lambda product, w: w.dot(product), weights)
    return (p.dot(sxx) * p).sum() / 2 - (p * syx).sum()


def vector(layers):
    return np.concatenate([layer.ravel() for layer in layers])


def assert_close(actual, expected, tolerance):
    assert np.linalg.norm(actual - expected) <= tolerance * np.linalg.norm(expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "widths",
    [
        (3, 2),
        (2, 3),
        (2, 3, 1),
        (1, 4, 2),
        (3, 1, 2),
        (2, 1, 2, 1),
        (1, 1, 1, 1, 1),
        (2, 1, 1, 2, 1, 2),
    ],
    ids=str,
)
def test_gradient_and_hessian_are_the_extended_precision_differences(instance, widths, kind):
    case = instance(widths, kind)
    exact = np.vectorize(mpmath.mpf, otypes=[object])
    with mpmath.workdps(60):
        theta, sxx, syx = exact(case.net.to_vector()), exact(case.sxx), exact(case.syx)
        n, step = len(theta), mpmath.mpf(10) ** -20
        unit = exact(np.eye(n)) * step

        def loss(*moves):
            return moment_loss(sum(moves, theta), widths, sxx, syx)

        up, down, here = [loss(e) for e in unit], [loss(-e) for e in unit], loss()
        slope = np.array([(u - d) / (2 * step) for u, d in zip(up, down, strict=True)], float)
        curvature = np.zeros((n, n))
        for i, j in itertools.combinations_with_replacement(range(n), 2):
            if i == j:
                second = up[i] + down[i] - 2 * here
            else:
                second = (
                    loss(unit[i], unit[j])
                    + loss(-unit[i], -unit[j])
                    - loss(unit[i], -unit[j])
                    - loss(-unit[i], unit[j])
                ) / 4
            curvature[i, j] = curvature[j, i] = second / step**2
    assert_close(vector(gradient(case.problem, case.net)), slope, 1e-12)
    assert_close(hessian(case.problem, case.net), curvature, 1e-12)


MOMENTS = {  # Sxx singular in the last one, with Syx in its range
    "identity": ([[1, 0], [0, 1]], [[3, -1]]),
    "general": ([[2, 1], [1, 3]], [[1, 4]]),
    "singular": ([[4, 2], [2, 1]], [[2, 1]]),
}


@pytest.mark.parametrize("kind", MOMENTS)
@pytest.mark.parametrize("hidden", [(), (1,), (3,), (1, 1), (1, 2), (1, 1, 1, 1)], ids=str)
def test_gradient_hessian_and_adjacency_field_are_the_symbolic_derivatives(hidden, kind):
    sxx, syx = MOMENTS[kind]
    widths = (2, *hidden, 1)
    n = sum(a * b for a, b in itertools.pairwise(widths))
    symbols = sympy.symbols(f"w:{n}")
    loss = moment_loss(list(symbols), widths, np.array(sxx, object), np.array(syx, object))
    values = [sympy.Rational((5 * k + 3) % 13 - 6, 4) for k in range(n)]
    at = dict(zip(symbols, values, strict=True))
    slopes = [sympy.diff(loss, s) for s in symbols]
    slope = np.array([d.subs(at) for d in slopes], float)
    curvature = np.array([[sympy.diff(d, s).subs(at) for s in symbols] for d in slopes], float)

    problem = Problem.from_moments(sxx, syx)
    net = LinearNetwork.from_vector(np.array(values, float), widths)
    assert_close(vector(gradient(problem, net)), slope, 1e-13)
    assert_close(hessian(problem, net), curvature, 1e-13)
    field = LinearNetwork.from_vector(-slope, widths).adjacency()
    assert_close(adjacency_field(problem, net), field, 1e-13)
