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
from collections.abc import Callable, Sequence
from typing import TextIO

import typer

from deeplinear.cli import _commands  # noqa: F401  (it adds them to the application)
from deeplinear.cli._app import Answer, Lasting, app
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
    output = sys.stdout
    # With --json, whatever a command prints goes to standard error.
    away = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with away:
            return _answered(words, lambda answer: _print(_text(answer, as_json=as_json), output))
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            print(_wrapped(f"Error: {message(error)}"), file=sys.stderr)
        if as_json:
            _print(json.dumps(document(error)), output)
        return exit_code(error)


def _answered(words: list[str], tell: Callable[[Answer], None]) -> int:
    """Run the command, tell its answer, and return the exit code."""
    try:
        found = app(words or ["--help"], obj=words, prog_name="deeplinear", standalone_mode=False)
    except typer.Abort:
        found = _STOPPED
    if found == _STOPPED:
        raise StoppedError("Stopped before there was anything to keep.")
    if isinstance(found, Lasting):
        found.run(tell)
        return 0
    if not isinstance(found, Answer):  # --help, --version
        found = Answer(lambda: {"ok": True, "exit_code": 0}, lambda: "")
    tell(found)
    return found.exit_code


def _text(answer: Answer, *, as_json: bool) -> str:
    try:
        if as_json:
            return json.dumps(answer.plain_document(), allow_nan=False)
        return answer.text()
    except KeyboardInterrupt:
        raise StoppedError("Stopped; what had been written is kept.") from None


def _wrapped(text: str) -> str:
    """Wrap a message for a terminal; a file gets it as it is."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = (textwrap.wrap(line, width, subsequent_indent="  ") for line in text.splitlines())
    return "\n".join(itertools.chain.from_iterable(lines))


def _print(text: str, output: TextIO) -> None:
    """Print, and end quietly if the reader has gone (deeplinear data | head -1)."""
    if not text:
        return
    try:
        print(text, file=output, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
