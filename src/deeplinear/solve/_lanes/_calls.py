"""The kernels of a block, called by their addresses: each is compiled, and cached, by itself."""

import numba

from deeplinear._core.compilation import function_at
from deeplinear._core.lanes import integer_at
from deeplinear.solve._lanes import _state as ls
from deeplinear.solve._lanes._field import FIELD_SIGNATURE, PRODUCT_SIGNATURE

kernel_at = function_at(ls.KERNEL_SIGNATURE)
_field_at, _product_at = function_at(FIELD_SIGNATURE), function_at(PRODUCT_SIGNATURE)
_norm_at = function_at(ls.NORM_SIGNATURE)


@numba.njit(error_model="numpy")
def evaluate(block, y, out):  # type: ignore[no-untyped-def]
    """Write the slopes at y to out; `work` begins with the losses and the products P F."""
    _field_at(integer_at(block, ls.FIELD))(
        y, integer_at(block, ls.WIDTHS), integer_at(block, ls.DEPTH), integer_at(block, ls.TARGET),
        integer_at(block, ls.P), integer_at(block, ls.Q), integer_at(block, ls.FACTOR),
        integer_at(block, ls.WORK), out,
    )  # fmt: skip


@numba.njit(error_model="numpy")
def multiply_out(block, y, out):  # type: ignore[no-untyped-def]
    """Write the products P F at y to out, which follows the losses in `work`."""
    p, q, work = integer_at(block, ls.P), integer_at(block, ls.Q), integer_at(block, ls.WORK)
    _product_at(integer_at(block, ls.PRODUCT))(
        y, integer_at(block, ls.WIDTHS), integer_at(block, ls.DEPTH), p, q,
        integer_at(block, ls.FACTOR), work + 64 * (1 + p * q), out,
    )  # fmt: skip


@numba.njit(error_model="numpy")
def measure(block, y, y_new, error, row):  # type: ignore[no-untyped-def]
    """Write the size of an error, 1 where it is just tolerated, to a row."""
    out = integer_at(block, ls.ROWS) + 64 * row
    _norm_at(integer_at(block, ls.NORM))(block, y, y_new, error, out)
