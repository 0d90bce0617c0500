"""Files that a user uploads, as arrays: parsed without executing anything, within limits."""

import contextlib
import hashlib
import math
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from deeplinear import datasets
from deeplinear._core.checks import Array
from deeplinear._core.errors import DataFileError, DeeplinearError
from deeplinear.explorer import _limits as limits

TABLES, ARCHIVES = (".csv", ".tsv"), (".npz",)


@dataclass(frozen=True, eq=False, repr=False)
class Upload:
    """Data that a user brought.

    name : of the file. x, y : ``(N, d_in)``, ``(N, d_out)``. digest : of the arrays, which a link
    names them by. description : in a sentence. columns, targets : of a table, else empty.
    """

    name: str
    x: Array
    y: Array
    digest: str
    description: str
    columns: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    raw: bytes = b""

    def __repr__(self) -> str:
        return f"Upload({self.description})"

    @property
    def nbytes(self) -> int:
        """What it takes of the memory."""
        return self.x.nbytes + self.y.nbytes + len(self.raw)

    def with_targets(self, targets: tuple[str, ...]) -> "Upload":
        """Return the same table with other target columns.

        Raises
        ------
        DeeplinearError
            They are no columns of it, or all of them.
        """
        return read(self.name, self.raw, targets)


def of_arrays(name: str, x: Array, y: Array, description: str) -> Upload:
    """Return arrays as an upload.

    Raises
    ------
    LimitError
        They are too large.
    """
    _require_few(name, x, y)
    return Upload(name, x, y, digest_of(x, y), description)


def digest_of(*arrays: Array) -> str:
    """16 digits that name arrays by their shapes and values."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def read(name: str, content: bytes, targets: tuple[str, ...] | None = None) -> Upload:
    """Read a .csv, .tsv or .npz file from its bytes.

    Parameters
    ----------
    name
        Its suffix says what it is; nothing is written or read under this name.
    content
        The bytes.
    targets
        The target columns of a table; None: the last one.

    Raises
    ------
    DataFileError, LimitError, ArgumentError
        It is no such file, too large, or there is no such column; the text says which and where.
    """
    name = Path(name.replace("\\", "/")).name or "data"
    suffix = Path(name).suffix.lower()
    limits.require(
        f"The size of {name}, in bytes,",
        len(content),
        limits.UPLOAD_BYTES,
        "Keep fewer rows or columns, or use `deeplinear run`.",
    )
    if suffix not in TABLES + ARCHIVES:
        raise DataFileError(
            f"File `{name}` must be a .csv or .tsv table or an .npz archive with arrays x and y, "
            f"but its suffix is {suffix!r}. Export the data to one of these."
        )
    with tempfile.TemporaryDirectory(prefix="deeplinear-") as folder:
        file = Path(folder, f"data{suffix}")
        file.write_bytes(content)
        columns: tuple[str, ...] = ()
        try:
            if suffix in TABLES:
                columns = datasets.columns(file)
                targets = columns[-1:] if targets is None else tuple(targets)
            else:
                targets = None
                _require_small(file, name)
            data = datasets.read(file, targets=targets)
        except DeeplinearError as error:
            # The user knows the file by its own name.
            raise type(error)(str(error).replace(str(file), name)) from None
    _require_few(name, data.x, data.y)
    about = f"{name}: {len(data.x)} samples, {data.x.shape[1]} inputs, {data.y.shape[1]} targets"
    if columns:
        about += f" ({', '.join(data.target_names[:8])})"
    return Upload(
        name=name,
        x=data.x,
        y=data.y,
        digest=digest_of(data.x, data.y),
        description=f"{about}.",
        columns=columns,
        targets=data.target_names if columns else (),
        raw=content if columns else b"",
    )


def _require_few(name: str, x: Array, y: Array) -> None:
    for what, count, most in (
        ("entries", x.size + y.size, limits.UPLOAD_ENTRIES),
        ("inputs", x.shape[1], limits.WIDTH),
        ("targets", y.shape[1], limits.WIDTH),
    ):
        limits.require(f"The number of {what} of {name}", count, most, _FEWER)


def _require_small(file: Path, name: str) -> None:
    """Refuse an archive that would unpack to too much, by what it claims and by what it holds.

    Other faults are left to `datasets.read`, which names them.
    """
    with contextlib.suppress(*_UNREADABLE), zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        limits.require(f"The number of arrays in {name}", len(entries), _ARRAYS, "Keep x and y.")
        _require_bytes(name, sum(entry.file_size for entry in entries))
        held = 0
        for entry in entries:
            with archive.open(entry) as stream:
                _require_bytes(name, _claimed(stream))
            with archive.open(entry) as stream:
                while block := stream.read(1 << 16):
                    held += len(block)
                    _require_bytes(name, held)


def _claimed(stream: IO[bytes]) -> int:
    """The bytes that an array's header asks for; 0 if it is no array."""
    try:
        version = np.lib.format.read_magic(stream)
        reader = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if reader is None:
            return 0
        shape, _, dtype = reader(stream)
    except (ValueError, OSError):
        return 0
    return math.prod(shape) * dtype.itemsize


def _require_bytes(name: str, count: int) -> None:
    most = 8 * limits.UPLOAD_ENTRIES + 4096  # room for the headers
    limits.require(f"The unpacked size of {name}, in bytes,", count, most, _FEWER)


_ARRAYS = 32
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
_FEWER = "Keep fewer rows or columns."
