"""The Typer application, and what every command answers with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer


@dataclass(frozen=True)
class Answer:
    """What a command found, as a document for programs or as text for people, and its exit code.

    Only the one that is wanted is made.
    """

    document: Callable[[], dict[str, Any]]
    text: Callable[[], str]
    exit_code: int = 0


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

    deeplinear report out/digits
    """
