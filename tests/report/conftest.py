"""A converged run and its page."""

import matplotlib as mpl
import pytest

import deeplinear as dl
from deeplinear import analysis, init
from deeplinear.report import write_report
from deeplinear.solve import Trajectory

mpl.use("agg")

HOSTILE = "</title></pre><script>alert('x')</script> & \"quoted\""


HOSTILE_TEXTS = {
    "title": f"title {HOSTILE}",
    "command": f"deeplinear run {HOSTILE}",
    "run_toml": f"# toml {HOSTILE}\n",
    "notes": [f"note {HOSTILE}"],
}


@pytest.fixture(scope="session")
def hostile_texts() -> dict:
    """What a user who tries to break the page in every place hands over."""
    return HOSTILE_TEXTS


@pytest.fixture(scope="session")
def run() -> Trajectory:
    """Three modes learned one after the other."""
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    return dl.gradient_flow(problem, init.gaussian((3, 4, 3), scale=1e-6, seed=0))


@pytest.fixture(scope="session")
def visits(run: Trajectory) -> analysis.Itinerary:
    """Its itinerary."""
    return analysis.itinerary(run)


@pytest.fixture(scope="session")
def hostile_page(run: Trajectory, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its page, with those texts."""
    folder = tmp_path_factory.mktemp("report")
    return write_report(run, folder / "report.html", **HOSTILE_TEXTS).read_text(encoding="utf-8")
