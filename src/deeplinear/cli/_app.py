"""The Typer application, and what every command answers with."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass(frozen=True)
class Answer:
    """What a command found, as a document for programs or as text for people, and its exit code.

    Only the one that is wanted is made. The document may hold NumPy numbers; those that JSON has
    not (NaN, infinity) become null.
    """

    document: Callable[[], dict[str, Any]]
    text: Callable[[], str]
    exit_code: int = 0

    def plain_document(self) -> dict[str, Any]:
        """The document in plain JSON values."""
        return dict(_plain(self.document()))


@dataclass(frozen=True)
class Lasting:
    """A command that goes on after its answer: `run` passes it on when it is time to print it."""

    run: Callable[[Callable[[Answer], None]], None]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


app = typer.Typer(
    name="deeplinear",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"deeplinear {version('deeplinear')}")
        raise typer.Exit


@app.callback()
def deeplinear(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Simulate and explain the gradient flow of deep linear networks.

    [bold]Examples[/bold]

    deeplinear demo

    deeplinear run digits --widths 64,32,32,10 --scale 1e-4 --whiten -o out/digits

    deeplinear saddles out/digits

    deeplinear classify out/digits --at 6300

    deeplinear escape out/digits --at 6300

    deeplinear landscape digits --widths 64,32,32,10

    deeplinear fiber --widths 3,3,3 --rank 2

    deeplinear report out/digits

    deeplinear explore out/digits
    """
