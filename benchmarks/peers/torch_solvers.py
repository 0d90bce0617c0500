"""PyTorch on one thread: torchdiffeq, and the gradient descent that everybody starts with."""

import math
import time

import numpy as np
import torch
from torchdiffeq import odeint

import deeplinear as dl
from benchmarks.method import STOCK, Method, NotFeasibleError, Solve, absolute
from benchmarks.problems import Array, Case

torch.set_num_threads(1)

LONGEST = 10.0
"""Seconds of gradient descent that are tried."""


def methods(case: Case, times: Array) -> list[Method]:
    """Two explicit methods of torchdiffeq and plain gradient descent."""
    return [
        Method("torchdiffeq", "dopri5", _torchdiffeq(case, times, "dopri5"), STOCK),
        Method("torchdiffeq", "dopri8", _torchdiffeq(case, times, "dopri8"), STOCK),
        Method("PyTorch", "gradient descent", _gradient_descent(case, times), STOCK),
    ]


class _Flow:
    """The gradient on tensors: by formula, which is faster than automatic differentiation."""

    def __init__(self, case: Case) -> None:
        self.target = torch.from_numpy(case.sigma)
        self.shapes = [w.shape for w in case.start]
        self.sizes = [w.size for w in case.start]

    def layers(self, y: torch.Tensor) -> list[torch.Tensor]:
        parts = torch.split(y, self.sizes)
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def __call__(self, t: object, y: torch.Tensor) -> torch.Tensor:
        w = self.layers(y)
        after = [w[-1]]
        for layer in w[-2::-1]:
            after.append(after[-1] @ layer)
        forward, out = self.target - after[-1], []
        for layer, product in zip(w[:-1], after[-2::-1], strict=True):
            out.append((product.T @ forward).ravel())
            forward = forward @ layer.T
        return torch.cat([*out, forward.ravel()])


def _torchdiffeq(case: Case, times: Array, name: str) -> Solve:
    f = _Flow(case)
    start = torch.from_numpy(case.vector.copy())
    grid = torch.from_numpy(np.concatenate([[0.0], times]))

    def solve(rtol: float) -> Array:
        with torch.inference_mode():
            return odeint(f, start, grid, rtol=rtol, atol=absolute(rtol), method=name)[1:].numpy()

    return solve


def _gradient_descent(case: Case, times: Array) -> Solve:
    """Plain steps; its tolerance is the step size, as a part of the largest stable one.

    The largest stable step is 2 / (largest eigenvalue of the Hessian at the solution).
    """
    f = _Flow(case)
    start = torch.from_numpy(case.vector.copy())
    stable = 2.0 / _sharpness(case)
    gaps = np.diff(times, prepend=0.0)

    def seconds_a_step() -> float:
        begin = time.perf_counter()
        for _ in range(20):
            f(0.0, start)
        return (time.perf_counter() - begin) / 20

    def solve(rtol: float) -> Array:
        counts = [math.ceil(gap / (rtol * stable)) for gap in gaps]
        y, states = start.clone(), []
        with torch.inference_mode():
            if sum(counts) * seconds_a_step() > LONGEST:
                raise NotFeasibleError(
                    f"not feasible: {sum(counts):.0e} steps at step {rtol * stable:.0e}"
                )
            for gap, count in zip(gaps, counts, strict=True):
                for _ in range(count):
                    y.add_(f(0.0, y), alpha=gap / count)
                states.append(y.numpy().copy())
        return np.array(states)

    return solve


def _sharpness(case: Case) -> float:
    """The largest eigenvalue of the Hessian at the flow's end, by power iteration."""
    problem = case.problem
    end = dl.gradient_flow(problem, case.network, t_end=case.t_end, rtol=1e-4, save="ends").final
    rng = np.random.default_rng(0)
    direction = dl.LinearNetwork.from_vector(rng.standard_normal(case.vector.size), case.widths)
    value = 1.0
    for _ in range(50):
        image = dl.LinearNetwork(dl.hessian_product(problem, end, direction.weights)).to_vector()
        value = float(np.linalg.norm(image))
        direction = dl.LinearNetwork.from_vector(image / value, case.widths)
    return value
