"""Every bad problem is answered with an error that names the argument and what it is."""

import numpy as np
import pytest

from deeplinear import Problem
from deeplinear._core.errors import ArgumentError, ArgumentTypeError, DeeplinearError

GOOD = np.ones((4, 2))
BAD_MATRICES = [
    ([[1.0, np.nan]], ArgumentError, r"must be finite, but 1 of its 2 entries .* index \(0, 1\)"),
    ([[np.inf, 1.0]], ArgumentError, "must be finite"),
    ([[1j, 0.0]], ArgumentTypeError, "must hold real numbers, but its dtype is complex128"),
    ([[None, 1.0]], ArgumentTypeError, "must hold real numbers, but its dtype is object"),
    ([[1.0, 2.0], [3.0]], ArgumentTypeError, "cannot be made into one array"),
    ([["a", "b"]], ArgumentTypeError, "must hold real numbers"),
    ("digits", ArgumentTypeError, "must hold real numbers"),
    (None, ArgumentTypeError, "must hold real numbers"),
    ([1.0, 2.0], ArgumentError, r"must have shape .*, but its shape is \(2,\)"),
    (3.0, ArgumentError, r"must have shape .*, but its shape is \(\)"),
    (np.ones((0, 2)), ArgumentError, "at least one row and one column"),
    (np.ones((2, 0)), ArgumentError, "at least one row and one column"),
    (np.ones((2, 2, 1)), ArgumentError, r"its shape is \(2, 2, 1\)"),
    (np.array([["2020-01-01"]], dtype="datetime64"), ArgumentTypeError, "must hold real numbers"),
]


@pytest.mark.parametrize(("bad", "error", "text"), BAD_MATRICES)
@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("x", lambda bad: Problem.from_data(bad, GOOD)),
        ("y", lambda bad: Problem.from_data(GOOD, bad)),
        ("sigma", Problem.from_target),
        ("sxx", lambda bad: Problem.from_moments(bad, GOOD)),
        ("syx", lambda bad: Problem.from_moments(np.eye(2), bad)),
        ("product", lambda bad: Problem.from_target(GOOD).loss(bad)),
    ],
)
def test_arrays_that_are_no_matrices_are_named(name, build, bad, error, text):
    with pytest.raises(error, match=f"Argument `{name}`.*{text}") as caught:
        build(bad)
    assert isinstance(caught.value, DeeplinearError)


def test_samples_must_come_in_pairs():
    with pytest.raises(ArgumentError, match=r"same number of rows.* they have 4 and 3"):
        Problem.from_data(np.ones((4, 2)), np.ones((3, 2)))


@pytest.mark.parametrize("unit", [1e155, 1e200, 1e307])
def test_data_whose_moments_overflow_are_refused(unit):
    varied = np.array([[1.0, -2.0], [3.0, 1.0], [-2.0, 2.0]])
    for build in (
        lambda: Problem.from_data(unit * varied, varied),
        lambda: Problem.from_data(varied, unit * varied),
        lambda: Problem.from_data(unit * varied, varied, center=True, whiten=True),
        lambda: Problem.from_target(unit * varied),
        lambda: Problem.from_moments(np.eye(2), unit * varied),
        lambda: Problem.from_moments(np.eye(2), varied, 8e307 * np.eye(3)),
        lambda: Problem.from_modes([unit]),
    ):
        with pytest.raises(ArgumentError, match=r"the moments overflow\. Rescale the data"):
            build()


@pytest.mark.parametrize("unit", [1e-155, 1e-200, 5e-324])
def test_data_whose_moments_underflow_are_refused(unit):
    for build in (
        lambda: Problem.from_data(unit * GOOD, GOOD),
        lambda: Problem.from_data(GOOD, unit * GOOD),
        lambda: Problem.from_target(unit * GOOD),
        lambda: Problem.from_moments(np.eye(2), unit * GOOD),
        lambda: Problem.from_modes([unit]),
    ):
        with pytest.raises(ArgumentError, match=r"smallest normal number.* Rescale the data"):
            build()


def test_moments_that_no_data_have_are_refused():
    eye = np.eye(2)
    with pytest.raises(ArgumentError, match=r"`sxx` must be square, but its shape is \(2, 3\)"):
        Problem.from_moments(np.ones((2, 3)), np.ones((1, 3)))
    with pytest.raises(ArgumentError, match=r"`syx` must have 2 columns.* its shape is \(1, 3\)"):
        Problem.from_moments(eye, np.ones((1, 3)))
    with pytest.raises(ArgumentError, match=r"`sxx` must be symmetric, but it is off by 5\.0e-01"):
        Problem.from_moments([[1.0, 0.5], [0.0, 1.0]], [[1.0, 0.0]])
    with pytest.raises(ArgumentError, match=r"semidefinite.* smallest eigenvalue is -0\.5"):
        Problem.from_moments(np.diag([1.0, -0.5]), [[1.0, 0.0]])
    with pytest.raises(ArgumentError, match="positive semidefinite"):
        Problem.from_moments([[-1e-300]], [[0.0]])
    for unit in (1e-300, 1.0, 1e300):
        with pytest.raises(ArgumentError, match=r"rows in the range of `sxx`.* norm .* outside"):
            Problem.from_moments(np.diag([unit, 0.0]), [[unit, unit]])
    with pytest.raises(ArgumentError, match="rows in the range"):
        Problem.from_moments([[0.0]], [[1.0]])


def test_rounding_errors_of_moments_are_forgiven():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 6))  # rank 3 of 6: tiny negative eigenvalues, tiny parts outside
    y = rng.standard_normal((3, 2))
    sxx = x.T @ x * (1 + 1e-15 * rng.standard_normal((6, 6)))
    problem = Problem.from_moments(sxx, y.T @ x, float(np.sum(y**2)) * (1 - 1e-14))
    assert problem.rank == 3
    assert problem.floor <= 1e-12 * problem.syy


@pytest.mark.parametrize(
    ("syy", "error", "text"),
    [
        (0.99, ArgumentError, r"`syy` must be at least 1, .* but it is 0\.99"),
        (np.array(0.99), ArgumentError, "`syy` must be at least 1"),
        ([[0.99]], ArgumentError, "`syy` must be at least 1"),
        (-1.0, ArgumentError, "`syy` must be at least 0"),
        (np.nan, ArgumentError, "`syy` must be finite"),
        (np.float32("inf"), ArgumentError, "`syy` must be finite"),
        ([[np.nan]], ArgumentError, "`syy` must be finite"),
        (np.eye(2), ArgumentError, r"number or have shape \(1, 1\), but its shape is \(2, 2\)"),
        ([1.0], ArgumentError, r"`syy` must have shape \(d_out, d_out\)"),
        ("1", ArgumentTypeError, "`syy` must be a real number"),
        (1j, ArgumentTypeError, "`syy` must be a real number"),
        (np.complex64(1j), ArgumentTypeError, "`syy` must be a real number"),
        (np.array(1j), ArgumentTypeError, "`syy` must be a real number"),
        (True, ArgumentTypeError, "`syy` must be a real number"),
        ([[1, 2], [3]], ArgumentTypeError, "`syy` .* cannot be made into one array"),
        ({}, ArgumentTypeError, "`syy` must hold real numbers"),
    ],
)
def test_bad_output_moments_are_named(syy, error, text):
    with pytest.raises(error, match=text):
        Problem.from_moments([[1.0]], [[1.0]], syy)


@pytest.mark.parametrize(
    ("s", "error", "text"),
    [
        ([], ArgumentError, "at least one value"),
        ([1.0, -1.0], ArgumentError, "all at least 0"),
        ([np.nan], ArgumentError, "`s` must be finite"),
        ([[1.0]], ArgumentError, r"`s` must have shape \(m,\)"),
        (2.0, ArgumentError, r"`s` must have shape \(m,\)"),
        (["a"], ArgumentTypeError, "`s` must hold real numbers"),
        ([1j], ArgumentTypeError, "`s` must hold real numbers"),
    ],
)
def test_bad_spectra_are_named(s, error, text):
    with pytest.raises(error, match=text):
        Problem.from_modes(s)


def test_sizes_and_seeds_that_do_not_fit_a_spectrum_are_named():
    for name in ("d_in", "d_out"):
        with pytest.raises(ArgumentError, match=f"`{name}` must be at least 2, the number of"):
            Problem.from_modes([2.0, 1.0], **{name: 1})
        with pytest.raises(ArgumentError, match=f"`{name}` must be at least 1, but it is 0"):
            Problem.from_modes([2.0, 1.0], **{name: 0})
        with pytest.raises(ArgumentTypeError, match=f"`{name}` must be an integer"):
            Problem.from_modes([2.0, 1.0], **{name: 2.0})
    with pytest.raises(ArgumentTypeError, match="`seed` must be an integer"):
        Problem.from_modes([2.0, 1.0], seed="a")


def test_bad_ranks_and_products_are_named():
    problem = Problem.from_target(np.ones((2, 3)))
    for method in (problem.optimum, problem.solution):
        with pytest.raises(ArgumentError, match="`rank` must be at least 0, but it is -1"):
            method(-1)
        with pytest.raises(ArgumentTypeError, match="`rank` must be an integer"):
            method(1.0)
    with pytest.raises(ArgumentError, match=r"must have shape \(2, 3\), but its shape is \(3, 2\)"):
        problem.loss(np.ones((3, 2)))


def test_widths_must_run_from_the_inputs_to_the_outputs():
    problem = Problem.from_modes([2.0, 1.0], d_in=64, d_out=10)
    problem.require_widths((64, 5, 10))
    problem.require_widths([64, 10])
    text = r"^Argument `widths` must start with 64, the number of inputs of the problem, "
    with pytest.raises(ArgumentError, match=text + r"but it is \(32, 10\)\.$"):
        problem.require_widths((32, 10))
    text = r"^Argument `widths` must end with 10, the number of outputs of the problem, "
    with pytest.raises(ArgumentError, match=text + r"but it is \(64, 8, 64\)\.$"):
        problem.require_widths((64, 8, 64))


def test_moments_are_read_only_copies():
    sigma = np.eye(2)
    problem = Problem.from_target(sigma)
    sigma[0, 0] = 5.0
    assert problem.syx[0, 0] == 1.0
    for array in (problem.sxx, problem.syx, problem.target, problem.modes.s, problem.modes.u):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
