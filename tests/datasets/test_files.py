"""Which reader a path goes to, and paths that go nowhere."""

import os
import stat

import numpy as np
import pytest

from deeplinear import datasets
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DataFileError


@pytest.mark.parametrize("name", ["no.csv", "no.npz", "no.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    targets = "y" if name == "no.csv" else None
    with pytest.raises(DataFileError, match="there is no such file") as caught:
        datasets.read(tmp_path / name, targets=targets)
    assert str(tmp_path / name) in str(caught.value)


def test_the_missing_half_of_a_pair_is_named(tmp_path):
    np.save(tmp_path / "x.npy", np.eye(2))
    for path in (
        f"{tmp_path}/x.npy,{tmp_path}/y.npy",
        (tmp_path / "x.npy", tmp_path / "y.npy"),
    ):
        with pytest.raises(DataFileError, match=r"y\.npy` must exist"):
            datasets.read(path)


def test_a_directory_is_refused(tmp_path):
    folder = tmp_path / "folder.npz"
    folder.mkdir()
    with pytest.raises(DataFileError, match=r"folder\.npz` must be a data file.*directory"):
        datasets.read(folder)


@pytest.mark.parametrize("name", ["table.xlsx", "table", "x.npy"])
def test_an_unknown_suffix_lists_the_known_ones(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(DataFileError, match=r"\.csv or \.tsv.*\.npz.*x\.npy,y\.npy") as caught:
        datasets.read(tmp_path / name)
    assert name in str(caught.value)


def test_a_pair_that_is_not_npy_is_refused(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).touch()
    with pytest.raises(DataFileError, match=r"suffix is '\.csv', '\.csv'"):
        datasets.read((tmp_path / "a.csv", tmp_path / "b.csv"))


def test_a_file_with_a_comma_in_its_name_is_one_file(tmp_path):
    np.savez(tmp_path / "a.npy,b.npz", x=np.eye(2), y=np.ones(2))
    assert datasets.read(f"{tmp_path}/a.npy,b.npz").x.shape == (2, 2)


def test_targets_are_for_tables_only(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.eye(2), y=np.ones(2))
    with pytest.raises(ArgumentError, match=r"`targets` must be left out for arrays.*'y'"):
        datasets.read(tmp_path / "data.npz", targets="y")


@pytest.mark.parametrize("path", [3, None, (3, "y.npy"), b"x.csv"])
def test_a_path_of_the_wrong_type_is_refused(path):
    with pytest.raises(ArgumentTypeError, match="`path` must be a path or a tuple of two paths"):
        datasets.read(path)


@pytest.mark.parametrize("path", [("x.npy",), (), ("a", "b", "c")])
def test_a_tuple_that_is_no_pair_is_refused(path):
    with pytest.raises(ArgumentError, match=f"`path` must be one path, or two.*holds {len(path)}"):
        datasets.read(path)


def test_an_empty_path_is_refused():
    with pytest.raises(ArgumentError, match="`path` must name a file, but it is empty"):
        datasets.read("")


def test_what_the_system_refuses_is_a_data_file_error(tmp_path):
    with pytest.raises(DataFileError, match="the system says: File name too long"):
        datasets.read(tmp_path / ("a" * 300 + ".npz"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs enforced permissions")
def test_an_unreadable_file_is_a_data_file_error(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("a,b\n1,2\n")
    path.chmod(stat.S_IWUSR)
    with pytest.raises(DataFileError, match="Permission denied"):
        datasets.read(path, targets="b")
