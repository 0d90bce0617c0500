"""A slice of the loss: the plane through chosen networks, and a run projected on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from deeplinear import landscape
from deeplinear._core import checks
from deeplinear._core.checks import Array
from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.analysis import set_name
from deeplinear.landscape import EscapeDirection, EscapeRay
from deeplinear.network import LinearNetwork
from deeplinear.plot.data._plane import Plane, PlaneLoss
from deeplinear.problem import Problem
from deeplinear.solve import Trajectory

_NATURAL = 1.25  # reach around a single point, in norms of a network with one learned mode
_AROUND = 0.3  # reach around three points, in their largest distance along an axis
_FARTHEST = 1.5  # of the run beyond the points, in the same unit: what is farther is out of view


@dataclass(frozen=True, eq=False)
class LossSlice:
    """What a picture of a slice shows.

    Attributes
    ----------
    plane : the plane; x, y : ``(nx,)``, ``(ny,)``, the grid, in distances of weight space.
    gap : ``(ny, nx)``, loss - optimum on it; optimum : the smallest loss of these widths.
    points : ``(k, 2)``, the chosen networks; point_gaps : ``(k,)``.
    names : of the points; kinds : as `landscape.classify` says.
    directions : ``(0 or 2, 2)``, the chosen directions, of norm 1.
    labels : of both axes.
    path, distance : ``(t, 2)``, ``(t,)``, the run's finite saved states, projected, and how far
        each is from the plane; empty without a run.
    """

    plane: Plane
    x: Array
    y: Array
    gap: Array
    optimum: float
    points: Array
    point_gaps: Array
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    directions: Array
    labels: tuple[str, str]
    path: Array
    distance: Array


def loss_slice(
    problem: Problem,
    points: LinearNetwork | Sequence[LinearNetwork],
    directions: Sequence[Any] | None = None,
    *,
    trajectory: Trajectory | None = None,
    names: Sequence[str] | None = None,
    reach: float | None = None,
    resolution: int = 201,
) -> LossSlice:
    """Return the data of `plot.loss_slice`, where the arguments are explained."""
    if not isinstance(problem, Problem):
        raise ArgumentTypeError(
            f"Argument `problem` must be a Problem, but it is of type {type(problem).__name__}."
        )
    nets = _networks(problem, points, 3 if directions is None else 1)
    resolution = checks.integer("resolution", resolution, minimum=2)
    if reach is not None:
        reach = checks.number("reach", reach, minimum=0.0, exclusive=True)
    if directions is None:
        first, second = ([b - a for a, b in zip(nets[0].weights, net.weights, strict=True)]
                         for net in nets[1:])  # fmt: skip
        plane = Plane.spanned(nets[0], first, second, "points")
    else:
        first, second = _directions(directions, nets[0])
        plane = Plane.spanned(nets[0], first, second, "directions")
    path, distance = _path(plane, trajectory)
    at = plane.project(np.array([net.to_vector() for net in nets]))[0]
    x, y = _window(problem, at, path, reach, nets[0].depth, resolution)
    loss = PlaneLoss(problem, plane, float(np.abs([x[[0, -1]], y[[0, -1]]]).max()))
    labelled, kinds = _names(problem, nets, trajectory, names)
    along = np.zeros((0, 2))
    if directions is None:
        labels = (f"distance toward “{labelled[1]}”", f"distance across, toward “{labelled[2]}”")
    else:
        vectors = np.array([np.concatenate([w.ravel() for w in d]) for d in (first, second)])
        along = (vectors / np.linalg.norm(vectors, axis=1)[:, None]) @ plane.axes.T
        what = [_called(entry, j) for j, entry in enumerate(directions)]
        across = "along" if abs(along[1, 0]) < 1e-6 else "across, toward"
        labels = (f"distance along {what[0]}", f"distance {across} {what[1]}")
    return LossSlice(
        plane, x, y, loss.gap(*np.meshgrid(x, y)), problem.optimum(min(plane.widths)), at,
        loss.gap(*at.T), labelled, kinds, along, labels, path, distance,
    )  # fmt: skip


def _networks(problem: Problem, points: object, n: int) -> list[LinearNetwork]:
    given = [points] if isinstance(points, LinearNetwork) else points
    if not isinstance(given, Sequence) or not all(isinstance(p, LinearNetwork) for p in given):
        raise ArgumentTypeError(
            "Argument `points` must be three networks, or one and two `directions`, but it is of "
            f"type {type(points).__name__}."
        )
    if len(given) != n:
        need = "three networks without `directions`" if n == 3 else "one network with `directions`"
        raise ArgumentError(f"Argument `points` must hold {need}, but it holds {len(given)}.")
    for net in given:
        problem.require_widths(net.widths)
        if net.widths != given[0].widths:
            raise ArgumentError(
                "Argument `points` must hold networks of the same widths, but it holds "
                f"{given[0].widths} and {net.widths}."
            )
    return list(given)


def _directions(given: object, origin: LinearNetwork) -> list[list[Array]]:
    if not isinstance(given, Sequence) or len(given) != 2:
        raise ArgumentError("Argument `directions` must hold two directions.")
    found = []
    for j, entry in enumerate(given):
        parts: Any = entry
        if isinstance(entry, EscapeDirection):
            parts = entry.direction
        elif isinstance(entry, EscapeRay):
            tip = zip(entry.saddle.weights, entry(1.0).weights, strict=True)
            parts = [b - a for a, b in tip]
        found.append(checks.shaped_as_weights(f"directions[{j}]", parts, origin.weights))
    return found


def _called(entry: object, j: int) -> str:
    return f"the ray of {_modes(entry.modes)}" if isinstance(entry, EscapeRay) else f"direction {j}"


def _modes(modes: Sequence[int]) -> str:
    return f"mode{'s' if len(modes) > 1 else ''} {set_name(modes)}" if modes else "no mode"


def _path(plane: Plane, trajectory: Trajectory | None) -> tuple[Array, Array]:
    if trajectory is None:
        return np.zeros((0, 2)), np.zeros(0)
    if not isinstance(trajectory, Trajectory):
        raise ArgumentTypeError(
            "Argument `trajectory` must be a Trajectory or None, but it is of type "
            f"{type(trajectory).__name__}."
        )
    if trajectory.widths != plane.widths:
        raise ArgumentError(
            f"Argument `trajectory` must have the widths of the points, {plane.widths}, but it "
            f"has {trajectory.widths}."
        )
    at, distance = plane.project(trajectory.vectors)
    finite = np.isfinite(at).all(axis=1) & np.isfinite(distance)
    return at[finite], distance[finite]


def _window(
    problem: Problem, at: Array, path: Array, reach: float | None, depth: int, resolution: int
) -> tuple[Array, Array]:
    """The grid: around the points and the part of the run that is not far from them."""
    low, high = at.min(axis=0), at.max(axis=0)
    span = float((high - low).max())
    if span == 0:
        s = problem.modes.s
        span = _NATURAL / _AROUND * np.sqrt(depth) * (float(s[0]) if len(s) else 1.0) ** (1 / depth)
    margin = _AROUND * span if reach is None else reach
    if len(path):
        far = _FARTHEST * span
        seen = path[((path > low - far) & (path < high + far)).all(axis=1)]
        if len(seen):
            low, high = np.minimum(low, seen.min(axis=0)), np.maximum(high, seen.max(axis=0))
    x, y = (np.linspace(a - margin, b + margin, resolution) for a, b in zip(low, high, strict=True))
    return x, y


def _names(
    problem: Problem,
    nets: Sequence[LinearNetwork],
    trajectory: Trajectory | None,
    names: Sequence[str] | None,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and kinds: critical points by their learned modes, others by their place in the run."""
    if names is not None and (isinstance(names, str) or len(names) != len(nets)):
        raise ArgumentError(f"Argument `names` must hold {len(nets)} texts, one for each point.")
    kinds, found = [], []
    for j, net in enumerate(nets):
        point = landscape.classify(problem, net)
        kinds.append(point.kind)
        if "saddle" in point.kind or "minimum" in point.kind:
            what = "minimum" if "minimum" in point.kind else "saddle"
            found.append(f"{what} of {_modes(point.modes)}")
        elif trajectory is not None and net == trajectory.initial:
            found.append("start")
        elif trajectory is not None and net == trajectory.final:
            found.append("end")
        else:
            found.append(f"point {j}")
    return tuple(found if names is None else map(str, names)), tuple(kinds)
