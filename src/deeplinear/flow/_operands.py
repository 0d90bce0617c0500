"""What the compiled kernels take: a problem and widths as plain arrays."""

import itertools
from dataclasses import dataclass

import numpy as np

from deeplinear._core.checks import Array
from deeplinear.problem import Problem


@dataclass(frozen=True)
class Operands:
    """A problem and widths in the form of the compiled kernels (see `_kernels`).

    widths : int64 array (h + 1,); target T (d_out, q); factor F (d_in, q), or (0, 0) when Sxx is
    the identity; copies (d_out,) : how often each row of the residual counts in the loss;
    n_params, work_size : lengths of the weight vector and of `field`'s work array.
    """

    widths: np.ndarray
    target: Array
    factor: Array
    copies: Array
    n_params: int
    work_size: int

    @classmethod
    def of(cls, problem: Problem, widths: tuple[int, ...]) -> "Operands":
        """Arrays for these widths, which must fit the problem."""
        from deeplinear.flow._kernels import work_size

        problem.require_widths(widths)
        target, factor = problem.factor_target, problem.factor
        if target.shape[1] == 0:
            # All inputs are zero: one zero column keeps every product non-empty.
            target, factor = np.zeros((problem.d_out, 1)), np.zeros((problem.d_in, 1))
        array = np.asarray(widths, dtype=np.int64)
        return cls(
            widths=array,
            target=np.array(target),
            factor=np.zeros((0, 0)) if factor is None else np.array(factor),
            copies=np.ones(len(target)),
            n_params=sum(a * b for a, b in itertools.pairwise(widths)),
            work_size=work_size(widths, target.shape[1]),
        )
