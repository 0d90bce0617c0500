"""A run as a film: the loss with a moving cursor, the mode strengths and the adjacency matrix."""

import contextlib
import io
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deeplinear._core import checks
from deeplinear._core.errors import ArgumentError, StoreError
from deeplinear._core.tally import display
from deeplinear.analysis import Itinerary
from deeplinear.plot import data
from deeplinear.plot._heatmap import adjacency
from deeplinear.plot._loss import loss
from deeplinear.plot._style import note, settings
from deeplinear.plot.data import GRID, INK, mode_style
from deeplinear.solve import Trajectory

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

_SIZE, _DPI = (9.6, 3.3), 90
_SHARES = (1.15, 0.75, 1.0)  # widths of the three pictures
_MOST_MODES = 24
_COLORS, _WHITE = 256, 245  # of a palette; what it makes of white, of 255, at least
_HOLD = 2.0  # seconds for which the last frame stays


def animate(
    traj: Trajectory,
    path: str | os.PathLike[str],
    *,
    n_frames: int = 80,
    fps: float = 12.0,
    itinerary: Itinerary | None = None,
    most_bytes: int = 2_000_000,
    progress: bool | Callable[[int, int | None], None] | None = None,
) -> Path:
    """Write a run as an animated GIF: loss with a cursor, mode strengths, adjacency matrix.

    The frames are saved states, evenly spread over what happens: mostly over the distance that the
    weights move, partly over the time axis. Scales and colors are the same in all frames.

    Parameters
    ----------
    traj
        A run, whatever its status.
    path
        The file, ``*.gif``; written beside it first and renamed when complete, replacing an older
        one. Missing folders are made.
    n_frames
        Frames at most; a run with fewer saved states has fewer.
    fps
        Frames a second, above 0; players show 50 at most.
    itinerary
        The visits of this run, to be marked on the loss.
    most_bytes
        Size of the file at most: every second frame is left out, and shown twice as long, until it
        is not larger.
    progress
        As in `deeplinear.ensemble`: None shows a bar on a terminal after two seconds, True at once,
        False never; or a function of (frames done, frames in all).

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        `traj` is no run or has no state of finite loss; the name does not end in ``.gif``; a number
        is out of range.
    StoreError
        The file cannot be written; nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> import deeplinear as dl
    >>> from deeplinear import plot
    >>> problem = dl.Problem.from_modes([4.0, 2.5, 1.5])
    >>> traj = dl.gradient_flow(problem, dl.init.gaussian((3, 3, 3, 3), scale=0.04, seed=0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     film = plot.animate(traj, folder + "/run.gif", n_frames=40).read_bytes()
    >>> len(film) < 200_000
    True

    References
    ----------
    theory §11.
    """
    target = Path(path)
    if target.suffix.lower() != ".gif":
        raise ArgumentError(f"Argument `path` must end in .gif, but it is {str(path)!r}.")
    fps = checks.number("fps", fps, minimum=0.0, exclusive=True)
    most_bytes = checks.integer("most_bytes", most_bytes, minimum=1)
    shown = data.film(traj, n_frames)
    with display(progress, "frames") as tell:
        frames = _draw(traj, shown, itinerary, tell)
    _write(target, _encoded(frames, 1.0 / fps, most_bytes))
    return target


def _draw(
    traj: Trajectory,
    shown: data.Film,
    itinerary: Itinerary | None,
    tell: Callable[[int, int | None], None],
) -> list["Image"]:
    """One image a frame: what does not move is drawn once."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    with settings():
        figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        scene = _Scene(figure, traj, shown, itinerary)
        for artist in scene.moving:
            artist.set_visible(False)
        canvas.draw()
        figure.set_layout_engine("none")
        background = canvas.copy_from_bbox(figure.bbox)
        for artist in scene.moving:
            artist.set_visible(True)
        images = []
        for j in range(len(shown.states)):
            canvas.restore_region(background)
            scene.show(j)
            for artist in scene.moving:
                figure.draw_artist(artist)
            pixels = np.asarray(canvas.buffer_rgba())[..., :3]
            images.append(Image.fromarray(np.ascontiguousarray(pixels)))
            tell(j + 1, len(shown.states))
    return images


class _Scene:
    """The three pictures, and what moves in them."""

    def __init__(
        self, figure: "Figure", traj: Trajectory, shown: data.Film, itinerary: Itinerary | None
    ) -> None:
        self._traj, self._shown = traj, shown
        left, middle, right = figure.subplots(1, 3, gridspec_kw={"width_ratios": _SHARES})
        loss(traj, ax=left, itinerary=itinerary)
        bottom, top = left.get_ylim()
        self._heights = np.clip(shown.gap, bottom, top)
        (self._line,) = left.plot([0.0, 0.0], [0.0, 1.0], color=INK, lw=0.8,
                                  transform=left.get_xaxis_transform())  # fmt: skip
        (self._dot,) = left.plot([], [], "o", color=INK, mec="white", mew=1.0, ms=7.0, zorder=6)
        self._caption = figure.text(0.008, 0.99, "", va="top", fontsize=9.5, color=INK)
        left.set_title(" ", fontsize=9.5)  # room for the caption
        self._bars = _strengths(middle, traj, shown)
        adjacency(traj[int(shown.states[0])], ax=right, limit=shown.limit)
        self._image = right.images[0]
        frame = [*right.lines, *right.spines.values()]  # the image would cover them
        marks = [artist for artist in middle.collections if artist.get_zorder() > 2]
        self.moving: list[Artist] = [
            self._image, *frame, self._line, self._dot, *self._bars, *marks, self._caption
        ]  # fmt: skip

    def show(self, j: int) -> None:
        """Move everything to frame j."""
        self._line.set_xdata([self._shown.x[j]] * 2)
        self._dot.set_data([self._shown.x[j]], [self._heights[j]])
        self._caption.set_text(self._shown.captions[j])
        for bar, height in zip(self._bars, self._shown.strengths[j], strict=False):
            bar.set_height(height)
        net = self._traj[int(self._shown.states[j])]
        self._image.set_data(data.adjacency(net, self._shown.limit).image)


def _strengths(ax: "Axes", traj: Trajectory, shown: data.Film) -> list[Any]:
    """A bar for each mode in its color, and its singular value as a line across."""
    s = traj.problem.modes.s[:_MOST_MODES]
    m = len(s)
    ax.set_ylabel("mode strength $p_k$")
    ax.set_xlabel("mode" if m == len(traj.problem.modes) else f"mode, the first {m}")
    if m == 0:
        note(ax, "there is no mode to learn")
        ax.set_xticks([])
        return []
    p = shown.strengths[:, :m]
    top = 1.08 * float(np.clip(p.max(initial=s[0]), s[0], 3 * s[0]))
    bottom = float(np.clip(p.min(initial=0.0), -2 * s[0], 0.0)) - 0.02 * top
    ax.set_ylim(bottom, top)
    ax.set_xlim(-0.7, m - 0.3)
    names = range(0, m, -(-m // 12))
    ax.set_xticks(list(names), [str(k) for k in names])
    ax.axhline(0.0, color=GRID, lw=0.7, zorder=0)
    colors = [mode_style(k)["color"] for k in range(m)]
    bars = ax.bar(range(m), p[0], width=0.62, color=colors)
    ax.hlines(s, np.arange(m) - 0.42, np.arange(m) + 0.42, color=INK, lw=1.2, zorder=3)
    return list(bars)


def _encoded(frames: Sequence["Image"], seconds: float, most_bytes: int) -> bytes:
    """The frames as a GIF in one palette; every second one is left out while it is too large."""
    from PIL import Image

    width, height = frames[0].size
    some = [frames[0], frames[len(frames) // 2], frames[-1]]
    sheet = Image.new("RGB", (width, height * len(some)))
    for j, frame in enumerate(some):
        sheet.paste(frame, (0, j * height))
    palette = sheet.quantize(_COLORS)
    colors = np.reshape(palette.getpalette() or [], (-1, 3))
    colors[colors.min(axis=1) >= _WHITE] = 255  # the page stays white
    palette.putpalette(colors.ravel().tolist())
    flat = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    while True:
        times = [max(round(1000 * seconds), 20)] * (len(flat) - 1) + [round(1000 * _HOLD)]
        buffer = io.BytesIO()
        flat[0].save(
            buffer, format="GIF", save_all=True, append_images=flat[1:], duration=times, loop=0
        )
        if buffer.tell() <= most_bytes or len(flat) <= 2:
            return buffer.getvalue()
        flat, seconds = [*flat[:-1:2], flat[-1]] if len(flat) > 3 else flat[::2], 2 * seconds


def _write(target: Path, content: bytes) -> None:
    draft = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.draft"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except OSError as error:
        raise StoreError(
            f"The animation cannot be written to {target}: {error.strerror or error}. Nothing was "
            "left behind; free some space or choose another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
