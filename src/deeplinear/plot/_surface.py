"""A grown surface over the plane of two mode strengths, with the loss as height (theory §9)."""

from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core.errors import ArgumentTypeError
from deeplinear.analysis import GrownSurface
from deeplinear.plot._manifold import dark_colors, marks, two_modes
from deeplinear.plot._paper import paper_size
from deeplinear.plot._style import settings
from deeplinear.plot.data import INK
from deeplinear.plot.data._modes import strengths
from deeplinear.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = (4.6, 3.8)
_LABEL_SIZE = 7.5
_ROOM = (0.05, 0.02, 0.88, 0.98)
_NARROWER = 0.84  # of the box, where the figure is narrower
_VIEW = {"elev": 27.0, "azim": 38.0}


def surface(
    grown: GrownSurface,
    problem: Problem | None = None,
    *,
    ax: "Axes | None" = None,
    modes: tuple[int, int] = (0, 1),
) -> "Axes":
    """Draw a grown surface in three dimensions: two mode strengths, and the loss above them.

    The mesh lines are the rays and the lines of equal arc length along them. The saddle is an open
    circle, the critical points at the ends of the rays are dots, named by their modes. Rays that
    differ in the signs of the weights only lie on each other.

    Parameters
    ----------
    grown
        What `analysis.unstable_surface` or `stable_surface` returned.
    problem
        Whose loss and mode strengths are drawn, for example those of test data. None: those of the
        problem in which the surface was grown.
    ax
        Axes with ``projection="3d"`` to draw on. None: new ones.
    modes
        Which two mode strengths p_k = u_k^T P Sxx^{1/2} v_k.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `grown` is no surface, `ax` is flat, the modes are not two modes of the problem.

    Examples
    --------
    >>> import numpy as np
    >>> import deeplinear as dl
    >>> from deeplinear import analysis, plot
    >>> problem = dl.Problem.from_modes([3.0, 2.0])
    >>> origin = dl.landscape.critical_point(problem, (2, 2, 2), [])
    >>> rays = [[np.diag([1.0, 0.0])] * 2, [np.diag([0.0, 1.0])] * 2]
    >>> angles = np.linspace(0, np.pi / 2, 9)
    >>> mesh = analysis.unstable_surface(problem, origin, rays, angles=angles, distance=0.3)
    >>> ax = plot.surface(mesh)
    >>> ax.get_zlabel()
    'loss'

    References
    ----------
    theory §9, §11.
    """
    if not isinstance(grown, GrownSurface):
        raise ArgumentTypeError(
            f"Argument `grown` must be a GrownSurface, but it is of type {type(grown).__name__}. "
            "Grow one with analysis.unstable_surface; for curves take plot.manifold."
        )
    problem = grown.problem if problem is None else problem
    problem.require_widths(grown.saddle.widths)
    from matplotlib.patheffects import withStroke

    axes = two_modes(problem, modes)
    solid = _solid(ax)
    n = len(grown.curves)
    p = np.array([strengths(problem, ray)[:, list(axes)] for ray in grown.products])
    loss = np.array([[problem.loss(product) for product in ray] for ray in grown.products])
    around = [*range(n), 0] if grown.closed else list(range(n))
    solid.plot_surface(
        p[around, :, 0], p[around, :, 1], loss[around], cmap=dark_colors(), rstride=1, cstride=1,
        lw=0.3, edgecolor=(1.0, 1.0, 1.0, 0.5), antialiased=True, alpha=0.9,
    )  # fmt: skip
    spans = [float(np.ptp(p[..., k])) or 1.0 for k in (0, 1)]
    for mark in marks(problem, list(grown.curves), axes, np.array(spans)):
        x, y, z = *mark.at, problem.loss(mark.product)
        face = "white" if mark.starts else INK
        solid.plot([x], [y], [z], "o", mfc=face, mec=INK, mew=1.0, ms=5.0, zorder=10)
        name = solid.text(
            x, y, z, "   " + " / ".join(mark.names), fontsize=_LABEL_SIZE, color=INK, zorder=11
        )
        name.set_path_effects([withStroke(linewidth=2.0, foreground="white")])
    solid.set_xlabel(f"mode strength $p_{{{axes[0]}}}$", labelpad=1.0)
    solid.set_ylabel(f"mode strength $p_{{{axes[1]}}}$", labelpad=1.0)
    solid.set_zlabel("loss", labelpad=-3.0)
    solid.view_init(**_VIEW)
    if ax is None and solid.figure.bbox.width / solid.figure.dpi < _SIZE[0]:
        _make_room(solid)
    return solid


def _make_room(solid: Any) -> None:
    """Smaller in a narrow figure, whose fonts are as large as ever."""
    from matplotlib.ticker import MaxNLocator

    solid.set_box_aspect(None, zoom=_NARROWER)
    for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
        axis.set_major_locator(MaxNLocator(4))
    solid.zaxis.labelpad = -6.0


def _solid(ax: "Axes | None") -> Any:
    """The given axes if they are three-dimensional, or new ones, with a plain look."""
    solid: Any = ax
    if ax is None:
        import matplotlib.pyplot as plt

        with settings():
            figure = plt.figure(figsize=paper_size(_SIZE))
            figure.set_layout_engine("none")  # it knows nothing of axes in three dimensions
            solid = figure.add_axes(_ROOM, projection="3d")
    if not hasattr(solid, "plot_surface"):
        raise ArgumentTypeError(
            "Argument `ax` must be three-dimensional axes or None: make them with "
            'plt.subplots(subplot_kw={"projection": "3d"}).'
        )
    for axis in (solid.xaxis, solid.yaxis, solid.zaxis):
        axis.set_pane_color((1.0, 1.0, 1.0, 0.0))
        axis.set_tick_params(pad=-1)
    return solid
