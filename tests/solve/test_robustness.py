"""Whatever the start, the target, the data, the times: a result or a status, never an exception."""

import itertools

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.solve._gradient_flow import METHOD_NAMES
from deeplinear.solve._status import Status

every_method = pytest.mark.parametrize("method", METHOD_NAMES)


def sound(problem, net, **options):
    """Run, and check all that every run promises."""
    traj = dl.gradient_flow(problem, net, **{"max_steps": 300, "save": 20} | options)
    assert traj.status in Status.NAMES
    assert traj.status.reason
    assert traj.status in {"t_end", "converged"} or traj.status.remedy
    assert np.isfinite(traj.vectors).all()
    steps = np.diff(traj.t)
    assert np.all(steps < 0 if options.get("reverse") else steps > 0)
    for series in (traj.loss, traj.gap, traj.mode_strengths, traj.singular_values, traj.drift):
        assert not np.isnan(series).any()
    if traj.status == "t_end":
        assert abs(traj.t_end) == options["t_end"]
    assert traj.stats.n_steps <= options.get("max_steps", 300)
    assert str(traj.status) in repr(traj)
    return traj


def start(widths, scale, seed=2):
    """A Gaussian start of any scale, beyond what `init` allows too."""
    net = dl.init.gaussian(widths, scale=1.0, seed=seed)
    return dl.LinearNetwork([scale * w for w in net.weights])


def planted(widths, modes=(3.0, 2.0, 1.0), seed=1):
    """A problem of these outer widths with as many of the modes as fit."""
    d_in, d_out = widths[0], widths[-1]
    return dl.Problem.from_modes(modes[: min(d_in, d_out)], d_in=d_in, d_out=d_out, seed=seed)


@every_method
@pytest.mark.parametrize("widths", [(2, 3), (3, 4, 2), (1, 1, 1, 1), (2, 3, 3, 3, 2)])
def test_starts_of_every_scale_end_in_a_status(method, widths):
    scales = [0.0, *(10.0**k for k in (-160, -100, -12, -6, -3, 0, 1, 3, 6, 30, 49, 75))]
    scales += [1e100, 1e155, 1e160, 1e300]
    for scale, t_end in itertools.product(scales, [None, 10.0]):
        traj = sound(planted(widths), start(widths, scale), method=method, t_end=t_end)
        if scale == 0.0 and len(widths) > 2 and t_end is None:
            assert traj.status == "stopped at a saddle"
        if scale > 1e154:
            assert traj.status == "failed"


@every_method
@pytest.mark.parametrize("structure", [None, "laws", "monotone"])
def test_every_tolerance_ends_in_a_status(method, structure):
    for rtol in (1e-14, 1e-13, 1e-10, 1e-3, 0.1):
        for widths in ((3, 3), (3, 4, 2), (3, 1, 3, 3)):
            options = {"method": method, "structure": structure, "rtol": rtol}
            sound(planted(widths), start(widths, 0.1), max_steps=2000, **options)


@pytest.mark.parametrize("depth", range(1, 13))
def test_every_depth_ends_in_a_status(depth):
    for width, scale, t_end in itertools.product((1, 3), (1e-3, 0.3, 2.0), (None, 5.0)):
        widths = (width,) * (depth + 1)
        for method in ("auto", "gauss"):
            options = {"method": method, "t_end": t_end, "max_steps": 100}
            sound(planted(widths), start(widths, scale), **options)


@pytest.mark.parametrize(
    "widths",
    [
        (1, 1024),
        (1, 1024, 1),
        (256, 1, 256),
        (1024, 2, 2),
        (1, 500, 1, 500, 1),
        (784, 10),
        (784, 10, 10),
        (1, 300, 300, 1),
        (64, 32, 16, 8, 4, 2, 1),
        (1, 2, 4, 8, 16, 32, 64),
        (30, 2, 30, 2, 30),
        (5, 200, 5),
    ],
    ids=lambda widths: "-".join(map(str, widths)),
)
def test_narrow_wide_and_uneven_layers_end_in_a_status(widths):
    for method in ("auto", "explicit", "stabilized"):
        for scale in (1e-3, 1.0):
            sound(planted(widths), start(widths, scale), method=method, rtol=1e-3, max_steps=30)


@every_method
@pytest.mark.parametrize(
    "modes",
    [
        (0.0, 0.0, 0.0),
        (2.0, 0.0, 0.0),
        (2.0, 2.0, 2.0),
        (2.0, 2.0 * (1 - 1e-9), 1.0),
        (3e8, 2e8, 1e8),
        (3e-8, 2e-8, 1e-8),
        (1e8, 1.0, 1e-8),
        (1e100, 1e99, 1e98),
        (1e-100, 1e-101, 1e-102),
    ],
    ids=str,
)
def test_targets_of_every_rank_and_size_end_in_a_status(method, modes):
    for widths in ((3, 3), (3, 4, 3), (4, 3, 3, 3), (3, 1, 3)):
        natural = max(modes) ** (1 / (len(widths) - 1)) or 1.0
        for scale, t_end in itertools.product((1e-3 * natural, 0.3), (None, 3.0)):
            sound(planted(widths, modes), start(widths, scale), method=method, t_end=t_end)


@every_method
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e12])
@pytest.mark.parametrize("rank", [1, 5])
def test_data_of_every_rank_and_condition_end_in_a_status(method, condition, rank):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((40, rank)) @ rng.standard_normal((rank, 5))
    x *= np.geomspace(1.0, 1.0 / condition, 5)
    y = x @ rng.standard_normal((5, 3)) + 0.1 * rng.standard_normal((40, 3))
    for widths, whiten in itertools.product([(5, 3), (5, 4, 3), (5, 2, 4, 3)], [False, True]):
        problem = dl.Problem.from_data(x, y, whiten=whiten)
        sound(problem, start(widths, 0.1), method=method)


@every_method
@pytest.mark.parametrize("norm_cap", [None, 100.0])
def test_backward_runs_end_or_blow_up_and_say_so(method, norm_cap):
    for widths in ((3, 3), (3, 4, 3), (3, 3, 3, 3), (2,) * 8):
        for scale, t_end in itertools.product((0.0, 1e-12, 0.3, 5.0, 1e50), (0.0, 0.1, 1e6)):
            options = {"method": method, "t_end": t_end, "norm_cap": norm_cap}
            sound(planted(widths), start(widths, scale), reverse=True, **options)


@every_method
@pytest.mark.parametrize("widths", [(3, 3, 3), (4, 3, 3, 5), (3, 7, 3, 3, 3)])
@pytest.mark.parametrize("modes", [(), (0,), (1,), (0, 1), (1, 2), (0, 1, 2)])
def test_on_a_critical_point_runs_stop_or_wait_for_the_end(method, widths, modes):
    problem = planted(widths)
    net = dl.landscape.critical_point(problem, widths, modes)
    stopped = sound(problem, net, method=method)
    assert stopped.status == ("converged" if len(modes) == 3 else "stopped at a saddle")
    for t_end in (1.0, 1e6, 1e300):
        sound(problem, net, method=method, t_end=t_end)
    sound(problem, dl.init.near(net, distance=1e-10, seed=0), method=method)


@every_method
@pytest.mark.parametrize("depth", [2, 3, 5, 8])
def test_in_a_stable_set_runs_end_in_a_status(method, depth):
    # A chain of equal moduli and the wrong sign, and a zero residual block (theory §9).
    for size, t_end in itertools.product((1e-6, 0.5, 2.0), (None, 10.0, 1e15, 1e300)):
        chain = dl.LinearNetwork([[[-size]], *[[[size]]] * (depth - 1)])
        sound(dl.Problem.from_modes([2.0]), chain, method=method, t_end=t_end)
        rng = np.random.default_rng(0)
        blocks = np.zeros((depth, 4, 4))
        blocks[:, :2, :2] = size * rng.standard_normal((depth, 2, 2))
        problem = dl.Problem.from_modes([4.0, 3.0, 2.0, 1.0])
        sound(problem, dl.LinearNetwork(list(blocks)), method=method, t_end=t_end)


@every_method
def test_every_end_time_is_reached_or_explained(method):
    for widths, scale in itertools.product(((4, 4), (3, 4, 2), (2, 2, 2, 2)), (0.0, 0.1)):
        for t_end in (0.0, 5e-324, 1e-300, 1e-20, 1e6, 1e100, 1.7e308):
            for stop in (None, "gap", 0.0):
                options = {"method": method, "t_end": t_end, "stop": stop}
                traj = sound(planted(widths), start(widths, scale), **options)
                assert t_end > 1e-9 or stop is not None or traj.status == "t_end"


@every_method
def test_times_one_unit_of_round_off_apart_are_all_saved(method):
    times = [5.0, float(np.nextafter(5.0, 6.0)), float(np.nextafter(10.0, 0.0)), 10.0]
    options = {"method": method, "t_end": 10.0, "save": times, "max_steps": 2000}
    for widths in ((3, 3), (3, 4, 2), (3, 3, 3, 3)):
        traj = sound(planted(widths), start(widths, 0.1), **options)
        assert traj.t.tolist() == times


@every_method
def test_caps_on_steps_and_states_hold(method):
    for save, max_steps in itertools.product((None, 2, 3, "ends"), (1, 2, 5, 300)):
        options = {"method": method, "save": save, "max_steps": max_steps}
        traj = sound(planted((3, 4, 2)), start((3, 4, 2), 0.1), **options)
        if max_steps < 300:
            assert (traj.status, traj.stats.n_steps) == ("step limit", max_steps)
        assert not isinstance(save, int) or len(traj) <= save + 1


@every_method
def test_a_tolerance_that_accepts_everything_does_not_hang(method):
    # Steps grow without bound until they overflow.
    net = start((3, 4, 3), 1e-100)
    for atol in (0.0, 1e3, 1e300):
        sound(planted((3, 4, 3)), net, method=method, atol=atol, max_steps=100)


def test_a_hessian_that_lapack_cannot_decompose_is_no_exception():
    problem = dl.Problem.from_modes([3.0, 2.0, 0.0], seed=1)
    saddle = dl.landscape.critical_point(problem, (3, 7, 3), [0])
    net = dl.init.near(saddle, distance=1e-10, seed=0)
    traj = sound(problem, net, method="gauss", t_end=1e12, max_steps=2000)
    assert traj.status == "t_end"


@pytest.mark.parametrize("scale", [1e9, 1e15, 1e30, 1e100])
def test_one_layer_forgets_a_huge_start(scale):
    problem = planted((3, 3))
    traj = sound(problem, start((3, 3), scale), max_steps=2000)
    assert traj.status == "converged"
    assert np.abs(traj.final.product() - problem.syx).max() < 1e-4
