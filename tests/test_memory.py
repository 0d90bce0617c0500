"""Memory for compiled kernels: zeros on whole cache lines."""

import numpy as np
import pytest

import deeplinear as dl
from deeplinear._core.memory import aligned_zeros
from deeplinear.flow import Operands, _kernels


@pytest.mark.parametrize("shape", [(1,), (7,), (8,), (13, 200), (3, 5)])
def test_memory_begins_on_a_cache_line_and_holds_zeros(shape):
    for _ in range(5):
        space = aligned_zeros(*shape)
        assert space.shape == shape
        assert space.ctypes.data % 64 == 0
        assert space.flags.c_contiguous
        assert not space.any()
        space[...] = 5e-324  # what the next one must not find there


@pytest.mark.parametrize("widths", [(10, 10, 10), (3, 7, 5, 2), (2, 9, 3), (5, 5, 5, 5), (1, 1)])
def test_the_field_leaves_no_denormal_numbers_in_its_memory(widths):
    """They slow products tenfold; no entry of these problems comes near them."""
    problem = dl.Problem.from_modes(
        np.arange(min(widths), 0.0, -1.0), d_in=widths[0], d_out=widths[-1], seed=0
    )
    o = Operands.of(problem, widths)
    work, out = aligned_zeros(o.work_size), np.zeros(o.n_params)
    y = dl.init.gaussian(widths, scale=0.3, seed=0).to_vector()
    for _ in range(3):
        _kernels.field(y, o.widths, o.target, o.factor, o.copies, work, out)
    small = np.abs(work) < np.finfo(float).tiny
    assert not (small & (work != 0)).any()
