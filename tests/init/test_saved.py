"""A saved start comes back bitwise; every unreadable file is a named error."""

import numpy as np
import pytest

from deeplinear import init
from deeplinear._core.errors import ArgumentTypeError, StoreError


def save(path, arrays, compressed=False):
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("widths", [(3, 2), (1, 1, 1), (4, *[3] * 11, 2)])
def test_a_network_comes_back_bitwise(tmp_path, widths, compressed):
    net = init.gaussian(widths, seed=1)
    arrays = {f"w{i}": w for i, w in enumerate(net.weights)}
    path = save(tmp_path / "net.npz", arrays, compressed)
    assert init.from_file(path) == net
    assert init.from_file(str(path)) == net


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"`.*gone\.npz` must be .*but there is no such file"):
        init.from_file(tmp_path / "gone.npz")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        init.from_file(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut short"])
def test_foreign_files_are_named(tmp_path, content):
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="but it cannot be read as one"):
        init.from_file(path)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("fraction", [0.3, 0.6, 0.99])
def test_truncated_files_are_named(tmp_path, compressed, fraction):
    path = save(tmp_path / "net.npz", {"w0": np.ones((50, 50))}, compressed)
    content = path.read_bytes()
    path.write_bytes(content[: int(fraction * len(content))])
    with pytest.raises(StoreError, match="but it cannot be read as one"):
        init.from_file(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_damaged_files_are_named(tmp_path, compressed):
    rng = np.random.default_rng(0)
    path = save(tmp_path / "net.npz", {"w0": rng.standard_normal((50, 50))}, compressed)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(StoreError, match="but it cannot be read as one"):
        init.from_file(path)


def test_pickled_objects_are_refused(tmp_path):
    path = save(tmp_path / "net.npz", {"w0": np.array([None], dtype=object)})
    with pytest.raises(StoreError, match="allow_pickle"):
        init.from_file(path)


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({}, "none"),
        ({"a": np.eye(2)}, "a"),
        ({"w1": np.eye(2)}, "w1"),
        ({"w0": np.eye(2), "w2": np.eye(2)}, "w0, w2"),
        ({"w0": np.eye(2), "loss": np.eye(2)}, "loss, w0"),
    ],
)
def test_missing_and_unexpected_arrays_are_named(tmp_path, arrays, found):
    path = save(tmp_path / "net.npz", arrays)
    with pytest.raises(StoreError, match=f"but the arrays in it are: {found}"):
        init.from_file(path)


def test_a_single_array_is_no_archive(tmp_path):
    np.save(tmp_path / "w0.npy", np.eye(2))
    with pytest.raises(StoreError, match="but the arrays in it are: none"):
        init.from_file(tmp_path / "w0.npy")


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"w0": np.eye(2), "w1": np.eye(3)}, r"weights\[1\]` must have 2 columns"),
        ({"w0": np.ones(3)}, r"weights\[0\]` must have shape"),
        ({"w0": np.full((2, 2), np.nan)}, r"weights\[0\]` must be finite"),
        ({"w0": np.array([["a"]])}, r"weights\[0\]` must hold real numbers"),
    ],
)
def test_arrays_that_are_no_network_are_named(tmp_path, arrays, text):
    path = save(tmp_path / "net.npz", arrays)
    with pytest.raises(StoreError, match=text) as caught:
        init.from_file(path)
    assert "net.npz" in str(caught.value)


def test_things_that_are_no_path_are_named():
    with pytest.raises(ArgumentTypeError, match="`path` must be a str or PathLike"):
        init.from_file(3)
