"""Settings that tell a story: what to look at, and why it happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deeplinear.explorer._settings import Settings


@dataclass(frozen=True)
class Preset:
    """A story with the settings that show it; `beside`: those of a second run to pin beside it."""

    title: str
    story: str
    settings: Settings
    beside: Settings | None = None


def _of(**tree: Any) -> Settings:
    return Settings.of(tree)


PRESETS: Mapping[str, Preset] = {
    "saddle-to-saddle": Preset(
        "Saddle to saddle",
        "From small weights the network learns one mode after the other, the largest first, and "
        "waits near a saddle before each. Look at the steps of the loss, and at the path that "
        "goes down the lattice one mode at a time (theory §11).",
        _of(data={"s": [4.0, 2.0, 1.0]}, hidden=[3, 3], start={"scale": 1e-3, "seed": 1}),
    ),
}
