"""Starts by name: every name works, every mistake is answered with what would have worked."""

import numpy as np
import pytest

from deeplinear import Problem, init
from deeplinear._core.errors import ArgumentError, ArgumentTypeError

PROBLEM = Problem.from_modes([3.0, 2.0, 1.0], d_in=4, seed=0)
WIDTHS = (4, 3, 3)
REQUIRED = {
    "delta_balanced": {"delta": 0.1},
    "lambda_balanced": {"lam": 0.1},
    "low_rank": {"rank": 2},
}


@pytest.mark.parametrize("name", sorted(set(init.names()) - {"saved"}))
def test_every_name_builds_a_network_of_the_widths(name):
    net = init.make(name, PROBLEM, WIDTHS, **REQUIRED.get(name, {}))
    assert net.widths == WIDTHS


def test_a_saved_start_is_read_and_must_have_the_widths(tmp_path):
    net = init.gaussian(WIDTHS, seed=5)
    path = tmp_path / "net.npz"
    np.savez(path, **{f"w{i}": w for i, w in enumerate(net.weights)})
    assert init.make("saved", PROBLEM, WIDTHS, path=path) == net
    with pytest.raises(ArgumentError, match=r"must be \(4, 3, 3\).* but it is \(4, 5, 3\)"):
        init.make("saved", PROBLEM, (4, 5, 3), path=path)


def test_make_is_the_function_of_that_name():
    assert init.make("gaussian", PROBLEM, WIDTHS, scale=0.1, seed=2) == init.gaussian(
        WIDTHS, scale=0.1, seed=2
    )
    assert init.make("decoupled", PROBLEM, WIDTHS, amplitudes=[0.1, 0.2]) == init.decoupled(
        PROBLEM, WIDTHS, [0.1, 0.2]
    )
    assert init.make("gaussian", PROBLEM, list(WIDTHS)).widths == WIDTHS


def test_names_are_the_public_starts_that_need_no_other_network():
    functions = set(init.__all__) - {"from_file", "make", "names", "near", "options"}
    assert set(init.names()) == functions | {"saved"}


def test_options_tell_defaults_and_what_is_required():
    assert init.options("gaussian") == {"scale": 1e-3, "seed": 0}
    assert init.options("low_rank") == {"rank": ..., "scale": 1e-3, "seed": 0}
    assert init.options("decoupled") == {"amplitudes": 1e-3, "seed": 0}
    assert init.options("saved") == {"path": ...}


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"but it is 'gausian'. Did you mean 'gaussian'"):
        init.make("gausian", PROBLEM, WIDTHS)
    with pytest.raises(ArgumentError, match="`name` must be one of"):
        init.options(["gaussian"])


def test_unknown_options_are_answered_with_the_options_of_the_start():
    text = "start 'gaussian' must be among `scale`, `seed`, but `scal` is given"
    with pytest.raises(ArgumentError, match=text):
        init.make("gaussian", PROBLEM, WIDTHS, scal=0.1)
    with pytest.raises(ArgumentError, match="`name` is given"):
        init.make("gaussian", PROBLEM, WIDTHS, name="x")
    with pytest.raises(ArgumentError, match="`problem` is given"):
        init.make("decoupled", PROBLEM, WIDTHS, problem=PROBLEM)


@pytest.mark.parametrize("name", [*REQUIRED, "saved"])
def test_missing_options_are_named(name):
    missing = next(option for option, default in init.options(name).items() if default is ...)
    with pytest.raises(ArgumentError, match=f"'{name}' must include `{missing}`"):
        init.make(name, PROBLEM, WIDTHS)


def test_widths_that_do_not_fit_the_problem_are_named():
    text = r"`widths` must start with 4, the number of inputs of the problem, but it is \(3, 3, 3\)"
    with pytest.raises(ArgumentError, match=text):
        init.make("gaussian", PROBLEM, (3, 3, 3))
    text = r"`widths` must end with 3, the number of outputs of the problem, but it is \(4, 3, 4\)"
    with pytest.raises(ArgumentError, match=text):
        init.make("gaussian", PROBLEM, (4, 3, 4))
    with pytest.raises(ArgumentTypeError, match="`problem` must be a Problem"):
        init.make("gaussian", None, WIDTHS)
