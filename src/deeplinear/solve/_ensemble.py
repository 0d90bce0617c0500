"""Many starts of one problem: threads over members, a status for each."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.network import LinearNetwork
from deeplinear.problem import Problem
from deeplinear.solve._gradient_flow import gradient_flow
from deeplinear.solve._trajectory import Trajectory

if TYPE_CHECKING:
    import xarray


class Ensemble:
    """Trajectories of one problem from many starts, in the starts' order.

    ``members[k]`` is a `Trajectory` with its own status; by default it holds the start and the
    end. ``len``, iteration and `statuses` work as expected.
    """

    def __init__(self, members: Iterable[Trajectory]) -> None:
        self._members = tuple(members)

    def __len__(self) -> int:
        return len(self._members)

    def __getitem__(self, k: int) -> Trajectory:
        return self._members[k]

    def __iter__(self) -> Iterator[Trajectory]:
        return iter(self._members)

    @property
    def statuses(self) -> dict[str, int]:
        """How many members ended in each status."""
        names = [str(member.status) for member in self]
        return {name: names.count(name) for name in sorted(set(names), key=names.index)}

    def to_xarray(self) -> "xarray.Dataset":
        """Return the ends of all members as an `xarray.Dataset` with dimension ``member``."""
        import xarray

        ends = {
            "status": (("member",), np.array([str(m.status) for m in self], dtype=object)),
            "t_end": (("member",), np.array([m.t_end for m in self])),
            "loss": (("member",), np.array([m.loss[-1] for m in self])),
            "gap": (("member",), np.array([m.gap[-1] for m in self])),
            "drift": (("member",), np.array([m.drift[-1] for m in self])),
            "n_steps": (("member",), np.array([m.stats.n_steps for m in self])),
            "initial": (("member", "parameter"), np.array([m.vectors[0] for m in self])),
            "final": (("member", "parameter"), np.array([m.vectors[-1] for m in self])),
            "mode_strengths": (
                ("member", "mode"),
                np.array([m.mode_strengths[-1] for m in self]),
            ),
        }
        return xarray.Dataset(ends, attrs={"widths": list(self[0].widths)})

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.statuses.items())
        steps = sum(member.stats.n_steps for member in self)
        return f"Ensemble({len(self)} members: {counts}; {steps} steps)"


def ensemble(
    problem: Problem,
    starts: Iterable[LinearNetwork],
    *,
    t_end: float | None = None,
    rtol: float = 1e-6,
    n_threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    save: Any = "ends",
    **options: Any,
) -> Ensemble:
    """Integrate the gradient flow from many starts, with threads inside this process.

    Each member is integrated by itself, exactly as `gradient_flow` would: results do not depend
    on the number of threads, and a member that fails says so in its status and stops no other.

    Parameters
    ----------
    problem
        As in `gradient_flow`.
    starts
        Networks, at least one; their widths may differ.
    t_end, rtol, save, options
        As in `gradient_flow`; ``save`` keeps the start and the end by default.
    n_threads
        None: as many as the machine's processors.
    progress
        Called with (members done, members in all) after each member.

    Returns
    -------
    Ensemble
        ``members[k]`` is the trajectory from start k. Ctrl-C keeps what is done; the members in
        progress and those not started end as "interrupted".

    Raises
    ------
    ArgumentError, ArgumentTypeError
        An argument is wrong; checked for every start before any is integrated.

    Examples
    --------
    >>> import deeplinear as dl
    >>> problem = dl.Problem.from_modes([2.0, 1.0])
    >>> starts = [dl.init.gaussian((2, 2, 2), scale=1e-2, seed=k) for k in range(4)]
    >>> dl.ensemble(problem, starts).statuses
    {'converged': 4}

    References
    ----------
    theory §3, §13.
    """
    networks = list(starts)
    if not networks:
        raise ArgumentError("Argument `starts` must hold at least one network, but it is empty.")
    for k, net in enumerate(networks):
        if not isinstance(net, LinearNetwork):
            raise ArgumentTypeError(
                f"Argument `starts` must hold networks, but entry {k} is of type "
                f"{type(net).__name__}."
            )
        problem.require_widths(net.widths)
    if n_threads is None:
        n_threads = os.cpu_count() or 1
    else:
        n_threads = checks.integer("n_threads", n_threads, minimum=1)
    stop_flag = _StopFlag()

    def one(net: LinearNetwork) -> Trajectory:
        return gradient_flow(
            problem, net, t_end=t_end, rtol=rtol, save=save, progress=stop_flag, **options
        )

    done = 0
    members: list[Trajectory | None] = [None] * len(networks)
    first = one(networks[0])  # wrong options raise here, in the caller's thread
    members[0] = first
    with ThreadPoolExecutor(n_threads) as pool:
        futures = {pool.submit(one, net): k for k, net in enumerate(networks[1:], start=1)}
        pending = set(futures)
        done = 1
        try:
            while True:
                if progress is not None:
                    progress(done, len(networks))
                if not pending:
                    break
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                done += len(finished)
        except KeyboardInterrupt:
            stop_flag.raised = True
            wait(pending)
        for future, k in futures.items():
            members[k] = future.result()
    return Ensemble(member for member in members if member is not None)


class _StopFlag:
    """A progress callable through which Ctrl-C reaches the members in other threads."""

    def __init__(self) -> None:
        self.raised = False

    def __call__(self, progress: object) -> None:
        if self.raised:
            raise KeyboardInterrupt
