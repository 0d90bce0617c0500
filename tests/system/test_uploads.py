"""Files that visitors bring, good and bad."""

from pathlib import Path

import numpy as np
import pytest

from tests.system.visitor import Visitor


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = x @ [[1.0, 0.5], [0.0, 1.0], [2.0, 0.0]]
    path = tmp_path / "measured.csv"
    np.savetxt(path, np.hstack([x, y]), delimiter=",", header="a,b,c,first,second", comments="")
    return path


def upload(visitor: Visitor, path: Path, *, begins: bool = True) -> None:
    visitor.choose("data", "upload", begins=False)
    field = visitor.find(".dl-upload input[type=file]")
    if begins:
        visitor.after(lambda: field.set_input_files(path))
    else:
        field.set_input_files(path)


def test_a_table_is_learned_and_its_target_can_be_chosen(visitor: Visitor, table: Path) -> None:
    visitor.open()
    upload(visitor, table)
    assert "upload=" in visitor.query()
    assert "measured.csv: 40 samples, 4 inputs, 1 targets" in visitor.find(".dl-side").inner_text()
    before = visitor.query()
    visitor.choose("target", "first")
    assert visitor.query() != before


def test_an_archive_is_learned_and_its_link_works_while_the_server_runs(
    visitor: Visitor, other: Visitor, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 4))
    np.savez(tmp_path / "pair.npz", x=x, y=x[:, :2] * [2.0, 1.0])
    visitor.open()
    upload(visitor, tmp_path / "pair.npz")
    assert len(visitor.plot("strengths")["data"]) == 2
    other.open(visitor.query())
    assert other.plot("loss")["data"] == visitor.plot("loss")["data"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("words.csv", b"a,b\n1,2\n3,four\n", "four"),
        ("holes.csv", b"a,b\n1,2\n3,\n", "3"),
        ("empty.csv", b"", "empty.csv"),
        ("code.npz", b"not an archive", "code.npz"),
        ("run.py", b"print(1)", ".npz"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_the_run_stays(
    visitor: Visitor, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    visitor.open()
    before = visitor.drawn()
    upload(visitor, tmp_path / name, begins=False)
    mistake = visitor.find('.dl-mistake[data-field="data.upload"]')
    mistake.wait_for(state="visible")
    assert words in mistake.inner_text()
    assert visitor.drawn() == before
    assert "converged" in visitor.status()


def test_a_file_that_is_too_large_is_refused_with_the_limit(
    visitor: Visitor, tmp_path: Path
) -> None:
    (tmp_path / "large.csv").write_bytes(b"1,2\n" * 2_200_000)
    visitor.open()
    upload(visitor, tmp_path / "large.csv", begins=False)
    mistake = visitor.find('.dl-mistake[data-field="data.upload"]')
    mistake.wait_for(state="visible")
    assert "at most 8 MB" in mistake.inner_text()
    assert "converged" in visitor.status()


def test_a_pickle_in_an_archive_is_never_loaded(visitor: Visitor, tmp_path: Path) -> None:
    trap = tmp_path / "executed"

    class Trap:
        def __reduce__(self) -> tuple:
            return Path.touch, (trap,)

    np.savez(tmp_path / "trap.npz", x=np.array([Trap()], dtype=object), y=np.zeros((1, 1)))
    visitor.open()
    upload(visitor, tmp_path / "trap.npz", begins=False)
    visitor.find('.dl-mistake[data-field="data.upload"]').wait_for(state="visible")
    assert not trap.exists()
