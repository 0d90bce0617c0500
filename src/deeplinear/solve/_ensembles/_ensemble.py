"""Many starts of one problem: side by side and in threads, a status for each."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, unknown_name
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._ensembles._members import COLUMNS, METHODS
from deeplinear.solve._ensembles._memory import Members, Source
from deeplinear.solve._ensembles._starts import Starts
from deeplinear.solve._gradient_flow import gradient_flow
from deeplinear.solve._status import Status
from deeplinear.solve._trajectory import Trajectory

if TYPE_CHECKING:
    import xarray


class Ensemble:
    """Members of one problem from many starts, in the starts' order.

    ``members[k]`` is a `Trajectory` with its own status; by default it holds the start and the
    end. ``len``, iteration and `statuses` work as expected. Statistics are arrays over members:

    Attributes
    ----------
    learning_times : ``(m, n_modes)``, when each mode first passed half its value; NaN if it never
        did (theory §11).
    final_vectors : ``(m, n_params)``, the weights at the end, in `to_vector`'s layout.
    problem : what was run.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, k: int) -> Trajectory:
        index = k + len(self) if k < 0 else k
        if not 0 <= index < len(self):
            raise IndexError(f"member {k} of an ensemble of {len(self)}")
        return self._source.member(index)

    def __iter__(self) -> Iterator[Trajectory]:
        return (self._source.member(k) for k in range(len(self)))

    @property
    def problem(self) -> Problem:
        """The problem of all members."""
        return self._source.problem

    @property
    def statuses(self) -> dict[str, int]:
        """How many members ended in each status, in the order of their first member."""
        codes, first, counts = np.unique(
            self._source.column("status"), return_index=True, return_counts=True
        )
        order = np.argsort(first)
        return {Status.NAMES[codes[j]]: int(counts[j]) for j in order}

    @property
    def learning_times(self) -> Array:
        """``(m, n_modes)``: when each mode first passed half its value, NaN if it never did."""
        return self._source.column("learning_times")

    @property
    def final_vectors(self) -> Array:
        """``(m, n_params)``: the weights at the end; only for members of equal widths."""
        return self._source.column("final")

    def statistic(self, name: str) -> np.ndarray:
        """Return one variable of `to_xarray` for all members, and read no other from a store.

        "t_end", "status", "loss", "gap", "mode_strengths", "learning_times", "drift", "n_steps" and
        so on; the status as its name.
        """
        if name not in COLUMNS:
            raise unknown_name("name", name, tuple(COLUMNS))
        values = self._source.column(name)
        return np.array(Status.NAMES, dtype=object)[values] if name == "status" else values

    def to_xarray(self) -> "xarray.Dataset":
        """Return starts, ends and statistics of all members, with dimension ``member``."""
        import xarray

        widths = self._source.widths
        variables = {
            name: (("member", *dims), self.statistic(name)) for name, (_, dims) in COLUMNS.items()
        }
        return xarray.Dataset(
            variables, coords={"method": list(METHODS)}, attrs={"widths": list(widths)}
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.statuses.items())
        steps = int(self._source.column("n_steps").sum())
        return f"Ensemble({len(self)} members: {counts}; {steps} steps)"


def ensemble(
    problem: Problem,
    starts: Iterable[LinearNetwork] | ArrayLike,
    *,
    t_end: float | None = None,
    rtol: float = 1e-6,
    widths: Sequence[int] | None = None,
    n_threads: int | None = None,
    progress: bool | Callable[[int, int | None], None] | None = None,
    save: Any = "ends",
    store: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Ensemble:
    """Integrate the gradient flow from many starts, side by side and in threads.

    Each member has its own steps, and ends where `gradient_flow` would end it, to within the
    tolerance. Its result is the same to the last bit for every number of threads and whatever the
    other members are. A member that fails says so in its status and stops no other.

    Parameters
    ----------
    problem
        As in `gradient_flow`.
    starts
        Networks, at least one; their widths may differ. A generator is read as it is needed, so
        that a million starts need no memory. Or an array ``(m, n_params)`` of weight vectors in
        `LinearNetwork.to_vector`'s layout, with `widths`.
    t_end, rtol, save, options
        As in `gradient_flow`; ``save`` keeps the start and the end by default.
    widths
        Where `starts` is an array.
    n_threads
        None: as many as the machine's processors.
    progress
        None: a bar on standard error where that is a terminal, once the run has taken two seconds;
        it disappears at the end. True: the bar at once, or, where there is no terminal, a line
        every five seconds. False: nothing. Or a function, called with (members done, members in
        all) about ten times a second, as the number changes; None for the second where the starts
        do not tell.
    store
        A folder that members go to as they end, instead of memory: a zarr store that opens with
        xarray and with `deeplinear.load`. Where it exists, the same call completes it: after a
        crash too, nothing that is complete is computed again, and the store ends up the same.

    Returns
    -------
    Ensemble
        ``members[k]`` is the trajectory from start k. Ctrl-C keeps what is done; the members in
        progress and those not started end as "interrupted". With `store` they are left out, and
        the same call computes them.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is wrong. Starts in a list or an array are checked before any is integrated.
    StoreError
        `store` holds something else, or other starts, problem or options; or it cannot be written.

    Notes
    -----
    Networks of up to about 800 weights run eight at a time, one in each lane of the processor's
    vector registers, with the explicit and the stabilized method. Members that become very
    stiff go on by themselves, as do wider networks, starts with a closed form, and every
    option of `gradient_flow` that lanes do not know.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> starts = (dl.init.gaussian((2, 2, 2), scale=1e-2, seed=k) for k in range(4))
    >>> members = dl.ensemble(problem, starts)
    >>> members.statuses
    {'converged': 4}
    >>> members.learning_times.shape
    (4, 2)

    References
    ----------
    theory §3, §11, §13.
    """
    from deeplinear._core.tally import display
    from deeplinear.solve._ensembles._pipeline import Pipeline
    from deeplinear.solve._ensembles._runs import MemberRuns, StopFlag

    reader = Starts(problem, starts, widths)
    if n_threads is not None:
        n_threads = checks.integer("n_threads", n_threads, minimum=1)
    shown = display(progress)
    first_widths, first = reader.first()
    given = {"t_end": None if t_end == math.inf else t_end, "rtol": rtol, **options}
    _check_options(problem, LinearNetwork.from_vector(first, first_widths), given, save)
    runs = MemberRuns(problem, given, save, StopFlag())
    kept = {"method": "auto", "max_steps": 1_000_000, **given}
    if store is None:
        members = Members(problem, kept)
        with shown as tell:
            Pipeline(runs, reader, members, n_threads, tell).run()
        return Ensemble(members)
    from deeplinear.solve._ensembles._reading import open_source
    from deeplinear.solve._ensembles._store import open_sink

    if not (isinstance(save, str) and save == "ends"):
        raise ArgumentError(
            f"Argument `save` must be 'ends' where `store` is given, but it is {save!r}."
        )
    sink = open_sink(store, problem, first_widths, kept, reader.total)
    with shown as tell:
        pipeline = Pipeline(runs, reader, sink, n_threads, tell)
        pipeline.run()
    sink.close(complete=not pipeline.interrupted)
    return Ensemble(open_source(store))


def _check_options(
    problem: Problem, net: LinearNetwork, options: dict[str, Any], save: Any
) -> None:
    """Raise what `gradient_flow` raises for wrong options, in the caller's thread."""
    if "progress" in options:
        raise ArgumentTypeError("Argument `progress` must be given once.")
    if "max_steps" in options:
        checks.integer("max_steps", options["max_steps"], minimum=1)
    gradient_flow(problem, net, save=save, **{**options, "max_steps": 1})
