"""Write docs/gallery.md and its pictures from the examples in the docstrings of `deeplinear.plot`.

    python scripts/make_gallery.py

Each example is run as a doctest; what it draws on ``ax``, or a film that it reads, is its picture.
"""

import doctest
import inspect
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
DPI = 100
COLORS = 128

TOPICS = {
    "A run": [
        "loss", "gradient_norm", "mode_strengths", "singular_values", "alignment", "hessian",
        "drift", "imbalance", "animate",
    ],
    "A network": ["network", "adjacency", "barcode", "spectrum"],
    "The landscape": ["lattice", "phase_portrait", "manifold", "surface", "loss_slice"],
    "Many runs": ["ensemble_bands", "learning_times", "itineraries"],
    "The look": ["style", "mode_style"],
}  # fmt: skip

_HEAD = """# Gallery

Every picture here is drawn by the example in the docstring of its function, `help(dl.plot.loss)`;
the tests run them all. A plot takes a finished object, returns its axes, draws on yours with `ax=`,
and never shows a window. What a picture shows can be had as arrays and words too, from the function
of the same name in `dl.plot.data`. Written by `python scripts/make_gallery.py`.
"""


def public_functions() -> dict[str, Callable[..., Any]]:
    """The functions of `deeplinear.plot`, by topic; those without one at the end."""
    from deeplinear import plot

    named = [name for names in TOPICS.values() for name in names]
    names = [name for name in plot.__all__ if inspect.isfunction(getattr(plot, name))]
    return {name: getattr(plot, name) for name in sorted(names, key=_place(named))}


def _place(named: list[str]) -> Callable[[str], tuple[int, str]]:
    return lambda name: (named.index(name) if name in named else len(named), name)


def code_of(function: Callable[..., Any]) -> str:
    """The example as it stands in the docstring, without the lines that only keep windows away."""
    parts = []
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(function) or ""):
        first, *rest = example.source.splitlines()
        if first not in ("import matplotlib", 'matplotlib.use("agg")'):
            parts += [f">>> {first}", *(f"... {line}" for line in rest), *example.want.splitlines()]
    return "".join(f"{line}\n" for line in parts)


def picture_of(function: Callable[..., Any]) -> tuple[str, bytes]:
    """Run the example as a doctest; return the suffix and the bytes of what it drew."""
    name = function.__name__
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(function) or "", {}, name, name, 0)
    runner = doctest.DocTestRunner(
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS, verbose=False
    )
    problems: list[str] = []
    runner.run(test, out=problems.append, clear_globs=False)
    if problems:
        raise RuntimeError("\n".join(problems))
    films = [value for value in test.globs.values() if _is_film(value)]
    if films:
        return "gif", films[-1]
    return "png", _small_png(test.globs["ax"].figure)


def _is_film(value: object) -> bool:
    return isinstance(value, bytes) and value.startswith(b"GIF8")


def _small_png(figure: Any) -> bytes:
    """The figure with a palette: a third of the bytes, and no difference to the eye."""
    from PIL import Image

    full, small = io.BytesIO(), io.BytesIO()
    figure.savefig(full, dpi=DPI, metadata={"Software": None})
    image = Image.open(full).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def page(suffixes: dict[str, str]) -> str:
    """The text of the page, for pictures with these suffixes."""
    topic = {name: title for title, names in TOPICS.items() for name in names}
    parts, before = [_HEAD], None
    for name, function in public_functions().items():
        title = topic.get(name, "More")
        if title != before:
            parts.append(f"## {title}\n")
            before = title
        summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        picture = f"![{name}](images/gallery/{name}.{suffixes[name]})"
        parts.append(f"### {name}\n\n{summary}\n\n{picture}\n\n```python\n{code_of(function)}```\n")
    return "\n".join(parts)


def make(docs: Path) -> None:
    """Write the page and the pictures, and remove pictures of functions that are gone."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    folder = docs / "images" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    suffixes, written = {}, set()
    for name, function in public_functions().items():
        suffixes[name], content = picture_of(function)
        target = folder / f"{name}.{suffixes[name]}"
        target.write_bytes(content)
        written.add(target)
        plt.close("all")
    for old in set(folder.iterdir()) - written:
        old.unlink()
    (docs / "gallery.md").write_text(page(suffixes), encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
