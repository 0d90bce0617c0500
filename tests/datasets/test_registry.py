"""Data sets by name."""

import numpy as np
import pytest

from deeplinear import datasets
from deeplinear._core.errors import ArgumentError, DeeplinearError


def test_names_are_sorted_public_functions():
    assert datasets.names() == sorted(datasets.names())
    assert set(datasets.names()) == set(datasets.__all__) - {
        "Dataset", "columns", "load", "names", "options", "read"
    }  # fmt: skip


@pytest.mark.parametrize("name", datasets.names())
def test_load_gives_what_the_function_gives(name):
    required = {"planted": {"s": [2.0, 1.0]}, "teacher_student": {"widths": (3, 2), "n_samples": 9}}
    choices = required.get(name, {})
    loaded, made = datasets.load(name, **choices), getattr(datasets, name)(**choices)
    assert loaded.name == name
    for a, b in zip(loaded, made, strict=True):
        np.testing.assert_array_equal(a, b)


def test_options_list_the_defaults_and_mark_the_required():
    assert datasets.options("iris") == {"standardize": False}
    assert datasets.options("semantic_hierarchy") == {}
    assert datasets.options("planted")["s"] is ...
    assert datasets.options("teacher_student")["test_fraction"] == 0.25


def test_options_reach_the_data_set():
    assert datasets.load("iris", standardize=True).notes


@pytest.mark.parametrize("call", [datasets.load, datasets.options])
@pytest.mark.parametrize(
    ("name", "hint"),
    [("digit", "Did you mean 'digits'"), ("hierarchy", "'semantic_hierarchy'"), (3, "'wine'")],
)
def test_an_unknown_name_suggests_the_nearest(call, name, hint):
    with pytest.raises(ArgumentError, match=hint) as caught:
        call(name)
    assert f"but it is {name!r}" in str(caught.value)


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(ArgumentError, match=r"'iris'.*\(`standardize`\), but `scale` is given"):
        datasets.load("iris", scale=2)
    with pytest.raises(ArgumentError, match=r"\(none\), but `standardize` is given"):
        datasets.load("semantic_hierarchy", standardize=True)


def test_a_missing_option_is_named():
    with pytest.raises(ArgumentError, match="'planted' must include `s`, but it is missing"):
        datasets.load("planted")
    with pytest.raises(DeeplinearError, match="`n_samples`"):
        datasets.load("teacher_student", widths=(3, 2))
