"""From the settings to the problem and the start."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from deeplinear import LinearNetwork, Problem, datasets, init
from deeplinear._core.errors import ArgumentError
from deeplinear.cli._config import Config, Data
from deeplinear.datasets import Dataset


@dataclass(frozen=True)
class Loaded:
    """A problem, the data that it came from, and a digest of the files that they were read from."""

    problem: Problem
    dataset: Dataset
    sha256: str | None


def load(data: Data, widths: Sequence[int] | None) -> Loaded:
    """Read the data and reduce them to a problem; a planted spectrum takes its sizes from widths.

    Raises
    ------
    DeeplinearError
        The data cannot be read or used, or have changed since a run.toml was written.
    """
    digest = _digest(data)
    if data.sha256 not in (None, digest):
        raise ArgumentError(
            f"Argument `data.sha256` must be that of {', '.join(data.source)}, {digest}, but it "
            f"is {data.sha256}: the data have changed since the run. Delete this key to run with "
            "the new data."
        )
    if data.files:
        path = data.files if len(data.files) > 1 else data.files[0]
        dataset = datasets.read(path, targets=data.targets)  # type: ignore[arg-type]
    else:
        dataset = datasets.load(data.source[0], **_choices(data, widths))
    if data.standardize:
        dataset = dataset.standardized()
    problem = Problem.from_data(
        dataset.x, dataset.y, whiten=data.whiten, center=data.center, mean=data.mean
    )
    return Loaded(problem, dataset, digest)


def start(config: Config, problem: Problem) -> LinearNetwork:
    """Build the start of a run."""
    problem.require_widths(config.network.widths)
    return init.make(config.init.name, problem, config.network.widths, **config.init.choices())


def _choices(data: Data, widths: Sequence[int] | None) -> dict[str, object]:
    choices = dict(data.options)
    if data.s is not None:
        choices["s"] = data.s
        if widths is not None:
            # Ends too narrow for the spectrum are left to the check of the widths.
            for name, size in (("d_in", widths[0]), ("d_out", widths[-1])):
                choices.setdefault(name, max(size, len(data.s)))
    return choices


def _digest(data: Data) -> str | None:
    if not data.files:
        return None
    digest = hashlib.sha256()
    for file in data.files:
        try:
            digest.update(file.read_bytes())
        except OSError:  # `datasets.read` says what is wrong
            return None
    return digest.hexdigest()
