"""A start read from a file of weights."""

import os
import zipfile
import zlib

import numpy as np

from deeplinear._core.errors import DeeplinearError, StoreError
from deeplinear.init._checks import instance
from deeplinear.network import LinearNetwork


def from_file(path: str | os.PathLike[str]) -> LinearNetwork:
    """Read the weights of a network from an ``.npz`` file with arrays w0, w1, ...

    Parameters
    ----------
    path
        A NumPy archive; ``w0`` is the first layer, ``w{i}`` has shape
        ``(widths[i + 1], widths[i])``. Pickled objects are refused.

    Raises
    ------
    StoreError
        The file is missing or is no archive, an array is missing or unexpected, or the arrays are
        not the weights of a network.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> net = dl.init.identity((3, 2, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "net.npz")
    ...     np.savez(path, **{f"w{i}": w for i, w in enumerate(net.weights)})
    ...     dl.init.from_file(path) == net
    True

    References
    ----------
    theory §6.
    """
    instance("path", path, str, os.PathLike)
    text = f"File `{os.fspath(path)}` must be an .npz archive of arrays w0, w1, ..."
    arrays = {}
    try:
        with open(path, "rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if isinstance(archive, np.lib.npyio.NpzFile):  # not the one array of an .npy file
                arrays = dict(archive)
    except FileNotFoundError:
        raise StoreError(f"{text}, but there is no such file.") from None
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"{text}, but it cannot be read as one: {error}") from error
    expected = [f"w{i}" for i in range(len(arrays))]
    if not arrays or set(arrays) != set(expected):
        found = ", ".join(sorted(arrays)) or "none"
        raise StoreError(f"{text}, one for each layer, but the arrays in it are: {found}.")
    try:
        return LinearNetwork([arrays[name] for name in expected])
    except DeeplinearError as error:
        raise StoreError(f"{text} with the weights of a network, but they are not: {error}") from (
            error
        )
