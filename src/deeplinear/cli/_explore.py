"""`deeplinear explore`."""

from collections.abc import Callable
from typing import Annotated

import typer

from deeplinear._core.errors import ArgumentError, ArgumentTypeError
from deeplinear.cli import _options as options
from deeplinear.cli._app import Answer, Lasting

_NAMES = {
    "Argument `target`": "Argument `RUN | DATA`",
    "Argument `host`": "Option `--host`",
    "Argument `port`": "Option `--port`",
}


def explore(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN | DATA",
            help="The folder of a run, its run.toml, a data set's name, or a data file.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to serve; others need a token.")
    ] = "127.0.0.1",
    port: Annotated[
        str | None,
        typer.Option("--port", metavar="INTEGER", help="Default: a free one.", show_default=False),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> Lasting:
    """Open a page in the browser that runs, shows and explains a deep linear network.

    The page is served by this machine, and nothing leaves it. Ctrl-C ends it.

    [bold]Examples[/bold]

    deeplinear explore

    deeplinear explore semantic_hierarchy

    deeplinear explore out/digits --no-browser
    """

    def run(tell: Callable[[Answer], None]) -> None:
        from deeplinear.cli._settings import parse
        from deeplinear.explorer import explore as serve

        try:
            serve(
                target,
                host=host,
                port=None if port is None else parse(port),
                show=browser,
                ready=lambda link: tell(_answer(link)),
            )
        except (ArgumentError, ArgumentTypeError) as error:
            raise type(error)(_named(str(error))) from None

    return Lasting(run)


def _answer(link: str) -> Answer:
    line, hint = f"Explore at {link}", "  (Ctrl-C ends it)"
    return Answer(
        lambda: {"ok": True, "exit_code": 0, "address": link},
        lambda: line + hint * (len(line + hint) <= 80),
    )


def _named(text: str) -> str:
    """The error with the names that the command line has for the arguments."""
    for name, option in _NAMES.items():
        text = text.replace(name, option)
    return text
