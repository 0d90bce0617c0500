"""Exact compression: the small network has the loss, gradient and flow of the large one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from deeplinear.flow import compress


def data(d_in: int, d_out: int, kind: str) -> dl.Problem:
    rng = np.random.default_rng(d_in + 7 * d_out)
    x = rng.normal(size=(40, d_in))
    x[:, -1] = x[:, 0]
    y = x @ rng.normal(size=(d_in, d_out)) + 0.1 * rng.normal(size=(40, d_out))
    if kind == "whitened":
        return dl.Problem.from_data(x, y, whiten=True)
    if kind == "general":
        return dl.Problem.from_data(x, y)
    return dl.Problem.from_modes([2.0, 1.0][: min(d_in, d_out)], d_in=d_in, d_out=d_out, seed=0)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    widths=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    kind=st.sampled_from(["whitened", "general", "planted"]),
    rank=st.integers(1, 9),
    seed=st.integers(0, 5),
)
def test_loss_and_gradient_are_those_of_the_large_network(
    widths: list[int], kind: str, rank: int, seed: int
) -> None:
    problem = data(widths[0], widths[-1], kind)
    rng = np.random.default_rng(seed)
    net = dl.LinearNetwork(
        [rng.normal(size=(b, rank)) @ rng.normal(size=(rank, a)) / rank
         for a, b in itertools.pairwise(widths)]
    )  # fmt: skip
    small = compress(problem, net)
    assert all(a <= b for a, b in zip(small.net.widths, widths, strict=True))
    assert dl.loss(small.problem, small.net) == pytest.approx(dl.loss(problem, net), rel=1e-12)
    back = small.expand(small.net)
    assert back.to_vector() == pytest.approx(net.to_vector(), abs=1e-12)
    for i, (g, large) in enumerate(
        zip(dl.gradient(small.problem, small.net), dl.gradient(problem, net), strict=True)
    ):
        expanded = small.bases[i + 1] @ g @ small.bases[i].T
        assert expanded == pytest.approx(large, abs=1e-10 * max(1.0, np.abs(large).max()))


def test_the_flow_of_the_small_network_is_that_of_the_large() -> None:
    problem = dl.Problem.from_modes([3.0, 1.0], d_in=20, d_out=15, seed=1)
    net = dl.init.gaussian((20, 4, 30, 3, 15), scale=0.3, seed=0)
    small = compress(problem, net)
    assert small.net.widths == (6, 4, 7, 3, 5)
    large_end = dl.gradient_flow(problem, net, t_end=3.0, rtol=1e-11).final
    small_end = dl.gradient_flow(small.problem, small.net, t_end=3.0, rtol=1e-11).final
    assert small.expand(small_end).to_vector() == pytest.approx(large_end.to_vector(), abs=1e-9)


def test_zero_weights_and_a_zero_target_leave_one_node_each() -> None:
    problem = dl.Problem.from_target(np.zeros((3, 4)))
    small = compress(problem, dl.LinearNetwork([np.zeros((5, 4)), np.zeros((3, 5))]))
    assert small.net.widths == (1, 1, 1)
    assert dl.loss(small.problem, small.net) == 0.0


def test_widths_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="`widths` must start with 2"):
        compress(dl.Problem.from_modes([2.0, 1.0]), dl.init.gaussian((3, 2), seed=0))
