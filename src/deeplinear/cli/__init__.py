"""The command line: `deeplinear run`, `demo`, `data`, `saddles`, `classify`, `escape`, ...

Exit codes: 0 done, 2 wrong use, 3 the run failed or could not be written. With ``--json``,
standard output gets exactly one JSON document, also for errors.

>>> from deeplinear.cli import main
>>> main(["data", "--json", "--bogus"])  # doctest: +ELLIPSIS
{"ok": false, "exit_code": 2, "error": {"type": "NoSuchOption", "message": "No such option: ..."}}
2
"""

import contextlib
import itertools
import json
import os
import shutil
import sys
import textwrap
import traceback
from collections.abc import Sequence

import typer

from deeplinear.cli import _commands  # noqa: F401  (it adds them to the application)
from deeplinear.cli._app import Answer, app
from deeplinear.cli._errors import StoppedError, document, exit_code, message

__all__ = ["main"]

_STOPPED = 130  # what Typer returns after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Without the program's name. None: those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json, debug = "--json" in words, "--debug" in words
    try:
        code, text = _answered(words, as_json=as_json)
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            print(_wrapped(f"Error: {message(error)}"), file=sys.stderr)
        code, text = exit_code(error), json.dumps(document(error)) if as_json else ""
    if text:
        _print(text)
    return code


def _answered(words: list[str], *, as_json: bool) -> tuple[int, str]:
    """Run the command; with --json, whatever it prints goes to standard error."""
    away = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    with away:
        try:
            found = app(
                words or ["--help"], obj=words, prog_name="deeplinear", standalone_mode=False
            )
        except typer.Abort:
            found = _STOPPED
        if found == _STOPPED:
            raise StoppedError("Stopped before there was anything to keep.")
        if not isinstance(found, Answer):  # --help, --version
            found = Answer(lambda: {"ok": True, "exit_code": 0}, lambda: "")
        try:
            text = json.dumps(found.plain_document(), allow_nan=False) if as_json else found.text()
        except KeyboardInterrupt:
            raise StoppedError("Stopped; what had been written is kept.") from None
    return found.exit_code, text


def _wrapped(text: str) -> str:
    """Wrap a message for a terminal; a file gets it as it is."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = (textwrap.wrap(line, width, subsequent_indent="  ") for line in text.splitlines())
    return "\n".join(itertools.chain.from_iterable(lines))


def _print(text: str) -> None:
    """Print, and end quietly if the reader has gone (deeplinear data | head -1)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
