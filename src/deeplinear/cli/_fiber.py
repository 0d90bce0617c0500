"""`deeplinear fiber`: all weights with one end-to-end map, and where in them a network is."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from deeplinear import LinearNetwork
from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.cli import _options as options
from deeplinear.cli import _target
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake
from deeplinear.cli._nearby import Nearby, nearby, refined_rows
from deeplinear.cli._progress import working
from deeplinear.cli._text import aligned, parted, whole
from deeplinear.geometry import Barcode

_NEEDED = (
    "must be given: the folder of a run or a file of weights, or --widths and --rank in its "
    "place, but it is missing."
)
_GIVEN = "must be left out for weights, which have it, but it is {!r}."


def fiber(
    target: options.FiberTarget = None,
    at: options.At = None,
    widths: options.Widths = None,
    rank: options.FiberRank = None,
    tol: options.RankTolerance = None,
    refine: options.RefineFirst = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Tell how large the fiber of a map is: all weights with this product.

    It depends on the widths and on the rank of the map alone, so these two
    are enough. Of a network, the ranks of all partial products are found too,
    as its barcode: where signals are born, and how far they are carried.

    [bold]Examples[/bold]

    deeplinear fiber --widths 3,3,3 --rank 2

    deeplinear fiber out/digits --at 7500 --refine

    deeplinear fiber weights.npz --tol 1e-6
    """
    wrong: list[Mistake] = []
    if refine and (target is None or not target.is_dir()):
        text = "must be left out but for the folder of a run, whose saddles it finds."
        wrong.append(Mistake("--refine", text))
    if target is None:
        return _of_formulas(*_widths_and_rank(widths, rank, {"--at": at, "--tol": tol}, wrong))
    wrong += [
        Mistake(name, _GIVEN.format(value))
        for name, value in (("--widths", widths), ("--rank", rank))
        if value is not None
    ]
    tolerance = _tolerance(tol, wrong)
    state = _target.read(target, at, wrong)
    with working("Reading the barcode ..."):
        if not refine:
            return _of_network(str(target), state.where, state.net, tolerance)
        near = nearby(_target.problem(state, {}), state.net, refine=True)
        return _of_network(str(target), state.where, near.network, tolerance, near)


def _of_formulas(widths: tuple[int, ...], rank: int) -> Answer:
    found = _numbers(widths, rank)
    head = {"ok": True, "exit_code": 0, "target": None, "widths": widths, "rank": rank}
    names = ", ".join(map(str, widths))
    return Answer(
        lambda: head | {"fiber": found},
        lambda: "\n".join([f"The fiber of a map of rank {rank}", *_rows(found, ("widths", names))]),
    )


def _of_network(
    target: str, where: str, net: LinearNetwork, tol: float, near: Nearby | None = None
) -> Answer:
    from deeplinear import geometry

    bars = geometry.barcode(net, tol=tol)
    rank = bars.get((0, net.depth), 0)
    found = _numbers(net.widths, rank)
    largest = max(float(np.abs(w).max()) for w in net.weights) or 1.0
    unit = LinearNetwork([w / largest for w in net.weights])  # squares of the others may overflow
    norms = [float(np.linalg.norm(c)) for c in unit.imbalance()]
    layer = max(float(np.linalg.norm(w)) for w in unit.weights) or 1.0
    relative = max(norms, default=0.0) / layer**2
    doubt = "" if bars.certain else f" (if the rank is {rank}, which is not certain)"
    imbalance = (
        f"{relative:.2g}, the largest ||C_i|| over the largest ||W_i||^2"
        if norms
        else "none, with one layer"
    )
    rows = [
        *refined_rows(near.document() if near else None),
        ("rank", f"{rank} of at most {min(net.widths)}"),
        ("orbit", f"codimension {bars.orbit_codimension}"),
        ("imbalance", imbalance),
    ]
    return Answer(
        lambda: {
            "ok": True,
            "exit_code": 0,
            "target": target,
            "point": where,
            "refined": near and near.document(),
            "widths": net.widths,
            "rank": rank,
            "fiber": found,
            "barcode": _barcode(bars),
            "imbalance": {
                "norms": [c * largest * largest for c in norms],
                "relative": relative,
            },
        },
        lambda: "\n".join(
            parted(
                [
                    [f"{target}, {where}", *aligned(rows)],
                    repr(bars).splitlines(),
                    [f"The fiber through it{doubt}", *_rows(found)],
                ]
            )
        ),
    )


def _numbers(widths: tuple[int, ...], rank: int) -> dict[str, Any]:
    """What is true of every fiber of these widths and this rank."""
    from deeplinear import geometry

    size = geometry.fiber(widths, rank)
    value, multiplicity = geometry.learning_coefficient(widths, rank)
    return {
        "dimension": size.dimension,
        "codimension": size.codimension,
        "top_components": size.components,
        "connected_components": size.connected_components,
        "learning_coefficient": value,
        "multiplicity": multiplicity,
    }


def _rows(found: dict[str, Any], *first: tuple[str, str]) -> list[str]:
    n = found["dimension"] + found["codimension"]
    return aligned(
        [
            *first,
            ("dimension", f"{found['dimension']} of {n}, codimension {found['codimension']}"),
            ("components", f"{whole(found['top_components'])} of that dimension"),
            ("connected", _pieces(found["connected_components"])),
            ("learning", "coefficient {learning_coefficient:.10g}".format(**found)),
            ("learning", "multiplicity {multiplicity}".format(**found)),
        ]
    )


def _pieces(n: int) -> str:
    return "in one piece" if n == 1 else f"in {whole(n)} pieces that no path joins"


def _barcode(bars: Barcode) -> dict[str, Any]:
    return {
        "bars": [
            {"born": born, "last": last, "multiplicity": n} for (born, last), n in bars.items()
        ],
        "ranks": bars.ranks,
        "orbit_dimension": bars.orbit_dimension,
        "orbit_codimension": bars.orbit_codimension,
        "gaps": [{"from": j, "to": i, "gap": gap} for (j, i), gap in sorted(bars.gaps.items())],
        "gap": min(bars.gaps.values()),
        "margin": bars.margin,
        "tol": bars.tol,
        "certain": bars.certain,
    }


def _widths_and_rank(
    widths: str | None, rank: str | None, of_weights: dict[str, str | None], wrong: list[Mistake]
) -> tuple[tuple[int, ...], int]:
    """Widths and rank of the formulas."""
    if widths is None and rank is None:
        wrong.append(Mistake("TARGET", _NEEDED))
    elif widths is None:
        wrong.append(Mistake("--widths", f"must be given with --rank {rank}, but it is missing."))
    elif rank is None:
        text = f"must be given with --widths {widths}: the rank of the map, but it is missing."
        wrong.append(Mistake("--rank", text))
    wrong += [
        Mistake(name, f"must be left out without a TARGET, but it is {value!r}.")
        for name, value in of_weights.items()
        if value is not None
    ]
    d = (1, 1) if widths is None else _widths(widths, wrong)
    r = 0 if rank is None else _rank(rank, d if widths is not None else None, wrong)
    _target.require(wrong)
    return d, r


def _widths(text: str, wrong: list[Mistake]) -> tuple[int, ...]:
    from deeplinear.cli._settings import parse

    try:
        given: Any = parse(text)
        return checks.widths(given if isinstance(given, list) else [given])
    except (ArgumentError, ArgumentTypeError) as error:
        wrong.append(Mistake("--widths", str(error).removeprefix("Argument `widths` ")))
        return ()


def _rank(text: str, widths: Sequence[int] | None, wrong: list[Mistake]) -> int:
    from deeplinear.cli._settings import parse

    rank: Any = parse(text)
    whole_number = isinstance(rank, int) and not isinstance(rank, bool)
    if whole_number and rank >= 0 and (not widths or rank <= min(widths)):
        return int(rank)
    most = f" from 0 to {min(widths)}, the smallest width" if widths else " that is at least 0"
    wrong.append(Mistake("--rank", f"must be an integer{most}, but it is {text!r}."))
    return 0


def _tolerance(text: str | None, wrong: list[Mistake]) -> float:
    from deeplinear.cli._settings import parse

    tol = 1e-10 if text is None else parse(text)
    if isinstance(tol, int | float) and not isinstance(tol, bool) and 0 < tol < 1:
        return float(tol)
    wrong.append(Mistake("--tol", f"must be a number between 0 and 1, but it is {text!r}."))
    return math.nan
