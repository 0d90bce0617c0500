"""Tolerance means what it says: errors inside the transitions are below a hundred tolerances.

Check points are equally spaced in arc length: plateaus do not dilute them. On the benchmarks
the reference is a Taylor series in extended precision; on random problems, two implicit methods of
this package that agree.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deeplinear as dl
from benchmarks import problems, references
from tests.solve.conftest import times_by_arc_length

RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
METHODS = ("auto", "explicit", "stabilized", "stiff", "gauss")
COSTLY = {("P3", "explicit"), ("P3", "stabilized")}
"""Hundreds of thousands of steps at the limit of stability: at fewer tolerances, and slow."""
AFFORDABLE = [pair for pair in itertools.product(("P2", "P3"), METHODS) if pair not in COSTLY]


@pytest.fixture(scope="module", params=["P2", "P3"])
def case(request):
    """A benchmark with its reference: 13 times equally spaced in arc length."""
    return problems.CASES[request.param](), references.load(request.param)


def error_of(case, **options):
    """The largest error of a run at the reference's times, at which it saves."""
    problem, reference = case
    traj = dl.gradient_flow(
        problem.problem, problem.network, t_end=problem.t_end, save=reference.times, **options
    )
    return reference.error(traj.vectors)


@pytest.mark.parametrize(("case", "method"), AFFORDABLE, indirect=["case"])
@pytest.mark.parametrize("rtol", RTOLS)
def test_the_error_inside_transitions_is_below_a_hundred_tolerances(case, rtol, method):
    assert error_of(case, rtol=rtol, method=method) < 100 * rtol


@pytest.mark.slow
@pytest.mark.parametrize("method", ["explicit", "stabilized"])
@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-8])
def test_so_is_that_of_methods_that_stability_holds_down(rtol, method):
    # The stabilized method's round-off, over 660,000 steps, is 3e-7: 311 tolerances of 1e-9.
    case = problems.stiff_plateaus(), references.load("P3")
    assert error_of(case, rtol=rtol, method=method, max_steps=10**7) < 100 * rtol


@pytest.mark.parametrize("rtol", RTOLS)
def test_so_is_the_error_at_times_that_were_not_saved(case, rtol):
    problem, reference = case
    traj = dl.gradient_flow(problem.problem, problem.network, t_end=problem.t_end, rtol=rtol)
    states = np.array([traj(t).to_vector() for t in reference.times])
    assert reference.error(states) < 100 * rtol


@st.composite
def runs(draw):
    """A problem and a start: any widths, spectra with repeated and zero values, data or target."""
    widths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=6))
    count = min(widths[0], widths[-1])
    values = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]), st.floats(0.3, 4.0))
    modes = draw(st.lists(values, min_size=count, max_size=count))
    seed = draw(st.integers(0, 10**6))
    problem = dl.Problem.from_modes(modes, d_in=widths[0], d_out=widths[-1], seed=seed)
    if draw(st.booleans()):
        rng = np.random.default_rng(seed)
        spread = 10.0 ** rng.uniform(-0.7, 0.7, widths[0])
        x = spread * rng.standard_normal((4 * widths[0], widths[0]))
        noise = 0.1 * rng.standard_normal((len(x), widths[-1]))
        problem = dl.Problem.from_data(x, x @ problem.syx.T + noise)
    scale = 10.0 ** draw(st.floats(-3.0, 0.0))
    return problem, dl.init.gaussian(widths, scale=scale, seed=seed)


def check_against_two_references(run, rtol):
    """Error of `auto` against Radau, which Gauss confirms.

    Where plateaus are long, as for narrow layers of many, exit times multiply early errors: there
    the bound is a tenth of the tolerance in time, relative to the length of the run.
    """
    problem, net = run
    first = dl.gradient_flow(problem, net, rtol=rtol)
    times = np.unique(times_by_arc_length(first, 9)) if len(first) > 2 else np.empty(0)
    times = times[times > 0]
    if times.size == 0:  # it starts at its end
        assert first.t_end == 0.0
        assert first.status in {"converged", "stopped at a saddle"}
        return
    auto, radau, gauss = (
        dl.gradient_flow(problem, net, t_end=times[-1], save=times, rtol=tight, method=method)
        for tight, method in ((rtol, "auto"), (1e-11, "stiff"), (1e-9, "gauss"))
    )
    assert len(auto) == len(radau) == len(gauss) == len(times)
    f, _ = dl.vector_field(problem, net.widths)
    fastest = max(float(np.linalg.norm(f(0.0, y))) for y in radau.vectors)
    size = max(1.0, float(np.linalg.norm(radau.vectors, axis=1).max()))
    allowed = rtol * (100 * size + 0.1 * fastest * times[-1])
    doubt = np.linalg.norm(gauss.vectors - radau.vectors, axis=1).max()
    assert doubt < 0.1 * allowed
    assert np.linalg.norm(auto.vectors - radau.vectors, axis=1).max() < allowed


@settings(max_examples=15)
@given(runs())
def test_auto_agrees_with_two_references_on_random_problems(run):
    check_against_two_references(run, 1e-6)


@pytest.mark.slow
@settings(max_examples=60)
@given(runs(), st.floats(-8.0, -2.0))
def test_auto_agrees_with_two_references_at_any_tolerance(run, digits):
    check_against_two_references(run, 10.0**digits)
