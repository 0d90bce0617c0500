"""What the page is sent: valid JSON for every run, few bytes, and words where nothing is drawn."""

import base64
import json
import math
import re
from typing import Any

import numpy as np
import pytest

import deeplinear as dl
from deeplinear.explorer._page import _view
from deeplinear.explorer._page._panels import _frames, _lattice
from deeplinear.explorer._page._panels._look import look
from deeplinear.explorer._page._stream import Stream
from deeplinear.explorer._runs._run import Run
from deeplinear.explorer._settings._model import Settings
from deeplinear.plot.data import mode_style, time_axis
from deeplinear.solve import Trajectory


def ended(**tree: Any) -> Run:
    run = Run(Settings.of(tree))
    run.compute()
    assert run.traj is not None
    return run


def trajectory(run: Run) -> Trajectory:
    assert run.traj is not None
    return run.traj


def strict(document: Any) -> Any:
    """The document as a browser reads it: no NaN, no Infinity, no array."""
    return json.loads(json.dumps(document, allow_nan=False))


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


CASES: dict[str, dict[str, Any]] = {
    "saddle to saddle": {"data": {"s": [4.0, 2.0, 1.0]}, "start": {"scale": 1e-2}},
    "zero target": {"data": {"s": [0.0, 0.0]}},
    "depth 1": {"hidden": []},
    "width 1": {"data": {"s": [2.0]}, "hidden": [1, 1], "start": {"scale": 0.5}},
    "repeated modes": {"data": {"s": [2.0, 2.0, 1.0]}, "start": {"scale": 1e-2}},
    "huge weights": {"start": {"scale": 1e3}},
    "no time": {"flow": {"t_end": 0.0}},
    "a start that is zero": {"start": {"scale": 0.0}},
    "many modes": {"data": {"s": [1.0 + 0.1 * k for k in range(30)]}, "hidden": [4]},
}


@pytest.mark.parametrize("case", CASES)
def test_every_run_is_valid_json_and_says_in_words_what_it_does_not_draw(case: str) -> None:
    run = ended(**CASES[case])
    view = strict(_view.curves(trajectory(run)) | _view.reading(run))
    times = len(view["time"]["x"])
    low, high = view["time"]["limits"]
    assert low < high
    for name in ("loss", "drift"):
        assert view[name]["note"] or len(view[name]["y"]) == times
    for one in view["strengths"]["series"]:
        assert len(one["y"]) == times
    assert view["strengths"]["series"] or view["strengths"]["note"]
    assert view["lattice"]["note"] or view["lattice"]["nodes"]
    assert view["visits"]
    strict(_view.status(run))


def test_a_visit_tells_what_its_card_shows() -> None:
    run = ended(data={"s": [4.0, 1.0]}, hidden=[2, 2], start={"scale": 1e-3})
    first, second, last = strict(_view.reading(run))["visits"]
    assert (first["kind"], first["index"], first["order"]) == ("non-strict saddle", 0, 3)
    assert (first["stay"], second["stay"], last["stay"]) == ("plateau", "plateau", "end")
    assert first["next"] == [0]
    assert first["observed"] == first["t"][1] == second["t"][0]
    assert abs(math.log(first["predicted"] / first["observed"])) < 1
    assert last["kind"] == "global minimum"
    assert last["observed"] is None


def test_the_lattice_holds_the_path_in_the_colors_of_the_learned_modes() -> None:
    run = ended(data={"s": [4.0, 1.0]}, hidden=[2, 2], start={"scale": 1e-3})
    lattice = strict(_view.reading(run))["lattice"]
    assert [node["modes"] for node in lattice["nodes"]] == [[], [0], [1], [0, 1]]
    assert [step["node"] for step in lattice["path"]] == [0, 1, 3]
    assert [step["color"] for step in lattice["path"]] == [
        None, mode_style(0)["color"], mode_style(1)["color"],
    ]  # fmt: skip


def test_of_very_many_classes_only_the_visited_ones_are_drawn() -> None:
    run = ended(**CASES["many modes"])
    lattice = strict(_view.reading(run))["lattice"]
    assert len(trajectory(run).problem.modes) > _lattice.LARGEST
    assert all(node["visited"] for node in lattice["nodes"])
    assert "2^30" in lattice["remark"]


def test_modes_look_as_in_every_figure() -> None:
    looks = [look(k) for k in range(24)]
    assert [one["color"] for one in looks] == [mode_style(k)["color"] for k in range(24)]
    assert looks[0]["dash"] == "solid"
    assert len({(one["color"], one["dash"]) for one in looks}) == 24


def test_frames_hold_the_weights_and_the_spectrum_of_the_saved_networks() -> None:
    traj = trajectory(ended(data={"s": [4.0, 1.0]}, hidden=[2], start={"scale": 0.1}))
    time = time_axis(traj)
    sent = strict(_frames.weights(traj, time))
    at = _frames.positions(time)
    assert (at[0], at[-1]) == (np.flatnonzero(time.shown)[0], len(traj) - 1)
    weights = unpacked(sent["weights"]).reshape(len(at), -1)
    np.testing.assert_allclose(weights[3], traj[int(at[3])].to_vector(), rtol=1e-6)
    parts = [strict(part) for part in _frames.spectra(traj, time, lambda: False)]
    x = np.concatenate([part["x"] for part in parts])
    values = np.concatenate([unpacked(part["values"]).reshape(-1, 8) for part in parts])
    np.testing.assert_allclose(np.sort(x), time.x[at], rtol=1e-5)
    expected = dl.landscape.spectrum(traj.problem, traj.final)
    np.testing.assert_allclose(values[np.argmax(x)], expected, rtol=1e-5, atol=1e-4)


def test_spectra_come_coarse_first_and_stop_when_told() -> None:
    traj = trajectory(ended(data={"s": [4.0, 1.0]}, hidden=[2], start={"scale": 0.1}))
    time = time_axis(traj)
    first = next(_frames.spectra(traj, time, lambda: False))
    ends = time.x[time.shown][0], time.x[-1]
    np.testing.assert_allclose((min(first["x"]), max(first["x"])), ends, rtol=1e-5)
    assert list(_frames.spectra(traj, time, lambda: True)) == []


def test_frames_stay_within_their_bytes() -> None:
    problem = dl.Problem.from_modes([2.0, 1.0], d_in=60, d_out=60)
    traj = dl.gradient_flow(problem, dl.init.gaussian((60, 80, 60), scale=0.1, seed=0), t_end=5.0)
    time = time_axis(traj)
    sent = _frames.weights(traj, time)
    assert 2 <= len(sent["x"]) < len(traj)
    assert len(sent["weights"]) <= 1.4 * _frames.WEIGHT_BYTES
    wide = dl.init.gaussian((60, 6000, 60), scale=0.01, seed=0)
    short = dl.gradient_flow(problem, wide, t_end=0.01, save="ends")
    assert "too many" in _frames.weights(short, time_axis(short))["note"]


def test_a_stream_sends_points_then_curves_then_the_reading() -> None:
    sent: list[tuple[str, dict[str, Any]]] = []
    stream = Stream(lambda kind, **details: sent.append((kind, strict(details))), "main", "a run")
    run = Run(
        Settings.of(
            {"data": {"s": [4.0, 3.0, 2.0, 1.0], "d_in": 10, "d_out": 10},
             "hidden": [10, 10, 10, 10], "start": {"scale": 0.2}}
        ),
        on_update=stream.update,
    )  # fmt: skip
    run.compute()
    views = [details["view"] for kind, details in sent if kind == "view"]
    kinds = ["partial" if "partial" in view else "visits" in view for view in views]
    assert kinds.index("partial") < kinds.index(False) < kinds.index(True)
    assert kinds[-2:] == [False, True]
    assert len({view["run"] for view in views}) == 1
    texts = [details["text"] for kind, details in sent if kind == "status"]
    assert texts[-1].startswith("converged")
    assert any(text.startswith("computing") for text in texts)
    sent.clear()
    stream.spectra(run)
    assert [kind for kind, _ in sent] == ["frames"] * len(sent)
    stream.stop()
    sent.clear()
    stream.update(run)
    stream.spectra(run)
    assert sent == []


def test_a_cancelled_run_is_drawn_without_saddles_and_says_so() -> None:
    run = ended(data={"s": [2.0]}, hidden=[1])
    run.itinerary = None
    reading = strict(_view.reading(run))
    assert reading["visits"] == []
    assert "cancelled" in reading["lattice"]["note"]


def test_the_bar_says_how_a_run_ended_and_what_it_took() -> None:
    def text(**tree: Any) -> str:
        return str(_view.status(ended(**tree))["text"])

    assert text(flow={"t_end": 1.0}).startswith("end time, 1 step, ")
    assert text(hidden=[]).startswith("converged, exact, ")
    assert re.match(r"converged, \d+ steps, ", text(hidden=[3]))
