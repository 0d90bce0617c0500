"""What `classify`, `escape` and `fiber` look at: a state of a run, or weights in a file."""

from pathlib import Path
from typing import Any, NamedTuple

from deeplinear import LinearNetwork, Problem
from deeplinear._core.errors import ArgumentError
from deeplinear.cli._errors import Mistake, SettingsError
from deeplinear.solve import Trajectory


class State(NamedTuple):
    """A network, where it is in words, and its run with the time; a file of weights has none."""

    net: LinearNetwork
    where: str
    run: Trajectory | None = None
    t: float | None = None


def read(target: Path, at: str | None, wrong: list[Mistake]) -> State:
    """Read the network that a command was pointed at.

    `wrong` holds the mistakes that the command has found so far.

    Raises
    ------
    SettingsError
        Everything that is wrong, those mistakes included.
    StoreError
        The run or the file cannot be read.
    """
    return (_state_of_run if target.is_dir() else _weights_of_file)(target, at, wrong)


def misused(of_data: dict[str, Any], *, is_run: bool) -> list[Mistake]:
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


def problem(state: State, of_data: dict[str, Any]) -> Problem:
    """Return the problem that a network is to learn: that of its run, or of the options."""
    if state.run is not None:
        return state.run.problem
    from deeplinear.cli import _problem
    from deeplinear.cli._settings import gather, pair

    net = state.net
    options = {name: v for name, v in of_data.items() if name not in ("--data", "--data-option")}
    pairs = [
        pair(text, "--data-option", "data.options.") for text in of_data["--data-option"] or []
    ]
    widths = ",".join(map(str, net.widths))
    config = gather(
        [of_data["--data"]], options, [*pairs, ("network.widths", widths)], name="--data"
    )
    found = _problem.load(config.data, config.network.widths).problem
    if (net.widths[0], net.widths[-1]) != (found.d_in, found.d_out):
        raise ArgumentError(
            f"Argument `TARGET` must hold weights for the {found.d_in} inputs and "
            f"{found.d_out} outputs of the data, but their widths are {net.widths}."
        )
    return found


def require(wrong: list[Mistake]) -> None:
    """Raise all mistakes at once, if there are any."""
    if wrong:
        raise SettingsError(wrong)


def _state_of_run(folder: Path, at: str | None, wrong: list[Mistake]) -> State:
    from deeplinear.cli._documents import load_run

    try:
        traj = load_run(folder, "TARGET")
    except ArgumentError as error:
        text = str(error).removeprefix("Argument `TARGET` ")
        raise SettingsError([Mistake("TARGET", text), *wrong]) from None
    start, end = float(traj.t[0]), traj.t_end
    low, high = sorted((start, end))
    t = _time(at, start, end)
    if t is None or not low <= t <= high:
        span = f"from {low:g} to {high:.9g}"
        text = f"must be start, end, or a time of the run, {span}, but it is {at!r}."
        wrong.append(Mistake("--at", text))
    require(wrong)
    assert t is not None
    ending = {end: "the end", start: "the start"}.get(t, "a state")
    return State(traj(t), f"{ending} at t = {t:.6g}", traj, t)


def _time(at: str | None, start: float, end: float) -> float | None:
    if at in (None, "end"):
        return end
    if at == "start":
        return start
    try:
        return float(str(at))
    except ValueError:
        return None


def _weights_of_file(file: Path, at: str | None, wrong: list[Mistake]) -> State:
    from deeplinear import init

    if not file.exists():
        text = f"must be the folder of a run or a file of weights, but there is nothing at {file}."
        wrong.append(Mistake("TARGET", text))
    if at is not None:
        wrong.append(Mistake("--at", f"must be left out for a file of weights, but it is {at!r}."))
    require(wrong)
    net = init.from_file(file)
    return State(net, f"weights of widths {'-'.join(map(str, net.widths))}")
