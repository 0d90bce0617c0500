"""docs/explorer.md says what the page does: its limits, its presets."""

import re
from pathlib import Path

import pytest

from deeplinear.explorer import _limits as limits
from deeplinear.explorer._settings._presets import PRESETS

PAGE = (Path(__file__).parents[2] / "docs" / "explorer.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("inputs, outputs", [limits.WIDTH]),
        ("hidden layers", [limits.HIDDEN_LAYERS]),
        ("weights", [limits.PARAMETERS]),
        ("planted singular values", [limits.VALUES]),
        ("a file", [limits.UPLOAD_BYTES / 2**20, limits.UPLOAD_ENTRIES]),
        ("time of a run", [limits.SECONDS, limits.SECONDS_OF_SADDLES]),
        ("runs at the same time", [limits.COMPUTING]),
        ("open pages", [limits.SESSIONS]),
        ("runs that one page keeps", [limits.SESSION_BYTES / 2**20]),
    ],
)
def test_the_limits_are_those_of_the_page(row, values):
    line = re.search(rf"^\| {row}[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert line
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", line[1])]
    assert numbers == values


def test_every_preset_is_in_the_table():
    for preset in PRESETS.values():
        assert f"| {preset.title} |" in PAGE
