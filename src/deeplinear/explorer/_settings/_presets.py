"""Settings that tell a story: what to look at, and why it happens.

>>> from deeplinear.explorer._settings._presets import PRESETS
>>> list(PRESETS)[:2]
['saddle-to-saddle', 'lazy-versus-rich']
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from deeplinear.explorer._settings._model import Settings


@dataclass(frozen=True)
class Preset:
    """A story with the settings that show it; `beside`: those of a run to pin at the left of it."""

    title: str
    story: str
    settings: Settings
    beside: Settings | None = None


def _small(scale: float) -> dict[str, Any]:
    return {"name": "gaussian", "scale": scale, "seed": 0}


def _two_layers(name: str, scale: float, **options: float) -> dict[str, Any]:
    return {
        "data": {"s": (4.0, 2.0, 1.0)},
        "hidden": (3,),
        "start": {"name": name, "scale": scale, "seed": 0, "options": options},
    }


def _preset(
    title: str, story: str, settings: dict[str, Any], beside: dict[str, Any] | None = None
) -> Preset:
    return Preset(
        title, story, Settings.of(settings), None if beside is None else Settings.of(beside)
    )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "saddle-to-saddle": _preset(
            "Saddle to saddle",
            "From small weights the network learns one mode after the other, the largest first. "
            "Before each it waits near a saddle that has learned those before: a plateau of the "
            "loss, and one step down the lattice (theory §11).",
            {"data": {"s": (5.0, 3.0, 2.0, 1.0)}, "hidden": (4, 4), "start": _small(1e-2)},
        ),
        "lazy-versus-rich": _preset(
            "Lazy versus rich",
            "Two layers, the same small map, but the second layer of the lazy run (left) is large: "
            "it hardly moves, and every mode is learned at the same exponential rate. The rich run "
            "(right) has equal layers: modes rise one after the other in sigmoids, with plateaus "
            "between them (theory §7.5).",
            _two_layers("lambda_balanced", 1e-3, lam=0.0),
            _two_layers("lambda_balanced", 1e-3, lam=16.0),
        ),
        "balanced-versus-unbalanced": _preset(
            "Balanced versus unbalanced",
            "WᵢWᵢᵀ - Wᵢ₊₁ᵀWᵢ₊₁ never changes. Balanced layers (left), where it is zero, shrink "
            "together on a plateau and wait near the saddle; an imbalance of 0.1 (right) keeps one "
            "of them away from zero, and every mode is learned earlier (theory §4).",
            _two_layers("delta_balanced", 1e-2, delta=0.1) | {"hidden": (4,)},
            _two_layers("balanced", 1e-2) | {"hidden": (4,)},
        ),
        "non-strict-origin": _preset(
            "A non-strict origin",
            "With three layers the Hessian at the origin is zero: nothing there points down. The "
            "start is pushed by 0.02 along the fastest escape ray, where the weights grow like "
            "da/dt = 3a², so that it takes about 1 / (3 · 0.02) = 17 to leave. The ray is exact: "
            "the run ends on the next saddle (theory §9).",
            {
                "data": {"s": (3.0, 2.0, 1.0)},
                "hidden": (3, 3),
                "nudge": {"modes": (), "ray": 0, "size": 0.02},
            },
        ),
        "escape-order-4": _preset(
            "Escape order 4",
            "With four layers the saddles of small weights have escape order 4: the loss falls "
            "like the fourth power of the distance, and the time to leave grows like its inverse "
            "square. Halve the scale: the plateaus become about four times as long (theory §8).",
            {"data": {"s": (3.0, 2.0)}, "hidden": (2, 2, 2), "start": _small(5e-2)},
        ),
        "bottleneck": _preset(
            "Bottleneck",
            "The middle layer has two nodes for four modes. The two largest are learned, and the "
            "loss ends at half the sum of the squares of the others: a global minimum of these "
            "widths, not a trap. No class of the lattice holds more than two modes (theory §8).",
            {
                "data": {"s": (5.0, 4.0, 3.0, 2.0)},
                "hidden": (6, 2, 6),
                "start": _small(5e-2),
            },
        ),
        "repeated-modes": _preset(
            "Repeated modes",
            "Three modes are equal: the data determine only their span, and saddles are told apart "
            "by how many of the three are learned. So the lattice has 8 classes, not 16, and the "
            "random start decides which directions come first (theory §8).",
            {"data": {"s": (3.0, 3.0, 3.0, 1.0)}, "hidden": (4, 4), "start": _small(2e-2)},
        ),
        "semantic-hierarchy": _preset(
            "Semantic hierarchy",
            "Eight living things with their properties, a binary tree. The modes are learned from "
            "the general to the special: what all have in common, then animals against plants, "
            "then the kinds within these, then each thing (theory §11; Saxe, McClelland, Ganguli).",
            {
                "data": {"source": "semantic_hierarchy", "mean": False},
                "hidden": (16,),
                "start": _small(1e-3),
            },
        ),
    }
)
"""The presets by name, in the order of the page."""
