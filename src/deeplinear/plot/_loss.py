"""The loss and its gradient against time, with the visits of a run marked (theory §8, §11)."""

from typing import TYPE_CHECKING, Literal

from deeplinear import analysis
from deeplinear._core import checks
from deeplinear._core.errors import unknown_name
from deeplinear.plot import data
from deeplinear.plot._labels import Label, margin_labels
from deeplinear.plot._marks import mark_visits
from deeplinear.plot._style import axes_for, log_scale, note, set_limits
from deeplinear.plot._time import curve, draw_time
from deeplinear.plot._zoom import ZOOM_POINTS, draw_zooms
from deeplinear.plot.data import INK, MUTED
from deeplinear.plot.data._transitions import MOST
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TALL = (5.4, 4.6)


def loss(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    classes: bool = True,
    itinerary: analysis.Itinerary | None = None,
    zoom: Literal["transitions"] | int | None = None,
    color: str = INK,
    label: str | None = None,
) -> "Axes":
    """Draw loss minus optimum against time, on logarithmic axes.

    The optimum L_min is the smallest loss that these widths can reach, so that plateaus lie at
    half the sum of the unlearned s_k^2, whatever the floor of the data. Thin lines mark the
    critical values of the classes that matter for this run (`analysis.neighboring_values`),
    labelled by their learned modes: solid if the run had learned exactly these, dotted if not.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    classes
        Whether to draw the critical values.
    itinerary
        The visits of this run, to be marked on the curve where their gradient is smallest:
        plateaus and the end by a dot with their learned modes, sets that were passed by a ring.
    zoom
        "transitions" or a number: the exits of the three, or so many, most prominent plateaus are
        drawn again on small axes above, on linear scales and with their critical values. A square
        with a letter marks each on the curve, where the next mode passes s_k / 2.
    color, label
        Of the curve, for several runs on the same axes.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no run, `itinerary` no itinerary, `zoom` something else.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=0))
    >>> ax = plot.loss(traj, itinerary=dl.itinerary(traj), zoom="transitions")
    >>> [text.get_text() for text in ax.texts][:4]
    ['0, 1', '0', 'none', 'learned']

    References
    ----------
    theory §8, §11.
    """
    found = data.loss(traj, itinerary, classes=classes)
    falls = _transitions(traj, itinerary, zoom)
    ax = axes_for(ax, _TALL if falls else None)
    shared = ax.has_data()
    draw_time(ax, found.time, shared=shared)
    curve(ax, found.time, found.gap, color=color, label=label, positive=True)
    if found.limits is None:
        note(ax, "the loss is at the optimum at every saved time")
        ax.set_yticks([])
    else:
        log_scale(ax, "y")
        set_limits(ax, "y", *found.limits, widen=shared)
    floor = rf"loss above the optimum, $L - {_number(found.optimum)}$"
    ax.set_ylabel(floor if found.optimum else "loss (optimum 0)")
    labels = []
    for line in found.critical:
        style = "-" if line.visited else ":"
        ax.axhline(line.gap, color=MUTED, lw=0.6, ls=style, zorder=1)
        labels.append(Label(line.gap, line.label, MUTED, style, 0.6, keep=line.visited))
    if found.limits is not None:
        reserved = ZOOM_POINTS if falls else 0.0
        margin_labels(ax, labels, "learned", leaders=True, reserved=reserved)
        levels = [line.gap for line in found.critical]
        squares = [(fall.t, fall.y) for fall in falls]
        mark_visits(
            ax, found.visits, (found.time.x, found.gap), up=True, lines=levels, others=squares,
            reserved=reserved,
        )  # fmt: skip
        draw_zooms(ax, falls, color)
    return ax


def _transitions(
    traj: Trajectory,
    itinerary: analysis.Itinerary | None,
    zoom: Literal["transitions"] | int | None,
) -> tuple[data.Transition, ...]:
    if zoom is None:
        return ()
    if isinstance(zoom, str) and zoom != "transitions":
        raise unknown_name("zoom", zoom, ("transitions",))
    most = MOST if isinstance(zoom, str) else checks.integer("zoom", zoom, minimum=1)
    return data.transitions(traj, itinerary, most=most)


def gradient_norm(
    traj: Trajectory,
    *,
    ax: "Axes | None" = None,
    itinerary: analysis.Itinerary | None = None,
    color: str = INK,
    label: str | None = None,
) -> "Axes":
    r"""Draw ||grad L||, the speed of the weights, against time, on logarithmic axes.

    A plateau is a deep minimum of this curve. Norms below 1e-16 of the largest are not drawn.

    Parameters
    ----------
    traj
        A run.
    ax
        Axes to draw on. None: new ones.
    itinerary
        The visits of this run, to be marked as in `loss`.
    color, label
        Of the curve, for several runs on the same axes.

    Returns
    -------
    Axes

    Raises
    ------
    ArgumentTypeError
        `traj` is no run, or `itinerary` no itinerary.

    Examples
    --------
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=0))
    >>> ax = plot.gradient_norm(traj, itinerary=dl.itinerary(traj))
    >>> ax.get_ylabel()
    'gradient norm $\\Vert\\nabla L\\Vert$'

    References
    ----------
    theory §11.
    """
    found = data.gradient_norm(traj, itinerary)
    ax = axes_for(ax)
    shared = ax.has_data()
    draw_time(ax, found.time, shared=shared)
    ax.set_ylabel(r"gradient norm $\Vert\nabla L\Vert$")
    if found.limits is None:
        note(ax, "the gradient is zero at every saved time")
        ax.set_yticks([])
        return ax
    curve(ax, found.time, found.norm, color=color, label=label, positive=True)
    log_scale(ax, "y")
    set_limits(ax, "y", *found.limits, widen=shared)
    mark_visits(ax, found.visits, (found.time.x, found.norm), up=False)
    return ax


def _number(value: float) -> str:
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa}\times 10^{{{int(exponent)}}}"
    return text
