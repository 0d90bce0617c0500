"""The canonical saddle of a class: its ways down, its exact rays and orbits."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from deeplinear import Problem
from deeplinear.cli import _target
from deeplinear.cli._errors import Mistake, SettingsError
from deeplinear.cli._escape_facts import document, ways

if TYPE_CHECKING:
    from deeplinear.cli._config import Config

_LEARNED = "must be the modes that are learned, as 0,1, or none"
_NOT_WHITENED = (
    "The data are not whitened: canonical points have no exact rays and orbits. The ways down hold "
    "for all data; with --whiten the rays and orbits are listed too."
)
_TWO_LAYERS = (
    "With two layers there are no rays: the saddle is strict, and its ways down are the unstable "
    "directions."
)
_ONE_LAYER = "One layer: the loss is convex, and has no saddles."


def canonical(
    of_data: dict[str, Any],
    of_class: dict[str, str | None],
    wrong: list[Mistake],
    *,
    distances: Sequence[float],
    amplitude: float,
    most: int,
) -> dict[str, Any]:
    """Everything about the canonical point; `wrong` holds the mistakes found so far.

    Raises
    ------
    SettingsError
        Everything that is wrong, those mistakes included.
    """
    from deeplinear import landscape
    from deeplinear.cli import _problem

    config, modes = _checked(of_data, of_class, wrong)
    loaded = _problem.load(config.data, config.network.widths)
    problem, widths = loaded.problem, tuple(config.network.widths)
    problem.require_widths(widths)
    modes = _class(problem, widths, modes)
    saddle = landscape.critical_point(problem, widths, modes)
    found = document(problem, saddle, ways(problem, saddle, most), distances, most)
    notes = [*found["notes"], *_notes(problem, widths, found["kind"])]
    name, sizes = loaded.dataset.name, "-".join(map(str, widths))
    head = {
        "title": f"{name}, {sizes}: the canonical point that has learned {_words(modes)}",
        "target": None,
        "data": name,
        "learned": modes,
    }
    rays = _rays(problem, widths, modes, amplitude, most)
    orbits = _orbits(problem, widths, modes, amplitude, most)
    return head | found | {"amplitude": amplitude, **rays, **orbits, "notes": notes}


def _checked(
    of_data: dict[str, Any], of_class: dict[str, str | None], wrong: list[Mistake]
) -> tuple["Config", tuple[int, ...]]:
    """Settings and modes; all mistakes at once."""
    from deeplinear.cli._settings import gather, pair

    source = of_data["--data"]
    if source is None:
        text = "must be given without a TARGET: what is to be learned, but it is missing."
        wrong.append(Mistake("--data", text))
    modes = _learned(of_class["--learned"], wrong)
    options = {name: v for name, v in of_data.items() if name not in ("--data", "--data-option")}
    options["--widths"] = of_class["--widths"]
    pairs = [
        pair(text, "--data-option", "data.options.") for text in of_data["--data-option"] or []
    ]
    try:
        config = gather([] if source is None else [source], options, pairs, name="--data")
    except SettingsError as error:
        others = [one for one in error.mistakes if source is not None or one.where != "--data"]
        raise SettingsError([*wrong, *others]) from None
    _target.require(wrong)
    return config, modes


def _learned(text: str | None, wrong: list[Mistake]) -> tuple[int, ...]:
    from deeplinear.cli._settings import parse

    if text is None:
        wrong.append(Mistake("--learned", f"must be given: {_LEARNED[8:]}, but it is missing."))
        return ()
    given: Any = parse(text.strip())
    if given in ("none", ""):
        return ()
    listed = given if isinstance(given, list) else [given]
    if all(isinstance(k, int) and not isinstance(k, bool) and k >= 0 for k in listed):
        return tuple(sorted(set(listed)))
    wrong.append(Mistake("--learned", f"{_LEARNED}, but it is {text!r}."))
    return ()


def _class(problem: Problem, widths: tuple[int, ...], modes: tuple[int, ...]) -> tuple[int, ...]:
    """Check that there is such a class."""
    m, most, convex = len(problem.modes), min(widths), len(widths) == 2
    text = ""
    if modes and modes[-1] >= m:
        text = f"hold indices below {m}, the number of modes of the data"
    elif len(modes) > most:
        text = f"hold at most {most} mode{'s' * (most > 1)}, the smallest width"
    elif convex and len(modes) < m:
        text = f"hold all {m} modes with one layer, where there are no saddles"
    if text:
        given = ",".join(map(str, modes)) or "none"
        raise SettingsError([Mistake("--learned", f"must {text}, but it is {given}.")])
    return modes


def _rays(
    problem: Problem, widths: tuple[int, ...], modes: tuple[int, ...], a: float, most: int
) -> dict[str, Any]:
    """The fastest rays, and how many there are; None where rays do not exist."""
    from deeplinear.landscape import escape_rays

    if not problem.whitened or len(widths) < 4:
        return {"rays": None, "n_rays": None}
    found = [
        {
            "modes": ray.modes,
            "amplitudes": ray.amplitudes,
            "rate": ray.rate,
            "leaving_time": ray.leaving_time(a),
        }
        for ray in islice(escape_rays(problem, widths, modes), most)
    ]
    rest, room = len(problem.modes) - len(modes), min(widths) - len(modes)
    number = sum(math.comb(rest, j) for j in range(1, min(rest, room) + 1))
    return {"rays": found, "n_rays": number}


def _orbits(
    problem: Problem, widths: tuple[int, ...], modes: tuple[int, ...], a0: float, most: int
) -> dict[str, Any]:
    """The orbits to the classes with one more mode, that of the largest first."""
    from deeplinear.landscape import heteroclinic

    if not problem.whitened or len(widths) == 2:
        return {"orbits": None, "n_orbits": None}
    rest = [k for k in range(len(problem.modes)) if k not in modes]
    rest = rest if len(modes) < min(widths) else []
    found = []
    for k in rest[:most]:
        orbit = heteroclinic(problem, widths, modes, k)
        learned_from = (orbit.s / 2) ** (1 / (len(widths) - 1))
        found.append(
            {
                "mode": k,
                "s": orbit.s,
                "to": tuple(sorted((*modes, k))),
                "drop": orbit.drop,
                "duration": orbit.duration(a0) if a0 < learned_from else None,
            }
        )
    return {"orbits": found, "n_orbits": len(rest)}


def _notes(problem: Problem, widths: tuple[int, ...], kind: str) -> list[str]:
    """Why there are no rays or orbits at a saddle, or no saddle."""
    if len(widths) == 2:
        return [_ONE_LAYER]
    if kind == "global minimum":
        return []
    found = [_TWO_LAYERS] if len(widths) == 3 else []
    return found if problem.whitened else [*found, _NOT_WHITENED]


def _words(modes: tuple[int, ...]) -> str:
    from deeplinear.analysis import set_name

    return f"mode{'s' * (len(modes) > 1)} {set_name(modes)}" if modes else "no mode"
