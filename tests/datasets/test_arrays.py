"""NumPy files: what is read, and what each refusal says."""

import io
import zipfile

import numpy as np
import pytest

from deeplinear import datasets
from deeplinear._core.errors import DataFileError

X = np.arange(6.0).reshape(3, 2)
Y = np.array([[1.0], [2.0], [3.0]])


@pytest.fixture
def archive(tmp_path):
    def archive(save=np.savez, **arrays):
        path = tmp_path / "data.npz"
        save(path, **arrays)
        return path

    return archive


@pytest.fixture
def pair(tmp_path):
    def pair(x, y):
        paths = tmp_path / "x.npy", tmp_path / "y.npy"
        for path, value in zip(paths, (x, y), strict=True):
            np.save(path, value)
        return paths

    return pair


def refusal(path, *names):
    with pytest.raises(DataFileError) as caught:
        datasets.read(path)
    message = str(caught.value)
    for one in path if isinstance(path, tuple) else (path,):
        assert str(one) in message or names
    for name in names:
        assert str(name) in message
    return message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_of_x_and_y_is_read(archive, save):
    data = datasets.read(archive(save, x=X, y=Y))
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)
    assert data.name == "data"
    assert "data.npz" in data.description
    assert data.x_test is None
    assert data.notes == ()


def test_a_vector_y_becomes_a_column(archive, pair):
    assert datasets.read(archive(x=X, y=Y[:, 0])).y.shape == (3, 1)
    assert datasets.read(pair(X, Y[:, 0])).y.shape == (3, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint16, bool, ">f8", np.longdouble])
def test_every_real_dtype_becomes_float64(archive, dtype):
    data = datasets.read(archive(x=np.asfortranarray(X).astype(dtype), y=Y))
    assert data.x.dtype == np.float64
    np.testing.assert_array_equal(data.x, X.astype(dtype).astype(float))


def test_held_out_arrays_are_taken(archive):
    data = datasets.read(archive(x=X, y=Y, x_test=X[:2], y_test=Y[:2, 0]))
    assert data.x_test.shape == (2, 2)
    assert data.y_test.shape == (2, 1)


def test_other_arrays_are_noted(archive):
    assert datasets.read(archive(x=X, y=Y, z=X)).notes == ("Arrays that were not read: z.",)


def test_inputs_of_an_archive_standardize(archive):
    data = datasets.read(archive(x=X, y=Y), standardize=True)
    np.testing.assert_allclose(data.x.var(axis=0), 1.0)


def test_a_pair_is_read_from_a_tuple_and_from_a_string(pair):
    x_path, y_path = pair(X, Y)
    for path in (
        (x_path, y_path),
        [str(x_path), y_path],
        f"{x_path},{y_path}",
        f"{x_path}, {y_path}",
    ):
        data = datasets.read(path)
        np.testing.assert_array_equal(data.x, X)
        np.testing.assert_array_equal(data.y, Y)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "must hold the arrays `x`, `y`, but `y` is missing; it holds `x`"),
        ({"a": X, "b": Y}, "but `x` and `y` are missing; it holds `a`, `b`"),
        ({}, "it holds none"),
        ({"x": X, "y": Y, "x_test": X}, "but `y_test` is missing"),
        (
            {"x": X, "y": Y[:2]},
            "`x` and `y` must have the same number of rows, but they have 3 and 2",
        ),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": Y[:2]},
            "`x_test` and `y_test` must have the same",
        ),
        (
            {"x": X, "y": Y, "x_test": Y, "y_test": Y},
            "`x` and `x_test` must have the same number of c",
        ),
        (
            {"x": X, "y": Y, "x_test": X, "y_test": X},
            "`y` and `y_test` must have the same number of c",
        ),
        ({"x": X + 0j, "y": Y}, "array `x`, must hold real numbers, but its dtype is complex128"),
        ({"x": X, "y": Y.astype(str)}, "array `y`, must hold real numbers, but its dtype is <U"),
        ({"x": X.astype("M8[s]"), "y": Y}, "but its dtype is datetime64"),
        ({"x": X[:, 0], "y": Y}, "array `x`, must have one row per sample, shape (N, d_in), but"),
        (
            {"x": X, "y": Y[None]},
            "array `y`, must have one row per sample, shape (N, d_out) or (N,)",
        ),
        ({"x": X, "y": 1.0}, "but its shape is ()"),
        ({"x": X[:0], "y": Y[:0]}, "at least one row and one column, but its shape is (0, 2)"),
        ({"x": X[:, :0], "y": Y}, "at least one row and one column, but its shape is (3, 0)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(archive, arrays, message):
    assert message in refusal(archive(**arrays))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_value_that_is_not_finite_is_located(archive, pair, value):
    bad = X.copy()
    bad[1, 1] = bad[2, 0] = value
    message = refusal(archive(x=bad, y=Y))
    assert "array `x`, must be finite, but 2 of its 6 entries are not" in message
    assert f"index [1, 1] (row 1, column 1, counted from 0): {value}" in message
    paths = pair(X, bad)
    assert "index [1, 1]" in refusal(paths, paths[1])


def test_one_input_as_a_vector_has_a_remedy(archive):
    assert "Reshape one input to (N, 1)" in refusal(archive(x=X[:, 0], y=Y))


def test_object_arrays_are_never_unpickled(archive, pair):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    bomb = np.array([[Bomb()]], dtype=object)
    message = refusal(archive(x=X, y=bomb))
    assert "array `y`" in message
    assert "object array" in message
    paths = pair(bomb, Y)
    assert "object array" in refusal(paths, paths[0])


def test_a_pickle_renamed_is_no_archive(tmp_path):
    path = tmp_path / "data.npz"
    path.write_bytes(b"\x80\x04N.")
    assert "no zip archive" in refusal(path)


def test_an_empty_archive_file_is_refused(tmp_path):
    path = tmp_path / "data.npz"
    path.touch()
    assert "but it is empty" in refusal(path)


def test_one_array_renamed_is_no_archive(tmp_path):
    path = tmp_path / "data.npz"
    with path.open("wb") as file:
        np.save(file, X)
    assert "no zip archive" in refusal(path)


def test_a_truncated_archive_is_refused(archive):
    path = archive(x=X, y=Y)
    path.write_bytes(path.read_bytes()[:-30])
    assert "truncated" in refusal(path)


def test_a_truncated_array_is_refused(pair, tmp_path):
    paths = pair(X, Y)
    content = paths[0].read_bytes()
    for size in (0, 5, 60, len(content) - 3):
        paths[0].write_bytes(content[:size])
        assert "must be a complete array of numbers" in refusal(paths, paths[0])
    broken = tmp_path / "inner.npz"
    with zipfile.ZipFile(broken, "w") as file:
        file.writestr("x.npy", content[:-8])
        file.writestr("y.npy", paths[1].read_bytes())
    assert "array `x`, must be a complete array of numbers" in refusal(broken)


def test_an_array_that_claims_an_absurd_size_is_refused(tmp_path, pair):
    paths = pair(X, Y)
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": (10**14, 10)}
    )
    paths[0].write_bytes(stream.getvalue())
    assert "must be a complete array of numbers" in refusal(paths, paths[0])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.filterwarnings("ignore:Duplicate name", "ignore:Reading `.npy`")
def test_random_damage_never_escapes_as_another_error(archive, save):
    rng = np.random.default_rng(1)
    path = archive(save, x=X, y=Y)
    content = path.read_bytes()
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            datasets.read(path)
        except DataFileError as error:
            refused += "data.npz" in str(error)
    assert refused > 100
