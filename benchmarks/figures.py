"""``python -m benchmarks.figures [FOLDER]``: the figures from `results/`, as SVG files.

Work-precision diagrams of P1 to P4, and the ratios of all problems to their best peers.
"""

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from benchmarks import ours
from benchmarks.method import STOCK, TUNED, title
from benchmarks.problems import CASES
from benchmarks.results import FOLDER
from deeplinear.plot import _style, data

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PEERS = 3
"""Stock peers in a diagram."""
AUTO = {"color": _style.INK, "marker": "o", "linewidth": 2.4, "markersize": 5, "zorder": 5}
SINGLE = {
    "explicit": ((0, (4, 1.5)), "^"),
    "stabilized": ((0, (1, 1.2)), "v"),
    "stiff": ((0, (6, 1.5, 1, 1.5)), "s"),
    "gauss": ((0, (8, 2)), "D"),
}
"""Line styles and markers of our single methods: one color, hollow."""
STOCK_STYLES = (
    {"color": data.COLORS[1], "marker": "s", "linestyle": "-"},
    {"color": data.COLORS[4], "marker": "X", "linestyle": (0, (5, 1.5))},
    {"color": data.COLORS[3], "marker": "P", "linestyle": (0, (1, 1.2))},
)
TUNED_STYLE = {
    "color": data.COLORS[2],
    "marker": "*",
    "linestyle": (0, (5, 1.5, 1, 1.5)),
    "markersize": 7,
}
LARGEST_ERROR = 1.0
FEW_DECADES = 300.0

Content = Mapping[str, Any]


def precision(content: Content) -> Figure:
    """Error against time of one problem, log-log: down and left is better."""
    floor = _floor(content)
    curves = {name: _visible(points, floor) for name, points in content["precision"].items()}
    curves = {name: points for name, points in curves.items() if points}
    with _style.settings():
        figure, ax = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
        auto = title(ours.LIBRARY, ours.DEFAULT, "")
        _curve(ax, curves, auto, **AUTO)
        for name, (line, marker) in SINGLE.items():
            style = {"color": data.COLORS[0], "linestyle": line, "marker": marker}
            _curve(
                ax,
                curves,
                title(ours.LIBRARY, name, ""),
                markerfacecolor="white",
                zorder=3,
                **style,
            )
        stock = _best(content, STOCK)[:PEERS]
        for name, style in zip(stock, STOCK_STYLES, strict=False):
            _curve(ax, curves, name, **style)
        for name in _best(content, TUNED)[:1]:
            _curve(ax, curves, name, **TUNED_STYLE)
        smallest = min((min(line.get_ydata()) for line in ax.lines), default=floor)
        for comparison in content["comparisons"]:
            target = float(comparison["target"])
            ax.axhline(target, color=_style.MUTED, linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
        ax.set(xscale="log", yscale="log", xlabel="median time (ms)")
        _plain_times(ax)
        ax.set_ylabel("largest error of the state at 13 times")
        ax.set_ylim(max(floor, smallest / 3), 2 * LARGEST_ERROR)
        ax.grid(True)
        name = f"{content['problem']}: {content['title']}"
        figure.suptitle(name, x=0.01, ha="left", fontsize=9)
        figure.legend(loc="outside right center", frameon=False, fontsize=8, handlelength=3.6)
    return figure


def ratios(contents: list[Content]) -> Figure:
    """How many times slower the best peers are, stock and tuned, with the goals."""
    bars = [(c["problem"], bar) for c in contents for bar in c["comparisons"] if bar["goal"]]
    with _style.settings():
        height = 0.62 * len(bars) + 1.0
        figure, ax = plt.subplots(figsize=(7.2, height), layout="constrained")
        for row, (_, bar) in enumerate(bars):
            solid = {"color": data.COLORS[0], "goal": bar["goal"]}
            _bar(ax, row - 0.19, bar["ratio"], bar["best_stock"], **solid)
            hatched = {"color": "#bfdcec", "hatch": "////", "edgecolor": data.COLORS[0]}
            _bar(ax, row + 0.19, bar["tuned_ratio"], bar["best_tuned"], **hatched)
            ax.plot(
                [bar["goal"]] * 2,
                [row - 0.4, row + 0.02],
                color=_style.INK,
                linewidth=2.4,
                zorder=4,
            )
        ax.axvline(1.0, color=_style.INK, linewidth=0.7)
        ax.set_yticks(range(len(bars)), [_bar_name(*bar) for bar in bars])
        ax.invert_yaxis()
        ax.set_xscale("log")
        values = [b[key] or 1.0 for _, b in bars for key in ("ratio", "tuned_ratio", "goal")]
        ax.set_xlim(min(1.0, *values) * 0.9, 8 * max(values))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel("time of the best peer / time of deeplinear")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        handles = [
            plt.Rectangle((0, 0), 1, 1, color=data.COLORS[0]),
            plt.Rectangle((0, 0), 1, 1, **_faces(hatched)),
            plt.Line2D([], [], color=_style.INK, linewidth=2.4),
        ]
        names = ["stock: as its user writes it", "tuned: with compiled or fused functions", "goal"]
        figure.legend(handles, names, loc="outside upper left", ncols=3, frameon=False, fontsize=8)
    return figure


def _curve(ax: Axes, curves: Mapping[str, list], name: str, **style: Any) -> None:
    if name not in curves:
        return
    seconds, errors = zip(*((s, e) for _, e, s in curves[name]), strict=True)
    style = {"markersize": 4.5, "linewidth": 1.3, **style}
    ax.plot([1e3 * s for s in seconds], errors, label=name, **style)


def _plain_times(ax: Axes) -> None:
    """Label 1, 10, 100 ... ms, and 2 and 5 times these on a short axis."""
    left, right = ax.get_xlim()
    steps = (1, 2, 5) if right < FEW_DECADES * left else (1,)
    ax.xaxis.set_major_locator(LogLocator(subs=steps))
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())


def _visible(points: list[list[float]], floor: float) -> list[list[float]]:
    """From the first useful error to the first that the references cannot tell from none."""
    shown = [p for p in points if math.isfinite(p[1]) and p[1] <= LARGEST_ERROR]
    last = next((k for k, p in enumerate(shown) if p[1] < 2 * floor), len(shown))
    return shown[: last + 1]


def _best(content: Content, variant: str) -> list[str]:
    """Titles of a variant: the fastest at each target, then by targets reached and mean time."""
    reached: dict[str, list[float]] = {}
    fastest = set()
    for comparison in content["comparisons"]:
        timed = [r for r in comparison["rows"] if r["variant"] == variant and r["seconds"]]
        timed = sorted(timed, key=lambda row: row["seconds"])
        names = [title(row["library"], row["method"], variant) for row in timed]
        fastest.update(names[:1])
        for name, row in zip(names, timed, strict=True):
            reached.setdefault(name, []).append(math.log(row["seconds"]))

    def rank(name: str) -> tuple[bool, int, float]:
        return name not in fastest, -len(reached[name]), sum(reached[name])

    return sorted(reached, key=rank)


def _floor(content: Content) -> float:
    """Ten times what the references disagree by, rounded up: errors below mean nothing."""
    best = min(content["reference"]["differences"].values())
    return 10.0 ** math.ceil(math.log10(best) + 1.0)


def _bar(
    ax: Axes, y: float, ratio: float | None, name: str | None, goal: float = 1.0, **style: Any
) -> None:
    """A bar that starts at 1, and its text, right of the mark of the goal if that is further."""
    text = f"{_number(ratio)}x  {name.rsplit(' (', 1)[0]}" if ratio and name else "none reached it"
    if ratio:
        ax.barh(y, ratio - 1.0, left=1.0, height=0.34, **_faces(style))
    ax.annotate(
        text,
        (max(ratio or 1.0, goal), y),
        (5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )


def _faces(style: Mapping[str, Any]) -> dict[str, Any]:
    """Hatches take the color of edges, so that faces are set apart."""
    rest = {key: value for key, value in style.items() if key != "color"}
    return {"facecolor": style["color"], "linewidth": 0.7, **rest}


def _number(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _bar_name(problem: str, bar: Content) -> str:
    if bar["target"] == "loop":
        return f"{problem}, loop of LSODA"
    return f"{problem}, error {float(bar['target']):.0e}".replace("e-0", "e-")


def save(figure: Figure, path: Path) -> None:
    """Write an SVG file that is the same each time."""
    with _style.settings():
        figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Draw everything that there are results for."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    contents = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("P*.json"))]
    for content in contents:
        if content["problem"] in CASES:
            save(precision(content), folder / f"precision-{content['problem']}.svg")
    save(ratios(contents), folder / "ratios.svg")


if __name__ == "__main__":
    main()
