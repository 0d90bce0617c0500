"""The figures of a report: all of each is in view, and all together are small and quick."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import deeplinear as dl
from deeplinear import analysis, init
from deeplinear.report import write_report
from deeplinear.report._figures import Picture, pictures, plateau_pictures, plateaus
from deeplinear.solve import Trajectory


def staircase() -> Trajectory:
    problem = dl.Problem.from_modes([4.0, 2.5, 1.5, 0.8])
    return dl.gradient_flow(problem, init.gaussian((4, 4, 4, 4), scale=1e-2, seed=0))


def wide() -> Trajectory:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 10), d_in=64, d_out=10, seed=1)
    return dl.gradient_flow(problem, init.gaussian((64, 32, 32, 10), scale=1e-2, seed=0))


def tiny() -> Trajectory:
    problem = dl.Problem.from_modes([3e-6, 2e-6])
    return dl.gradient_flow(problem, init.gaussian((2, 2, 2), scale=1e-5, seed=0))


def huge() -> Trajectory:
    problem = dl.Problem.from_modes([3e7, 2e7])
    return dl.gradient_flow(problem, init.gaussian((2, 2, 2), scale=1.0, seed=0))


def backward() -> Trajectory:
    problem = dl.Problem.from_modes([3.0, 2.0])
    return dl.gradient_flow(
        problem, init.gaussian((2, 2, 2), scale=0.5, seed=0), t_end=9.0, reverse=True
    )


def drawn(traj: Trajectory) -> list[Picture]:
    visits = analysis.itinerary(traj)
    small = [
        picture
        for j, visit in enumerate(plateaus(visits))
        for picture in plateau_pictures(traj.problem, visit, f"plateau_{j}")
    ]
    return [*pictures(traj, visits), *small]


@pytest.mark.parametrize("make", [staircase, wide, tiny, huge, backward])
def test_everything_that_is_drawn_is_in_view(make: Callable[[], Trajectory]) -> None:
    for picture in drawn(make()):
        figure = picture.figure()
        renderer = FigureCanvasAgg(figure).get_renderer()
        box = figure.get_tightbbox(renderer)
        size = np.array(picture.size)
        assert box.min.min() > -0.02, picture.name
        assert np.all(box.max < size + 0.02), picture.name
        if not picture.fixed:
            empty = np.array([box.min[0], size[0] - box.max[0], box.min[1], size[1] - box.max[1]])
            assert empty.max() < 0.15, picture.name


def test_a_report_of_twelve_figures_is_small_and_takes_few_seconds(tmp_path: Path) -> None:
    run = staircase()
    write_report(run, tmp_path / "first.html")
    began = time.process_time()
    text = write_report(run, tmp_path / "report.html").read_text(encoding="utf-8")
    took = time.process_time() - began
    assert text.count("<figure>") >= 12
    assert len(text.encode()) < 1_000_000
    assert took < 6.0  # 1.4 s on a quiet core; 3 s is the aim
