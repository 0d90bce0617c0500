"""Damped steps: those of the eigenvectors, for matrices of any rank and size."""

import numpy as np
import pytest

from deeplinear.landscape._damped import DampedSolver


@pytest.mark.parametrize("n", [1, 2, 3, 40])
@pytest.mark.parametrize("mu", [1e-8, 1e-2, 10.0])
def test_steps_are_those_of_the_eigenvectors(n: int, mu: float) -> None:
    rng = np.random.default_rng(n)
    matrix = rng.normal(size=(n, n))
    matrix += matrix.T
    g = rng.normal(size=n)
    values, vectors = np.linalg.eigh(matrix)
    expected = -vectors @ (values / (values**2 + mu) * (vectors.T @ g))
    assert DampedSolver(matrix, g).step(mu) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_steps_have_nothing_in_the_kernel() -> None:
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    values = np.zeros(30)
    values[:12] = rng.normal(size=12)
    matrix = (basis * values) @ basis.T
    step = DampedSolver((matrix + matrix.T) / 2, rng.normal(size=30)).step(1e-6)
    assert np.linalg.norm(basis[:, 12:].T @ step) < 1e-8 * np.linalg.norm(step)


def test_a_zero_matrix_gives_no_step() -> None:
    assert not DampedSolver(np.zeros((3, 3)), np.ones(3)).step(1e-6).any()
