"""What runs do on a lattice: which classes they visit, where they wait, the steps they take."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis import Itinerary, set_name
from deeplinear.landscape import Lattice


@dataclass
class Runs:
    """Positions of classes with how many runs come by, how many wait or end, and their steps.

    `elsewhere` counts visits of sets of modes that are no class of the lattice.
    """

    n: int = 0
    visits: Counter[int] = field(default_factory=Counter)
    waits: Counter[int] = field(default_factory=Counter)
    steps: Counter[tuple[int, int]] = field(default_factory=Counter)
    elsewhere: int = 0

    @classmethod
    def of(cls, lattice: Lattice, given: object) -> "Runs":
        """Read an itinerary, several, or None on a lattice."""
        if given is None:
            return cls()
        several = [given] if isinstance(given, Itinerary) else given
        if not isinstance(several, Sequence) or not all(
            isinstance(one, Itinerary) for one in several
        ):
            raise ArgumentTypeError(
                f"Argument `itinerary` must be an Itinerary, a list of them or None, but it is of "
                f"type {type(given).__name__}. Compute one with deeplinear.itinerary(traj)."
            )
        runs = cls(len(several))
        for one in several:
            runs._add(lattice, one)
        return runs

    def _add(self, lattice: Lattice, itinerary: Itinerary) -> None:
        came, waited, at = set(), set(), None
        for j, visit in enumerate(itinerary):
            i = _position(lattice, visit.modes, visit.value)
            if i is None:
                self.elsewhere += 1
                continue
            came.add(i)
            if visit.plateau or j == len(itinerary) - 1:
                waited.add(i)
            if at is not None and at != i:
                self.steps[at, i] += 1
            at = i
        self.visits.update(came)
        self.waits.update(waited)


def _position(lattice: Lattice, modes: tuple[int, ...], value: float) -> int | None:
    """The class of these modes, or None if there is none in this lattice."""
    s = lattice.problem.modes.s
    if modes and modes[-1] >= len(s):
        raise _another_problem(f"has {len(s)} modes, but the itinerary learns mode {modes[-1]}")
    try:
        i = lattice.position(modes)
    except ArgumentError:
        return None
    if abs(value - lattice.value[i]) > 1e-9 * float(lattice.value.max()) + 1e-300:
        raise _another_problem(
            f"has the value {lattice.value[i]:.6g} where modes {set_name(modes)} are learned, but "
            f"the itinerary has {value:.6g}"
        )
    return i


def _another_problem(why: str) -> ArgumentError:
    return ArgumentError(
        f"Argument `itinerary` must be that of a run on the problem of the lattice, which {why}."
    )
