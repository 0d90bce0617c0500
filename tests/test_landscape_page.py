"""The table at the end of docs/landscape.md says what every function does on every problem."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import analysis, landscape
from deeplinear._core.errors import ArgumentError

PAGE = Path(__file__).parents[1] / "docs" / "landscape.md"


def colored(*, deficient, whiten):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)) @ (np.eye(3) + 0.4 * rng.standard_normal((3, 3)))
    if deficient:
        x[:, -1] = x[:, 0]
    y = x @ rng.standard_normal((3, 3)) + 0.1 * rng.standard_normal((40, 3))
    return dl.Problem.from_data(x, y, whiten=whiten)


SQUARE = (3, 3, 3, 3)
COLUMNS = {  # problem, widths, a class that is no minimum
    "equal or zero": [
        (dl.Problem.from_modes([3.0, 2.0, 2.0], seed=1), SQUARE, [0]),
        (dl.Problem.from_modes([3.0, 2.0, 2.0], seed=1), SQUARE, [0, 1]),
        (dl.Problem.from_target(np.diag([3.0, 2.0, 0.0])), SQUARE, [0]),
    ],
    "shapes": [
        (dl.Problem.from_modes([3.0, 2.0], d_in=4, d_out=2, seed=0), (4, 3, 3, 2), [0]),
        (dl.Problem.from_modes([3.0, 2.0, 1.0]), (3, 1, 3, 3), []),
        (dl.Problem.from_modes([3.0, 2.0, 1.0]), (3, 2, 2, 3), [1]),
    ],
    "deficient": [(colored(deficient=True, whiten=True), SQUARE, [0])],
    "not white": [
        (colored(deficient=False, whiten=False), SQUARE, [0]),
        (colored(deficient=True, whiten=False), SQUARE, [0]),
    ],
}


def canonical(problem, widths, modes):
    return landscape.critical_point(problem, widths, modes)


def anywhere(problem, widths, modes):
    return landscape.random_critical_point(problem, widths, modes, seed=1)


def unlearned(problem, modes):
    return next(k for k in range(len(problem.modes)) if k not in modes)


def values(problem, widths, modes):
    found = landscape.critical_values(problem, widths)
    assert len(list(found)) == found.count


def lattice(problem, widths, modes):
    found = landscape.lattice(problem, widths)[modes]
    assert found.value == pytest.approx(dl.loss(problem, canonical(problem, widths, modes)))


def edges(problem, widths, modes):
    found = landscape.lattice(problem, widths).edges(amplitude=0.01)
    assert all(edge.time > 0 for edge in found)


def point(problem, widths, modes):
    net = canonical(problem, widths, modes)
    assert landscape.classify(problem, net).modes == tuple(modes)


def random_point(problem, widths, modes):
    net = anywhere(problem, widths, modes)
    assert landscape.classify(problem, net).modes == tuple(modes)


def patterns(problem, widths, modes):
    for pattern in itertools.islice(landscape.residual_patterns(problem, widths, modes), 5):
        net = landscape.random_critical_point(problem, widths, modes, pattern=pattern)
        assert landscape.inertia(problem, net).pattern == pattern


def escape_order(problem, widths, modes):
    net = landscape.critical_point(problem, widths, modes, escape_order=2)
    assert landscape.classify(problem, net).escape_order == 2


def classify(problem, widths, modes):
    verdict = landscape.classify(problem, anywhere(problem, widths, modes))
    found = landscape.lattice(problem, widths)[modes]
    assert (verdict.kind, verdict.escape_order) == (found.kind, found.escape_order)


def refine(problem, widths, modes):
    near = dl.init.near(canonical(problem, widths, modes), distance=1e-4, seed=0)
    found = landscape.refine(problem, near)
    assert found.converged
    assert landscape.classify(problem, found.network).modes == tuple(modes)


def signs(problem, net):
    values = np.linalg.eigvalsh(dl.hessian(problem, net))
    return int((values < -1e-8).sum()), int((values > 1e-8).sum())


def inertia(problem, widths, modes):
    net = canonical(problem, widths, modes)
    found = landscape.inertia(problem, net)
    assert (found.index, found.positive) == signs(problem, net)


def canonical_index(problem, widths, modes):
    found = landscape.canonical_index(problem, widths, modes)
    assert found == signs(problem, canonical(problem, widths, modes))[0]


def spectrum(problem, widths, modes):
    net = anywhere(problem, widths, modes)
    dense = np.linalg.eigvalsh(dl.hessian(problem, net))
    assert np.allclose(landscape.spectrum(problem, net), dense, atol=1e-9 * np.abs(dense).max())


def lowest_eigenpairs(problem, widths, modes):
    net = anywhere(problem, widths, modes)
    dense = np.linalg.eigvalsh(dl.hessian(problem, net))
    found = landscape.lowest_eigenpairs(problem, net, k=2)
    assert np.allclose(found.values, dense[:2], atol=1e-9 * np.abs(dense).max())


def canonical_spectrum(problem, widths, modes):
    dense = np.linalg.eigvalsh(dl.hessian(problem, canonical(problem, widths, modes)))
    assert np.allclose(landscape.canonical_spectrum(problem, widths, modes), dense, atol=1e-10)


def critical_dimension(problem, widths, modes):
    least = landscape.inertia(problem, canonical(problem, widths, modes)).tangent
    assert landscape.critical_dimension(problem, widths, modes) >= least


def escape(problem, widths, modes):
    found = landscape.escape(problem, canonical(problem, widths, modes))
    start = found.directions[0]
    assert dl.loss(problem, start(0.05)) < dl.loss(problem, start.network)


def arrival(problem, widths, modes):
    net = canonical(problem, widths, modes)
    assert len(landscape.arrival(problem, net).rates) == signs(problem, net)[1]


def escape_rays(problem, widths, modes):
    assert next(landscape.escape_rays(problem, widths, modes)).rate > 0


def heteroclinic(problem, widths, modes):
    orbit = landscape.heteroclinic(problem, widths, modes, unlearned(problem, modes))
    assert len(landscape.classify(problem, orbit.target).modes) == len(modes) + 1


def unstable_curve(problem, widths, modes):
    saddle = canonical(problem, widths, modes)
    way = landscape.escape(problem, saddle).directions[0].direction
    curve = analysis.unstable_curve(problem, saddle, way, t_end=1.0)
    assert curve.trajectory.loss[-1] < curve.trajectory.loss[0]


def stable_curve(problem, widths, modes):
    saddle = canonical(problem, widths, modes)
    if not modes:  # no positive eigenvalue: against the escape
        first, *rest = landscape.escape(problem, saddle).directions[0].direction
        way = [-first, *rest]
    else:
        way = landscape.arrival(problem, saddle).directions[-1]
    curve = analysis.stable_curve(problem, saddle, way, t_end=0.1)
    assert curve.trajectory.loss[-1] > curve.trajectory.loss[0]


def ends_in(problem, widths, modes):
    assert landscape.ends_in(problem, anywhere(problem, widths, modes), modes).answer
    start = dl.init.gaussian(widths, scale=0.1, seed=0)
    found = landscape.ends_in(problem, start, modes)
    assert found.answer is None or tuple(modes) not in found.possible


def project(problem, widths, modes):
    net = anywhere(problem, widths, modes)
    assert landscape.project(problem, net) == canonical(problem, widths, modes)


def same_class(problem, widths, modes):
    net, other = anywhere(problem, widths, modes), canonical(problem, widths, modes)
    assert landscape.same_class(problem, net, other)


CALLS = {
    "critical_values": values,
    "lattice": lattice,
    "Lattice.edges(amplitude)": edges,
    "critical_point": point,
    "random_critical_point": random_point,
    "residual_patterns": patterns,
    "escape_order=": escape_order,
    "classify": classify,
    "refine": refine,
    "inertia": inertia,
    "canonical_index": canonical_index,
    "spectrum": spectrum,
    "lowest_eigenpairs": lowest_eigenpairs,
    "canonical_spectrum": canonical_spectrum,
    "critical_dimension": critical_dimension,
    "escape": escape,
    "arrival": arrival,
    "escape_rays": escape_rays,
    "heteroclinic": heteroclinic,
    "unstable_curve": unstable_curve,
    "stable_curve": stable_curve,
    "ends_in": ends_in,
    "project": project,
    "same_class": same_class,
}


def table():
    """{function: {column: what the page says}}."""
    lines = PAGE.read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| function |"))
    names = [cell.strip() for cell in lines[start].strip("|").split("|")][1:]
    found = {}
    for line in itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :]):
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        for function in re.findall(r"`([^`]+)`", first):
            found[function] = dict(zip(names, cells, strict=True))
    return found


def test_the_table_has_a_row_for_every_function_and_a_column_for_every_problem():
    assert set(table()) == set(CALLS)
    assert all(set(row) == set(COLUMNS) for row in table().values())


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("function", CALLS)
def test_every_cell_of_the_table_is_what_happens(function, column):
    said = table()[function][column]
    for case in COLUMNS[column]:
        if said.startswith("refused"):
            with pytest.raises(ArgumentError, match="whitened"):
                CALLS[function](*case)
        else:
            assert said.startswith(("+", "fewer"))
            CALLS[function](*case)
