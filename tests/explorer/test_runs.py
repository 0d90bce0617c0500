"""Runs: in threads, streamed, cancelled, capped, and the same as in Python."""

import threading
import time

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._runs._pool import Pool
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings

ENDLESS = Settings.of(
    {
        "data": {"s": (4.0, 2.0, 1.0)},
        "hidden": (8, 8, 8),
        "start": {"scale": 1e-4},
        "flow": {"t_end": 1e30},
    }
)
"""Steps without end: the plateau lasts for 1e8, and the end is farther."""

QUICK = Settings.of({"data": {"s": (2.0, 1.0)}, "hidden": (2,), "start": {"scale": 0.1}})


def computed(settings, **options):
    run = Run(settings, **options)
    run.compute()
    return run


def wait_for(condition, seconds=10.0):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)
    assert condition()


def test_a_run_is_the_same_as_in_python():
    run = computed(QUICK)
    data = dl.datasets.planted([2.0, 1.0], seed=0)
    problem = dl.Problem.from_data(data.x, data.y)
    start = dl.init.gaussian((2, 2, 2), scale=0.1, seed=0)
    traj = dl.gradient_flow(problem, start)
    assert run.state == "done"
    assert run.start_network == start
    assert np.array_equal(run.traj.vectors, traj.vectors)
    assert [v.modes for v in run.itinerary] == [v.modes for v in dl.itinerary(traj)]
    assert run.quality is run.quality


def test_a_run_goes_through_its_states_and_tells_each():
    states = []
    run = Run(QUICK, on_update=lambda run: states.append((run.state, run.traj is not None)))
    assert run.state == "new"
    run.start()
    assert run.wait(20)
    assert ("waiting", False) in states
    assert ("computing", False) in states
    assert ("computing", True) in states
    assert states[-1] == ("done", True)
    assert not run.running


def test_points_stream_while_it_computes_and_it_ends_when_cancelled():
    run = Run(ENDLESS).start()
    wait_for(lambda: len(run.points) >= 3)
    began = time.perf_counter()
    run.cancel()
    assert run.wait(5)
    assert time.perf_counter() - began < 1.0
    assert run.state == "cancelled"
    assert run.traj.status == "interrupted"
    assert run.itinerary is None
    times = [point.t for point in run.points]
    assert times == sorted(times)
    last = run.points[-1]
    assert last.strengths.shape == (3,)
    assert run.traj.t_end >= last.t > 0
    assert last.loss == pytest.approx(last.gap + run.problem.optimum(3))


def test_a_run_that_waits_is_cancelled_at_once():
    pool, gate = Pool(1), threading.Event()
    pool.submit("other", gate.wait)
    run = Run(QUICK, pool=pool).start()
    assert run.state == "waiting"
    run.cancel()
    assert run.state == "cancelled"
    assert run.wait(1)
    gate.set()


def test_a_run_ends_at_the_cap_of_time_with_what_it_has():
    run = computed(ENDLESS, seconds=0.3)
    assert run.state == "done"
    assert "after 0.3 seconds" in run.message
    assert run.traj.status == "interrupted"
    assert run.itinerary is not None
    assert run.elapsed < 5


def test_saddles_that_take_too_long_are_left_out_with_a_message(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS_OF_SADDLES", 0.0)
    run = computed(QUICK)
    assert run.state == "done"
    assert run.itinerary is None
    assert "saddles could not all be found" in run.message


def test_an_abandoned_run_tells_nobody_any_more():
    seen = []
    run = Run(ENDLESS, on_update=seen.append).start()
    wait_for(lambda: run.points)
    run.abandon()
    count = len(seen)
    assert run.wait(5)
    assert len(seen) <= count + 1
    assert run.state == "cancelled"


def test_a_listener_that_fails_does_not_end_the_run(caplog):
    def fail(run):
        raise RuntimeError("the page has gone")

    assert computed(QUICK, on_update=fail).state == "done"
    assert "the page has gone" in caplog.text


@pytest.mark.parametrize(
    ("tree", "field", "text"),
    [
        ({"hidden": (200, 200)}, "hidden", "gives 41,200 weights, but this page takes at most"),
        (
            {"start": {"name": "low_rank", "options": {"rank": 9}}},
            "start",
            "`rank` must be at most 3",
        ),
        ({"start": {"name": "lambda_balanced", "options": {"lam": 1.0}}}, "start", "three entries"),
        ({"data": {"source": "upload", "upload": "0" * 16}}, "data.upload", "does not hold"),
        ({"start": {"name": "saved", "saved": "0" * 16}}, "start.saved", "does not hold"),
        ({"nudge": {"modes": (7,)}}, "nudge", "indices below 3"),
        ({"nudge": {"modes": (0, 1, 2)}}, "nudge", "with a known way down"),
        ({"nudge": {"modes": (), "ray": 500}}, "nudge.ray", "must be at most"),
        (
            {"nudge": {"visit": 40}, "hidden": (3,)},
            "nudge.visit",
            "must be a visit of the run, at most 3, but it is 40.",
        ),
        (
            {
                "data": {
                    "source": "teacher_student",
                    "options": {"widths": [3, 10**6], "n_samples": 9},
                }
            },
            "data.options",
            "up to 512",
        ),
        (
            {"data": {"source": "teacher_student", "options": {"widths": [3], "n_samples": 9}}},
            "data.options",
            "at least two entries",
        ),
        (
            {
                "data": {
                    "source": "teacher_student",
                    "options": {"widths": [3, 2], "n_samples": 10**9},
                }
            },
            "data.options",
            "asks for 5,000,000,000 numbers, but this page takes at most 2,000,000",
        ),
        (
            {
                "data": {
                    "source": "teacher_student",
                    "options": {"widths": {"a": 1}, "n_samples": 9},
                }
            },
            "data.options",
            "widths",
        ),
    ],
)
def test_settings_that_do_not_fit_fail_with_their_field(tree, field, text):
    run = computed(Settings.of(tree))
    assert run.state == "failed"
    assert text in run.mistakes[field]
    assert text in run.message


def test_a_start_at_a_minimum_is_a_finished_run():
    run = computed(Settings.of({"data": {"s": (0.0,)}, "hidden": (1,), "start": {"scale": 0.0}}))
    assert run.state == "done"


@pytest.mark.parametrize("hidden", [(), (1,), (1, 1, 1)])
def test_depth_and_width_one_run(hidden):
    run = computed(Settings.of({"data": {"s": (1.0,)}, "hidden": hidden, "start": {"scale": 0.5}}))
    assert run.state == "done"
    assert run.traj.widths == (1, *hidden, 1)


def test_a_run_that_overflows_is_done_and_says_so():
    run = computed(
        Settings.of({"start": {"scale": 1e6}, "hidden": (3,) * 15, "data": {"s": (1e6, 1.0)}})
    )
    assert run.state == "done"
    assert run.traj.status in ("failed", "converged", "interrupted")


def test_who_comes_first_computes_first():
    pool, gate, order = Pool(1), threading.Event(), []
    pool.submit("greedy", gate.wait)
    done = threading.Event()

    def job(name):
        def work():
            order.append(name)
            if len(order) == 4:
                done.set()

        return work

    time.sleep(0.05)
    for name in ("greedy", "greedy", "modest", "other"):
        pool.submit(name, job(name))
    gate.set()
    assert done.wait(5)
    assert order == ["greedy", "greedy", "modest", "other"]


def test_a_user_with_a_running_job_waits_for_those_without():
    pool, gates = Pool(2), [threading.Event(), threading.Event()]
    started = threading.Semaphore(0)
    order, finished = [], threading.Event()

    def hold(gate):
        def work():
            started.release()
            gate.wait()

        return work

    pool.submit("greedy", hold(gates[0]))
    pool.submit("greedy", hold(gates[1]))
    started.acquire()
    started.acquire()
    pool.submit("greedy", lambda: (order.append("greedy"), finished.set()))
    pool.submit("modest", lambda: order.append("modest"))
    gates[0].set()
    assert finished.wait(5)
    assert order == ["modest", "greedy"]
    gates[1].set()


def test_too_many_waiting_runs_are_refused(monkeypatch):
    monkeypatch.setattr(limits, "WAITING", 1)
    pool, gate = Pool(1), threading.Event()
    pool.submit("a", gate.wait)
    wait_for(lambda: pool.withdraw(gate.wait) is False)
    pool.submit("b", lambda: None)
    with pytest.raises(limits.LimitError, match="waiting runs"):
        pool.submit("b", lambda: None)
    gate.set()


def test_a_job_that_fails_leaves_its_thread_to_the_others(caplog):
    pool, done = Pool(1), threading.Event()

    def fail():
        raise ValueError("broken")

    pool.submit("a", fail)
    pool.submit("b", done.set)
    assert done.wait(5)
    assert "broken" in caplog.text
