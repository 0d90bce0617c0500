"""Draw the pictures of docs/landscape.md: python examples/landscape_pictures.py [FOLDER].

The lattice with runs in it, types of critical points as barcodes, the fall of the loss along
escape directions, phase portraits of scalar chains, and an unstable surface.
"""

import io
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import deeplinear as dl

TARGET = Path(__file__).parents[1] / "docs" / "images"

LOOK = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#d5d8dc",
    "grid.linewidth": 0.5,
}

COLORS = 256  # of a picture file; smooth surfaces are large files otherwise

MODES = [3.0, 2.0, 1.0]


def lattice(figure: plt.Figure) -> None:
    """A small start in three layers, and a larger one in two, which leaves the lower edge."""
    cases = (
        (MODES, 3, 0.01, 0, "three layers, a small start"),
        ([4.0, *MODES], 2, 0.1, 3, "two layers, a larger start"),
    )
    for ax, case in zip(figure.subplots(1, 2, width_ratios=(1, 1.2)), cases, strict=True):
        modes, depth, scale, seed, title = case
        problem = dl.Problem.from_modes(modes)
        widths = (len(modes),) * (depth + 1)
        traj = dl.gradient_flow(problem, dl.init.gaussian(widths, scale=scale, seed=seed))
        dl.plot.lattice(dl.landscape.lattice(problem, widths), dl.itinerary(traj), ax=ax)
        ax.set_title(title, pad=34)


def barcodes(figure: plt.Figure) -> None:
    """Three types of points of one class, of falling escape order."""
    problem = dl.Problem.from_modes(MODES)
    for ax, order in zip(figure.subplots(1, 3), (5, 4, 2), strict=True):
        net = dl.landscape.critical_point(problem, (3,) * 6, [0], escape_order=order)
        dl.plot.barcode(dl.geometry.Barcode(dl.geometry.barcode(net)), ax=ax)
        ax.set_title(f"escape order {order}", pad=18)


def falls(figure: plt.Figure) -> None:
    """How the loss falls along escape directions of order 2 to 5, and the exponents of that."""
    left, right = figure.subplots(1, 2)
    problem = dl.Problem.from_modes(MODES)
    for k, order in enumerate((2, 3, 4, 5)):
        saddle = dl.landscape.critical_point(problem, (3,) * 6, [0], escape_order=order)
        way = dl.landscape.escape(problem, saddle).directions[0]
        eps = np.geomspace(0.03 if order < 4 else 0.08, 1.0, 19)
        fall = dl.loss(problem, saddle) - np.array([dl.loss(problem, way(e)) for e in eps])
        exponents = np.diff(np.log(fall)) / np.diff(np.log(eps))
        fitted = np.polyfit(np.log(eps[:6]), np.log(fall[:6]), 1)[0]
        look = dl.plot.mode_style(k)
        left.loglog(eps, way.coefficient * eps**order, color=look["color"], lw=0.8)
        name = f"order {order}, fitted {fitted:.2f}"
        left.loglog(eps, fall, "o", ms=3.5, color=look["color"], label=name)
        right.semilogx(np.sqrt(eps[1:] * eps[:-1]), exponents, marker="o", ms=3.5, lw=0.8, **look)
        right.axhline(order, color="#e5e7eb", lw=0.8, zorder=0)
    left.set(xlabel=r"distance $\varepsilon$", ylabel=r"fall of the loss")
    left.set_ylim(3e-8, 1e3)
    left.legend(
        frameon=False, ncols=2, loc="upper left", fontsize=8, columnspacing=1.0, handletextpad=0.2
    )
    right.set(xlabel=r"distance $\varepsilon$", ylabel="local exponent", yticks=[2, 3, 4, 5])


def portraits(figure: plt.Figure) -> None:
    """The plane a_1, a_2 = ... = a_h of scalar chains of two and of three layers."""
    figure.get_layout_engine().set(w_pad=0.12)
    for ax, depth in zip(figure.subplots(1, 2), (2, 3), strict=True):
        dl.plot.phase_portrait(depth, ax=ax)
        ax.set_title(f"{depth} layers")


def surface(figure: plt.Figure) -> None:
    """The unstable set of the origin of two layers: in the plane of the modes, and as a surface."""
    problem = dl.Problem.from_modes([3.0, 2.0])
    origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    rays = [[np.diag([1.0, 0.0])] * 2, [np.diag([0.0, 1.0])] * 2]
    ratios = [0.0, *np.geomspace(0.6, 2e2, 13), np.inf]
    grown = dl.analysis.unstable_surface(
        problem, origin, rays, angles=np.arctan(ratios), distance=0.02, n_t=36
    )
    dl.plot.manifold(grown, ax=figure.add_axes((0.07, 0.14, 0.40, 0.80)))
    ax = figure.add_axes((0.58, 0.03, 0.39, 0.97), projection="3d", facecolor="none")
    dl.plot.surface(grown, ax=ax)
    ax.set(xticks=[0, 1, 2, 3], yticks=[0, 1, 2], zticks=[0, 2, 4, 6], zlim=(-0.7, 6.6))


PICTURES = {
    "lattice": (lattice, (8.2, 3.9)),
    "barcodes": (barcodes, (8.2, 2.7)),
    "falls": (falls, (7.6, 3.0)),
    "portraits": (portraits, (7.6, 3.7)),
    "surface": (surface, (8.0, 3.6)),
}


def draw(folder: Path = TARGET) -> None:
    """Draw all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(LOOK):
        for name, (make, size) in PICTURES.items():
            figure = plt.figure(figsize=size, layout=None if name == "surface" else "constrained")
            make(figure)
            drawn = io.BytesIO()
            figure.savefig(drawn, dpi=140, facecolor="white")
            plt.close(figure)
            few = Image.open(drawn).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
            few.save(folder / f"landscape_{name}.png", optimize=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
