"""The sections that read a run against the landscape, for every kind of run."""

import dataclasses
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import analysis, init
from deeplinear.analysis import Itinerary, point_name, sentence
from deeplinear.report import write_report
from deeplinear.report._figures import MOST_PLATEAUS, Picture, plateau_pictures, plateaus
from deeplinear.report._itinerary import sections_of_itinerary
from deeplinear.report._overlay import overlay
from deeplinear.report._words import pretty
from deeplinear.solve import Stats, Status, Trajectory

from .test_page import Outline

THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])
START = init.gaussian((3, 3, 3), scale=0.3, seed=0)


def overflowing() -> Trajectory:
    vectors = np.array([START.to_vector() * size for size in (0.1, 10.0, 1e60, 1e130)])
    return Trajectory(
        THREE,
        START.widths,
        np.arange(4.0),
        vectors,
        status=Status("failed", "The weights grew.", "Use a smaller step."),
        stats=Stats(3, 0, 4, 0, 0, 0, 0.01),
        segments=(),
        options={"method": "gradient descent", "step_size": 1.0, "rtol": 0.0, "t_end": 3.0},
        largest_rise=np.inf,
    )


KINDS = {
    "converged": lambda: dl.gradient_flow(THREE, START),
    "deep": lambda: dl.gradient_flow(THREE, init.gaussian((3, 3, 3, 3), scale=0.02, seed=1)),
    "saddle": lambda: dl.gradient_flow(THREE, dl.LinearNetwork([np.diag([0.2, 0.1, 0.0])] * 3)),
    "depth 1": lambda: dl.gradient_flow(THREE, init.gaussian((3, 3), scale=0.5, seed=0)),
    "zero target": lambda: dl.gradient_flow(dl.Problem.from_modes([0.0, 0.0, 0.0]), START),
    "one saved state": lambda: dl.gradient_flow(THREE, dl.LinearNetwork([np.zeros((3, 3))] * 2)),
    "cut short": lambda: dl.gradient_flow(THREE, START, t_end=0.2),
    "backward": lambda: dl.gradient_flow(THREE, START, t_end=0.1, reverse=True),
    "descent": lambda: dl.gradient_descent(THREE, START, step_size=0.05, n_steps=300),
    "diverged": lambda: dl.gradient_descent(THREE, START, step_size=9.0, n_steps=50),
    "overflowing": overflowing,
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def blank(picture: Picture) -> str:
    """In place of a figure, where only the words matter; drawing is tested with the plots."""
    return f'<svg id="{picture.name}"></svg>'


def body(page: str, heading: str) -> str:
    """One section of a page, or nothing."""
    found = re.search(rf"<h2>{heading}</h2>(.*?)</section>", page, re.DOTALL)
    return found[1] if found else ""


def rows(section: str) -> list[list[str]]:
    """The cells of the first table with a head."""
    table = section[section.index("<tbody>") : section.index("</tbody>")]
    return [re.findall(r"<td.*?>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)]


def test_every_kind_of_run_has_its_sections(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picture, "svg", blank)
    traj = KINDS[kind]()
    visits = analysis.itinerary(traj)
    page = write_report(traj, tmp_path / "r.html", itinerary=visits).read_text(encoding="utf-8")
    ids = Counter(a["id"] for _, a in Outline(page).elements if "id" in a)
    assert max(ids.values()) == 1
    section = body(page, "Itinerary")
    assert len(rows(section)) == len(visits) == section.count("<li>")
    assert [cells[3] for cells in rows(section)][-1] == "end"
    assert pretty(visits.limit) in body(page, "The end").replace("&#x27;", "'")
    assert body(page, "Plateaus").count('class="plateau"') == len(plateaus(visits))
    learning = body(page, "Predicted and observed learning times")
    assert len(rows(learning) if learning else []) == len(traj.problem.modes)
    assert "nan" not in page.replace("nano", "")


def test_the_table_and_the_sentences_are_those_of_the_visits(
    hostile_page: str, visits: Itinerary
) -> None:
    section = body(hostile_page, "Itinerary")
    for visit, cells in zip(visits, rows(section), strict=True):
        assert cells[0] == analysis.set_name(visit.modes)
        assert cells[7] == f"{visit.loss:.6g}" or "10" in cells[7]
        assert point_name(visit) in cells[9]
    last = len(visits) - 1
    for j, visit in enumerate(visits):
        assert pretty(sentence(visit, last=j == last)) in section


def test_learning_times_are_compared_with_their_prediction(
    hostile_page: str, visits: Itinerary
) -> None:
    section = body(hostile_page, "Predicted and observed learning times")
    assert "order of magnitude" in section
    for mode, cells in zip(visits.learning, rows(section), strict=True):
        assert float(cells[3]) == pytest.approx(mode.predicted, rel=1e-4)
        assert float(cells[4]) == pytest.approx(mode.observed, rel=1e-4)


def test_without_whitening_there_is_no_prediction() -> None:
    x = np.random.default_rng(0).standard_normal((50, 3))
    traj = dl.gradient_flow(dl.Problem.from_data(x, x[:, :2]), init.gaussian((3, 3, 2), seed=0))
    text = "".join(sections_of_itinerary(traj, analysis.itinerary(traj)))
    assert "There is no prediction" in text


def test_the_end_names_the_test_that_decided_and_its_margin(
    hostile_page: str, visits: Itinerary
) -> None:
    section = body(hostile_page, "The end")
    verdict = visits[-1].classification
    assert verdict is not None
    for part in (verdict.kind, verdict.decided_by, f"{visits[-1].distance:.2g}"):
        assert pretty(part) in section
    signs = verdict.inertia
    assert signs is not None
    assert f"{signs.index} negative, {signs.nullity} zero ({signs.tangent} of these" in section
    for row in ("escape order", "decided by", "margin", "displacement"):
        assert f">{row}</th>" in section


def test_each_plateau_tells_the_signs_of_its_hessian(hostile_page: str, visits: Itinerary) -> None:
    section = body(hostile_page, "Plateaus")
    for visit in plateaus(visits):
        assert visit.classification is not None
        signs = visit.classification.inertia
        assert signs is not None
        assert f"{signs.index} negative, {signs.nullity} zero" in section
        assert f"{signs.positive} positive" in section


def test_only_the_most_prominent_plateaus_are_shown_in_order_of_time(
    run: Trajectory, visits: Itinerary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Picture, "svg", blank)
    depths = [3.0 + (7 * j) % 20 for j in range(20)]
    many = [dataclasses.replace(visits[0], prominence=depth) for depth in depths]
    made = Itinerary([*many, visits[-1]], visits.learning, visits.limit)
    shown = [visit.prominence for visit in plateaus(made)]
    assert len(shown) == MOST_PLATEAUS
    assert min(shown) > max(set(depths) - set(shown))
    assert shown == [depth for depth in depths if depth in shown]
    text = "".join(sections_of_itinerary(run, made))
    assert "8 less prominent plateaus not shown." in text


def test_very_long_itineraries_are_cut_and_keep_their_end(
    run: Trajectory, visits: Itinerary
) -> None:
    passed = dataclasses.replace(visits[0], plateau=False)
    made = Itinerary([passed] * 99 + [visits[-1]], (), visits.limit)
    section, *_ = sections_of_itinerary(run, made)
    assert len(rows(section)) == 40
    assert rows(section)[-1][3] == "end"
    assert "60 further visits before the last not shown." in section


def test_where_no_critical_point_is_near_the_state_is_shown_without_a_spectrum(
    visits: Itinerary,
) -> None:
    nowhere = dataclasses.replace(visits[1], near=False, classification=None, kind="none near")
    (picture,) = plateau_pictures(THREE, nowhere, "plateau_1")
    assert picture.name == "plateau_1_adjacency"
    assert "state of smallest gradient" in picture.caption


def test_a_spectrum_that_is_too_costly_is_left_out_with_a_word(visits: Itinerary) -> None:
    problem = dl.Problem.from_modes(np.linspace(3.0, 1.0, 24))
    net = init.gaussian((24, 24, 24, 24), scale=0.3, seed=0)
    traj = dl.gradient_flow(problem, net, t_end=0.01, save="ends")
    large = dataclasses.replace(visits[1], network=net)
    text = sections_of_itinerary(traj, Itinerary([large, large], (), ""))[1]
    assert "The spectrum is left out" in text
    assert "Hessian eigenvalues" not in text


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (KINDS["converged"], "This start has no closed form"),
        (KINDS["backward"], "not laid over runs backward"),
        (KINDS["depth 1"], "one layer; the largest deviation of this run, itself evaluated in"),
        (KINDS["saddle"], "decoupled modes; the largest deviation of this run, itself"),
    ],
)
def test_the_caption_says_which_closed_form_or_why_there_is_none(make, part: str) -> None:
    assert part in overlay(make()).sentence


def test_the_deviation_from_the_closed_form_is_that_of_the_run() -> None:
    start = init.lambda_balanced((3, 3, 3), lam=0.3, scale=0.1, seed=0)
    deviations = []
    for rtol in (1e-5, 1e-9):
        found = overlay(dl.gradient_flow(THREE, start, rtol=rtol))
        assert "two layers (lambda-balanced)" in found.sentence
        deviations.append(found.deviation)
    assert 1e-13 < deviations[1] < 1e-2 * deviations[0] < 1e-5
    late = dl.gradient_flow(THREE, start, t_end=3.0, rtol=1e-9, save=[1.0, 2.0, 3.0])
    assert overlay(late).deviation < 1e-7


def test_descent_is_compared_with_the_flow() -> None:
    start = init.lambda_balanced((3, 3, 3), lam=0.3, scale=0.1, seed=0)
    descent = dl.gradient_descent(THREE, start, step_size=0.01, n_steps=300)
    found = overlay(descent)
    assert "takes steps of finite size" in found.sentence
    assert 1e-4 < found.deviation < 1.0


@pytest.mark.parametrize("kind", ["zero target", "one saved state"])
def test_where_nothing_is_learned_nothing_is_compared(kind: str) -> None:
    found = overlay(KINDS[kind]())
    assert found.form is None
    assert found.sentence == ""
