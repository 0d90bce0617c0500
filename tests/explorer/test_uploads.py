"""Uploads: read without executing anything, within limits; an error says what is wrong."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from deeplinear._core.errors import DataFileError, DeeplinearError
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs import _uploads
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._limits import LimitError
from deeplinear.explorer._settings._mistakes import SettingsError

TABLE = b"area,rooms,price\n50,2,1.5\n80,3,2.5\n"


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_a_table_has_its_last_column_as_target():
    found = _uploads.read("houses.csv", TABLE)
    assert found.columns == ("area", "rooms", "price")
    assert found.targets == ("price",)
    assert np.array_equal(found.x, [[50, 2], [80, 3]])
    assert np.array_equal(found.y, [[1.5], [2.5]])
    assert found.description == "houses.csv: 2 samples, 2 inputs, 1 targets (price)."


def test_other_columns_may_be_the_targets():
    found = _uploads.read("houses.csv", TABLE).with_targets(("rooms", "price"))
    assert found.targets == ("rooms", "price")
    assert np.array_equal(found.x, [[50], [80]])


def test_tabs_and_archives_are_read_too():
    tabbed = _uploads.read("a.TSV", TABLE.replace(b",", b"\t"))
    assert tabbed.columns == ("area", "rooms", "price")
    found = _uploads.read("a.npz", archive(x=np.ones((3, 2)), y=np.arange(3)))
    assert (found.x.shape, found.y.shape, found.columns) == ((3, 2), (3, 1), ())


def test_the_digest_is_that_of_the_numbers_not_of_the_file():
    table = _uploads.read("houses.csv", TABLE)
    same = _uploads.read("b.npz", archive(x=table.x, y=table.y))
    other = _uploads.read("houses.csv", TABLE.replace(b"80", b"81"))
    assert table.digest == same.digest != other.digest
    assert len(table.digest) == 16


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", b"a,b\n", "rows of numbers below its header"),
        ("a.csv", b"a,b\n1,2\n3\n", "row 3, must have 2 cells"),
        ("a.csv", b"a,b\n1,two\n", "two"),
        ("a.csv", b"a,b\n1,nan\n", "row 2"),
        ("a.csv", b"a,b\n1,inf\n", "row 2"),
        ("a.csv", b"a,a\n1,2\n", "distinct column names"),
        ("a.csv", b"a\n1\n", "at least two columns"),
        ("a.csv", b"a,b\n\xff,2\n", "UTF-8"),
        ("a.csv", b'a,b\n"1,2\n', "quotation marks"),
        ("a.npz", b"", "it is empty"),
        ("a.npz", b"PK\x03\x04 no archive", "must be an .npz archive"),
        ("a.npz", archive(a=np.ones(3)), "`x` and `y` are missing; it holds `a`"),
        ("a.npz", archive(x=np.ones((3, 2)), y=np.ones(4)), "same number of rows"),
        ("a.npz", archive(x=np.full((3, 2), np.nan), y=np.ones(3)), "must be finite"),
        ("a.npz", archive(x=np.array([["a"]]), y=np.ones(1)), "must hold real numbers"),
        ("a.npz", archive(x=np.ones((0, 2)), y=np.ones((0, 1))), "at least one row"),
        ("a.xlsx", b"PK", "its suffix is '.xlsx'"),
        ("csv", b"a,b", "its suffix is ''"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(name, content, text):
    with pytest.raises(DataFileError) as caught:
        _uploads.read(name, content)
    assert text in str(caught.value)
    assert "/tmp" not in str(caught.value)
    assert name in str(caught.value)


def test_targets_that_are_no_columns_are_refused_with_the_columns():
    with pytest.raises(DeeplinearError, match="area, rooms, price"):
        _uploads.read("houses.csv", TABLE, ("prise",))
    with pytest.raises(DeeplinearError, match="leave at least one column"):
        _uploads.read("houses.csv", TABLE, ("area", "rooms", "price"))


class Evil:
    """What would run if it were unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("an upload was executed",))


def test_nothing_in_an_upload_is_executed():
    pickled = np.empty(1, dtype=object)
    pickled[0] = Evil()
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, x=pickled, y=pickled)
    with pytest.raises(DataFileError, match="object array"):
        _uploads.read("a.npz", buffer.getvalue())
    with pytest.raises(DataFileError):
        _uploads.read("a.npz", pickle.dumps(Evil()))


def test_the_name_of_a_file_leads_nowhere():
    found = _uploads.read("../../etc/houses.csv", TABLE)
    assert found.name == "houses.csv"
    assert _uploads.read("C:\\data\\houses.csv", TABLE).name == "houses.csv"


def test_a_large_file_is_refused_before_it_is_read():
    with pytest.raises(LimitError, match="must be at most 8,388,608 here"):
        _uploads.read("a.csv", b"0" * (limits.UPLOAD_BYTES + 1))


def test_a_bomb_is_refused_by_what_it_claims():
    zeros = np.zeros((2000, 2000))
    bomb = archive(x=zeros, y=zeros)
    assert len(bomb) < 100_000
    with pytest.raises(LimitError, match="unpacked size"):
        _uploads.read("bomb.npz", bomb)


def test_a_bomb_that_lies_about_its_size_is_refused_by_what_it_holds():
    zeros = np.zeros((2000, 1010))
    honest = archive(x=zeros, y=np.zeros(2000))
    assert zipfile.ZipFile(io.BytesIO(honest)).getinfo("x.npy").file_size > 16_000_000
    size = struct.pack("<L", zeros.nbytes + 128)
    assert honest.count(size) >= 1
    with pytest.raises(DeeplinearError):
        _uploads.read("bomb.npz", honest.replace(size, struct.pack("<L", 1000)))


def test_an_array_that_claims_more_than_it_holds_is_refused_before_memory_is_taken():
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 100)}
    np.lib.format.write_array_header_1_0(buffer, header)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x.npy", buffer.getvalue())
        file.writestr("y.npy", buffer.getvalue())
    with pytest.raises(LimitError, match="unpacked size"):
        _uploads.read("a.npz", packed.getvalue())


def test_an_archive_of_many_files_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for k in range(100):
            file.writestr(f"{k}.npy", b"")
    with pytest.raises(LimitError, match="number of arrays"):
        _uploads.read("a.npz", packed.getvalue())


def test_too_many_columns_are_refused_at_once():
    names = ",".join(f"c{k}" for k in range(100_000))
    cells = ",".join("1" for _ in range(100_000))
    with pytest.raises(LimitError, match=r"number of inputs of wide\.csv must be at most 512"):
        _uploads.read("wide.csv", f"{names}\n{cells}\n".encode())


def test_a_store_gives_back_what_it_holds_and_says_what_is_missing():
    store = Store()
    upload = store.put(_uploads.read("houses.csv", TABLE))
    assert store.upload(upload.digest) is upload
    with pytest.raises(SettingsError) as caught:
        store.upload("0123456789abcdef")
    assert "0123456789abcdef, which this page does not hold" in caught.value.mistakes["data.upload"]


def test_a_full_store_forgets_what_was_used_longest_ago():
    store = Store(most=2500)
    ones = np.ones((60, 1))
    files = [_uploads.of_arrays(f"{k}", k * ones, ones, "") for k in range(3)]
    for file in files[:2]:
        store.put(file)
    store.upload(files[0].digest)
    store.put(files[2])
    assert store.upload(files[0].digest) is files[0]
    with pytest.raises(SettingsError):
        store.upload(files[1].digest)
