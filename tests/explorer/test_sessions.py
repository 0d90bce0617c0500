"""Sessions: users do not see or disturb one another, and a closed page ends its runs."""

import time

import pytest

from deeplinear.explorer import _limits as limits
from deeplinear.explorer._runs._sessions import House
from deeplinear.explorer._settings._model import Settings

ENDLESS = Settings.of({"hidden": (8, 8, 8), "start": {"scale": 1e-4}, "flow": {"t_end": 1e30}})
QUICK = Settings.of({"data": {"s": (2.0, 1.0)}, "hidden": (2,), "start": {"scale": 0.1}})


def test_a_restart_ends_the_run_before_it():
    session = House().enter()
    first = session.run(ENDLESS)
    second = session.run(QUICK)
    assert first.wait(10)
    assert second.wait(10)
    assert (first.state, second.state) == ("cancelled", "done")
    assert session.runs == {"main": second}


def test_users_do_not_disturb_one_another():
    house = House()
    one, other = house.enter(), house.enter()
    slow, quick = one.run(ENDLESS), other.run(QUICK)
    assert quick.wait(20)
    assert quick.state == "done"
    assert slow.running
    assert other.runs == {"main": quick}
    other.close()
    assert slow.running
    one.close()
    assert slow.wait(10)


def test_two_slow_users_leave_a_third_waiting_until_one_stops():
    house = House()
    users = [house.enter() for _ in range(3)]
    slow = [user.run(ENDLESS) for user in users[:2]]
    third = users[2].run(QUICK)
    time.sleep(0.3)
    assert third.state == "waiting"
    slow[0].cancel()
    assert third.wait(10)
    assert third.state == "done"
    house.close()
    assert all(run.wait(10) for run in slow)


def test_a_closed_page_ends_its_runs_and_frees_its_place(monkeypatch):
    monkeypatch.setattr(limits, "SESSIONS", 1)
    house = House()
    session = house.enter()
    run = session.run(ENDLESS)
    with pytest.raises(limits.LimitError, match="number of open pages must be at most 1"):
        house.enter()
    session.close()
    session.close()
    assert run.wait(10)
    assert run.state == "cancelled"
    assert house.enter() is not session


def test_a_closed_page_starts_nothing_more():
    session = House().enter()
    session.close()
    run = session.run(QUICK)
    assert not run.wait(0.2)
    assert not run.running
    assert session.runs == {}


def test_a_pinned_run_outlives_a_restart():
    session = House().enter()
    pinned = session.run(QUICK)
    assert pinned.wait(10)
    session.show(pinned, "pinned")
    session.run(QUICK.replace(hidden=(3,))).wait(10)
    assert session.runs["pinned"] is pinned
    assert pinned.state == "done"
    session.drop("pinned")
    assert set(session.runs) == {"main"}


def test_the_memory_of_a_session_is_limited(monkeypatch):
    monkeypatch.setattr(limits, "SESSION_BYTES", 100)
    session = House().enter()
    session.run(QUICK, "pinned").wait(10)
    with pytest.raises(limits.LimitError, match="memory of your runs"):
        session.run(QUICK)


def test_an_opened_run_is_shown_and_not_computed_again():
    first = House().enter().run(QUICK)
    assert first.wait(10)
    house = House(settings=QUICK, recorded=first.traj)
    run = house.enter().run(QUICK)
    assert run.wait(10)
    assert run.traj is first.traj
    assert [v.modes for v in run.itinerary] == [v.modes for v in first.itinerary]
    other = house.enter().run(QUICK.replace(hidden=(3,)))
    assert other.wait(10)
    assert other.traj is not first.traj
