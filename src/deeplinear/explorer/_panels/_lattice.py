"""The lattice of critical points with the path of a run (theory §8, §9)."""

from typing import Any

import numpy as np

from deeplinear import landscape
from deeplinear.analysis import Itinerary, set_name
from deeplinear.explorer._panels._look import look
from deeplinear.explorer._panels._numbers import number
from deeplinear.plot._lattice_diagram import gaps_of
from deeplinear.plot._lattice_layout import drawn_classes
from deeplinear.plot._lattice_runs import Runs
from deeplinear.solve import Trajectory

LARGEST = 12
"""Modes up to which all classes are counted; beyond, only those visited are drawn."""

ALL, SOME = 64, 40
"""Classes up to which all are drawn, and how many of more."""


def prepare(traj: Trajectory, itinerary: Itinerary) -> dict[str, Any]:
    """Return the classes as nodes, the orbits between them, and the steps of the run."""
    m = len(traj.problem.modes)
    if len(traj.widths) == 2:
        return {"note": "depth 1: the loss is convex and has one critical value"}
    if m == 0:
        return {"note": "the target is zero: there is one critical value, the optimum"}
    if m > LARGEST:
        return _visited_only(traj, itinerary)
    lattice = landscape.lattice(traj.problem, traj.widths)
    runs = Runs.of(lattice, itinerary)
    shown = drawn_classes(lattice, runs.visits, ALL if len(lattice) <= ALL else SOME)
    gaps = gaps_of(lattice)[shown]
    where = {int(i): j for j, i in enumerate(shown)}
    x = _spread(lattice.rank[shown], gaps)
    source, target, mode = lattice.steps
    return {
        "nodes": [
            {
                "modes": list(lattice.modes(int(i))),
                "name": set_name(lattice.modes(int(i))),
                "x": number(float(x[j])),
                "gap": number(float(gaps[j])),
                "value": number(float(lattice.value[i])),
                "kind": lattice.kinds[lattice.kind[i]],
                "index": int(lattice.index[i]),
                "order": lattice.escape_order(int(i)),
                "visited": int(i) in runs.visits,
            }
            for j, i in enumerate(shown)
        ],
        "edges": [
            {"ends": [where[int(a)], where[int(b)]], **look(int(k))}
            for a, b, k in zip(source, target, mode, strict=True)
            if int(a) in where and int(b) in where
        ],
        "path": _path(itinerary, {lattice.modes(int(i)): j for j, i in enumerate(shown)}),
        "left_out": len(lattice) - len(shown),
        "note": "",
    }


def _path(itinerary: Itinerary, where: dict[tuple[int, ...], int]) -> list[dict[str, Any]]:
    """The node of every visit (None if it is no class here), with the color of the step to it."""
    path, before = [], None
    for visit in itinerary:
        gained = [] if before is None else sorted(set(visit.modes) - set(before))
        color = look(gained[0])["color"] if len(gained) == 1 else None
        path.append({"node": where.get(visit.modes), "color": color})
        before = visit.modes
    return path


def _spread(rank: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Columns by rank, each spread sideways by the order of its values so that orbits part."""
    x = rank.astype(float)
    for r in np.unique(rank):
        own = np.flatnonzero(rank == r)
        order = own[np.argsort(gaps[own], kind="stable")]
        if len(own) > 1:
            x[order] += np.where(np.arange(len(own)) % 2, 0.22, -0.04) - 0.09
    return x


def _visited_only(traj: Trajectory, itinerary: Itinerary) -> dict[str, Any]:
    optimum = traj.problem.optimum(min(traj.widths))
    first = {visit.modes: visit for visit in reversed(itinerary)}
    classes = sorted(first, key=lambda modes: (len(modes), modes))
    return {
        "nodes": [
            {
                "modes": list(modes),
                "name": set_name(modes),
                "x": len(modes),
                "gap": number(max(first[modes].value - optimum, 0.0)),
                "value": number(first[modes].value),
                "kind": first[modes].kind,
                "index": None,
                "order": first[modes].escape_order,
                "visited": True,
            }
            for modes in classes
        ],
        "edges": [],
        "path": _path(itinerary, {modes: j for j, modes in enumerate(classes)}),
        "left_out": None,
        "note": "",
    }
