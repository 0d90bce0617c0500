"""From the settings to the problem, the widths and the start."""

import itertools
from functools import lru_cache
from typing import Any

from deeplinear import LinearNetwork, Problem, datasets, init
from deeplinear._core.errors import DeeplinearError
from deeplinear.datasets import Dataset
from deeplinear.explorer import _limits as limits
from deeplinear.explorer._inputs._store import Store
from deeplinear.explorer._settings._mistakes import SettingsError
from deeplinear.explorer._settings._model import PLANTED, UPLOAD, Data, Settings


def dataset(data: Data, store: Store) -> Dataset:
    """Return the data as arrays.

    Raises
    ------
    SettingsError
        They cannot be made, or are too large.
    """
    if data.source == UPLOAD:
        held = store.upload(data.upload or "")
        found = Dataset(held.x, held.y, held.name, held.description)
    else:
        _require_small(data.options)
        try:
            found = _load(data.source, choices(data))
        except DeeplinearError as error:
            raise SettingsError({"data.options" if data.options else "data": str(error)}) from None
    return found.standardized() if data.standardize else found


def choices(data: Data) -> dict[str, Any]:
    """The keyword arguments of the data set's function."""
    if data.source != PLANTED:
        return dict(data.options)
    sizes = {"d_in": data.d_in, "d_out": data.d_out}
    given = {name: size for name, size in sizes.items() if size is not None}
    noise = {"noise": data.noise} if data.noise else {}
    return {"s": list(data.s), **given, **noise, "seed": data.seed}


def problem(data: Data, store: Store) -> Problem:
    """Return the problem of the data.

    Raises
    ------
    SettingsError
        The data cannot be used.
    """
    found = dataset(data, store)
    try:
        return Problem.from_data(
            found.x, found.y, whiten=data.whiten, center=data.center, mean=data.mean
        )
    except DeeplinearError as error:
        raise SettingsError({"data": str(error)}) from None


def widths(settings: Settings, problem: Problem) -> tuple[int, ...]:
    """Return the widths of the network, inputs first.

    Raises
    ------
    SettingsError
        There would be too many weights.
    """
    found = (problem.d_in, *settings.hidden, problem.d_out)
    count = sum(a * b for a, b in itertools.pairwise(found))
    if count > limits.PARAMETERS:
        raise SettingsError({"hidden": limits.too_many_weights(count)})
    return found


def start(settings: Settings, problem: Problem, store: Store) -> LinearNetwork:
    """Return the start, without a nudge.

    Raises
    ------
    SettingsError
        It does not fit the problem.
    """
    sizes = widths(settings, problem)
    chosen = settings.start
    if chosen.name == "saved":
        net = store.start(chosen.saved or "")
        if net.widths != sizes:
            text = f"has the widths {net.widths}, but those of the network are {sizes}."
            raise SettingsError({"start.saved": text})
        return net
    try:
        return init.make(chosen.name, problem, sizes, **chosen.choices())
    except DeeplinearError as error:
        raise SettingsError({"start": str(error)}) from None


def _require_small(options: dict[str, Any]) -> None:
    """Before anything is generated: sizes that are no sizes are left to the data set."""
    given = options.get("widths")
    sizes = [n for n in given if isinstance(n, int)] if isinstance(given, list) else []
    rows = options.get("n_samples")
    if max(sizes, default=0) > limits.WIDTH or len(sizes) > limits.HIDDEN_LAYERS + 2:
        raise SettingsError({"data.options": limits.too_wide(max(sizes))})
    columns = sizes[0] + sizes[-1] if sizes else 1
    if isinstance(rows, int) and rows * columns > limits.UPLOAD_ENTRIES:
        raise SettingsError({"data.options": limits.too_many_samples(rows * columns)})


def _load(source: str, options: dict[str, Any]) -> Dataset:
    fixed = tuple((name, _fixed(value)) for name, value in options.items())
    try:
        hash(fixed)
    except TypeError:  # not for a data set: its own error says so
        return datasets.load(source, **options)
    return _loaded(source, fixed)


@lru_cache(maxsize=4)
def _loaded(source: str, options: tuple[tuple[str, Any], ...]) -> Dataset:
    return datasets.load(source, **dict(options))


def _fixed(value: Any) -> Any:
    return tuple(map(_fixed, value)) if isinstance(value, list) else value
