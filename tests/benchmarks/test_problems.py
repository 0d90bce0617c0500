"""The problems are the ones of the published table, drawn as described."""

import numpy as np
import pytest

from benchmarks.problems import CASES, ensemble_starts


@pytest.mark.parametrize(
    ("name", "widths", "t_end"),
    [
        ("P1", (10, 10, 10), 20.0),
        ("P2", (5, 5, 5, 5), 420.0),
        ("P3", (4, 4, 4, 4, 4), 114_400.0),
        ("P4", (64, 128, 128, 10), 50.0),
    ],
)
def test_widths_and_times(name, widths, t_end):
    case = CASES[name]()
    assert case.widths == widths
    assert case.t_end == t_end
    assert case.problem.whitened


def test_spectra():
    spectra = {name: build().problem.modes.s for name, build in CASES.items()}
    assert np.all((spectra["P1"] >= 1) & (spectra["P1"] <= 3))
    np.testing.assert_allclose(spectra["P2"], [5, 4, 3, 2, 1])
    np.testing.assert_allclose(spectra["P3"], [4, 3, 2, 1])
    assert np.all((spectra["P4"] > 0.5) & (spectra["P4"] < 1.5))


def test_scales_of_the_starts():
    for name, scale in {"P1": 0.3, "P2": 1e-2, "P3": 1e-2}.items():
        assert np.std(CASES[name]().vector) == pytest.approx(scale, rel=0.2)
    for layer in CASES["P4"]().start:
        assert np.std(layer) == pytest.approx(0.5 / np.sqrt(layer.shape[1]), rel=0.05)


def test_layers_are_drawn_one_after_the_other():
    rng = np.random.default_rng(0)
    for layer in CASES["P2"]().start:
        np.testing.assert_array_equal(layer, 1e-2 * rng.standard_normal((5, 5)))


def test_first_member_of_the_ensemble_is_the_single_problem():
    starts = ensemble_starts(3)
    assert len(starts) == 3
    for layer, expected in zip(starts[0], CASES["P2"]().start, strict=True):
        np.testing.assert_array_equal(layer, expected)
