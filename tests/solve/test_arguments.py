"""Wrong arguments of the solvers: a named error that says what it must be and what it is."""

import numpy as np
import pytest

import deeplinear as dl


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"t_end": -1.0}, "`t_end` must be at least 0, but it is -1"),
        ({"t_end": np.nan}, "`t_end` must be finite"),
        ({"t_end": "long"}, "`t_end` must be a real number"),
        ({"rtol": 0.0}, "`rtol` must be greater than 0"),
        ({"rtol": 1.0}, "`rtol` must lie between"),
        ({"atol": -1.0}, "`atol` must be at least 0"),
        ({"method": "gaus"}, "Did you mean 'gauss'"),
        ({"max_steps": 0}, "`max_steps` must be at least 1"),
        ({"max_steps": 1.5}, "`max_steps` must be an integer"),
        ({"norm_cap": 0.0}, "`norm_cap` must be greater than 0"),
        ({"stop": -1.0}, "`stop` must be at least 0"),
        ({"stop": "soon"}, "`stop` must be"),
        ({"reverse": True}, "`t_end` must be given when reverse=True"),
        ({"progress": 3}, "`progress` must be None or callable"),
        ({"save": "all"}, "`save` must be None, 'ends'"),
        ({"save": 1}, "`save` must be at least 2"),
        ({"save": [1.0, 0.5], "t_end": 2.0}, "`save` must hold times"),
        ({"save": [1.0, 3.0], "t_end": 2.0}, "up to `t_end` = 2"),
        ({"save": [-1.0], "t_end": 2.0}, "`save` must hold times"),
    ],
)
def test_gradient_flow_names_the_argument(small, options, text):
    problem, net = small
    with pytest.raises((ValueError, TypeError), match=text):
        dl.gradient_flow(problem, net, **options)


def test_widths_that_do_not_fit_are_named(small):
    problem, _ = small
    net = dl.init.gaussian((3, 2), scale=1.0)
    text = r"`widths` must start with 2, the number of inputs of the problem, but it is \(3, 2\)"
    for solve in (
        lambda: dl.gradient_flow(problem, net),
        lambda: dl.gradient_descent(problem, net, step_size=0.1, n_steps=1),
    ):
        with pytest.raises(ValueError, match=text):
            solve()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"step_size": 0.0, "n_steps": 1}, "`step_size` must be greater than 0"),
        ({"step_size": 0.1, "n_steps": -1}, "`n_steps` must be at least 0"),
        ({"step_size": 0.1, "n_steps": 1, "save": [0.1]}, "`save` must be None"),
    ],
)
def test_gradient_descent_names_the_argument(small, options, text):
    problem, net = small
    with pytest.raises((ValueError, TypeError), match=text):
        dl.gradient_descent(problem, net, **options)


def test_the_dense_method_refuses_very_large_networks():
    problem = dl.Problem.from_modes([1.0], d_in=100, d_out=100)
    net = dl.init.gaussian((100, 100, 100), scale=0.1)
    with pytest.raises(ValueError, match="`method` must not be 'stiff'"):
        dl.gradient_flow(problem, net, method="stiff")


def test_large_networks_run_without_a_hessian_and_keep_the_laws_with_gauss():
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=60, d_out=60, seed=0)
    net = dl.init.gaussian((60, 60, 60), scale=0.05, seed=0)
    assert net.n_params > 6000
    auto = dl.gradient_flow(problem, net)
    assert (auto.status, auto.stats.n_hessian) == ("converged", 0)
    gauss = dl.gradient_flow(problem, net, method="gauss", rtol=1e-4)
    assert gauss.status == "converged"
    assert gauss.drift.max() < 2e-14
