"""The one decorator through which every compiled kernel goes.

Kernels have explicit signatures, so they are compiled (or loaded from the disk cache) when their
module is imported, never for new sizes. Kernels that call each other directly share one file: the
disk cache does not notice when a callee in another file is edited.
"""

import sys
from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def compiled(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel for `signature`, cached on disk, or in memory if no cache is writable."""

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            kernel = numba.njit(signature, cache=True, nogil=True, error_model="numpy")(function)
            if kernel.stats.cache_misses:
                _announce("once, and keeps the result on disk")
        except (RuntimeError, OSError):
            # numba found no folder that it may write its cache to.
            _announce("anew in each process, as no cache folder is writable")
            kernel = numba.njit(signature, nogil=True, error_model="numpy")(function)
        return kernel

    return decorate


def _announce(how: str) -> None:
    """Say once in a process why it takes a while; on standard error, for people only."""
    global _announced
    notebook = "ipykernel" in sys.modules
    if not _announced and sys.stderr is not None and (notebook or sys.stderr.isatty()):
        print(f"deeplinear compiles its kernels for this processor, {how}.", file=sys.stderr)
    _announced = True


_announced = False


def address_of(kernel: Any) -> int:
    """Return where a compiled kernel's code begins, which `function_at` turns into a function.

    To pass a kernel itself to another one takes 0.1 ms, each time.
    """
    result = kernel.get_compile_result(kernel.nopython_signatures[0])
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def function_at(signature: Any) -> Any:
    """For compiled kernels: the first-class function of this signature at an address."""
    function_type = types.FunctionType(signature)

    @intrinsic
    def at(typing_context, address):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            function = cgutils.create_struct_proxy(function_type)(context, builder)
            pointer = context.get_value_type(types.voidptr)
            function.jit_addr = builder.inttoptr(arguments[0], pointer)
            return function._getvalue()

        return function_type(types.intp), generate

    return at
