"""What a run was and what happened, in words."""

import math
from collections import Counter

import numpy as np

from deeplinear import analysis
from deeplinear.analysis import Diagnostics, Itinerary, Visit, diagnostics, set_name
from deeplinear.report._words import count, listing, number, pretty
from deeplinear.solve import Trajectory

_FEW = 6  # values that a sentence lists one by one


def summary(
    traj: Trajectory, checks: Diagnostics | None = None, itinerary: Itinerary | None = None
) -> str:
    r"""Return one paragraph: data, network, what was learned, plateaus, end, laws, cost.

    Parameters
    ----------
    traj
        A run, whatever its status.
    checks, itinerary
        Its `analysis.diagnostics` and `analysis.itinerary`, if they have been computed already.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear.report import summary
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> traj = dl.gradient_flow(problem, dl.LinearNetwork([[[0.1, 0.0], [0.0, 0.1]]] * 2))
    >>> text = summary(traj).replace("\N{NO-BREAK SPACE}", " ")
    >>> "The network learned both modes: mode 0 at t = 1.32 and mode 1 at t = 2.3." in text
    True
    """
    checks = diagnostics(traj) if checks is None else checks
    itinerary = analysis.itinerary(traj) if itinerary is None else itinerary
    sentences = [
        _subject(traj),
        _reduced(traj),
        _loss(traj),
        _modes(traj, checks),
        _waits(traj, itinerary),
        _end(traj, itinerary),
        _laws(traj, checks),
        _cost(traj),
    ]
    return pretty(" ".join(sentence for sentence in sentences if sentence))


def name(traj: Trajectory) -> str:
    """Return a title: the method and the widths."""
    widths = "-".join(map(str, traj.widths))
    return f"{_kind(traj).capitalize()} of a {widths} linear network"


def _kind(traj: Trajectory) -> str:
    descent = traj.options.get("method") == "gradient descent"
    return "gradient descent" if descent else "gradient flow"


def _subject(traj: Trajectory) -> str:
    widths = "-".join(map(str, traj.widths))
    layers = count(len(traj.widths) - 1, "layer")
    weights = count(traj.n_params, "weight")
    how = f"trained by {_kind(traj)}"
    if "step_size" in traj.options:
        how += f" with step size {traj.options['step_size']:g}"
    if traj.t_end < 0:
        how = "followed backward in time along the gradient flow"
    size = float(np.sqrt(np.mean(traj.initial.to_vector() ** 2)))
    start = f"from weights of root-mean-square size {size:.2g}" if size > 0 else "from zero weights"
    return (
        f"A linear network of widths {widths} ({layers}, {weights}) was {how}, {start}, "
        f"on {_data(traj)}."
    )


def _reduced(traj: Trajectory) -> str:
    if traj.reduction is None:
        return ""
    return f"It was integrated as a smaller network, exactly: {traj.reduction.facts()}"


def _data(traj: Trajectory) -> str:
    problem, s = traj.problem, traj.problem.modes.s
    kind = "whitened data" if problem.whitened else "data that are not whitened"
    text = f"{kind} with {count(problem.d_in, 'input')}, {count(problem.d_out, 'output')} and "
    if len(s) == 0:
        return text + "no mode (the target is zero)"
    if len(s) == 1:
        return text + f"1 mode, of singular value {s[0]:.4g}"
    if len(s) <= _FEW:
        return text + f"{len(s)} modes, of singular values {listing(f'{v:.4g}' for v in s)}"
    return text + f"{len(s)} modes, of singular values from {s[0]:.4g} to {s[-1]:.4g}"


def _loss(traj: Trajectory) -> str:
    first, last = float(traj.loss[0]), float(traj.loss[-1])
    optimum = traj.problem.optimum(min(traj.widths))
    best = f"the smallest loss that these widths can reach is {number(optimum)}"
    if len(traj) == 1:
        return f"The loss at the start is {number(first)}, and {best}."
    if not math.isfinite(last):
        return f"The loss grew from {number(first)} beyond the largest number, and {best}."
    if first == last:
        return f"The loss stayed at {number(first)}, and {best}."
    verb = "fell" if last < first else "rose"
    return f"The loss {verb} from {number(first)} to {number(last)}, and {best}."


def _modes(traj: Trajectory, checks: Diagnostics) -> str:
    m, start = len(traj.problem.modes), float(traj.t[0])
    useless = traj.status == "failed" and not traj.loss[-1] < traj.loss[0]
    if m == 0 or useless or traj.t_end < 0:
        return ""
    order = checks.learning_order
    at_start = [k for k in order if checks.learning_times[k] == start]
    later = [k for k in order if k not in at_start]
    never = [k for k in range(m) if k not in order]
    lost = [k for k in order if k not in checks.learned]
    parts = []
    if at_start:
        when = "from the start" if start == 0 else "at the first saved time"
        parts.append(f"{_named(at_start)} learned {when}.")
    if later:
        parts.append(f"The network learned {_how_many(len(later), m)}{_when(later, checks)}.")
    elif not at_start and len(traj) > 1:
        parts.append("The network learned no mode." if m > 1 else "The only mode was not learned.")
    if never and order:
        parts.append(f"{_named(never)} not learned.")
    if lost:
        parts.append(f"{_named(lost)} lost again.")
    if min(traj.widths) < m:
        parts.append(f"These widths can hold {min(traj.widths)} of the {m} modes.")
    return " ".join(parts)


def _how_many(n: int, m: int) -> str:
    if n < m:
        return f"{n} of the {m} modes"
    return {1: "the only mode", 2: "both modes"}.get(m, f"all {m} modes")


def _when(order: list[int], checks: Diagnostics) -> str:
    t = checks.learning_times
    if len(t) == 1:
        return f", at t = {number(t[0], 3)}"
    if len(order) <= _FEW:
        return ": " + listing(f"mode {k} at t = {number(t[k], 3)}" for k in order)
    span = f"from t = {number(t[order[0]], 3)} to t = {number(t[order[-1]], 3)}"
    shown = ", ".join(map(str, order[:16])) + (", ..." if len(order) > 16 else "")
    return f", in the order {shown}, {span}"


def _named(modes: list[int]) -> str:
    """The subject of a sentence with its verb, for a list of any length."""
    if len(modes) == 1:
        return f"Mode {modes[0]} was"
    shown = listing(modes) if len(modes) <= 2 * _FEW else f"{modes[0]} to {modes[-1]}"
    return f"Modes {shown} were"


def _waits(traj: Trajectory, itinerary: Itinerary) -> str:
    """How many plateaus, near what, and the longest."""
    if len(traj) == 1 or len(traj.widths) == 2 or traj.t_end < traj.t[0]:
        return ""
    if traj.status == "failed":
        return ""
    waits = [visit for visit in itinerary[:-1] if visit.plateau]
    if not waits:
        return "There was no plateau on the way." if len(itinerary) > 1 else ""
    longest = max(waits, key=lambda visit: visit.t_out - visit.t_in)
    span = f"from t = {number(longest.t_in)} to {number(longest.t_out)}"
    if len(waits) == 1:
        return f"It waited on one plateau, {_near(waits[0].kind, 1)}, {_held(longest)}, {span}."
    kinds = Counter(visit.kind for visit in waits)
    if len(kinds) == 1:
        near = f"{'both' if len(waits) == 2 else 'all'} {_near(waits[0].kind, len(waits))}"
    else:
        near = listing(f"{n} {_near(kind, n)}" for kind, n in kinds.most_common())
    return (
        f"It waited on {len(waits)} plateaus, {near}; the longest, {_held(longest)}, lasted {span}."
    )


def _near(kind: str, n: int) -> str:
    if kind == "none near":
        return "with no critical point near"
    if n == 1:
        return f"near a {kind}"
    return "near global minima" if kind == "global minimum" else f"near {kind}s"


def _held(visit: Visit) -> str:
    if not visit.modes:
        return "with no mode learned"
    noun = "mode" if len(visit.modes) == 1 else "modes"
    return f"with {noun} {set_name(visit.modes)} learned"


def _end(traj: Trajectory, itinerary: Itinerary) -> str:
    at = f"at t = {number(traj.t_end)}"
    status = traj.status
    if status == "t_end":
        return f"The run ended {at}, the end time that was asked for."
    if status == "interrupted":
        return f"The run was interrupted {at}; what had been computed until then is shown here."
    lead, told = {
        "converged": (f"The run converged {at}.", itinerary.limit),
        "stopped at a saddle": (f"The run stopped at a saddle {at}.", itinerary.limit),
        "step limit": (f"The run reached its limit of steps {at}.", status.reason),
        "failed": (f"The run failed {at}.", status.reason),
    }[str(status)]
    return " ".join(part for part in (lead, told, status.remedy) if part)


def _laws(traj: Trajectory, checks: Diagnostics) -> str:
    if checks.n_laws == 0:
        laws = "Without hidden layers there are no conservation laws"
    else:
        one = checks.n_laws == 1
        who = (
            "The one conservation law was" if one else f"The {checks.n_laws} conservation laws were"
        )
        drift = f"up to a relative drift of {checks.drift:.2g}" if checks.drift > 0 else "exactly"
        laws = f"{who} kept {drift}"
    if len(traj) == 1 or not traj.loss[-1] <= traj.loss[0]:
        return laws + "."
    if checks.monotone:
        return laws + ", and the loss never rose by more than round-off."
    share = checks.largest_rise / float(np.max(traj.loss))
    return (
        f"{laws}, and the loss rose by at most {checks.largest_rise:.2g} in one step, "
        f"{share:.1g} of its largest value."
    )


def _cost(traj: Trajectory) -> str:
    n, segments = traj.stats.n_steps, traj.segments
    forms = [segment.method for segment in segments if segment.method.startswith("exact")]
    if forms:
        form = forms[0].removeprefix("exact").strip(" ()")
        return (
            f"No step was needed: the run was evaluated in closed form ({form}), in "
            f"{traj.stats.elapsed:.2g} seconds."
        )
    if n == 0 or not segments:
        return "No step was needed."
    methods = list(dict.fromkeys(segment.method for segment in segments))
    by = f"the {methods[0]} method" if methods[0] != "gradient descent" else methods[0]
    if len(methods) > 1:
        by = f"the {listing(methods)} methods in turn, with {count(len(segments) - 1, 'change')}"
    return f"The run took {count(n, 'step')} and {traj.stats.elapsed:.2g} seconds by {by}."
