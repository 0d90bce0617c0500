"""Memory for compiled kernels."""

import math

import numpy as np

from deeplinear._core.checks import Array

_LINE = 8  # float64 numbers in a cache line, and in a vector


def aligned_zeros(*shape: int) -> Array:
    """Zeros that begin on a cache line: vectors that straddle two take twice as long to load.

    Kernels load whole vectors, padding included, and what an uninitialized array holds there is
    often denormal numbers, which slow a kernel ten times.
    """
    count = math.prod(shape)
    space = np.zeros(count + _LINE)
    skip = (-space.ctypes.data % 64) // 8
    return space[skip : skip + count].reshape(shape)
