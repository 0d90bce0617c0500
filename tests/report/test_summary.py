"""The paragraph in words: right for every way in which a run can end."""

import re
from dataclasses import replace

import numpy as np
import pytest

import deeplinear as dl
from deeplinear import init
from deeplinear.analysis import Itinerary
from deeplinear.report import summary
from deeplinear.report._summary import name
from deeplinear.report._words import count, listing, number, pretty
from deeplinear.solve import Stats, Status, Trajectory

THREE = dl.Problem.from_modes([3.0, 2.0, 1.0])


def words(traj: Trajectory) -> str:
    return summary(traj).replace("\N{NO-BREAK SPACE}", " ")


def ended(status: str, loss_factor: float = 0.5) -> Trajectory:
    """A made-up run of two states with any status."""
    start = np.full(2, 0.5)
    return Trajectory(
        dl.Problem.from_modes([1.0]),
        (1, 1, 1),
        np.array([0.0, 1.0]),
        np.array([start, start / loss_factor]),
        status=Status(status, "Its reason.", "Its remedy."),
        stats=Stats(1, 0, 1, 0, 0, 0, 0.25),
        segments=(),
        options={"method": "auto", "rtol": 1e-6},
        largest_rise=0.0,
    )


def test_a_converged_run_is_told_from_data_to_cost(run: Trajectory) -> None:
    text = words(run)
    for part in (
        "A linear network of widths 3-4-3 (2 layers, 24 weights) was trained by gradient flow",
        "whitened data with 3 inputs, 3 outputs and 3 modes, of singular values 3, 2 and 1.",
        "The loss fell from 7 to ",
        "The network learned all 3 modes: mode 0 at t = ",
        "It waited on 3 plateaus, all near strict saddles; the longest, with modes 0, 1 learned, ",
        "The run converged at t = ",
        "The limit is a global minimum, at distance ",
        "The 10 conservation laws were kept up to a relative drift of ",
        "and the loss never rose by more than round-off.",
        f"The run took {run.stats.n_steps} steps and ",
    ):
        assert part in text


def test_plateaus_are_counted_by_what_is_near(run: Trajectory, visits: Itinerary) -> None:
    def told(*kinds: str) -> str:
        made = [
            replace(visit, kind=kind, plateau=bool(kind))
            for visit, kind in zip(visits, [*kinds, "", "", ""], strict=False)
        ]
        return summary(run, None, Itinerary(made, (), "The end.")).replace(
            "\N{NO-BREAK SPACE}", " "
        )

    assert "There was no plateau on the way." in told()
    one = told("strict saddle")
    assert "It waited on one plateau, near a strict saddle, with no mode learned, from t" in one
    both = told("strict saddle", "strict saddle")
    assert "It waited on 2 plateaus, both near strict saddles; the longest, with" in both
    mixed = told("strict saddle", "none near", "strict saddle")
    assert "3 plateaus, 2 near strict saddles and 1 with no critical point near;" in mixed


def test_a_run_in_closed_form_says_so() -> None:
    start = init.decoupled(THREE, (3, 3, 3), [0.1, 0.05, 0.02])
    text = words(dl.gradient_flow(THREE, start))
    assert "No step was needed: the run was evaluated in closed form (decoupled), in " in text
    assert "closed form" not in words(dl.gradient_flow(THREE, start, method="explicit"))


def test_a_reduced_run_says_what_was_reduced() -> None:
    problem = dl.Problem.from_modes(range(1, 11), d_in=60, seed=0)
    net = init.orthogonal((60, 90, 90, 10), scale=0.1, seed=0)
    assert "60-90-90-10 reduced to 20-30-30-10" in words(dl.gradient_flow(problem, net))


def test_one_of_everything_is_singular() -> None:
    problem = dl.Problem.from_modes([2.0])
    text = words(dl.gradient_flow(problem, dl.LinearNetwork([[[0.1]], [[0.1]]])))
    for part in (
        "1 input, 1 output and 1 mode, of singular value 2",
        "learned the only mode, at t",
    ):
        assert part in text
    assert "The one conservation law was kept" in text
    text = words(dl.gradient_flow(problem, dl.LinearNetwork([[[0.1]]])))
    assert "(1 layer, 1 weight)" in text
    assert "Without hidden layers there are no conservation laws" in text


def test_a_saddle_names_what_was_not_learned_and_the_remedy() -> None:
    traj = dl.gradient_flow(THREE, dl.LinearNetwork([np.diag([0.2, 0.0, 0.0])] * 3))
    text = words(traj)
    assert traj.status == "stopped at a saddle"
    assert "learned 1 of the 3 modes: mode 0 at t = " in text
    assert "Modes 1 and 2 were not learned." in text
    assert "The run stopped at a saddle at t = " in text
    assert traj.status.remedy in text


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("converged", "The run converged at t = 1. The limit is a global minimum, at distance 0"),
        ("converged", ". Its reason. Its remedy."),
        ("stopped at a saddle", "The run stopped at a saddle at t = 1. The limit is a "),
        ("stopped at a saddle", ". Its reason. Its remedy."),
        ("t_end", "The run ended at t = 1, the end time that was asked for."),
        ("step limit", "The run reached its limit of steps at t = 1. Its reason. Its remedy."),
        ("interrupted", "The run was interrupted at t = 1; what had been computed"),
        ("failed", "The run failed at t = 1. Its reason. Its remedy."),
    ],
)
def test_every_status_has_its_sentence(status: str, sentence: str) -> None:
    assert sentence in words(ended(status))


def test_every_status_is_covered() -> None:
    for status in Status.NAMES:
        assert words(ended(status)).endswith(".")


def test_a_run_that_blew_up_claims_nothing_about_modes() -> None:
    traj = dl.gradient_descent(
        THREE, init.gaussian((3, 3, 3), scale=0.5, seed=0), step_size=9.0, n_steps=50
    )
    text = words(traj)
    assert traj.status == "failed"
    assert "The loss rose from" in text
    assert "learned" not in text
    assert "gradient descent with step size 9" in text


def test_modes_known_from_the_start_and_lost_again_are_told() -> None:
    start = dl.LinearNetwork([np.diag([1.7, 0.0]), np.diag([1.7, 0.0])])
    text = words(dl.gradient_flow(dl.Problem.from_modes([3.0, 2.0]), start))
    assert "Mode 0 was learned from the start. Mode 1 was not learned." in text
    assert "lost again" not in text


def test_a_mode_that_was_lost_again_is_told() -> None:
    made = ended("t_end")
    traj = Trajectory(
        made.problem,
        made.widths,
        np.array([0.0, 1.0, 2.0]),
        np.array([[0.2, 0.2], [0.8, 0.8], [0.2, 0.2]]),
        status=made.status,
        stats=made.stats,
        segments=(),
        options=made.options,
        largest_rise=0.4,
    )
    text = words(traj)
    told = r"The network learned the only mode, at t = 0\.\d+\. Mode 0 was lost again\."
    assert re.search(told, text)
    assert "and the loss rose by at most 0.4 in one step, 0.9 of its largest value." in text


def test_what_the_widths_cannot_hold_is_said() -> None:
    traj = dl.gradient_flow(THREE, init.gaussian((3, 1, 3), scale=0.1, seed=0))
    assert "These widths can hold 1 of the 3 modes." in words(traj)


def test_many_modes_are_told_by_order_and_span() -> None:
    problem = dl.Problem.from_modes(np.linspace(2.0, 1.0, 20))
    traj = dl.gradient_flow(problem, init.gaussian((20, 20, 20), scale=1e-3, seed=0))
    text = words(traj)
    assert "20 modes, of singular values from 2 to 1" in text
    assert "learned all 20 modes, in the order" in text
    assert ", ..., from t = " in text


def test_zero_targets_zero_weights_and_single_states_are_told() -> None:
    text = words(dl.gradient_flow(dl.Problem.from_modes([0.0]), dl.LinearNetwork([[[0.0]]])))
    assert "no mode (the target is zero)" in text
    assert "from zero weights" in text
    assert "The loss at the start is 0" in text
    assert "No step was needed." in text


def test_backward_runs_are_told_as_such() -> None:
    net = init.gaussian((3, 3, 3), scale=0.5, seed=0)
    text = words(dl.gradient_flow(THREE, net, t_end=0.1, reverse=True))
    assert "followed backward in time" in text
    assert "ended at t = −0.1" in text
    assert "The loss rose from" in text


def test_the_title_names_method_and_widths(run: Trajectory) -> None:
    assert name(run) == "Gradient flow of a 3-4-3 linear network"


def test_numbers_are_written_as_in_print() -> None:
    assert pretty("1e-05") == "1 × 10⁻⁵".replace(" ", "\N{NO-BREAK SPACE}")
    assert pretty("run-1e3 2.5e+10x 0.0e+00") == "run-1e3 2.5e+10x 0"
    assert pretty("-2 of 3-4-3") == "−2 of 3-4-3"
    assert number(123456.0, 2) == "120000"
    assert listing([]) == ""
    assert count(0, "mode") == "0 modes"
