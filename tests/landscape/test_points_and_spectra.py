"""Canonical points and spectra: theory's closed formulas against dense Hessians."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.landscape import classify, critical_point, critical_value, index, spectrum

WIDTHS = ((3, 3), (3, 2, 4), (4, 5, 3, 3), (3, 4, 4, 4, 5), (2, 6, 6, 2))


def problems(d_in: int, d_out: int) -> list[dl.Problem]:
    rng = np.random.default_rng(d_in + 10 * d_out)
    m = min(d_in, d_out)
    x = rng.normal(size=(30, d_in)) * rng.uniform(0.5, 2.0, d_in)
    deficient = x.copy()
    deficient[:, 0] = deficient[:, 1]
    y = x @ rng.normal(size=(d_in, d_out)) + 0.1 * rng.normal(size=(30, d_out))
    return [
        dl.Problem.from_modes(np.linspace(3.0, 1.0, m), d_in=d_in, d_out=d_out, seed=0),
        dl.Problem.from_modes([2.0] * m, d_in=d_in, d_out=d_out, seed=1),
        dl.Problem.from_modes([2.0] + [0.0] * (m - 1), d_in=d_in, d_out=d_out, seed=2),
        dl.Problem.from_data(x, y),
        dl.Problem.from_data(deficient, y),
        dl.Problem.from_data(deficient, y, whiten=True),
    ]


@pytest.mark.parametrize("widths", WIDTHS)
def test_canonical_points_are_critical_balanced_and_have_their_value(widths: tuple) -> None:
    for problem in problems(widths[0], widths[-1]):
        m = len(problem.modes)
        for r in range(min(m, *widths) + 1):
            for modes in itertools.combinations(range(m), r):
                if len(widths) == 2 and r < m:
                    continue
                net = critical_point(problem, widths, modes)
                gradient = np.concatenate([g.ravel() for g in dl.gradient(problem, net)])
                assert np.abs(gradient).max() < 1e-13 * max(1.0, problem.modes.s[0] ** 2)
                assert all(np.abs(c).max() < 1e-13 * problem.modes.s[0] for c in net.imbalance())
                assert dl.loss(problem, net) == pytest.approx(
                    critical_value(problem, modes), rel=1e-12, abs=1e-13
                )
                groups = dl.landscape.mode_groups(problem.modes.s)
                learned = classify(problem, net).modes
                for group in groups:
                    assert sum(k in learned for k in group) == sum(k in modes for k in group)


@pytest.mark.parametrize("widths", WIDTHS)
def test_spectra_by_compression_are_those_of_the_dense_hessian(widths: tuple) -> None:
    rng = np.random.default_rng(5)
    for problem in problems(widths[0], widths[-1]):
        m = len(problem.modes)
        modes = range(m) if len(widths) == 2 else range(min(1, m))
        nets = [
            dl.init.gaussian(widths, scale=0.7, seed=rng),
            critical_point(problem, widths, modes),
        ]
        for net in nets:
            dense = np.linalg.eigvalsh(dl.hessian(problem, net))
            size = max(1.0, float(np.abs(dense).max()))
            assert spectrum(problem, net) == pytest.approx(dense, abs=1e-12 * size)
            assert spectrum(problem, net, 3) == pytest.approx(dense[:3], abs=1e-12 * size)
            assert index(problem, net) == int(np.sum(dense < -1e-8 * np.abs(dense).max()))


def canonical_spectrum(s: np.ndarray, widths: tuple, modes: tuple) -> np.ndarray:
    """Theory §8's list, for whitened data and distinct modes."""
    h, (d_in, *hidden, d_out) = len(widths) - 1, widths
    full = np.zeros(max(d_in, d_out))
    full[: len(s)] = s
    found = [
        sum(s[k] ** (2 * (h - i) / h) * s[j] ** (2 * (i - 1) / h) for i in range(1, h + 1))
        for k in modes
        for j in modes
    ]
    rest = [k for k in range(len(full)) if k not in modes]
    for j in modes:
        a = s[j] ** ((h - 2) / h)
        for k in rest:
            if k < min(d_in, d_out):
                found += [a * (s[j] - full[k]), a * (s[j] + full[k])]
            else:
                found.append(a * s[j])
    if h == 2:
        for k in rest:
            if k < min(d_in, d_out):
                found += [full[k], -full[k]] * (hidden[0] - len(modes))
    n = sum(b * a for a, b in itertools.pairwise(widths))
    return np.sort(np.concatenate([found, np.zeros(n - len(found))]))


@pytest.mark.parametrize("widths", [(3, 3, 3), (3, 2, 4), (4, 3, 3, 3), (3, 4, 4, 4, 3)])
def test_spectra_of_canonical_points_are_the_closed_ones(widths: tuple) -> None:
    s = np.array([4.0, 2.0, 0.5])
    problem = dl.Problem.from_modes(s, d_in=widths[0], d_out=widths[-1], seed=3)
    for r in range(min(widths) + 1):
        for modes in itertools.combinations(range(3), r):
            net = critical_point(problem, widths, modes)
            assert spectrum(problem, net) == pytest.approx(
                canonical_spectrum(problem.modes.s, widths, modes), abs=1e-12
            )


def test_a_wide_network_at_a_saddle_has_its_spectrum_at_once() -> None:
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0], d_in=300, d_out=200)
    net = critical_point(problem, (300, 400, 200), [0])
    values = spectrum(problem, net)
    assert len(values) == net.n_params == 200_000
    assert values == pytest.approx(
        canonical_spectrum(problem.modes.s, (300, 400, 200), (0,)), abs=1e-11
    )
    assert index(problem, net) == 2 * 399


def test_wrong_arguments_are_named() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0])
    with pytest.raises(ValueError, match="`modes` must hold at most 1 modes"):
        critical_point(problem, (2, 1, 2), [0, 1])
    with pytest.raises(ValueError, match="`modes` must hold all 2 modes at depth 1"):
        critical_point(problem, (2, 2), [0])
    with pytest.raises(ValueError, match="`k` must be at most 8"):
        spectrum(problem, critical_point(problem, (2, 2, 2), [0]), 9)
    with pytest.raises(ValueError, match="`k` must be at least 1"):
        spectrum(problem, critical_point(problem, (2, 2, 2), [0]), 0)
