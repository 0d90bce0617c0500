"""Figures for papers: as wide as a column, legible at that size, without a trace afterwards."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

import deeplinear as dl
from deeplinear import init, landscape, plot
from deeplinear._core.errors import ArgumentError
from deeplinear.solve import Trajectory

Runs = dict[str, Trajectory]
PICTURES = {
    "loss": lambda traj: plot.loss(traj, itinerary=dl.itinerary(traj)),
    "zoom": lambda traj: plot.loss(traj, zoom=2),
    "mode_strengths": plot.mode_strengths,
    "singular_values": plot.singular_values,
    "drift": plot.drift,
    "hessian": lambda traj: plot.hessian(traj, n_times=5),
    "imbalance": plot.imbalance,
    "alignment": plot.alignment,
    "adjacency": lambda traj: plot.adjacency(traj.final),
    "network": lambda traj: plot.network(traj.final),
    "barcode": lambda traj: plot.barcode(traj.final),
    "lattice": lambda traj: plot.lattice(
        landscape.lattice(traj.problem, traj.widths), dl.itinerary(traj)
    ),
    "spectrum": lambda traj: plot.spectrum(traj.problem, traj.initial),
    "phase_portrait": lambda _: plot.phase_portrait(3),
}


def saved(ax: Axes, dpi: int = 100) -> np.ndarray:
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, dpi=dpi)
    return np.asarray(Image.open(buffer).convert("L"))


@pytest.mark.parametrize("name", PICTURES)
def test_in_one_column_all_text_is_legible_and_on_the_paper(name: str, runs: Runs) -> None:
    with plot.style(columns=1):
        ax = PICTURES[name](runs["staircase"])
        image = saved(ax)
    assert image.shape[1] == 337
    texts = [t for t in ax.figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= 6.5
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert border.min() > 250  # nothing is cut off


@pytest.mark.parametrize(
    ("options", "width"),
    [({}, 3.375), ({"columns": 2}, 7.0), ({"journal": "icml"}, 3.25),
     ({"columns": 2, "journal": "ieee"}, 7.16), ({"width": 4.0}, 4.0)],
)  # fmt: skip
def test_figures_are_as_wide_as_asked_for(options: dict, width: float, runs: Runs) -> None:
    with plot.style(**options):
        figures = [plot.loss(runs["staircase"]).figure, plot.phase_portrait(2).figure, plt.figure()]
    for figure in figures:
        assert figure.get_figwidth() == pytest.approx(width)
        assert 2.3 <= figure.get_figheight() <= 4.2


def test_afterwards_everything_is_as_before_even_after_an_error(runs: Runs) -> None:
    before = dict(mpl.rcParams)
    with pytest.raises(RuntimeError), plot.style(columns=2):  # noqa: PT012
        assert mpl.rcParams["font.size"] == 8
        raise RuntimeError
    assert dict(mpl.rcParams) == before
    assert plot.loss(runs["staircase"]).figure.get_figwidth() == 5.4


def test_styles_nest(runs: Runs) -> None:
    with plot.style(columns=2):
        with plot.style(columns=1):
            assert plot.drift(runs["staircase"]).figure.get_figwidth() == 3.375
        assert plot.drift(runs["staircase"]).figure.get_figwidth() == 7.0


def test_given_axes_keep_their_size() -> None:
    ax = plt.subplots(figsize=(2.0, 2.0))[1]
    with plot.style():
        plot.network(init.gaussian((2, 2), seed=0), ax=ax)
    assert ax.figure.get_figwidth() == 2.0


def test_what_is_no_style_is_refused_by_name() -> None:
    for options, text in (
        ({"columns": 3}, "`columns` must be 1 or 2"),
        ({"journal": "natur"}, "Did you mean 'nature'"),
        ({"width": 0.0}, "`width` must be greater than 0"),
    ):
        with pytest.raises(ArgumentError, match=text), plot.style(**options):
            pass
