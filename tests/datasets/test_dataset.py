"""The container: checked, read-only, named, standardized without NaN."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import deeplinear as dl
from deeplinear import datasets
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

X = np.array([[1.0, 2.0], [3.0, 2.0], [8.0, 2.0]])
Y = np.array([[1.0], [0.0], [2.0]])


def make(**changes):
    return datasets.Dataset(**({"x": X, "y": Y, "name": "n", "description": "D."} | changes))


def test_iterating_gives_x_and_y():
    x, y = make()
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(y, Y)
    assert dl.Problem.from_data(*make()).d_in == 2


def test_arrays_are_read_only_float64_copies():
    source = np.array([[1, 2], [3, 4], [5, 6]])
    data = make(x=source, x_test=source, y_test=Y)
    source[:] = 0
    for array in (data.x, data.y, data.x_test, data.y_test):
        assert array.dtype == np.float64
        assert not array.flags.writeable
    assert data.x[0, 0] == data.x_test[0, 0] == 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.x = X


def test_names_default_to_letters_with_numbers():
    assert make().feature_names == ("x0", "x1")
    assert make().target_names == ("y0",)
    assert make(feature_names=["a", "b"]).feature_names == ("a", "b")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y": Y[:2]}, "`x` and `y` must have the same number of rows, but they have 3 and 2"),
        ({"x": X[:, 0]}, r"`x` must have shape \(N, d_in\), but its shape is \(3,\)"),
        ({"x": X * np.nan}, "`x` must be finite"),
        ({"x": X[:0], "y": Y[:0]}, "at least one row"),
        ({"x_test": X}, "both be given or both be None, but only `x_test`"),
        ({"y_test": Y}, "both be given or both be None, but only `y_test`"),
        ({"x_test": X, "y_test": Y[:1]}, "`x_test` and `y_test` must have the same number of rows"),
        (
            {"x_test": X[:, :1], "y_test": Y},
            "`x` and `x_test` must have the same number of columns",
        ),
        ({"x_test": X, "y_test": X}, "`y` and `y_test` must have the same number of columns"),
        ({"feature_names": ["a"]}, "must hold 2 names, one for each column of `x`, but it holds 1"),
        ({"target_names": ["a", "b"]}, "must hold 1 names"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(ArgumentError, match=message):
        make(**changes)


@pytest.mark.parametrize("changes", [{"feature_names": "ab"}, {"x": X + 1j}, {"x": [["a", "b"]]}])
def test_wrong_types_are_refused(changes):
    with pytest.raises(ArgumentTypeError):
        make(**changes)


def test_repr_is_a_few_aligned_lines():
    data = make(
        description="First sentence (Efron et al. 2004). Second one.",
        x_test=X,
        y_test=Y,
        notes=("A note.",),
        teacher=dl.LinearNetwork([[[1.0, 2.0]]]),
    )
    assert repr(data).splitlines() == [
        "Dataset n",
        "  about    First sentence (Efron et al. 2004).",
        "  samples  3, and 3 held out",
        "  inputs   2: x0, x1; values from 1 to 8",
        "  targets  1: y0; values from 0 to 2",
        "  teacher  LinearNetwork(widths 2-1, depth 1, 2 parameters)",
        "  note     A note.",
    ]


def test_repr_of_many_columns_leaves_out_the_middle():
    wide = make(x=np.zeros((3, 9)))
    assert "9: x0, x1, x2, ..., x8;" in repr(wide)


def test_standardized_columns_have_mean_zero_and_variance_one():
    x = np.random.default_rng(0).standard_normal((40, 3)) * [1e-9, 1.0, 1e9] + [5e-9, -2.0, 1e10]
    data = make(x=x, y=np.zeros((40, 1))).standardized()
    np.testing.assert_allclose(data.x.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(data.x.var(axis=0), 1.0, rtol=1e-12)
    assert data.notes == ("The inputs are standardized: mean 0 and variance 1 in every column.",)


def test_constant_columns_become_zero_and_are_named():
    data = make(feature_names=("a", "b")).standardized()
    assert (data.x[:, 1] == 0.0).all()
    assert data.x[:, 0].std() == pytest.approx(1.0)
    assert "zero in the constant ones (b)" in data.notes[0]


def test_standardizing_leaves_the_targets_and_the_original_alone():
    data = make()
    standardized = data.standardized()
    np.testing.assert_array_equal(standardized.y, Y)
    np.testing.assert_array_equal(data.x, X)
    assert data.notes == ()


def test_held_out_inputs_get_the_shift_and_scale_of_the_training_inputs():
    data = make(x_test=[[1.0, 7.0]], y_test=[[0.0]]).standardized()
    np.testing.assert_allclose(data.x_test, [[data.x[0, 0], 0.0]])


@given(
    hnp.arrays(
        float,
        st.tuples(st.integers(1, 6), st.integers(1, 3)),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_standardized_is_finite_for_every_finite_input(x):
    data = make(x=x, y=np.zeros((len(x), 1))).standardized()
    assert np.isfinite(data.x).all()
    constant = x.max(axis=0) == x.min(axis=0)
    assert (data.x[:, constant] == 0.0).all()
    assert np.abs(data.x).max() <= np.sqrt(len(x)) * (1 + 1e-6)
