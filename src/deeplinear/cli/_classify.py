"""`deeplinear classify`: what a point of the landscape is."""

import math
from typing import Any

from deeplinear import LinearNetwork, Problem
from deeplinear._core.errors import ArgumentError
from deeplinear.cli import _options as options
from deeplinear.cli import _target
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake
from deeplinear.cli._second_order import SecondOrder, second_order
from deeplinear.cli._text import aligned

_FAR = 0.1  # a displacement above this share of the weights, or of one learned mode, is warned of
_HUGE = 1e8  # weights this many times one learned mode drown critical points in round-off
_WARNING = (
    "That is more than a tenth of the weights: what is true of the point found says little about "
    "the given one."
)


def classify(
    target: options.PointTarget,
    at: options.At = None,
    data: options.PointData = None,
    targets: options.Targets = None,
    whiten: options.Whiten = None,
    center: options.Center = None,
    standardize: options.Standardize = None,
    modes: options.Modes = None,
    data_option: options.DataOption = None,
    refine: options.Refine = True,
    tol: options.Tolerance = None,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Answer:
    """Say what a critical point is: global minimum, strict or non-strict saddle.

    A state of a run is not critical, but may be near a point that is. That
    point is found first and is what is classified; the answer says how far it
    is, which test decided, and the signs of all Hessian eigenvalues.

    [bold]Examples[/bold]

    deeplinear classify out/digits

    deeplinear classify out/digits --at 7500

    deeplinear classify weights.npz --data xy.npz
    """
    of_data = {
        "--data": data,
        "--targets": targets,
        "--whiten": whiten,
        "--center": center,
        "--standardize": standardize,
        "--modes": modes,
        "--data-option": data_option or None,
    }
    wrong = _misused(of_data, is_run=target.is_dir())
    tolerance = _tolerance(tol, wrong)
    net, where, problem = _target.read(target, at, wrong)
    problem = _of_data(net, of_data) if problem is None else problem
    found, signs = _found(problem, net, refine=refine, tol=tolerance)
    head = {"ok": True, "exit_code": 0, "target": str(target), "point": where}
    return Answer(
        lambda: (
            head | {"widths": list(net.widths), "n_params": net.n_params} | found | signs.document()
        ),
        lambda: "\n".join([f"{target}, {where}", *aligned(_rows(found, signs))]),
    )


def _misused(of_data: dict[str, Any], *, is_run: bool) -> list[Mistake]:
    """Options of the data where a run has its own, or none where weights need them."""
    if is_run:
        return [
            Mistake(name, "must be left out for the folder of a run, which has its own data.")
            for name, value in of_data.items()
            if value is not None
        ]
    text = (
        "must be given for a file of weights: the data that they are to learn, for example "
        "--data xy.npz, but it is missing."
    )
    return [] if of_data["--data"] is not None else [Mistake("--data", text)]


def _found(
    problem: Problem, net: LinearNetwork, *, refine: bool, tol: float
) -> tuple[dict[str, Any], SecondOrder]:
    from deeplinear import landscape

    s, norm = problem.modes.s, math.hypot(*map(float, net.to_vector()))
    # The weights of one learned mode: a small start is near the saddle at zero.
    one_mode = math.sqrt(net.depth) * float(s[0]) ** (1 / net.depth) if len(s) else 1.0
    if not norm <= _HUGE * one_mode:
        raise ArgumentError(
            f"Argument `TARGET` must hold weights of a norm up to {_HUGE:g} times that of one "
            f"learned mode, {one_mode:.2g}, but it is {norm:.2g}: round-off hides what is critical."
        )
    given = landscape.classify(problem, net, tol=tol)
    verdict, point, moved = given, net, None
    if refine:
        refined = landscape.refine(problem, net)
        point = refined.network
        verdict = landscape.classify(problem, point, tol=tol)
        moved = {
            "displacement": refined.displacement,
            "weights_norm": norm,
            "far": refined.displacement > _FAR * max(norm, one_mode),
            "gradient_norm": refined.gradient_norm,
            "converged": refined.converged,
        }
    found = {
        "given": {"loss": given.loss, "gradient_norm": given.gradient_norm},
        "refined": moved,
        **verdict.facts(),
    }
    critical = verdict.kind != "not critical"
    return found, second_order(problem, point) if critical else SecondOrder(None, None)


def _rows(found: dict[str, Any], signs: SecondOrder) -> list[tuple[str, str]]:
    from deeplinear.analysis import set_name

    given, moved, modes = found["given"], found["refined"], found["modes"]
    rows = [("given", f"loss {given['loss']:.6g}, gradient {given['gradient_norm']:.2g}")]
    if moved is not None:
        what = "critical" if moved["converged"] else "best, but not critical,"
        rows.append(
            (
                "refined",
                f"to the {what} point near it, at distance {moved['displacement']:.2g} (the "
                f"norm of the weights is {moved['weights_norm']:.3g})",
            )
        )
        if moved["far"]:
            rows.append(("warning", _WARNING))
    order, layers = found["escape_order"], ", ".join(map(str, found["escape_layers"]))
    along = f", along layers {layers}" if layers else ""
    rows += [
        ("kind", found["kind"]),
        ("learned", f"mode{'s' * (len(modes) > 1)} {set_name(modes)}" if modes else "no mode"),
        ("loss", f"{found['loss']:.6g}, gradient {found['gradient_norm']:.2g}"),
    ]
    if order is not None:
        rows.append(("escape", f"the loss falls at order {order}{along}"))
    decided = [("decided", found["decided_by"]), ("margin", _margin(found))]
    return [*rows, *decided, *signs.rows()]


def _margin(found: dict[str, Any]) -> str:
    what = "the gradient exceeds" if found["kind"] == "not critical" else "what was tested clears"
    return f"{found['margin']:.2g}, the factor by which {what} its tolerance"


def _of_data(net: LinearNetwork, of_data: dict[str, Any]) -> Problem:
    """The problem that weights of a file are to learn."""
    from deeplinear.cli import _problem
    from deeplinear.cli._settings import gather, pair

    options = {name: v for name, v in of_data.items() if name not in ("--data", "--data-option")}
    pairs = [
        pair(text, "--data-option", "data.options.") for text in of_data["--data-option"] or []
    ]
    widths = ",".join(map(str, net.widths))
    config = gather(
        [of_data["--data"]], options, [*pairs, ("network.widths", widths)], name="--data"
    )
    problem = _problem.load(config.data, config.network.widths).problem
    if (net.widths[0], net.widths[-1]) != (problem.d_in, problem.d_out):
        raise ArgumentError(
            f"Argument `TARGET` must hold weights for the {problem.d_in} inputs and "
            f"{problem.d_out} outputs of the data, but their widths are {net.widths}."
        )
    return problem


def _tolerance(text: str | None, wrong: list[Mistake]) -> float:
    from deeplinear.cli._settings import parse

    tol = 1e-6 if text is None else parse(text)
    if isinstance(tol, int | float) and not isinstance(tol, bool) and 0 < tol <= 0.01:
        return float(tol)
    wrong.append(Mistake("--tol", f"must be a number above 0, at most 0.01, but it is {text!r}."))
    return math.nan
