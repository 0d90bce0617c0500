"""Closed-form spectra and lowest eigenpairs, against dense Hessians."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import landscape
from deeplinear.geometry import random_gauge
from deeplinear.landscape import _eigenpairs
from tests.landscape.problems import KINDS, random_class, random_widths, whitened
from tests.landscape.random_points import points


def test_closed_spectra_are_those_of_dense_hessians_for_200_random_classes_of_depth_2_to_6():
    rng = np.random.default_rng(0)
    for _ in range(200):
        widths = random_widths(rng, depths=(2, 3, 4, 5, 6), largest=4)
        problem = whitened(rng, widths, equal=rng.random() < 0.3)
        modes = random_class(rng, problem, widths)
        closed = landscape.canonical_spectrum(problem, widths, modes)
        dense = np.linalg.eigvalsh(
            dl.hessian(problem, landscape.critical_point(problem, widths, modes))
        )
        assert np.abs(closed - dense).max() <= 1e-12 * max(1.0, np.abs(dense).max())
        assert landscape.canonical_index(problem, widths, modes) == np.sum(closed < -1e-9)


def test_whitened_inputs_of_lower_rank_add_zeros():
    rng = np.random.default_rng(1)
    for _ in range(20):
        widths = random_widths(rng)
        problem = KINDS["rank-deficient, whitened"](rng, widths)
        modes = random_class(rng, problem, widths)
        net = landscape.critical_point(problem, widths, modes)
        dense = np.linalg.eigvalsh(dl.hessian(problem, net))
        closed = landscape.canonical_spectrum(problem, widths, modes)
        assert np.abs(closed - dense).max() <= 1e-11 * max(1.0, np.abs(dense).max())


def test_rotated_canonical_points_have_the_closed_spectrum_and_others_their_own():
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], seed=1)
    point = landscape.critical_point(problem, (3, 4, 4, 3), [1])
    closed = landscape.canonical_spectrum(problem, (3, 4, 4, 3), [1])
    turned = random_gauge(point, condition=1.0, seed=0)
    assert np.array_equal(landscape.spectrum(problem, turned), closed)
    sheared = random_gauge(point, condition=5.0, seed=0)
    dense = np.linalg.eigvalsh(dl.hessian(problem, sheared))
    assert landscape.spectrum(problem, sheared) == pytest.approx(dense, abs=1e-11)
    assert np.abs(dense - closed).max() > 0.1


def test_the_index_of_canonical_points_holds_for_every_problem():
    rng = np.random.default_rng(2)
    for kind in KINDS:
        for _ in range(15):
            widths = random_widths(rng)
            problem = KINDS[kind](rng, widths)
            modes = random_class(rng, problem, widths)
            net = landscape.critical_point(problem, widths, modes)
            found = landscape.inertia(problem, net)
            assert landscape.canonical_index(problem, widths, modes) == found.index


def test_a_problem_that_is_not_whitened_has_no_closed_spectrum():
    problem = KINDS["general"](np.random.default_rng(0), (3, 3))
    with pytest.raises(ValueError, match=r"`problem` must be whitened.*spectrum"):
        landscape.canonical_spectrum(problem, (3, 3, 3), [0])


@pytest.mark.parametrize("dense_up_to", [1500, 0], ids=["compressed", "Lanczos"])
def test_the_lowest_eigenpairs_are_those_of_the_dense_hessian(monkeypatch, dense_up_to):
    monkeypatch.setattr(_eigenpairs, "_DENSE_UP_TO", dense_up_to)
    for p in points(80, seed=3):
        k = min(6, p.net.n_params // 2)
        if k == 0:
            continue
        h = dl.hessian(p.problem, p.net)
        wanted = np.linalg.eigvalsh(h)
        found = landscape.lowest_eigenpairs(p.problem, p.net, k)
        scale = max(float(np.abs(wanted).max()), 1e-6)
        assert np.abs(found.values - wanted[:k]).max() <= 1e-9 * scale, p.description
        assert found.bounds.max() <= 1e-7 * scale
        v = np.array([np.concatenate([w.ravel() for w in d]) for d in found.directions])
        assert np.abs(v @ v.T - np.eye(k)).max() < 1e-8
        assert np.linalg.norm(h @ v.T - v.T * found.values, axis=0).max() <= 1e-7 * scale


def test_repeated_eigenvalues_are_found_as_often_as_they_are_there(monkeypatch):
    monkeypatch.setattr(_eigenpairs, "_DENSE_UP_TO", 0)
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    point = landscape.critical_point(problem, (3, 8, 3), [])  # each of -3, -2, -1 eight times
    found = landscape.lowest_eigenpairs(problem, point, k=20)
    assert found.values == pytest.approx([-3.0] * 8 + [-2.0] * 8 + [-1.0] * 4, abs=1e-8)


def test_a_wide_network_has_its_lowest_eigenvalues_in_seconds_without_a_matrix():
    problem = dl.Problem.from_modes(np.linspace(5.0, 1.0, 10), d_in=256, d_out=10, seed=0)
    net = dl.init.gaussian((256, 256, 256, 10), scale=0.03, seed=0)  # 133,632 parameters
    found = landscape.lowest_eigenpairs(problem, net, 4)
    assert found.bounds.max() < 1e-7 * found.largest
    for value, v in zip(found.values, found.directions, strict=True):
        image = dl.hessian_product(problem, net, v)
        residual = [a - value * b for a, b in zip(image, v, strict=True)]
        assert np.sqrt(sum(float(np.vdot(r, r)) for r in residual)) < 1e-7 * found.largest


def test_too_many_eigenpairs_are_refused():
    problem = dl.Problem.from_modes([2.0])
    with pytest.raises(ValueError, match="`k` must be at most 1, half of the 2 parameters"):
        landscape.lowest_eigenpairs(problem, dl.LinearNetwork([[[0.0]], [[0.0]]]), k=2)
