"""Pictures are those of before: a few, drawn anew and compared with stored ones.

The comparison is of pictures that are blurred and small, so that fonts of other versions pass and a
line that is gone, moved or of another color does not.
"""

import io
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

FOLDER = Path(__file__).parent / "baseline"
MADE = runpy.run_path(str(FOLDER / "make.py"))
TOLERANCE = 2.5  # of 255, root mean square over the picture
WORST = 60.0  # of 255, at one place


def blurred(image: Image.Image) -> np.ndarray:
    small = image.convert("RGB").filter(ImageFilter.GaussianBlur(2.0))
    return np.asarray(small, dtype=np.float64)


def differences(name: str, drawn: Image.Image) -> tuple[float, float]:
    stored = Image.open(FOLDER / f"{name}.png")
    assert drawn.size == stored.size
    gap = np.abs(blurred(drawn) - blurred(stored))
    return float(np.sqrt(np.mean(gap**2))), float(gap.max())


def drawing(name: str) -> tuple[object, Image.Image]:
    ax, buffer = MADE["PICTURES"][name](), io.BytesIO()
    ax.figure.savefig(buffer, dpi=MADE["DPI"])
    return ax, Image.open(buffer)


@pytest.mark.parametrize("name", MADE["PICTURES"])
def test_the_picture_is_the_stored_one(name: str) -> None:
    mean, worst = differences(name, drawing(name)[1])
    assert mean < TOLERANCE
    assert worst < WORST


@pytest.mark.parametrize("name", ["mode_strengths", "network"])
def test_a_picture_without_its_thickest_line_is_another_one(name: str) -> None:
    ax, _ = drawing(name)
    artists = [*ax.lines, *ax.collections]
    longest = max(artists, key=lambda artist: np.max(artist.get_linewidth()))
    longest.remove()
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, dpi=MADE["DPI"])
    mean, worst = differences(name, Image.open(buffer))
    assert mean > TOLERANCE or worst > WORST


def test_there_is_a_script_for_every_stored_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(MADE["PICTURES"])
