"""Exit codes, and an error as text for people or as a document for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from deeplinear._core.errors import ArgumentError, DeeplinearError

DONE, WRONG_USE, FAILED = 0, 2, 3


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with what the user gave: where, and what it must be and is."""

    where: str
    text: str

    def sentence(self) -> str:
        """The mistake in one sentence that begins with its place."""
        return f"`{self.where}` {self.text}"


class SettingsError(ArgumentError):
    """Everything that is wrong with a run's settings, all at once."""

    def __init__(self, mistakes: Sequence[Mistake], *, file: str | None = None) -> None:
        self.mistakes = tuple(mistakes)
        sentences = [mistake.sentence() for mistake in self.mistakes]
        place = f" in {file}" if file else ""
        if len(sentences) == 1 and not file:
            text = sentences[0]
        elif len(sentences) == 1:
            text = f"One mistake{place}: {sentences[0]}"
        else:
            text = "\n".join([f"{len(sentences)} mistakes{place}:", *(f"  {s}" for s in sentences)])
        super().__init__(text)


class RunError(DeeplinearError):
    """A run that was set up correctly could not be finished or written."""


class StoppedError(RunError):
    """The user stopped the program before there was anything to keep."""


def exit_code(error: Exception) -> int:
    """The exit code of an error: wrong use, or a failed run."""
    if isinstance(error, RunError):
        return FAILED
    # A wrong command line: Typer's errors bring their own code and words.
    if isinstance(error, DeeplinearError) or hasattr(error, "format_message"):
        return WRONG_USE
    return FAILED


def message(error: Exception) -> str:
    """What to tell the user."""
    if hasattr(error, "format_message"):
        command = getattr(getattr(error, "ctx", None), "command_path", "deeplinear")
        return f"{error.format_message()} See {command} --help."
    if isinstance(error, DeeplinearError):
        return str(error)
    return (
        f"An unexpected error, {type(error).__name__}: {error}. "
        "Run the command again with --debug for the traceback."
    )


def document(error: Exception) -> dict[str, Any]:
    """The error as a JSON document."""
    found: dict[str, Any] = {"type": type(error).__name__, "message": message(error)}
    if isinstance(error, SettingsError):
        found["mistakes"] = [asdict(mistake) for mistake in error.mistakes]
    return {"ok": False, "exit_code": exit_code(error), "error": found}
