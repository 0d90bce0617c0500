"""Starting points by name, for configuration files and the command line."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, unknown_name
from deeplinear.init._aligned import aligned, decoupled, identity
from deeplinear.init._balanced import balanced, delta_balanced, lambda_balanced
from deeplinear.init._checks import instance
from deeplinear.init._random import gaussian, lora, low_rank, orthogonal, standard
from deeplinear.init._saved import from_file
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem

_STARTS: dict[str, Callable[..., LinearNetwork]] = {
    "aligned": aligned,
    "balanced": balanced,
    "decoupled": decoupled,
    "delta_balanced": delta_balanced,
    "gaussian": gaussian,
    "identity": identity,
    "lambda_balanced": lambda_balanced,
    "lora": lora,
    "low_rank": low_rank,
    "orthogonal": orthogonal,
    "saved": from_file,
    "standard": standard,
}


def names() -> list[str]:
    """Return the names that `make` knows, sorted.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.init.names()[:3]
    ['aligned', 'balanced', 'decoupled']
    """
    return sorted(_STARTS)


def options(name: str) -> dict[str, Any]:
    """Return the options of a start with their defaults; ``...`` marks a required one.

    Raises
    ------
    ArgumentError
        No start has this name; the text names the nearest ones.

    Examples
    --------
    >>> import deeplinear as dl
    >>> dl.init.options("delta_balanced")
    {'delta': Ellipsis, 'scale': 0.001, 'seed': 0}
    """
    if not isinstance(name, str) or name not in _STARTS:
        raise unknown_name("name", name, _STARTS)
    return {
        parameter.name: ... if parameter.default is parameter.empty else parameter.default
        for parameter in inspect.signature(_STARTS[name]).parameters.values()
        if parameter.name not in ("problem", "widths")
    }


def make(name: str, problem: Problem, widths: Sequence[int], /, **choices: object) -> LinearNetwork:
    """Build the start called `name` for a problem.

    Parameters
    ----------
    name
        One of `names`.
    problem
        The widths must fit it; only "decoupled" uses more of it.
    widths
        (d_0, ..., d_h) from ``problem.d_in`` to ``problem.d_out``. The file of a "saved" start
        must hold a network of these widths.
    **choices
        The start's own options, see `options`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        Unknown name, unknown or missing option, widths that do not fit, or the start's own errors.
    StoreError
        The file of a "saved" start cannot be read.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([3.0, 1.0])
    >>> dl.init.make("gaussian", problem, (2, 5, 2), scale=0.1, seed=3)
    LinearNetwork(widths 2-5-2, depth 2, 20 parameters)
    """
    known = options(name)
    instance("problem", problem, Problem)
    widths = checks.widths(widths)
    problem.require_widths(widths)
    listing = ", ".join(f"`{option}`" for option in known)
    for option in choices:
        if option not in known:
            raise ArgumentError(
                f"Options of the start {name!r} must be among {listing}, but `{option}` is given."
            )
    for option, default in known.items():
        if default is ... and option not in choices:
            raise ArgumentError(
                f"Options of the start {name!r} must include `{option}`, but it is missing. "
                f"Its options: {listing}."
            )
    start = _STARTS[name]
    objects = {"problem": problem, "widths": widths}
    taken = inspect.signature(start).parameters
    net = start(**{key: objects[key] for key in objects if key in taken}, **choices)
    if net.widths != widths:
        raise ArgumentError(
            f"Argument `widths` must be {net.widths}, those of the saved network, "
            f"but it is {widths}."
        )
    return net
