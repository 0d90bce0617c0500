"""Ensembles: each member as if it ran alone, its own status, in the starts' order."""

import numpy as np
import pytest

import deeplinear as dl
from tests.solve.conftest import planted_run


def starts(n: int):
    return [planted_run(3, 1e-2, seed)[1] for seed in range(n)]


def test_members_are_the_runs_they_would_be_alone():
    problem, _ = planted_run(3, 1e-2, 0)
    runs = dl.ensemble(problem, starts(6), n_threads=3)
    assert len(runs) == 6
    for net, run in zip(starts(6), runs, strict=True):
        assert run.final == dl.gradient_flow(problem, net).final
        assert run.initial == net


def test_each_member_has_its_own_status():
    problem, net = planted_run(3, 1e-2, 0)
    zero = dl.init.gaussian(net.widths, scale=0.0)
    huge = dl.init.gaussian(net.widths, scale=1e120)
    runs = dl.ensemble(problem, [net, zero, huge], n_threads=2)
    assert [str(run.status) for run in runs] == ["converged", "stopped at a saddle", "failed"]
    assert runs.statuses == {"converged": 1, "stopped at a saddle": 1, "failed": 1}
    assert "1 failed" in repr(runs)


def test_ends_go_to_xarray():
    problem, _ = planted_run(3, 1e-2, 0)
    data = dl.ensemble(problem, starts(3)).to_xarray()
    assert data["final"].dims == ("member", "parameter")
    assert np.all(data["gap"].values < 1e-8)


def test_progress_counts_members():
    problem, _ = planted_run(3, 1e-2, 0)
    seen = []
    dl.ensemble(problem, starts(4), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4, 4)
    assert seen == sorted(seen)


def test_an_interrupt_keeps_the_members_that_are_done():
    problem, _ = planted_run(3, 1e-2, 0)

    def interrupt(done, total):
        raise KeyboardInterrupt

    runs = dl.ensemble(problem, starts(8), n_threads=1, progress=interrupt)
    assert len(runs) == 8
    assert runs[0].status == "converged"
    assert set(runs.statuses) <= {"converged", "interrupted"}
    assert "interrupted" in runs.statuses


def test_wrong_starts_are_named_before_anything_runs():
    problem, net = planted_run(3, 1e-2, 0)
    with pytest.raises(ValueError, match="at least one"):
        dl.ensemble(problem, [])
    with pytest.raises(TypeError, match="entry 1"):
        dl.ensemble(problem, [net, "no"])
    with pytest.raises(ValueError, match="must start with 4"):
        dl.ensemble(problem, [net, dl.init.gaussian((3, 4), scale=1.0)])
    with pytest.raises(ValueError, match="method"):
        dl.ensemble(problem, [net], method="euler")
