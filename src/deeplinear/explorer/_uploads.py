"""Files that a user uploads, as arrays: parsed without executing anything, within limits."""

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from deeplinear import datasets
from deeplinear._core.checks import Array
from deeplinear._core.errors import DataFileError, DeeplinearError
from deeplinear.explorer import _limits as limits

TABLES, ARCHIVES = (".csv", ".tsv"), (".npz",)


@dataclass(frozen=True, eq=False)
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
    raw: bytes = field(default=b"", repr=False)

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
    limits.require(
        f"The number of entries of {name}",
        x.size + y.size,
        limits.UPLOAD_ENTRIES,
        "Keep fewer rows or columns.",
    )
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
        try:
            columns: tuple[str, ...] = ()
            if suffix in TABLES:
                columns = datasets.columns(file)
                targets = columns[-1:] if targets is None else tuple(targets)
            else:
                _require_small(file, name)
            data = datasets.read(file, targets=targets if suffix in TABLES else None)
        except DeeplinearError as error:
            # The user knows the file by its own name.
            raise type(error)(str(error).replace(str(file), name)) from None
    about = f"{name}: {len(data.x)} samples, {data.x.shape[1]} inputs, {data.y.shape[1]} targets"
    if columns:
        about += f" ({', '.join(data.target_names)})"
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


def _require_small(file: Path, name: str) -> None:
    """Refuse an archive that would unpack to too much, by what it claims and by what it holds."""
    if not zipfile.is_zipfile(file):
        return  # `datasets.read` says what is wrong
    most = limits.UPLOAD_ENTRIES * 8 + 4096
    with zipfile.ZipFile(file) as archive:
        claimed = sum(entry.file_size for entry in archive.infolist())
        limits.require(f"The unpacked size of {name}, in bytes,", claimed, most, _FEWER)
        held = 0
        for entry in archive.infolist():
            with archive.open(entry) as stream:
                while block := stream.read(1 << 16):
                    held += len(block)
                    limits.require(f"The unpacked size of {name}, in bytes,", held, most, _FEWER)


_FEWER = "Keep fewer rows or columns."
