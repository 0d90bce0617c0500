"""What one page may ask of the machine; every cap has the sentence that the user reads."""

from deeplinear._core.errors import DeeplinearError

HIDDEN_LAYERS = 15
WIDTH = 512
PARAMETERS = 30_000
VALUES = 64
SIZE = 1e6
STEPS = 10_000_000
UPLOAD_BYTES = 8 * 2**20
UPLOAD_ENTRIES = 2_000_000
LINK_CHARACTERS = 4000
SECONDS = 60.0
SECONDS_OF_SADDLES = 20.0
COMPUTING = 2
WAITING = 32
SESSIONS = 32
SESSION_BYTES = 256 * 2**20
STORE_BYTES = 256 * 2**20


class LimitError(DeeplinearError, ValueError):
    """What was asked for is larger than a page may ask for; the text says what to do."""


def require(what: str, value: float, most: float, remedy: str) -> None:
    """Raise LimitError unless `value` is at most `most`."""
    if value > most:
        raise LimitError(
            f"{what} must be at most {_written(most)} here, but it is {_written(value)}. {remedy}"
        )


def too_many_weights(count: int) -> str:
    """Why these widths are refused."""
    return (
        f"gives {count:,} weights, but this page takes at most {PARAMETERS:,}. Use narrower or "
        "fewer layers; `deeplinear run` has no such limit."
    )


def too_many_samples(count: int) -> str:
    """Why so many generated numbers are refused."""
    return (
        f"asks for {count:,} numbers, but this page takes at most {UPLOAD_ENTRIES:,}. Use fewer "
        "samples: only their moments matter."
    )


def too_wide(width: int) -> str:
    """Why a generated network is refused."""
    return f"must hold at most {HIDDEN_LAYERS + 2} widths up to {WIDTH}, but one is {width:,}."


def out_of_time(seconds: float) -> str:
    """Why a run ended before its end."""
    return (
        f"The run was stopped after {seconds:g} seconds, the limit of this page; what had been "
        "computed is shown. For more, export it as run.toml and use `deeplinear run`."
    )


def no_saddles(seconds: float) -> str:
    """Why the saddles of a run are not shown."""
    return (
        f"The visited saddles could not all be found in {seconds:g} seconds, the limit of this "
        "page, and are not shown. A smaller network is quicker; `deeplinear run` has no limit."
    )


def megabytes(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 2**20:.3g} MB"


def _written(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:g}"
