"""The lattice of critical points with the path of a run (theory §8, §9)."""

from typing import Any

from deeplinear import landscape
from deeplinear.analysis import Itinerary, set_name
from deeplinear.explorer._page._panels._look import look
from deeplinear.explorer._page._panels._numbers import number
from deeplinear.plot import data
from deeplinear.solve import Trajectory

LARGEST = 12
"""Modes up to which all classes are counted; beyond, only those visited are drawn."""


def prepare(traj: Trajectory, itinerary: Itinerary) -> dict[str, Any]:
    """Return the classes as nodes, the orbits between them, and the steps of the run."""
    m = len(traj.problem.modes)
    if len(traj.widths) == 2:
        return {"note": "depth 1: the loss is convex and has one critical value"}
    if m == 0:
        return {"note": "the target is zero: there is one critical value, the optimum"}
    if m > LARGEST:
        return _visited_only(traj, itinerary)
    picture = data.lattice(landscape.lattice(traj.problem, traj.widths), itinerary)
    return {
        "nodes": [
            _node(
                modes,
                x=float(picture.x[i]),
                gap=float(picture.gap[i]),
                value=float(picture.value[i]),
                kind=picture.kinds[picture.kind[i]],
                index=int(picture.index[i]),
                order=picture.escape_order[i],
                visited=bool(picture.visited[i]),
            )
            for i, modes in enumerate(picture.modes)
        ],
        "edges": [
            {"ends": [int(a), int(b)], **look(int(k))}
            for (a, b), k in zip(picture.edges, picture.edge_mode, strict=True)
        ],
        "path": _path(itinerary, {modes: i for i, modes in enumerate(picture.modes)}),
        "important": list(picture.important),
        "x_limits": list(picture.x_limits),
        "ticks": [number(tick) for tick in picture.y_ticks],
        "remark": _remark(picture),
        "note": "",
    }


def _node(modes: tuple[int, ...], **facts: Any) -> dict[str, Any]:
    rounded = {name: number(facts.pop(name)) for name in ("x", "gap", "value")}
    return {"modes": list(modes), "name": set_name(modes), **rounded, **facts}


def _remark(picture: data.LatticeDiagram) -> str:
    """What is left out, and what stands for what."""
    remarks = []
    if len(picture.shown) < picture.n_classes:
        remarks.append(f"{picture.n_classes - len(picture.shown)} more classes")
    if picture.equal:
        remarks.append(f"equal modes {'; '.join(map(set_name, picture.equal))}")
    if picture.elsewhere:
        remarks.append(f"{picture.elsewhere} visits are no class here")
    return " · ".join(remarks)


def _path(itinerary: Itinerary, where: dict[tuple[int, ...], int]) -> list[dict[str, Any]]:
    """The node of every visit (None if it is no class here), with the color of the step to it."""
    path: list[dict[str, Any]] = []
    before: tuple[int, ...] | None = None
    for visit in itinerary:
        gained = [] if before is None else sorted(set(visit.modes) - set(before))
        one = len(gained) == 1 and before is not None and len(visit.modes) == len(before) + 1
        color = look(gained[0])["color"] if one else None
        path.append({"node": where.get(visit.modes), "color": color})
        before = visit.modes
    return path


def _visited_only(traj: Trajectory, itinerary: Itinerary) -> dict[str, Any]:
    optimum = traj.problem.optimum(min(traj.widths))
    first = {visit.modes: visit for visit in reversed(itinerary)}
    classes = sorted(first, key=lambda modes: (len(modes), modes))
    ranks = [len(modes) for modes in classes]
    return {
        "nodes": [
            _node(
                modes,
                x=len(modes),
                gap=max(first[modes].value - optimum, 0.0),
                value=first[modes].value,
                kind=first[modes].kind,
                index=None,
                order=first[modes].escape_order,
                visited=True,
            )
            for modes in classes
        ],
        "edges": [],
        "path": _path(itinerary, {modes: j for j, modes in enumerate(classes)}),
        "important": list(range(len(classes))),
        "x_limits": [min(ranks) - 0.5, max(ranks) + 0.5],
        "ticks": None,
        "remark": f"only visited classes of 2^{len(traj.problem.modes)}",
        "note": "",
    }
