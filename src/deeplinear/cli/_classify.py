"""`deeplinear classify`: what a point of the landscape is."""

import math
from typing import Any

from deeplinear import LinearNetwork, Problem
from deeplinear.cli import _options as options
from deeplinear.cli import _target
from deeplinear.cli._app import Answer
from deeplinear.cli._errors import Mistake
from deeplinear.cli._nearby import nearby, refined_rows
from deeplinear.cli._progress import working
from deeplinear.cli._second_order import SecondOrder, second_order
from deeplinear.cli._text import aligned


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
    wrong = _target.misused(of_data, is_run=target.is_dir())
    tolerance = _tolerance(tol, wrong)
    state = _target.read(target, at, wrong)
    net, where = state.net, state.where
    problem = _target.problem(state, of_data)
    with working("Looking for the critical point and what it is ..."):
        found, signs = _found(problem, net, refine=refine, tol=tolerance)
    head = {"ok": True, "exit_code": 0, "target": str(target), "point": where}
    return Answer(
        lambda: (
            head | {"widths": list(net.widths), "n_params": net.n_params} | found | signs.document()
        ),
        lambda: "\n".join([f"{target}, {where}", *aligned(_rows(found, signs))]),
    )


def _found(
    problem: Problem, net: LinearNetwork, *, refine: bool, tol: float
) -> tuple[dict[str, Any], SecondOrder]:
    from deeplinear import landscape

    near = nearby(problem, net, refine=refine)
    point = near.network
    given = landscape.classify(problem, net, tol=tol)
    verdict = landscape.classify(problem, point, tol=tol) if refine else given
    found = {
        "given": {"loss": given.loss, "gradient_norm": given.gradient_norm},
        "refined": near.document(),
        **verdict.facts(),
    }
    critical = verdict.kind != "not critical"
    return found, second_order(problem, point) if critical else SecondOrder(None, None, None)


def _rows(found: dict[str, Any], signs: SecondOrder) -> list[tuple[str, str]]:
    from deeplinear.analysis import set_name

    given, modes = found["given"], found["modes"]
    rows = [("given", f"loss {given['loss']:.6g}, gradient {given['gradient_norm']:.2g}")]
    rows += refined_rows(found["refined"])
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


def _tolerance(text: str | None, wrong: list[Mistake]) -> float:
    from deeplinear.cli._settings import parse

    tol = 1e-6 if text is None else parse(text)
    if isinstance(tol, int | float) and not isinstance(tol, bool) and 0 < tol <= 0.01:
        return float(tol)
    wrong.append(Mistake("--tol", f"must be a number above 0, at most 0.01, but it is {text!r}."))
    return math.nan
