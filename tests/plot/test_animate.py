"""The film of a run: its frames are saved states, and the file is whole, small, or not there."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import deeplinear as dl
from deeplinear import init, plot
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, StoreError
from deeplinear.plot import data
from deeplinear.solve import Trajectory


@pytest.fixture(scope="module")
def run() -> Trajectory:
    """A staircase of three steps."""
    problem = dl.Problem.from_modes([3.0, 2.0, 1.0])
    return dl.gradient_flow(problem, init.gaussian((3, 3, 3, 3), scale=0.05, seed=1))


@pytest.fixture(scope="module")
def file(run: Trajectory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its film."""
    return plot.animate(run, tmp_path_factory.mktemp("film") / "run.gif", n_frames=30)


def frames(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        result = []
        for k in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(k)
            result.append(np.asarray(image.convert("RGB")).astype(int))
    return result


def colored(frame: np.ndarray, mode: int) -> int:
    """The pixels of a mode's bar, in the middle third of the picture."""
    color = plot.mode_style(mode)["color"]
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    width = frame.shape[1]
    part = frame[:, int(0.40 * width) : int(0.65 * width)]
    return int(np.sum(np.abs(part - wanted).max(axis=2) < 12))


def test_frames_go_from_start_to_end_evenly_over_what_happens(run: Trajectory) -> None:
    film = data.film(run, 40)
    assert (film.states[0], film.states[-1]) == (0, len(run) - 1)
    assert 30 <= len(film.states) <= 40
    assert np.all(np.diff(film.states) > 0)
    moved = np.linalg.norm(np.diff(run.vectors[film.states], axis=0), axis=1)
    total = np.linalg.norm(np.diff(run.vectors, axis=0), axis=1).sum()
    assert moved.max() < 2.5 * total / 40 / 0.75
    np.testing.assert_allclose(film.strengths, run.mode_strengths[film.states])
    np.testing.assert_allclose(film.gap, run.gap[film.states])
    assert film.captions[0] == "$t$ = 0, learned modes: none"
    assert film.captions[-1].endswith("learned modes: 0–2")
    assert film.limit == max(np.abs(run.vectors[k]).max() for k in film.states)


def test_few_frames_are_the_end_or_both_ends(run: Trajectory) -> None:
    assert data.film(run, 1).states.tolist() == [len(run) - 1]
    assert data.film(run, 2).states.tolist() == [0, len(run) - 1]
    assert len(data.film(run, 10_000).states) <= len(run)


def test_bars_grow_as_modes_are_learned(file: Path, run: Trajectory) -> None:
    shown = frames(file)
    strengths = data.film(run, 30).strengths
    assert len(shown) == len(strengths)
    for mode in range(3):
        heights = np.array([colored(frame, mode) for frame in shown])
        assert heights[0] < 0.06 * heights[-1]
        assert np.corrcoef(heights, strengths[:, mode])[0, 1] > 0.995
    ends = [colored(shown[-1], mode) for mode in range(3)]
    np.testing.assert_allclose(np.array(ends) / ends[0], [1.0, 2 / 3, 1 / 3], atol=0.07)


def test_the_cursor_moves_right(file: Path) -> None:
    shown = frames(file)
    left = [frame[40:240, : int(0.33 * frame.shape[1])].max(axis=2) < 110 for frame in shown]
    dark = np.array([part.sum(axis=0) for part in left])
    columns = np.argmax(dark - dark.min(axis=0), axis=1)
    assert np.all(np.diff(columns[2:]) >= 0)
    assert columns[-1] > columns[2] + 100


def test_what_does_not_move_is_the_same_in_all_frames_and_the_page_is_white(file: Path) -> None:
    shown = frames(file)
    for frame in shown:
        np.testing.assert_array_equal(frame[-20:], shown[0][-20:])  # labels of the axes
        assert frame[0, -1].tolist() == [255, 255, 255]


def test_the_file_is_a_small_endless_gif_that_holds_its_end(file: Path) -> None:
    assert file.stat().st_size < 400_000
    with Image.open(file) as image:
        assert image.info["loop"] == 0
        assert image.info["duration"] == pytest.approx(1000 / 12, abs=10)
        image.seek(image.n_frames - 1)  # type: ignore[attr-defined]
        assert image.info["duration"] == 2000


def test_a_file_that_is_too_large_loses_every_second_frame(run: Trajectory, tmp_path: Path) -> None:
    whole = plot.animate(run, tmp_path / "a.gif", n_frames=24)
    size = whole.stat().st_size
    half = plot.animate(run, tmp_path / "b.gif", n_frames=24, most_bytes=int(0.8 * size))
    assert half.stat().st_size <= 0.8 * size
    shown = frames(half)
    assert 10 <= len(shown) <= 13
    np.testing.assert_array_equal(shown[-1], frames(whole)[-1])
    with Image.open(half) as image:
        assert image.info["duration"] == pytest.approx(2000 / 12, abs=10)


def test_progress_is_told_frame_by_frame(run: Trajectory, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    plot.animate(run, tmp_path / "a.gif", n_frames=5, progress=lambda *done: seen.append(done))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_runs_of_every_kind_have_a_film(any_run: Trajectory, tmp_path: Path) -> None:
    path = plot.animate(any_run, tmp_path / "deep" / "run.gif", n_frames=3)
    assert 1 <= len(frames(path)) <= 3
    assert [p.name for p in path.parent.iterdir()] == ["run.gif"]


def test_a_film_that_cannot_be_written_leaves_the_old_one(
    run: Trajectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run.gif"
    target.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot be written to .*run\.gif: No space left"):
        plot.animate(run, target, n_frames=2)
    assert [p.name for p in tmp_path.iterdir()] == ["run.gif"]
    assert target.read_bytes() == b"old"
    monkeypatch.undo()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        plot.animate(run, tmp_path / "file" / "run.gif", n_frames=2)
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        plot.animate(run, tmp_path / "folder.gif", n_frames=2)


def test_wrong_arguments_are_refused_before_anything_is_drawn(
    run: Trajectory, tmp_path: Path
) -> None:
    with pytest.raises(ArgumentError, match=r"`path` must end in \.gif"):
        plot.animate(run, tmp_path / "run.mp4")
    with pytest.raises(ArgumentError, match="`fps` must be greater than 0"):
        plot.animate(run, tmp_path / "run.gif", fps=0)
    with pytest.raises(ArgumentError, match="`n_frames` must be at least 1"):
        plot.animate(run, tmp_path / "run.gif", n_frames=0)
    with pytest.raises(ArgumentTypeError, match="`traj` must be a Trajectory"):
        plot.animate(run.final, tmp_path / "run.gif")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
