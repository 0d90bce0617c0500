"""The one decorator through which every compiled kernel goes.

Kernels have explicit signatures, so they are compiled (or loaded from the disk cache) when their
module is imported, never for new sizes. Kernels that call each other directly share one file: the
disk cache does not notice when a callee in another file is edited.
"""

from collections.abc import Callable
from typing import Any

import numba


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel for `signature`, cached on disk, or in memory if no cache is writable."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(signature, cache=True, nogil=True, error_model="numpy")(function)
        except (RuntimeError, OSError):
            # numba found no folder that it may write its cache to.
            return numba.njit(signature, nogil=True, error_model="numpy")(function)

    return decorate
