"""scikit-learn's shipped data as arrays with names."""

import subprocess
import sys

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import datasets
from deeplinear._core.errors import MissingExtraError

SHAPES = {
    "digits": (1797, 64, 10),
    "wine": (178, 13, 3),
    "iris": (150, 4, 3),
    "breast_cancer": (569, 30, 2),
    "diabetes": (442, 10, 1),
    "linnerud": (20, 3, 3),
}
CLASSIFICATION = ("digits", "wine", "iris", "breast_cancer")


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_names_and_story(name):
    data = getattr(datasets, name)()
    n, d_in, d_out = SHAPES[name]
    assert (data.x.shape, data.y.shape) == ((n, d_in), (n, d_out))
    assert (len(data.feature_names), len(data.target_names)) == (d_in, d_out)
    assert all(type(text) is str for text in data.feature_names + data.target_names)
    assert data.name == name
    assert "A row is" in data.description
    assert "arget" in data.description
    assert data.x_test is None
    assert data.y_test is None
    assert len(repr(data).splitlines()) == 5


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_class_targets_are_one_hot_and_match_the_labels(name):
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    y = getattr(datasets, name)().y
    assert set(np.unique(y)) == {0.0, 1.0}
    labels = getattr(sklearn_datasets, f"load_{name}")().target
    np.testing.assert_array_equal(y.argmax(axis=1), labels)
    np.testing.assert_array_equal(y.sum(axis=1), 1.0)


def test_digits_are_pixels_over_sixteen():
    x = datasets.digits().x
    assert x.min() == 0.0
    assert x.max() == 1.0
    np.testing.assert_array_equal(x[0, :5] * 16, [0, 0, 5, 13, 9])


def test_digits_have_three_blank_pixels_that_standardize_to_zero():
    raw, data = datasets.digits(), datasets.digits(standardize=True)
    constant = raw.x.max(axis=0) == raw.x.min(axis=0)
    assert constant.sum() == 3
    assert (data.x[:, constant] == 0.0).all()
    np.testing.assert_allclose(data.x[:, ~constant].var(axis=0), 1.0)
    assert "pixel_0_0, pixel_4_0, pixel_4_7" in data.notes[0]


def test_diabetes_inputs_are_the_raw_ones():
    x, y = datasets.diabetes()
    assert x[0, 0] == 59.0
    assert set(x[:, 1]) == {1.0, 2.0}
    assert (y.min(), y.max()) == (25.0, 346.0)


def test_linnerud_predicts_physiology_from_exercise():
    data = datasets.linnerud()
    assert data.feature_names == ("Chins", "Situps", "Jumps")
    np.testing.assert_array_equal(data.x[0], [5, 162, 60])
    np.testing.assert_array_equal(data.y[0], [191, 36, 50])


@pytest.mark.parametrize("name", SHAPES)
def test_every_set_standardizes_and_makes_a_problem(name):
    data = getattr(datasets, name)(standardize=True)
    np.testing.assert_allclose(data.x.mean(axis=0), 0.0, atol=1e-12)
    assert len(dl.Problem.from_data(*data, whiten=True).modes) >= 1


@pytest.mark.parametrize("name", SHAPES)
def test_without_scikit_learn_the_error_names_the_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    with pytest.raises(MissingExtraError) as caught:
        getattr(datasets, name)()
    assert repr(name) in str(caught.value)
    assert 'pip install "deeplinear[data]"' in str(caught.value)


def test_importing_the_layer_loads_no_heavy_package():
    heavy = ("sklearn", "pandas", "matplotlib", "scipy.integrate", "xarray", "zarr")
    code = f"import sys, deeplinear.datasets; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
