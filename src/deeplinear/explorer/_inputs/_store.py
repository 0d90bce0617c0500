"""What users brought, kept in memory and found by content: a link names it, nobody can list it."""

import threading
from collections import OrderedDict
from typing import TypeVar

from deeplinear import LinearNetwork
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs._uploads import Upload, digest_of
from deeplinear.explorer._settings._mistakes import SettingsError

_Kind = TypeVar("_Kind", Upload, LinearNetwork)


class Store:
    """Uploads and starts by their digests. When the memory is used up, the oldest goes."""

    def __init__(self, most: int = limits.STORE_BYTES) -> None:
        self._most, self._lock = most, threading.Lock()
        self._held: OrderedDict[str, Upload | LinearNetwork] = OrderedDict()

    def put(self, upload: Upload) -> Upload:
        """Keep an upload."""
        self._keep(upload.digest, upload)
        return upload

    def put_start(self, net: LinearNetwork) -> str:
        """Keep a start; return its digest."""
        digest = digest_of(*net.weights)
        self._keep(digest, net)
        return digest

    def upload(self, digest: str) -> Upload:
        """Return an upload.

        Raises
        ------
        SettingsError
            It is not held.
        """
        remedy = "Upload the file again; the link then works."
        return self._of_kind(digest, Upload, "data.upload", "upload", remedy)

    def start(self, digest: str) -> LinearNetwork:
        """Return a start.

        Raises
        ------
        SettingsError
            It is not held.
        """
        remedy = "Open the run that it belongs to with `deeplinear explore RUN`."
        return self._of_kind(digest, LinearNetwork, "start.saved", "start", remedy)

    def _of_kind(self, digest: str, kind: type[_Kind], field: str, name: str, remedy: str) -> _Kind:
        found = self._get(digest)
        if isinstance(found, kind):
            return found
        text = f"refers to the {name} {digest}, which this page does not hold. {remedy}"
        raise SettingsError({field: text})

    def _get(self, digest: str) -> Upload | LinearNetwork | None:
        with self._lock:
            if digest in self._held:
                self._held.move_to_end(digest)
            return self._held.get(digest)

    def _keep(self, digest: str, value: Upload | LinearNetwork) -> None:
        with self._lock:
            self._held[digest] = value
            self._held.move_to_end(digest)
            while len(self._held) > 1 and sum(map(_nbytes, self._held.values())) > self._most:
                self._held.popitem(last=False)


def _nbytes(value: Upload | LinearNetwork) -> int:
    return value.nbytes if isinstance(value, Upload) else 8 * value.n_params
