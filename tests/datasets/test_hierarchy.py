"""The semantic hierarchy is the balanced binary tree with one property a node."""

import numpy as np

import deeplinear as dl
from deeplinear import datasets


def column(data, name):
    return [
        item
        for item, has in zip(
            data.feature_names, data.y[:, data.target_names.index(name)], strict=True
        )
        if has
    ]


def test_items_are_one_hot_and_properties_binary():
    data = datasets.semantic_hierarchy()
    np.testing.assert_array_equal(data.x, np.eye(8))
    assert data.y.shape == (8, 15)
    assert set(np.unique(data.y)) == {0.0, 1.0}


def test_every_node_of_the_balanced_binary_tree_has_one_property():
    y = datasets.semantic_hierarchy().y
    tree = [
        np.isin(np.arange(8), range(start, start + size))
        for size in (8, 4, 2, 1)
        for start in range(0, 8, size)
    ]
    np.testing.assert_array_equal(y.T, np.array(tree, dtype=float))


def test_properties_fall_where_they_should():
    data = datasets.semantic_hierarchy()
    assert column(data, "can fly") == ["canary", "robin"]
    assert column(data, "can swim") == ["salmon", "sunfish"]
    assert column(data, "has roots") == ["oak", "pine", "rose", "daisy"]
    assert column(data, "can sing") == ["canary"]


def test_the_spectrum_repeats_within_each_level():
    data = datasets.semantic_hierarchy()
    expected = np.sqrt([15, 7, 3, 3, 1, 1, 1, 1])
    np.testing.assert_allclose(np.linalg.svd(data.y, compute_uv=False), expected, atol=1e-12)
    summed = dl.Problem.from_data(*data, mean=False)
    assert summed.whitened
    np.testing.assert_allclose(summed.modes.s, expected, atol=1e-12)
    averaged = dl.Problem.from_data(*data)
    np.testing.assert_allclose(averaged.modes.s, expected / np.sqrt(8), atol=1e-12)


def test_the_second_mode_separates_animals_from_plants():
    data = datasets.semantic_hierarchy()
    v = dl.Problem.from_data(*data, mean=False).modes.v[:, 1]
    np.testing.assert_allclose(v * np.sign(v[0]) * np.sqrt(8), [1] * 4 + [-1] * 4, atol=1e-12)


def test_the_description_cites_its_source():
    description = datasets.semantic_hierarchy().description
    assert "Saxe" in description
    assert "Rogers and McClelland" in description
